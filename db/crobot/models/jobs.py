"""Models of jobs and their attempts, and the states of a job; no behaviour."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
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
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, stored_enum


class JobState(StrEnum):
    """Where a job stands; the letters are the edges of the life of a job in ARCHITECTURE.md."""

    #: (a) parked: nothing has been published, or (f, g) to be tried again
    WAITING = "WAITING"
    #: (b) bound to a node, its message is on the way or in the node's queue
    ROUTED = "ROUTED"
    #: (c) the node has begun it
    RUNNING = "RUNNING"
    #: (d) the outcome is committed; nothing changes these three any more
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


LIVE = (JobState.WAITING, JobState.ROUTED, JobState.RUNNING)
OVER = (JobState.COMPLETE, JobState.FAILED, JobState.CANCELLED)
#: the same as SQL, for partial indexes and conflict targets
LIVE_SQL = "state IN ('WAITING', 'ROUTED', 'RUNNING')"
OVER_SQL = "state IN ('COMPLETE', 'FAILED', 'CANCELLED')"
#: the transaction at hand, by a number that is never used again
TRANSACTION_SQL = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"

# JSON columns whose Python type is not a dict. Values of senders and tasks are kept as text (json): jsonb forgets the
# order of names, that a number was written with a point or an exponent, and -0.0.
Json = Mapped[Any]


def _over(column: str) -> Index:
    """Return the index that finds jobs that are over by a column, and counts them, those of each state by themselves.

    Each job is entered once, at its end; live ones are few, and are found in the index of those.
    """
    return Index(f"ix_jobs_over_{column}", column, "state", "id", postgresql_where=text(OVER_SQL))


class Job(Base):
    """One request, one row."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    #: the Celery task's name, which is the pipeline's public name
    pipeline: Mapped[str]
    version: Mapped[str] = mapped_column(Text, server_default="")
    #: decides the job class; empty for a plain JobTask, which touches no species
    type: Mapped[str] = mapped_column(Text, server_default="")
    tag: Mapped[str] = mapped_column(Text, server_default="")
    #: the species' schema
    database: Mapped[str | None]
    #: many jobs watched as one
    batch: Mapped[str] = mapped_column(Text, server_default="")
    #: 0 is nobody
    user_id: Mapped[int] = mapped_column(server_default="0")
    workgroup: Mapped[str] = mapped_column(Text, server_default="")
    #: 0 is the most urgent
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="5")
    #: the signature, as Celery's JSON serializer writes it
    args: Json = mapped_column(JSON)
    kwargs: Json = mapped_column(JSON)
    #: what Celery's message would say of the call, without what is usual: `self.request` in the job's body
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: the trace that the call belongs to, as the W3C's Trace Context writes it
    traceparent: Mapped[str | None]
    #: what the job class needs to rebuild itself, beyond the signature
    context: Mapped[dict[str, Any]] = mapped_column(JSON)

    cores: Mapped[int] = mapped_column(SmallInteger)
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    disk_bytes: Mapped[int] = mapped_column(BigInteger)
    time_limit_s: Mapped[int]
    #: typical wall time in seconds: short jobs may queue on a node, long ones never do
    expected_s: Mapped[float]

    #: what it reads (accessions, paths): a node that has it already is preferred
    data: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")

    #: two live jobs never share it: the second send returns the first job
    unique_key: Mapped[str | None]
    #: a job with the same key that is COMPLETE answers a later send
    cache_key: Mapped[str | None]
    state: Mapped[JobState] = mapped_column(
        stored_enum(JobState, "state"), server_default=JobState.WAITING.value
    )
    #: number of the live or last attempt; 0 before the first
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default="0")

    sent_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: not dispatched before (countdown, eta, delay between attempts)
    available_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: not begun after (Celery's expires)
    expires_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    #: not dispatched, nor tried again, until it is released
    held_at: Mapped[datetime | None]
    hold_reason: Mapped[str] = mapped_column(Text, server_default="")
    #: the node that is kept free for it, since others overtook it for too long
    reserved_on: Mapped[str | None]
    #: seconds by which more urgent jobs have delayed its start there
    delayed_s: Mapped[float] = mapped_column(server_default="0")

    node: Mapped[str | None]
    #: OutcomeKind of the last attempt that ended
    outcome: Mapped[str | None]
    #: one line for a person
    message: Mapped[str | None]
    #: what the task returned, or the exception in the form of Celery's backends
    result: Json = mapped_column(JSON, nullable=True)
    #: where in the body the exception came from
    traceback: Mapped[str | None]
    output_location: Mapped[str | None]
    #: the signature that its body put in its place; its result is that one's
    replacement: Json = mapped_column(JSON, nullable=True)
    #: the results of what its body has sent, as Celery writes them
    children: Json = mapped_column(JSON, nullable=True)
    #: the transaction that changed the row last; a trigger writes it. Null: none since the column is there
    changed_in: Mapped[int | None] = mapped_column(BigInteger, server_default=text(TRANSACTION_SQL))

    __table_args__ = (
        # what comes after the id is only compared: jobs that may not start now are passed over within the index
        Index(
            "ix_jobs_lines",
            *(
                "priority",
                "workgroup",
                "user_id",
                "pipeline",
                "version",
                text("COALESCE(database, '')"),
                "id",
            ),
            *("available_at", "cores", "memory_bytes", "disk_bytes"),
            postgresql_where=text("state = 'WAITING' AND held_at IS NULL"),
        ),
        Index("ix_jobs_live", "id", postgresql_where=text(LIVE_SQL)),
        Index("ix_jobs_over_state", "state", "id", postgresql_where=text(OVER_SQL)),
        *(_over(column) for column in ("user_id", "workgroup", "pipeline", "database", "node")),
        Index("ix_jobs_on_node", "node", postgresql_where=text("state IN ('ROUTED', 'RUNNING')")),
        Index("ix_jobs_tag", "tag"),
        Index("ix_jobs_live_batch", "batch", "id", postgresql_where=text(f"batch <> '' AND {LIVE_SQL}")),
        Index(
            "ix_jobs_over_batch", "batch", "state", "id", postgresql_where=text(f"batch <> '' AND {OVER_SQL}")
        ),
        Index(
            "ix_jobs_reserved", "id", postgresql_where=text("state = 'WAITING' AND reserved_on IS NOT NULL")
        ),
        Index("ix_jobs_failed_outcome", "outcome", "state", "id", postgresql_where=text("state = 'FAILED'")),
        Index("ix_jobs_expiring", "expires_at", postgresql_where=text("state = 'WAITING'")),
        Index(
            "ix_jobs_resent_from",
            text("CAST(context ->> 'resent_from' AS bigint)"),
            postgresql_where=text("context ->> 'resent_from' IS NOT NULL"),
        ),
        Index("uq_jobs_unique_key_live", "unique_key", unique=True, postgresql_where=text(LIVE_SQL)),
        Index(
            "ix_jobs_cache_key",
            "cache_key",
            postgresql_where=text("state = 'COMPLETE' AND cache_key IS NOT NULL"),
        ),
        # what streams of events have not told yet
        Index("ix_jobs_changed_in", "changed_in", postgresql_where=text("changed_in IS NOT NULL")),
        CheckConstraint("cores > 0", name="cores_positive"),
        {"schema": "crobot"},
    )


class Attempt(Base):
    """One try at a job on one node."""

    __tablename__ = "attempts"

    job_id: Mapped[int] = mapped_column(ForeignKey("crobot.jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    node: Mapped[str]
    #: the node's process life that begun it; empty until the node says so
    incarnation: Mapped[str] = mapped_column(Text, server_default="")
    #: why the router chose this node
    reason: Mapped[str] = mapped_column(Text, server_default="")
    cores: Mapped[int] = mapped_column(SmallInteger)
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    routed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    #: since when the node's heartbeats no longer name it although its queue is empty
    missing_since: Mapped[datetime | None]
    outcome: Mapped[str | None]
    message: Mapped[str | None]
    #: cpu_s, wall_s, peak_memory_bytes, tools
    usage: Json = mapped_column(JSONB, nullable=True)
    #: how far it is, as its body says (Celery's `update_state`); null once it has ended
    progress_state: Mapped[str | None]
    progress: Json = mapped_column(JSON, nullable=True)
    #: a head ended it, since the node was silent or knew nothing of it
    by_head: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    #: reports that came after the end, or twice: they changed nothing
    reports_ignored: Mapped[int] = mapped_column(server_default="0")
    #: since when its report waits for the head to see, on the storage, what it names; for the reason below
    unapplied_since: Mapped[datetime | None]
    unapplied_reason: Mapped[str | None]

    __table_args__ = (
        Index("ix_attempts_live", "node", postgresql_where=text("ended_at IS NULL")),
        # how far a node has come with what it was sent
        Index("ix_attempts_begun", "node", "routed_at", postgresql_where=text("started_at IS NOT NULL")),
        Index(
            "ix_attempts_unapplied",
            "unapplied_since",
            postgresql_where=text("unapplied_since IS NOT NULL AND ended_at IS NULL"),
        ),
        Index("ix_attempts_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index("ix_attempts_node_ended", "node", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        {"schema": "crobot"},
    )
