"""Tables of past jobs: those that ended long ago, moved here from the hot ones; partitioned by ranges of numbers.

They have the columns of the tables they come from, so that a view shows both as one: `crobot.all_jobs`,
`crobot.all_attempts` and `crobot.all_settlements`. Nothing changes in a row here but the count of late reports.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Enum, Index, String, Table, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from db.base import Base
from db.crobot.models.jobs import Attempt, Job, Json
from db.crobot.models.results import Settlement


def _past(hot: type[Base], key: tuple[str, ...], *indexes: Index) -> Table:
    """Return the table of past rows: the same columns, without what fills them in or points to other tables."""
    table = hot.metadata.tables[f"crobot.{hot.__tablename__}"]
    columns = [
        Column(one.name, _plain(one.type), nullable=one.nullable, primary_key=one.name in key)
        for one in table.columns
    ]
    return Table(
        f"{table.name}_past",
        Base.metadata,
        *columns,
        *indexes,
        schema="crobot",
        postgresql_partition_by=f"RANGE ({key[0]})",
    )


def _plain(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type without the CHECK constraint of an enum: what comes here has passed it."""
    return String(type_.length) if isinstance(type_, Enum) else type_


def _by(column: str) -> Index:
    """Return the index that finds past jobs by a column, and counts them, those of each state by themselves."""
    return Index(f"ix_jobs_past_{column}", column, "state", "id")


jobs_past = _past(
    Job,
    ("id",),
    *(_by(column) for column in ("user_id", "workgroup", "pipeline", "database", "node")),
    Index("ix_jobs_past_state", "state", "id"),
    Index("ix_jobs_past_tag", "tag"),
    Index("ix_jobs_past_batch", "batch", "state", "id", postgresql_where=text("batch <> ''")),
    Index("ix_jobs_past_failed_outcome", "outcome", "state", "id", postgresql_where=text("state = 'FAILED'")),
    Index(
        "ix_jobs_past_resent_from",
        text("CAST(context ->> 'resent_from' AS bigint)"),
        postgresql_where=text("context ->> 'resent_from' IS NOT NULL"),
    ),
)
attempts_past = _past(
    Attempt,
    ("job_id", "number"),
    # files of attempts are pruned in the order of their ends
    Index("ix_attempts_past_ended", "ended_at"),
)
settlements_past = _past(
    Settlement,
    ("job_id", "id"),
    Index("ix_settlements_past_task_id", "task_id"),
)


class PastAnswer(Base):
    """The newest past job that is COMPLETE and has a cache key: it answers a later send, found by one look."""

    __tablename__ = "past_answers"

    cache_key: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(BigInteger)
    context: Json = mapped_column(JSON)

    __table_args__ = (Index("ix_past_answers_job_id", "job_id"), {"schema": "crobot"})
