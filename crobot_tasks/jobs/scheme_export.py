"""Nomenclature schemes between PubMLST's files, the database, and the storage from which nodes read them.

The database numbers alleles at once, but nodes get new ones only with the next published version: until then they
report such an allele as new, and it gets the same number. So a send waits for an export at most once a version; old
versions stay on the storage, since jobs that were sent with them may still run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs.read_rows import read_rows
from db import nomenclature
from db.engine import retrying, transaction
from db.nomenclature import PublishedType
from db.species.schemes import call_on_demand
from workers import storage
from workers.fasta import DAMAGED, open_text
from workers.nomenclature.allele_files import AlleleFiles
from workers.nomenclature.blemishes import Blemishes
from workers.nomenclature.profile_table import read_profiles
from workers.nomenclature.schemes import write_scheme


def import_scheme(
    database: str,
    scheme: str,
    description: str,
    label: str,
    alleles: Sequence[Path],
    profiles: Path | None = None,
    number_here: bool = False,
    blemishes: Blemishes | None = None,
    on_demand: bool = False,
) -> str:
    """Import a PubMLST scheme, or a newer release of it, and export it for the nodes; return its version.

    Without ``profiles``, as most cgMLST schemes come, the loci are in the order of the files, and all sequence types
    are numbered here. ``scheme`` is its name in the nomenclature (senterica_achtman_2), ``description`` that in
    programs (MLST_Achtman). ``number_here``: the ids of the alleles are text, also in the profiles; they are kept
    beside the numbers that new ones get here. What is odd in the files, and hinders nobody, is added to ``blemishes``.
    With ``on_demand``, new assemblies are not typed by it from now on; else that is left as it is.

    Raises:
        UnknownSpecies: there is none of this name.
        BadInput: the files contradict themselves, or what was imported before; nothing was stored.
    """
    blemishes = blemishes or Blemishes()
    files = AlleleFiles(alleles, blemishes, numbered=not number_here)
    loci = _loci(files, profiles)
    # All that number alleles wait for the transaction, so no file that may stall is read within it.
    with read_rows(files) as rows, read_rows(_profiles(profiles, loci, files, blemishes)) as types:

        def imported() -> str:
            with transaction(database) as session:
                version = nomenclature.import_scheme(
                    session, scheme, description, label, loci, rows, types, blemishes.add
                )
                if on_demand:
                    call_on_demand(session, description)
                return version

        return _exported_after(database, scheme, imported)


def publish(database: str, scheme: str) -> str:
    """Give nodes the alleles that were numbered here since the last version; return the current version."""

    def published() -> str:
        with transaction(database) as session:
            return nomenclature.publish(session, scheme)

    return _exported_after(database, scheme, published)


def _exported_after(database: str, scheme: str, work: Callable[[], str]) -> str:
    """Return the version that a transaction made, once its files are written.

    All that number alleles wait for that transaction, so the files are written after it. If this process ends
    meanwhile, the next send writes them.
    """
    version = retrying(work)
    export(database, scheme)
    return version


def export(database: str, scheme: str) -> Path:
    """Write a scheme's current version for the nodes, if it is not there; return its directory."""
    root = storage_root()
    with transaction(database) as session:
        current = nomenclature.export(session, scheme)
        directory = storage.scheme_dir(root, database, scheme, current.version)
        storage.make_dir(directory.parent, root)
        return write_scheme(directory, scheme, current.version, current.loci, current.alleles)


def _loci(files: AlleleFiles, profiles: Path | None) -> list[str]:
    """Return the loci that have alleles, in the order of the profiles' columns, or of the files."""
    found = files.seen.loci
    if profiles is None:
        return found
    columns = _columns(profiles)
    strange = [f"{locus!r} ({files.seen.begins(locus)})" for locus in found if locus not in columns]
    if strange:
        raise BadInput(
            f"{profiles} has no column for {', '.join(strange[:5])}; it has {', '.join(columns)}. "
            "Leave out the files that are none of the scheme's alleles"
        )
    return [column for column in columns if column in found]


def _columns(profiles: Path) -> list[str]:
    try:
        with open_text(profiles) as text:
            return [name.strip() for name in next(text, "").split("\t")]
    except DAMAGED as error:
        raise BadInput(f"{profiles} cannot be read: it is damaged or not text ({error})") from error


def _profiles(
    path: Path | None, loci: Sequence[str], files: AlleleFiles, blemishes: Blemishes
) -> Iterator[PublishedType]:
    if path is None:
        return
    for st, alleles, others in read_profiles(path, loci, files, blemishes):
        said = {name: value for name, value in others.items() if value}
        yield PublishedType(st, [alleles[locus] for locus in loci], said)
