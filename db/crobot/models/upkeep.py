"""Models of what heads note of heartbeats, the result store, the storage, numbers, daily updates and prunes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Monitoring(Base):
    """What heads have seen of the broker and the result store; one row.

    No lease is judged before heartbeats have been read for a lease's length.
    """

    __tablename__ = "monitoring"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: heartbeats have been read without a gap since then
    heartbeats_since: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: when all heartbeats had been read last
    heartbeats_read_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: when the result store was last seen whole; the store has this time, too
    results_seen_at: Mapped[datetime | None]
    #: which run of the result store that was: each start of the server is another
    results_run: Mapped[str] = mapped_column(Text, server_default="")
    #: messages that lie in the queue of plain tasks although no worker reads it
    unread_callbacks: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (CheckConstraint("id = 1", name="one_row"), {"schema": "crobot"})


class Storage(Base):
    """The mark of the storage that heads work on, by which they know whether it is mounted; one row."""

    __tablename__ = "storage"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: the content of a file at the storage's root
    mark: Mapped[str]
    marked_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (CheckConstraint("id = 1", name="one_row"), {"schema": "crobot"})


class Numbers(Base):
    """How far dispatches have come, and which attempts may be others' than the database knows; one row.

    The storage keeps the same: a database that is behind it was restored from a backup.
    """

    __tablename__ = "numbers"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: dispatches that have routed something
    dispatches: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: how often the database was found to be behind
    restores: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    #: jobs up to this number may have attempts that the database does not know
    unsure_to: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: the numbers of those attempts are not above this one
    attempt_floor: Mapped[int] = mapped_column(SmallInteger, server_default="0")

    __table_args__ = (CheckConstraint("id = 1", name="one_row"), {"schema": "crobot"})


class Restore(Base):
    """The database was found to be older than what the storage, a head or a node knows."""

    __tablename__ = "restores"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    noticed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: who knew more
    told_by: Mapped[str]
    #: the jobs that the database does not know; there are none if the last is below the first
    first_job: Mapped[int] = mapped_column(BigInteger)
    last_job: Mapped[int] = mapped_column(BigInteger)
    #: dispatches that it does not know
    dispatches: Mapped[int] = mapped_column(BigInteger)
    #: reports that have come on attempts that it does not know
    reports: Mapped[int] = mapped_column(BigInteger, server_default="0")

    __table_args__ = ({"schema": "crobot"},)


class DailyUpdate(Base):
    """How far the daily updates of a species have come: missed days are made up once, and two heads do one once."""

    __tablename__ = "daily_updates"

    #: the species
    database: Mapped[str] = mapped_column(
        ForeignKey("crobot.species.name", ondelete="CASCADE"), primary_key=True
    )
    #: the last day, in UTC, for which it was done, or from which on it is done
    day: Mapped[date]

    __table_args__ = ({"schema": "crobot"},)


class Pruning(Base):
    """How far heads have come with removing what is old, by kind: what was looked at is not looked at again."""

    __tablename__ = "prunings"

    #: unused_outputs, logs; daily: all kinds
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    #: attempts that ended up to then are done; of daily: the day, in UTC, for which it was done
    done_to: Mapped[datetime]

    __table_args__ = ({"schema": "crobot"},)
