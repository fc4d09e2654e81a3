"""The species that exist: their table, and who asks it; `db.registry` adds one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crobot_errors import UnknownSpecies
from db.base import CROBOT, Base


class Species(Base):
    """A species database: one schema of this name."""

    __tablename__ = "species"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z][a-z0-9_]{1,30}$'", name="name"),
        CheckConstraint("barcode_prefix ~ '^[A-Z]{3}$'", name="barcode_prefix"),
        {"schema": CROBOT},
    )

    name: Mapped[str] = mapped_column(primary_key=True, comment="of the schema")
    label: Mapped[str] = mapped_column(comment="for people")
    genus: Mapped[str] = mapped_column(comment="decides the QA thresholds, if there are none of its own")
    qa: Mapped[dict[str, Any] | None] = mapped_column(
        comment="limits of its own: bases, n50, contigs, n and species (percent), and their source"
    )
    barcode_prefix: Mapped[str] = mapped_column(unique=True)
    references: Mapped[list[str]] = mapped_column(
        server_default="[]", comment="absolute paths of the genomes of the species check"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def list_species(session: Session) -> Sequence[Species]:
    """Return all species by name."""
    return session.scalars(select(Species).order_by(Species.name)).all()


def find_species(session: Session, name: str) -> Species:
    """Return one species.

    Raises:
        UnknownSpecies: there is none of this name.
    """
    found = session.get(Species, name)
    if found is None:
        raise unknown(name, [species.name for species in list_species(session)])
    return found


def barcode_prefix(session: Session, name: str) -> str:
    """Return what a species' barcodes begin with."""
    return find_species(session, name).barcode_prefix


def unknown(name: str, existing: Sequence[str]) -> UnknownSpecies:
    """Return the error that names the species that exist, and how to add one."""
    have = ", ".join(existing) or "none"
    return UnknownSpecies(
        f"no species {name!r}: there are {have}. Add one with `crobot species add {name} …`"
    )
