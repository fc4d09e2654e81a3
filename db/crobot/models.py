"""Models of schema `crobot`: jobs, their attempts, who waits for them, the nodes; no behaviour."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

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
        Index("ix_jobs_batch", "batch", "id", postgresql_where=text("batch <> ''")),
        Index(
            "ix_jobs_reserved", "id", postgresql_where=text("state = 'WAITING' AND reserved_on IS NOT NULL")
        ),
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


class Node(Base):
    """A calculation node as its last heartbeat described it."""

    __tablename__ = "nodes"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    #: changes with every start of the node's worker
    incarnation: Mapped[str]
    #: serial number of the last heartbeat of this incarnation
    beat: Mapped[int] = mapped_column(BigInteger, server_default="0")
    cores: Mapped[int] = mapped_column(SmallInteger)
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    #: free space of the scratch file system
    disk_bytes: Mapped[int] = mapped_column(BigInteger)
    #: name → version of what it can run
    pipelines: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: name → why it cannot run it
    unavailable: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: what it says of itself, and rules of placement ask for
    tags: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    #: the data (accessions, paths) that it had in hand last
    local_data: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    #: the format of messages that it understands
    message_format: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    #: messages that wait in its queue
    queued: Mapped[int] = mapped_column(server_default="0")
    software: Mapped[str] = mapped_column(Text, server_default="")
    first_seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    heartbeat_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: set when the lease ran out, cleared by the next heartbeat
    lost_at: Mapped[datetime | None]
    #: a drained node finishes what it has and gets nothing new
    drained_at: Mapped[datetime | None]
    drain_reason: Mapped[str] = mapped_column(Text, server_default="")
    #: set by the head when jobs keep failing there for the node's reason; an operator resumes it
    quarantined_at: Mapped[datetime | None]
    quarantine_reason: Mapped[str] = mapped_column(Text, server_default="")
    #: failures before this are forgiven
    trusted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = ({"schema": "crobot"},)


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
