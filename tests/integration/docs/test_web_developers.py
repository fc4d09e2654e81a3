"""docs/web-developers.md: its examples run from top to bottom in a process of their own, as a web app's would."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import crobot_errors
from crobot_errors import CRobotError
from crobot_tasks.broker import folders
from crobot_tasks.intake.genomes import add_assembly
from crobot_tasks.jobs import scheme_export
from db import registry
from db.engine import transaction
from db.species import Strain
from demo.data import SCHEME, DemoData, fetch
from tests.installation import installation
from tests.pages import blocks, first_cells, page, section
from tests.processes import wait_for
from workers import storage
from workers.assembling.qa import THRESHOLDS

# a head and a node start, and the page awaits a dozen jobs
pytestmark = pytest.mark.timeout(300)

PAGE = page("docs/web-developers.md")
SPECIES, STRAIN = "senterica", "SL483"
#: the modules that the page has its reader write; nodes import only those that need no database
MODULES = ("batch_tasks", "gc_tasks", "review_jobs")


@pytest.fixture(scope="module")
def demo_data(pytestconfig: pytest.Config) -> DemoData:
    return fetch(pytestconfig.cache.mkdir("demo-data"), small=True)


@pytest.fixture(scope="module")
def webapp(data_dir: Path) -> Path:
    """A folder with the modules of the page, and with the examples in order as `main.py`, each at the page's line."""
    folder = data_dir / "webapp"
    folder.mkdir()
    main = ""
    for block in blocks(PAGE, "python"):
        name = block.text.splitlines()[0].removeprefix("# ").removesuffix(".py")
        if name in MODULES:
            (folder / f"{name}.py").write_text(block.text)
        else:
            # an error is said to be in the line that it has in the page
            main += "\n" * (block.line - 1 - main.count("\n")) + block.text
    places = {"/data/reads": str(data_dir / "reads"), "/var/lib/app": str(folder)}
    for named, there in places.items():
        main = main.replace(named, there)
    (folder / "main.py").write_text(main)
    return folder


@pytest.fixture(scope="module")
def installed(data_dir: Path, servers: object, webapp: Path, demo_data: DemoData) -> Iterator[dict[str, str]]:
    """A head, a node, and the species of the page with one assembly; the settings of the web app."""
    path = os.pathsep.join([str(webapp), str(Path.cwd())])
    settings = {"CROBOT_IMPORTS": ",".join(MODULES), "PYTHONPATH": path}
    own = data_dir / "docs"
    with installation(own, ("calc01",), **settings):
        _add_species(demo_data)
        for mate, reads in enumerate((demo_data.read1, demo_data.read2), 1):
            shutil.copy(reads, data_dir / "reads" / f"{STRAIN}_{mate}.fastq.gz")
        yield settings | {"CROBOT_DATA_DIR": str(own)}


def _add_species(data: DemoData) -> None:
    reference = storage.references_dir(folders.storage_root(), SPECIES) / "SL483.fasta"
    reference.parent.mkdir(parents=True)
    shutil.copy(data.genome, reference)
    registry.add_species(SPECIES, "Salmonella enterica", "Salmonella", "SAL", [reference], THRESHOLDS)
    scheme_export.import_scheme(SPECIES, SCHEME, "MLST_Achtman", "MLST", data.alleles, data.profiles)
    add_assembly(SPECIES, STRAIN, data.sequenced, send=False)


def reviewed_by() -> int | None:
    with transaction(SPECIES) as session:
        return session.query(Strain).filter_by(strain=STRAIN).one().attributes.get("reviewed_by")


def test_every_example_runs_and_what_the_page_says_of_it_is_true(
    installed: dict[str, str], webapp: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(webapp / "main.py")],
        capture_output=True, text=True, timeout=150, env=os.environ | installed, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # the last example is processed by a worker of the head, after the web app has gone on
    wait_for("the review in the background", lambda: reviewed_by() == 18)


def test_the_tables_of_exceptions_name_each_exception_once() -> None:
    exceptions = [
        name
        for name, cls in inspect.getmembers(crobot_errors, inspect.isclass)
        if issubclass(cls, CRobotError)
    ]
    assert sorted(first_cells(section(PAGE, "Exceptions"))) == sorted(exceptions)
