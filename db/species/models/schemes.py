"""Schemes, and the result of one scheme for one assembly."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.base import SPECIES, Base, JobId, stored_enum


class LookupStatus(StrEnum):
    """How a scheme stands for an assembly."""

    QUEUED = "QUEUED"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"


class Scheme(Base):
    """Something that is found out about assemblies: a typing scheme, the serovar, an annotation, …"""

    __tablename__ = "schemes"
    __table_args__ = (
        # the nomenclature scheme of MLST: one row owns its loci, alleles and sequence types
        Index("uq_schemes_nomenclature", text("(param ->> 'scheme')"), unique=True),
        {"schema": SPECIES},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(unique=True, comment="the scheme's name in programs")
    name: Mapped[str] = mapped_column(comment="its label for people")
    param: Mapped[dict[str, Any]] = mapped_column(
        server_default="{}", comment="pipeline, scheme, display, barcode"
    )
    release: Mapped[int] = mapped_column(
        server_default="0", comment="nomenclature: counts published sets of alleles"
    )
    version: Mapped[str] = mapped_column(
        server_default="", comment="nomenclature: release and digest of its alleles"
    )
    last_local_st: Mapped[int] = mapped_column(server_default="0", comment="how many STs were numbered here")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AssemblyLookup(Base):
    """The result of one scheme for one assembly (for ``snp_calls``: and one reference)."""

    __tablename__ = "assembly_lookup"
    __table_args__ = (
        UniqueConstraint("assembly_id", "scheme_id", "reference"),
        CheckConstraint("reference = '' OR st_barcode = reference", name="reference_is_st_barcode"),
        Index(None, "scheme_id", "status", "version", "scheme_version"),
        Index(None, "job_id"),
        Index(None, "scheme_id", "st_barcode"),
        {"schema": SPECIES},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    assembly_id: Mapped[int] = mapped_column(ForeignKey(f"{SPECIES}.assemblies.id", ondelete="CASCADE"))
    scheme_id: Mapped[int] = mapped_column(ForeignKey(f"{SPECIES}.schemes.id"))
    reference: Mapped[str] = mapped_column(
        server_default="",
        comment="snp_calls: the reference assembly's barcode; else blank, so one row a scheme",
    )
    version: Mapped[str] = mapped_column(server_default="", comment="of the pipeline, of the latest job")
    scheme_version: Mapped[str] = mapped_column(
        server_default="", comment="nomenclature: the version of the scheme that the results are by"
    )
    status: Mapped[LookupStatus] = mapped_column(stored_enum(LookupStatus, "status"))
    st_barcode: Mapped[str] = mapped_column(
        server_default="",
        comment="nomenclature: the sequence type's barcode; snp_calls: the reference's; else blank",
    )
    job_id: Mapped[JobId | None] = mapped_column(comment="the latest job")
    job_count: Mapped[int] = mapped_column(server_default="0", comment="times sent")
    complete_count: Mapped[int] = mapped_column(server_default="0", comment="times a result was processed")
    queued_count: Mapped[int] = mapped_column(
        server_default="0", comment="live jobs: more than 1 is a defect"
    )
    fail_count: Mapped[int] = mapped_column(
        server_default="0", comment="times failed; update_scheme decides by it"
    )
    results: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    @property
    def other_data(self) -> dict[str, Any]:
        """The counters and results as one dict, as the web app reads them; written through the columns."""
        return {
            "job_id": self.job_id,
            "job_count": self.job_count,
            "complete_count": self.complete_count,
            "queued_count": self.queued_count,
            "fail_count": self.fail_count,
            "results": self.results,
        }


class Annotation(Base):
    """Nomenclature: where the loci of a result lie, a record for each; `db.species.allele_positions` gives the GFF."""

    __tablename__ = "annotations"
    __table_args__ = {"schema": SPECIES}

    lookup_id: Mapped[int] = mapped_column(
        ForeignKey(f"{SPECIES}.assembly_lookup.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # its storage is EXTERNAL: a part of it is read without the rest
    records: Mapped[bytes] = mapped_column(
        LargeBinary, comment="16 bytes a locus, in the scheme's order: contig, start, length, allele, …"
    )
    contigs: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="names, as records count them from 1")
    rest: Mapped[bytes] = mapped_column(
        LargeBinary, comment="the lines of the GFF that no record gives back; zlib"
    )
