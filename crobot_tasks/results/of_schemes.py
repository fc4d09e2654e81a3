"""The columns of a scheme: how it stands on an assembly, and what it found, by the pipeline that finds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from crobot_tasks.maintenance.outdated import standing
from crobot_tasks.results.line import Column, Line, Value
from db.species.barcodes import decode
from db.species.result_rows import Path

#: schemes with more loci have no column for each
MOST_LOCI = 30
#: what schemes keep for jobs, and not for people
INNER = frozenset({"assembly_stats", "snp_calls", "ref_masker"})

#: pipeline → column → where its value lies in the results; the first says most
FOUND: Mapping[str, Mapping[str, Path]] = {
    "SeroPred": {
        "serovar": ("serovar",),
        "serogroup": ("serogroup",),
        "O": ("O",),
        "H1": ("H1",),
        "H2": ("H2",),
        "qc": ("qc", "status"),
    },
    "CRISPR": {"arrays": ("array_count",), "spacers": ("spacer_count",)},
    "prokka_annotation": {name: ("counts", name) for name in ("CDS", "rRNA", "tRNA", "tmRNA")},
}
_ALLELES: Mapping[str, Path] = {"alleles": ("alleles",), "ids": ("published_ids",)}


@dataclass(frozen=True)
class OfScheme:
    """A scheme, the parts of its results that are read, and its columns."""

    #: as `db.species.result_rows.schemes` has it
    scheme: Any
    paths: Mapping[str, Path]
    columns: Sequence[Column]
    #: the column that says most in few letters
    main: Column

    @property
    def is_typing(self) -> bool:
        """Whether it gives sequence types."""
        return bool(self.scheme.param.get("scheme"))


def of_scheme(scheme: Any, loci: Sequence[str]) -> OfScheme:
    """Return what the table has of a scheme; ``loci`` are those of a typing scheme in its order."""
    name, stands = scheme.description, Column(f"{scheme.description}.stands", partial(_stands, scheme))
    if scheme.param.get("scheme"):
        few = loci if len(loci) <= MOST_LOCI else ()
        found = [Column(f"{name}.ST", partial(_st, scheme.id))]
        found += [
            Column(f"{name}.{said}", partial(_published, scheme.id, said))
            for said in scheme.param.get("published", ())
        ]
        found += [Column(f"{name}.{locus}", partial(_allele, scheme.id, locus)) for locus in few]
        paths = _ALLELES if few else {}
    else:
        paths = FOUND.get(scheme.param.get("pipeline", ""), {})
        found = [Column(f"{name}.{title}", partial(_part, scheme.id, title)) for title in paths]
    version = Column(f"{name}.version", partial(_version, scheme.id))
    return OfScheme(scheme, paths, [*found, stands, version], (found or [stands])[0])


def number_of(row: Any) -> int | None:
    """Return the sequence type of a result, which its barcode says; none if it has none."""
    return decode(row.st_barcode).number if row.st_barcode else None


def _stands(scheme: Any, line: Line) -> Value:
    row = line.standings.get(scheme.id)
    return "" if row is None else str(standing(scheme, row.status, row.version, row.scheme_version))


def _version(scheme_id: int, line: Line) -> Value:
    row = line.standings.get(scheme_id)
    return "" if row is None else " ".join(filter(None, (row.version, row.scheme_version)))


def _st(scheme_id: int, line: Line) -> Value:
    row = line.standings.get(scheme_id)
    return None if row is None else number_of(row)


def _published(scheme_id: int, said: str, line: Line) -> Value:
    return line.published.get(scheme_id, {}).get(said)


def _allele(scheme_id: int, locus: str, line: Line) -> Value:
    row = line.standings.get(scheme_id)
    if row is None:
        return None
    value: Value = ((row.alleles or {}) | (row.ids or {})).get(locus)
    return value


def _part(scheme_id: int, part: str, line: Line) -> Value:
    row = line.standings.get(scheme_id)
    return None if row is None else getattr(row, part)
