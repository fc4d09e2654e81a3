"""Models of batches: many jobs that are sent, watched and steered as one; no behaviour."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.crobot.models.jobs import Json


class Batch(Base):
    """Many jobs that belong together; the jobs carry its name."""

    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    #: how an item becomes a job: see `crobot_tasks.batches.kinds`
    kind: Mapped[str]
    #: the species' schema
    database: Mapped[str | None]
    #: what all its jobs share, as the kind wants it: the scheme, the pipeline's parameters
    shared: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: how its items were chosen, for people
    chosen_by: Mapped[str] = mapped_column(Text, server_default="")
    user_id: Mapped[int] = mapped_column(server_default="0")
    workgroup: Mapped[str] = mapped_column(Text, server_default="")
    priority: Mapped[int] = mapped_column(SmallInteger)
    #: items are numbered from 1 to here
    size: Mapped[int] = mapped_column(server_default="0")
    #: the next slice is sent when fewer of its jobs are live
    live_limit: Mapped[int]
    slice_size: Mapped[int]
    #: so many failures, or such a share of its items, pause it
    max_failures: Mapped[int | None]
    max_failed_share: Mapped[float | None]
    #: failures that were there when it was resumed do not pause it again
    forgiven: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: since when all its items are there; nothing is sent before
    made_at: Mapped[datetime | None]
    #: two columns, so that a batch that is cancelled while it is paused does not stay paused
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str] = mapped_column(Text, server_default="")
    cancelled_at: Mapped[datetime | None]
    #: since when none of its items can change any more; null again if one is sent again, or others are added
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_batches_open", "id", postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("live_limit > 0 AND slice_size > 0", name="sends_something"),
        {"schema": "crobot"},
    )


class BatchSlice(Base):
    """Items that were sent in one transaction, as one group."""

    __tablename__ = "batch_slices"

    batch_id: Mapped[int] = mapped_column(
        ForeignKey("crobot.batches.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    first_item: Mapped[int]
    last_item: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: since when its items are counted: none of its jobs was live any more
    closed_at: Mapped[datetime | None]
    #: how its items ended, but for those that were sent again: a list of ``state``, ``outcome``, ``items``, ``cpu_s``
    ends: Json = mapped_column(JSON, nullable=True)

    __table_args__ = (
        Index("ix_batch_slices_open", "batch_id", "number", postgresql_where=text("closed_at IS NULL")),
        {"schema": "crobot"},
    )


class BatchItem(Base):
    """One thing that a batch is to do; where it stands, its job says."""

    __tablename__ = "batch_items"

    batch_id: Mapped[int] = mapped_column(
        ForeignKey("crobot.batches.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    #: what it is for, as the kind names it: the barcode of a strain or an assembly; empty for calls
    key: Mapped[str] = mapped_column(Text, server_default="")
    #: the signature, of a batch of calls; of a strain from a table, its name and lines there
    call: Json = mapped_column(JSON, nullable=True)
    #: its newest job
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    #: an earlier job had its result: nothing was sent
    cached: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    #: why nothing was sent; empty if something was, or will be
    skipped: Mapped[str] = mapped_column(Text, server_default="")

    __table_args__ = (
        Index("uq_batch_items_key", "batch_id", "key", unique=True, postgresql_where=text("key <> ''")),
        {"schema": "crobot"},
    )


class BatchResend(Base):
    """An item that was counted, and then sent again: gone when it is over and counted again."""

    __tablename__ = "batch_resends"

    batch_id: Mapped[int] = mapped_column(
        ForeignKey("crobot.batches.id", ondelete="CASCADE"), primary_key=True
    )
    #: that of the item
    number: Mapped[int] = mapped_column(primary_key=True)
    #: that of its slice
    slice: Mapped[int]

    __table_args__ = ({"schema": "crobot"},)


class BatchCallback(Base):
    """What is called once, when a batch comes to something."""

    __tablename__ = "batch_callbacks"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("crobot.batches.id", ondelete="CASCADE"))
    #: complete, failure or exhausted
    event: Mapped[str]
    #: the signature
    call: Json = mapped_column(JSON)
    #: in the transaction that sends it
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_batch_callbacks_open", "batch_id", postgresql_where=text("sent_at IS NULL")),
        {"schema": "crobot"},
    )
