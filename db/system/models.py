"""The tables of the system database: one for all species, shared with the web app."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import Mapped, mapped_column

from db.base import SYSTEM, Base, JobId


class UserJob(Base):
    """One line of the log of all jobs, shared by all species."""

    __tablename__ = "user_jobs"
    __table_args__ = (
        Index(None, "user_id", "date_sent"),
        Index(None, "database", "accession"),
        {"schema": SYSTEM},
    )

    job_id: Mapped[JobId] = mapped_column(
        primary_key=True, autoincrement=False, comment="the number in crobot.jobs"
    )
    accession: Mapped[str] = mapped_column(comment="the job's tag: what it is for")
    user_id: Mapped[int] = mapped_column(server_default="0")
    status: Mapped[str] = mapped_column(comment="as CRobot reports it")
    date_sent: Mapped[datetime] = mapped_column(server_default=func.now())
    database: Mapped[str] = mapped_column(comment="the species")
    output_location: Mapped[str | None] = mapped_column(comment="assemblies only")
    version: Mapped[str] = mapped_column(server_default="", comment="of the pipeline")
    pipeline: Mapped[str] = mapped_column(comment="the job's type; what follows a ';' is a comment")


class UserPreference(Base):
    """A setting of a user, or the result of an analysis: ``id`` is the analysis id."""

    __tablename__ = "user_preferences"
    __table_args__ = (
        Index(None, "user_id", "type", "id"),
        Index(None, "type", "id"),
        Index(None, "database", "type", "id"),
        # those that wait for what another one's job finds
        Index(
            "ix_user_preferences_live_projects",
            "database",
            postgresql_where=text("type = 'snp_project' AND NOT data ? 'complete' AND NOT data ? 'failed'"),
        ),
        {"schema": SYSTEM},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(server_default="0")
    database: Mapped[str | None] = mapped_column(comment="the species")
    type: Mapped[str] = mapped_column(comment="which setting or analysis")
    name: Mapped[str] = mapped_column(server_default="")
    data: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(JSONB()), server_default="{}")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class UserUpload(Base):
    """Uploaded reads with the metadata of their strain, before they are processed."""

    __tablename__ = "user_uploads"
    __table_args__ = (Index(None, "user_id", "database"), {"schema": SYSTEM})

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(server_default="0")
    database: Mapped[str] = mapped_column(comment="the species")
    type: Mapped[str] = mapped_column(server_default="reads")
    status: Mapped[str] = mapped_column(server_default="Awaiting Upload")
    file_names: Mapped[list[str]] = mapped_column(server_default="[]", comment="read1, read2")
    file_location: Mapped[str | None] = mapped_column(comment="the folder of the files")
    data: Mapped[dict[str, Any]] = mapped_column(
        MutableDict.as_mutable(JSONB()), server_default="{}", comment="the strain's metadata"
    )
    date_uploaded: Mapped[datetime] = mapped_column(server_default=func.now())
