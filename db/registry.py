"""How a species is added while everything runs: its row, its schema, its tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.engine import lock, transaction
from db.known_species import Species, find_species
from db.migrate import LOCK, create_schema, run
from db.migrations.trees import SPECIES
from db.species import Scheme

NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
PREFIX = re.compile(r"[A-Z]{3}")
GENUS = re.compile(r"[A-Z][a-z]{1,60}")
RESERVED = frozenset({"crobot", "system", "species", "public", "information_schema", "scratch_species"})

#: description, label, param of the schemes that every species has; none is called before somebody says so
DEFAULT_SCHEMES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("assembly_stats", "Assembly statistics", {}),
    ("snp_calls", "SNP calls", {}),
    ("ref_masker", "Repeats in the reference", {}),
    ("prokka_annotation", "Annotation", {"display": "none"}),
)


@dataclass(frozen=True)
class NewSpecies:
    """What a species is added with."""

    name: str
    label: str
    genus: str
    barcode_prefix: str
    references: tuple[str, ...] = ()
    #: limits of its own, and their ``source``; None: those of the genus
    qa: dict[str, Any] | None = None


def add_species(
    name: str,
    label: str,
    genus: str,
    barcode_prefix: str,
    references: Sequence[str | Path],
    known_genera: Collection[str],
    qa: dict[str, Any] | None = None,
) -> None:
    """Add a species: its row, its schema with all tables, and the schemes that every species has.

    ``qa`` is the limits of its QA, and their ``source``; it may be left out for the ``known_genera``, which have some.
    Does nothing if it exists with the same values.

    Raises:
        BadInput: a value cannot work, or the species exists with other values; nothing was stored.
    """
    wanted = NewSpecies(name, label, genus, barcode_prefix, tuple(map(str, references)), qa)
    _check(wanted, known_genera)
    with transaction() as session:
        lock(session, LOCK)
        existing = session.get(Species, name)
        if existing is not None:
            _same(existing, wanted)
            return
        _check_prefix_free(session, wanted)
        session.add(Species(**{**vars(wanted), "references": list(wanted.references)}))
        session.flush()
        create_schema(session, name)
        run(session, SPECIES, name)
        with transaction(name):
            session.add_all(
                Scheme(description=key, name=text, param=param) for key, text, param in DEFAULT_SCHEMES
            )


def change_limits(session: Session, name: str, qa: dict[str, Any] | None) -> None:
    """Give a species other limits of its QA, or those of its genus; verdicts that are there stay as they are.

    Raises:
        UnknownSpecies: there is none of this name.
    """
    find_species(session, name).qa = qa


def _check(wanted: NewSpecies, known_genera: Collection[str]) -> None:
    if not NAME.fullmatch(wanted.name):
        raise BadInput(
            f"{wanted.name!r} cannot name a species: use 2 to 31 of a-z, 0-9 and _, a letter first"
        )
    if wanted.name in RESERVED or wanted.name.startswith("pg_"):
        raise BadInput(f"{wanted.name!r} cannot name a species: the name is reserved")
    if not PREFIX.fullmatch(wanted.barcode_prefix):
        raise BadInput(
            f"{wanted.barcode_prefix!r} is not a barcode prefix: use three capital letters, as SAL"
        )
    if not wanted.label.strip():
        raise BadInput(f"the species {wanted.name!r} needs a label for people, as 'Salmonella enterica'")
    if not GENUS.fullmatch(wanted.genus):
        raise BadInput(f"{wanted.genus!r} is no genus: write it as Salmonella, with one capital letter")
    if wanted.qa is None and wanted.genus not in known_genera:
        known = ", ".join(sorted(known_genera))
        raise BadInput(
            f"no QA thresholds are known for the genus {wanted.genus!r}: give limits, or use one of {known}"
        )


def _same(existing: Species, wanted: NewSpecies) -> None:
    have = NewSpecies(
        existing.name,
        existing.label,
        existing.genus,
        existing.barcode_prefix,
        tuple(existing.references),
        existing.qa,
    )
    different = [key for key, value in vars(wanted).items() if getattr(have, key) != value]
    if different:
        details = "; ".join(
            f"{key} is {getattr(have, key)!r}, not {getattr(wanted, key)!r}" for key in different
        )
        raise BadInput(f"the species {wanted.name!r} exists with other values: {details}")


def _check_prefix_free(session: Session, wanted: NewSpecies) -> None:
    query = select(Species.name).where(Species.barcode_prefix == wanted.barcode_prefix)
    owner = session.scalar(query)
    if owner is not None:
        raise BadInput(
            f"the barcode prefix {wanted.barcode_prefix!r} belongs to the species {owner!r}: choose another"
        )
