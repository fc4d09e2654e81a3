"""The store of numbers: loci, alleles and sequence types of the MLST schemes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.base import SPECIES, Base


class Locus(Base):
    """A gene, or part of one, whose variants are numbered."""

    __tablename__ = "loci"
    __table_args__ = (
        UniqueConstraint("scheme_id", "name"),
        UniqueConstraint("scheme_id", "position"),
        {"schema": SPECIES},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey(f"{SPECIES}.schemes.id"))
    name: Mapped[str]
    position: Mapped[int] = mapped_column(comment="its place in the profile, from 0")
    last_local_allele: Mapped[int] = mapped_column(
        server_default="0", comment="how many alleles were numbered here"
    )


class Allele(Base):
    """A variant of a locus: one number for one sequence."""

    __tablename__ = "alleles"
    __table_args__ = (
        UniqueConstraint("locus_id", "number"),
        UniqueConstraint("locus_id", "sha256"),
        Index(None, "locus_id", "former_number", postgresql_where=text("former_number IS NOT NULL")),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        {"schema": SPECIES},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    locus_id: Mapped[int] = mapped_column(ForeignKey(f"{SPECIES}.loci.id"))
    number: Mapped[int] = mapped_column(comment="imported ones are up to 1,000,000, those given here above")
    former_number: Mapped[int | None] = mapped_column(
        comment="the local number it had before an import named it"
    )
    published_id: Mapped[str | None] = mapped_column(
        comment="what its publisher calls it, if that is no number; then the number was given here"
    )
    sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of the sequence in upper case")
    sequence: Mapped[str] = mapped_column(deferred=True)
    release: Mapped[int] = mapped_column(comment="the scheme's release from which nodes have it")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SequenceType(Base):
    """A numbered combination of alleles."""

    __tablename__ = "sequence_types"
    __table_args__ = (
        UniqueConstraint("scheme_id", "number"),
        Index(None, "scheme_id", "digest"),
        # some published schemes have two numbers for one profile; what is numbered here never has
        Index(
            "uq_sequence_types_local",
            "scheme_id",
            "digest",
            unique=True,
            postgresql_where=text("number > 1000000"),
        ),
        CheckConstraint("number > 0", name="number"),
        {"schema": SPECIES},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey(f"{SPECIES}.schemes.id"))
    number: Mapped[int] = mapped_column(comment="imported ones are up to 1,000,000, those given here above")
    former_number: Mapped[int | None] = mapped_column(
        comment="the local number it had before an import named it"
    )
    profile: Mapped[list[int]] = mapped_column(
        ARRAY(Integer), comment="allele numbers in the order of the loci; 0: missing"
    )
    digest: Mapped[bytes] = mapped_column(
        LargeBinary, comment="sha256 of the profile: 3,000 loci fit no index"
    )
    published: Mapped[dict[str, Any]] = mapped_column(
        server_default="{}", comment="other columns of its publisher's table: clonal_complex, …"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
