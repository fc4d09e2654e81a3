"""The model of calculation nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


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
    #: reports in its spool that no head has acknowledged
    pending_reports: Mapped[int] = mapped_column(server_default="0")
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
