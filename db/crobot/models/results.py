"""Models of what jobs owe: results, chords, and calls of plain tasks; and of what was revoked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.crobot.models.jobs import Json


class Settlement(Base):
    """One Celery result that a job owes to one send: its public task id and its canvas options.

    A second send of a live job adds a row here, so every result, chord and chain is answered.
    """

    __tablename__ = "settlements"

    #: made by the sender, once for each call: a transaction that is repeated adds nothing
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    #: Celery gives the same one to each send of a link that was frozen; the newest answers whoever asks
    task_id: Mapped[str]
    job_id: Mapped[int] = mapped_column(
        ForeignKey("crobot.jobs.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED")
    )
    #: link, link_error, chord, chain, group_id, …; null if only the result is wanted
    options: Json = mapped_column(JSON, nullable=True)
    ignore_result: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    #: the chord that counts this result, or that of the last link of its chain
    chord_id: Mapped[str | None]
    #: the name of each stamp → its values; null without stamps
    stamps: Json = mapped_column(JSONB, nullable=True)
    sent_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    #: who settles it, and when they last said so
    claimed_by: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None]
    #: when what follows was sent, in the same transaction: it is never sent again
    continued_at: Mapped[datetime | None]
    #: when nothing was owed any more; null again if the result store has forgotten the result
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_settlements_task_id", "task_id"),
        Index("ix_settlements_job_id", "job_id"),
        Index("ix_settlements_chord_id", "chord_id", postgresql_where=text("chord_id IS NOT NULL")),
        Index("ix_settlements_owed", "job_id", postgresql_where=text("settled_at IS NULL")),
        Index(
            "ix_settlements_stamps",
            "stamps",
            postgresql_using="gin",
            postgresql_ops={"stamps": "jsonb_path_ops"},
            postgresql_where=text("stamps IS NOT NULL AND settled_at IS NULL"),
        ),
        {"schema": "crobot"},
    )


class Chord(Base):
    """How many results a chord waits for: the result store has it too, but may forget it."""

    __tablename__ = "chords"

    #: Celery's group id
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    size: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: when its body, or its error callbacks, were sent, in the same transaction: they are never sent again
    answered_at: Mapped[datetime | None]
    #: whether one of its members has added others since, so that the result store may know a smaller size
    grown: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))

    __table_args__ = (
        Index("ix_chords_sent_at", "sent_at"),
        Index("ix_chords_unanswered", "id", postgresql_where=text("answered_at IS NULL")),
        {"schema": "crobot"},
    )


class Message(Base):
    """A call of a plain task, committed with what it follows from, and published after the commit."""

    __tablename__ = "messages"

    #: travels with the message, so that a second copy is known
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    task_id: Mapped[str]
    name: Mapped[str]
    args: Json = mapped_column(JSON)
    kwargs: Json = mapped_column(JSON)
    #: Celery's options
    options: Json = mapped_column(JSON)
    sent_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    published_at: Mapped[datetime | None]
    #: when a worker of ours began it; one routed to other workers says nothing
    begun_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_messages_sent_at", "sent_at"),
        Index("ix_messages_unpublished", "sent_at", postgresql_where=text("published_at IS NULL")),
        {"schema": "crobot"},
    )


class Revoked(Base):
    """A task id or a stamp that somebody revoked: a job that is parked under it later is cancelled at once."""

    __tablename__ = "revoked"

    #: the stamp's name; empty: a task id
    header: Mapped[str] = mapped_column(Text, primary_key=True)
    #: the task id, or the stamp
    value: Json = mapped_column(JSONB, primary_key=True)
    revoked_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (Index("ix_revoked_revoked_at", "revoked_at"), {"schema": "crobot"})
