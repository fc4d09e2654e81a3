"""The scheme directory on the shared storage: the head writes a version of a scheme once, nodes only read it."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from crobot_errors import BadInput, NodeBroken
from workers.nomenclature.representatives import LocusSummary

ALLELES, REPRESENTATIVES, DESCRIPTION = "alleles.fasta", "representatives.fasta", "scheme.json"


@dataclass(frozen=True)
class Locus:
    """What is known of all alleles of a locus together; lengths in bases."""

    name: str
    typical_length: int
    longest: int
    #: all known alleles are complete coding sequences
    coding: bool


@dataclass(frozen=True)
class Scheme:
    """One version of a scheme as it lies on the storage; loci in the scheme's order."""

    directory: Path
    name: str
    version: str
    loci: tuple[Locus, ...]

    @property
    def representatives(self) -> Path:
        """FASTA of the few alleles with which places are searched."""
        return self.directory / REPRESENTATIVES

    def alleles(self) -> Iterator[tuple[str, int, str]]:
        """(locus, number, sequence) of all alleles; read as a stream, since there may be gigabytes."""
        with (self.directory / ALLELES).open(encoding="ascii") as file:
            for header in file:
                locus, _, number = header[1:].rpartition("_")
                yield locus, int(number), next(file).rstrip("\n")


def read_scheme(directory: Path) -> Scheme:
    """A scheme that was exported.

    Raises: NodeBroken if it is not there, or not complete.
    """
    try:
        described = json.loads((directory / DESCRIPTION).read_text(encoding="utf-8"))
        loci = tuple(Locus(name, **described["summary"][name]) for name in described["loci"])
        return Scheme(directory, described["scheme"], described["version"], loci)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NodeBroken(
            f"there is no usable scheme in {directory} ({type(error).__name__}: {error}); the head exports it"
        ) from error


def write_scheme(
    directory: Path, scheme: str, version: str, loci: Sequence[str], alleles: Iterable[tuple[str, int, str]]
) -> Path:
    """Export a version of a scheme; it appears complete or not at all, and one that is there stays as it is.

    Raises: BadInput for a locus without alleles, or an allele of another locus.
    """
    if (directory / DESCRIPTION).exists():
        return directory
    directory.parent.mkdir(parents=True, exist_ok=True)
    unfinished = directory.with_name(f".{directory.name}.{uuid4().hex}")
    unfinished.mkdir()
    try:
        _write(unfinished, scheme, version, loci, alleles)
        _publish(unfinished, directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return directory


def _publish(unfinished: Path, directory: Path) -> None:
    try:
        unfinished.rename(directory)
    except OSError:
        # another head was first, with the same version
        if not (directory / DESCRIPTION).exists():
            raise


def _write(
    directory: Path, scheme: str, version: str, loci: Sequence[str], alleles: Iterable[tuple[str, int, str]]
) -> None:
    summaries: dict[str, LocusSummary] = defaultdict(LocusSummary)
    known = set(loci)
    with (directory / ALLELES).open("w", encoding="ascii") as file:
        for locus, number, sequence in alleles:
            if locus not in known:
                raise BadInput(f"allele {number} is of locus {locus!r}, which scheme {scheme} does not have")
            summaries[locus].add(number, sequence)
            file.write(f">{locus}_{number}\n{sequence}\n")
    without = [locus for locus in loci if locus not in summaries]
    if without or not loci:
        raise BadInput(f"scheme {scheme} has no alleles for {', '.join(without) or 'any locus'}")
    _write_representatives(directory / REPRESENTATIVES, loci, summaries)
    described = _description(scheme, version, loci, summaries)
    (directory / DESCRIPTION).write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def _write_representatives(path: Path, loci: Sequence[str], summaries: dict[str, LocusSummary]) -> None:
    with path.open("w", encoding="ascii") as file:
        for locus in loci:
            for number, sequence in summaries[locus].representatives:
                file.write(f">{locus}_{number}\n{sequence}\n")


def _description(
    scheme: str, version: str, loci: Sequence[str], summaries: dict[str, LocusSummary]
) -> dict[str, Any]:
    return {
        "scheme": scheme,
        "version": version,
        "loci": list(loci),
        "summary": {
            locus: {
                "typical_length": summaries[locus].typical_length,
                "longest": summaries[locus].longest,
                "coding": summaries[locus].coding,
            }
            for locus in loci
        },
    }
