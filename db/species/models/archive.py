"""Every former version of strains, traces and assemblies; written by triggers, so that no writer can forget it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, UniqueConstraint, func
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from db.base import SPECIES, Base


class Archived:
    """One former version of a row."""

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (UniqueConstraint("row_id", "version"), {"schema": SPECIES})

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    row_id: Mapped[int]
    version: Mapped[int]
    data: Mapped[dict[str, Any]] = mapped_column(comment="the whole row as it was")
    archived_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="when it was replaced")
    archived_by: Mapped[int] = mapped_column(comment="the user id that replaced it")


class StrainArchive(Archived, Base):
    """A former version of a strain."""

    __tablename__ = "strains_archive"


class TraceArchive(Archived, Base):
    """A former version of a trace."""

    __tablename__ = "traces_archive"


class AssemblyArchive(Archived, Base):
    """A former version of an assembly."""

    __tablename__ = "assemblies_archive"
