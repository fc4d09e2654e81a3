"""The tables of the system database: one for all species, shared with the web app."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import Mapped, mapped_column

from db.base import SYSTEM, Base, JobId, stored_enum


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


class UploadState(StrEnum):
    """Where a pair of files stands."""

    #: its files are on their way, or are just being checked
    UPLOADING = "uploading"
    #: strain, reads and assembly job are there
    SENT = "sent"
    #: both files are right, and are no pair; one that takes the place of another may be
    REFUSED = "refused"
    #: nobody went on with it
    EXPIRED = "expired"
    #: the user did not want it any more
    WITHDRAWN = "withdrawn"


class UploadFileState(StrEnum):
    """Where one file stands."""

    UPLOADING = "uploading"
    #: all bytes are there
    UPLOADED = "uploaded"
    #: it is whole, FASTQ, and what the user meant to send
    CHECKED = "checked"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class UserUpload(Base):
    """A pair of files of reads with the metadata of their strain, before they are processed."""

    __tablename__ = "user_uploads"
    __table_args__ = (
        Index(None, "user_id", "database"),
        Index(None, "user_id", "id"),
        Index("ix_user_uploads_expiring", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        Index("ix_user_uploads_open", "user_id", postgresql_where=text("status IN ('uploading', 'refused')")),
        {"schema": SYSTEM},
    )

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
    strain: Mapped[str] = mapped_column(server_default="")
    request: Mapped[dict[str, Any]] = mapped_column(
        server_default="{}", comment="of the job to be: workgroup, batch, priority, params"
    )
    reason: Mapped[str] = mapped_column(server_default="", comment="why it is refused")
    job_id: Mapped[int | None] = mapped_column(BigInteger, comment="the assembly job")
    expires_at: Mapped[datetime | None] = mapped_column(comment="until it is sent")


class UploadFile(Base):
    """One file of an upload; it is written by one request at a time."""

    __tablename__ = "upload_files"
    __table_args__ = (
        # a file that is over leaves its place to another
        Index(
            "ix_upload_files_live", "upload_id", "mate", unique=True,
            postgresql_where=text("state IN ('uploading', 'uploaded', 'checked')"),
        ),
        Index(None, "upload_id"),
        Index(None, "user_id", "sha256", postgresql_where=text("sha256 IS NOT NULL")),
        Index("ix_upload_files_uploaded", "id", postgresql_where=text("state = 'uploaded'")),
        Index(
            "ix_upload_files_to_remove", "id",
            postgresql_where=text("is_stored AND state IN ('refused', 'expired', 'withdrawn')"),
        ),
        {"schema": SYSTEM},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    upload_id: Mapped[int] = mapped_column(ForeignKey(UserUpload.id, ondelete="CASCADE"))
    user_id: Mapped[int]
    mate: Mapped[int] = mapped_column(SmallInteger, comment="1 or 2")
    name: Mapped[str] = mapped_column(comment="as the user calls it")
    length: Mapped[int] = mapped_column(BigInteger, comment="bytes to come")
    received: Mapped[int] = mapped_column(
        BigInteger, server_default="0", comment="bytes that are on the disk"
    )
    sha256_given: Mapped[bytes | None] = mapped_column(LargeBinary, comment="what the user says")
    sha256_later: Mapped[bool] = mapped_column(server_default=text("false"), comment="the user is yet to say")
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary, comment="what it is")
    reads: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[UploadFileState] = mapped_column(
        stored_enum(UploadFileState, "state"), server_default="uploading"
    )
    reason: Mapped[str] = mapped_column(server_default="", comment="why it is refused")
    is_stored: Mapped[bool] = mapped_column(server_default=text("true"), comment="its bytes take space")
    writer: Mapped[str | None] = mapped_column(comment="who writes or checks it")
    writer_at: Mapped[datetime | None] = mapped_column(comment="when the writer was last at work")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
