"""Models of what decides who runs next: shares, typical times, pauses, the policy."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, stored_enum


class Share(Base):
    """What a user of a workgroup has used of the nodes, decayed to a moment."""

    __tablename__ = "shares"

    workgroup: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: charged core-seconds as of `as_of`; half of it is forgotten with each half-life of the policy
    used: Mapped[float]
    as_of: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = ({"schema": "crobot"},)


class Typical(Base):
    """What jobs of one kind took lately; the router believes it more than what the pipeline says of itself."""

    __tablename__ = "typical"

    pipeline: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text, primary_key=True)
    #: seconds that were expected when the jobs were sent
    expected_s: Mapped[float] = mapped_column(primary_key=True)
    samples: Mapped[int]
    #: medians and 90th percentiles, smoothed
    run_s: Mapped[float]
    run_p90_s: Mapped[float]
    peak_memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    #: attempts that ended before are counted in
    as_of: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = ({"schema": "crobot"},)


class Accounting(Base):
    """Up to when ended attempts are counted in `shares` and `typical`; one row."""

    __tablename__ = "accounting"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    folded_to: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (CheckConstraint("id = 1", name="one_row"), {"schema": "crobot"})


class Duration(Base):
    """How many durations of one kind fell into one bucket, since ever: what monitoring makes histograms of."""

    __tablename__ = "durations"

    #: waiting, running, dispatch
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    #: empty for what belongs to none
    pipeline: Mapped[str] = mapped_column(Text, primary_key=True)
    #: upper end of the bucket, infinity for the last; the lower end is that of the bucket below
    up_to_s: Mapped[float] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    total_s: Mapped[float]

    __table_args__ = ({"schema": "crobot"},)


class Ends(Base):
    """How many attempts have ended with one outcome, since ever."""

    __tablename__ = "ends"

    pipeline: Mapped[str] = mapped_column(Text, primary_key=True)
    outcome: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = ({"schema": "crobot"},)


class PausedKind(StrEnum):
    """What can be paused."""

    PIPELINE = "pipeline"
    SPECIES = "species"
    ALL = "all"


class Pause(Base):
    """Jobs of one pipeline or species, or all, that are not dispatched for now."""

    __tablename__ = "pauses"

    kind: Mapped[PausedKind] = mapped_column(stored_enum(PausedKind, "kind"), primary_key=True)
    #: empty for `all`
    name: Mapped[str] = mapped_column(Text, primary_key=True, server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    paused_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = ({"schema": "crobot"},)


class AcceptedPolicy(Base):
    """A policy file that was found right; the newest is in force on every head, also after a restart."""

    __tablename__ = "policies"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    #: the file's text, TOML
    toml: Mapped[str]
    #: host and path of the file
    source: Mapped[str]
    accepted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = ({"schema": "crobot"},)
