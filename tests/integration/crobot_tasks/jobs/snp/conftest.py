"""The isolates of Agona as assemblies in a database of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from crobot_tasks.broker.folders import storage_root
from db.engine import transaction
from db.species import AssemblyLookup
from db.system import projects
from tests.conftest import import_tasks
from tests.integration.crobot_tasks.jobs.snp.projects import SPECIES, WINDOW, recorded
from tests.truth.agona import published, write_fasta


@pytest.fixture(scope="module")
def codes(two_species: str, data_dir: Path, pytestconfig: pytest.Config) -> Mapping[str, str]:
    """Name of an isolate → barcode of its assembly; ``alien`` is of another species."""
    import_tasks()
    genomes = published(pytestconfig.cache.mkdir("demo-data")).window(*WINDOW)
    genomes["alien"] = "ACGT" * 5_000
    folder = storage_root() / "snp-genomes"
    folder.mkdir(parents=True)
    return {
        name: recorded(write_fasta(folder / f"{name}.fasta", name, bases)) for name, bases in genomes.items()
    }


@pytest.fixture(autouse=True)
def nothing_mapped_yet(codes: Mapping[str, str]) -> Iterator[None]:
    yield
    with transaction(SPECIES) as session:
        session.query(AssemblyLookup).delete()
        session.execute(projects.UserPreference.__table__.delete())
