"""Reads to assemble, on the database that the cluster works on, and web apps that are told what came of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crobot_tasks.intake.reads import send_reads
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.operate import webhooks
from db.engine import transaction
from db.handle import dbhandle
from db.species import Scheme, Strain
from db.species.assemblies import AssemblyRecord, record_assembly
from db.species.strains import add_strain_with_reads
from demo.data import DemoData
from tests.posted_outcomes import Serve
from tests.processes import Cluster, query, value, wait_for
from tests.web_apps import Answer, WebApp, says, web_app

_strains = count(1)


@pytest.fixture
def strain(senterica: str) -> str:
    """A strain's name that no other test uses."""
    return f"strain {next(_strains)}"


@pytest.fixture
def reads(demo_data: DemoData, data_dir: Path) -> Iterator[list[str]]:
    """The small genome's reads, as files that only this test uses."""
    folder = data_dir / "reads" / f"set{next(_strains)}"
    yield copied_reads(demo_data, folder)
    shutil.rmtree(folder)


def copied_reads(demo_data: DemoData, folder: Path) -> list[str]:
    """Copy the small genome's reads into a folder that is made for them."""
    folder.mkdir()
    return [shutil.copy(path, folder) for path in (demo_data.read1, demo_data.read2)]


@pytest.fixture
def assembled(cluster: Cluster, senterica: str, strain: str, reads: list[str]) -> tuple[str, str]:
    """A strain whose reads were assembled, and the assembly's barcode."""
    return assemble(senterica, strain, reads)


def assemble(senterica: str, strain: str, reads: list[str]) -> tuple[str, str]:
    """Assemble a strain's reads; returns the strain, and the assembly's barcode."""
    job = send_reads(senterica, strain, [reads], params={"assembler": "megahit", "cores": 1})
    over = "SELECT state FROM crobot.jobs WHERE id = :id AND finished_at IS NOT NULL"
    assert wait_for("the assembly", lambda: value(over, id=job.number)) == "COMPLETE"
    return strain, job.assembly_barcode


def genomes(senterica: str, name: str, data_dir: Path, count: int) -> tuple[list[str], list[str]]:
    """Barcodes of strains with reads, and of assemblies, none of which anybody looks into."""
    file = data_dir / "storage" / f"{name}.fasta"
    file.write_text(">contig\nACGT\n")
    with transaction(senterica) as session:
        for number in range(count):
            add_strain_with_reads(session, f"{name} {number}", [f"{file}.{number}.1", f"{file}.{number}.2"])
        of_name = Strain.strain.startswith(name)
        strains = list(session.scalars(select(Strain.barcode).where(of_name)))
        record = AssemblyRecord(None, "1", str(file), passed=True)
        return strains, [record_assembly(session, record, []).barcode for _ in range(count)]


@pytest.fixture
def forget_scheme(senterica: str) -> Callable[[str], None]:
    """Have a scheme not called any more: other tests count what follows."""

    def forget(description: str) -> None:
        with transaction(senterica) as session:
            scheme = session.scalars(select(Scheme).where(Scheme.description == description)).one()
            scheme.param = {name: text for name, text in scheme.param.items() if name != "pipeline"}

    return forget


@pytest.fixture
def strains_before(senterica: str) -> Iterator[None]:
    """Fails the test if it leaves a strain that was not there before."""
    with transaction(senterica) as session:
        before = session.query(Strain).count()
    yield
    with transaction(senterica) as session:
        assert session.query(Strain).count() == before


@pytest.fixture(autouse=True)
def connections_given_back() -> Iterator[None]:
    yield
    dbhandle.remove()


@pytest.fixture
def policy(cluster: Cluster) -> None:
    """The policy of tests is in force: a head has read it."""

    def is_there() -> bool:
        with transaction() as session:
            return bool(policy_in_force.current(session).targets.entries)

    wait_for("the policy", is_there)


@pytest.fixture
def serve(policy: None) -> Iterator[Serve]:
    """Starts web apps whose outcomes are signed."""
    opened = []

    def start(*answers: Answer, **options: Any) -> WebApp:
        opened.append(web_app(*(answers or (says("204 No Content"),)), **options))
        app = opened[-1].__enter__()
        # the system gives the port of an app that is gone to another one
        for table in ("webhook_secrets", "webhooks_off", "webhooks", "deliveries"):
            query(f"DELETE FROM crobot.{table} WHERE origin = :origin RETURNING origin", origin=app.origin)
        app.secret = webhooks.make_secret(app.origin)[1]
        return app

    yield start
    for one in opened:
        one.__exit__(None, None, None)
    # nothing is left for senders to try for days
    query("UPDATE crobot.deliveries SET state = 'given_up' WHERE state = 'waiting' RETURNING id")
