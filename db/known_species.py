"""The table of the species that exist; `db.registry` asks and changes it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

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
    genus: Mapped[str] = mapped_column(comment="decides the QA thresholds")
    barcode_prefix: Mapped[str] = mapped_column(unique=True)
    references: Mapped[list[str]] = mapped_column(
        server_default="[]", comment="absolute paths of the genomes of the species check"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
