"""Strains, their traces (read sets) and their assemblies."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.base import SPECIES, Base, JobId, stored_enum


class AssemblyStatus(StrEnum):
    """The verdict of the QA evaluation."""

    ASSEMBLED = "Assembled"
    FAILED_QA = "Failed QA"


class Versioned:
    """The columns of a row whose former versions are archived; the archive's trigger writes the first two."""

    version: Mapped[int] = mapped_column(
        server_default="1", comment="of this row; former ones are in the archive"
    )
    modified_at: Mapped[datetime] = mapped_column(server_default=func.now())
    modified_by: Mapped[int] = mapped_column(server_default="0", comment="user id")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


#: which read sets an assembly was made from
trace_assembly = Table(
    "trace_assembly",
    Base.metadata,
    Column("trace_id", ForeignKey(f"{SPECIES}.traces.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "assembly_id",
        ForeignKey(f"{SPECIES}.assemblies.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    schema=SPECIES,
)


class Strain(Versioned, Base):
    """An isolate."""

    __tablename__ = "strains"
    __table_args__ = (
        UniqueConstraint("owner", "strain"),
        Index(None, "best_assembly"),
        {"schema": SPECIES},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    barcode: Mapped[str | None] = mapped_column(unique=True)
    strain: Mapped[str] = mapped_column(comment="the isolate's name, one isolate an owner")
    best_assembly: Mapped[int | None] = mapped_column(
        ForeignKey(f"{SPECIES}.assemblies.id", ondelete="SET NULL"), comment="the assembly in use"
    )
    owner: Mapped[int] = mapped_column(server_default="0", comment="user id")
    attributes: Mapped[dict[str, Any]] = mapped_column(
        server_default="{}", comment="source, country, year, …"
    )

    traces: Mapped[list[Trace]] = relationship(back_populates="strain")


class Trace(Versioned, Base):
    """One set of reads of a strain: a run in the archives, or uploaded files."""

    __tablename__ = "traces"
    __table_args__ = (
        CheckConstraint("accession IS NOT NULL OR read1 IS NOT NULL", name="reads"),
        UniqueConstraint("read1", "read2"),
        {"schema": SPECIES},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    barcode: Mapped[str | None] = mapped_column(unique=True)
    strain_id: Mapped[int] = mapped_column(ForeignKey(f"{SPECIES}.strains.id"), index=True)
    accession: Mapped[str | None] = mapped_column(
        unique=True, comment="of the run, when the reads are archived"
    )
    read1: Mapped[str | None] = mapped_column(comment="absolute path, when the reads were uploaded")
    read2: Mapped[str | None]
    seq_platform: Mapped[str] = mapped_column(server_default="ILLUMINA")
    seq_library: Mapped[str] = mapped_column(server_default="Paired")

    strain: Mapped[Strain] = relationship(back_populates="traces")
    assemblies: Mapped[list[Assembly]] = relationship(secondary=trace_assembly, back_populates="traces")


class Assembly(Versioned, Base):
    """A genome made from traces, with the verdict of its QA evaluation."""

    __tablename__ = "assemblies"
    __table_args__ = {"schema": SPECIES}

    id: Mapped[int] = mapped_column(primary_key=True)
    barcode: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[AssemblyStatus] = mapped_column(stored_enum(AssemblyStatus, "status"))
    job_id: Mapped[JobId | None] = mapped_column(unique=True, comment="the job that made it")
    pipeline_version: Mapped[str] = mapped_column(server_default="")
    file_pointer: Mapped[str] = mapped_column(comment="absolute path of the FASTA file")
    n50: Mapped[int | None] = mapped_column(comment="bases")
    total_length: Mapped[int | None] = mapped_column(comment="bases")
    contig_number: Mapped[int | None]
    coverage: Mapped[float | None] = mapped_column(comment="mean depth")
    low_qualities: Mapped[float | None] = mapped_column(comment="share of N, 0 to 1")
    top_species: Mapped[str | None]
    stats: Mapped[dict[str, Any]] = mapped_column(
        server_default="{}", comment="each QA measure with its limit"
    )

    traces: Mapped[list[Trace]] = relationship(secondary=trace_assembly, back_populates="assemblies")
