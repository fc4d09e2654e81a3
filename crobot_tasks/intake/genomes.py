"""Genomes that were assembled elsewhere: a FASTA file becomes an assembly of a strain, without reads."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from crobot_errors import BadInput
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs.judging import limits_of
from crobot_tasks.jobs.stats import send_statistics
from db.engine import retrying, transaction
from db.known_species import Species, find_species
from db.species import Assembly, AssemblyStatus
from db.species.assemblies import AssemblyRecord, assembly_of_strain, record_assembly
from db.species.barcodes import Kind
from db.species.strains import add_genome, lock_strain, new_row
from workers import contigs, storage
from workers.assembling import assembly, qa

FILE = "assembly.fasta"
#: instead of the names of all contigs
ALL = "all"


@dataclass(frozen=True)
class Genome:
    """What an added genome is from now on."""

    barcode: str
    path: Path
    #: whether it passed what the head can judge; the job judges the rest
    passed: bool
    #: the job that checks the species and sends the schemes' jobs; None if none was wanted, or needed
    job_id: int | None
    #: this strain had the same genome before
    existed: bool


def add_assembly(
    database: str,
    strain: str,
    fasta: Path,
    *,
    user_id: int = 0,
    send: bool = True,
    rename: bool = False,
    circular: Sequence[str] = (),
    **request: Any,
) -> Genome:
    """Bring an existing assembly into the database: strain, assembly, a copy of the file on the storage.

    The contigs keep their names and order; with ``rename``, one whose name came before gets a name of its own.
    Those are circular whose headers say so, and those that ``circular`` names (``all``: every one). The verdict of the
    QA is final once the job ``assembly_stats`` has checked the species, too; it is sent at once, and sends the schemes'
    jobs if the verdict is a pass. With ``send=False`` nothing is sent. ``request`` takes ``workgroup``, ``batch`` and
    ``priority``.

    Raises:
        UnknownSpecies: there is none of this name.
        BadInput: no nucleotide FASTA, or not a name for a strain; nothing was stored.
    """
    with transaction() as session:
        find_species(session, database)
    found, rings = _read(fasta, rename, circular)

    def added() -> Genome:
        with transaction(database) as session:
            return _added(session, database, strain, found, rings, user_id, send, request)

    return retrying(added)


def _read(fasta: Path, rename: bool, circular: Sequence[str]) -> tuple[dict[str, str], frozenset[str]]:
    """The contigs, and the names of those that are circular."""
    if not fasta.is_file():
        raise BadInput(f"there is no file {fasta}")
    try:
        found = contigs.read_assembly(fasta, rename)
        return found, contigs.circular_contigs(fasta, found) | _named(circular, found)
    except OSError as error:
        raise BadInput(f"{fasta} cannot be read: {error.strerror}") from error


def _named(circular: Sequence[str], found: Mapping[str, str]) -> frozenset[str]:
    if ALL in circular:
        return frozenset(found)
    for name in circular:
        if name not in found:
            raise BadInput(
                f"no contig is called {name!r}: name one of {', '.join(list(found)[:5])}, or {ALL!r}"
            )
    return frozenset(circular)


def _added(
    session: Session,
    database: str,
    strain: str,
    found: Mapping[str, str],
    rings: frozenset[str],
    user_id: int,
    send: bool,
    request: Mapping[str, Any],
) -> Genome:
    species, owner = find_species(session, database), lock_strain(session, strain, user_id)
    sha256 = contigs.checksum(found)
    before = assembly_of_strain(session, owner.id, sha256)
    if before is not None:
        return _genome(before, None, existed=True)
    row = new_row(session, "assemblies", Kind.ASSEMBLY)
    folder = storage.assembly_dir(storage_root(), database, row.barcode)
    with _written(folder, contigs.fasta_text(found, rings)) as path:
        trace_id = add_genome(session, owner, str(path), user_id)
        record_assembly(session, _record(species, found, path, sha256), [trace_id], user_id, row)
        stored = session.get_one(Assembly, row.id)
        job_id = send_statistics(database, stored, user_id=user_id, **request) if send else None
        session.flush()
    return _genome(stored, job_id, existed=False)


def _genome(stored: Assembly, job_id: int | None, existed: bool) -> Genome:
    passed = stored.status is AssemblyStatus.ASSEMBLED
    return Genome(str(stored.barcode), Path(stored.file_pointer), passed, job_id, existed)


def _record(species: Species, found: Mapping[str, str], path: Path, sha256: str) -> AssemblyRecord:
    parts = [assembly.Contig(name, sequence) for name, sequence in found.items()]
    counted = assembly.counted(parts)
    statistics = assembly.statistics(counted)
    verdict = qa.evaluate(statistics, None, limits_of(species), len(parts) - len(counted))
    return AssemblyRecord(
        job_id=None,
        pipeline_version="",
        file_pointer=str(path),
        passed=verdict["verdict"] == "pass",
        n50=statistics.n50,
        total_length=statistics.bases,
        contig_number=statistics.contigs,
        low_qualities=statistics.n_share,
        stats={"sha256": sha256, "statistics": statistics.as_dict(), "qa": verdict},
    )


@contextmanager
def _written(folder: Path, text: str) -> Iterator[Path]:
    """Write the file; it is there before the body, and gone again if that fails."""
    storage.make_dir(folder.parent, storage_root())
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        half.mkdir()
        with (half / FILE).open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.rename(folder)
        yield folder / FILE
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        raise
