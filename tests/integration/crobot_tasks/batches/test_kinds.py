"""Strains are assembled again and schemes are called by batches, for real; what cannot be done has a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from crobot_errors import BadInput, UnknownScheme, UnknownSpecies
from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.kinds import KINDS
from crobot_tasks.batches.tending import tend_batches
from crobot_tasks.broker import folders
from crobot_tasks.jobs import NomenclatureJob, scheme_export
from db.engine import transaction
from db.species.assemblies import find_assembly
from db.species.schemes import add_scheme, find_scheme
from db.species.strains import lock_strain
from demo.data import TRUE_ST, DemoData
from tests.integration.crobot_tasks.batches.test_batch import over
from tests.integration.crobot_tasks.conftest import assemble, copied_reads, genomes
from tests.integration.crobot_tasks.jobs.test_following import FAST, lookup
from tests.processes import Cluster, value
from tests.statements import statements
from workers.storage import MARK


@pytest.fixture
def name(cluster: Cluster) -> str:
    return f"batch-{uuid4()}"


@pytest.fixture(scope="module")
def assembled(cluster: Cluster, senterica: str, demo_data: DemoData, data_dir: Path) -> tuple[str, str]:
    """A strain whose reads were assembled, and the assembly's barcode; all tests here share it."""
    return assemble(senterica, "strain of batches", copied_reads(demo_data, data_dir / "reads" / "kinds"))


@pytest.fixture
def scheme(
    assembled: tuple[str, str], demo_data: DemoData, forget_scheme: Callable[[str], None]
) -> Iterator[str]:
    """A scheme that was called on no assembly yet."""
    description = f"MLST_{uuid4().hex}"
    scheme_export.import_scheme(
        "senterica", description, description, "MLST", demo_data.alleles, demo_data.profiles
    )
    yield description
    forget_scheme(description)


def states(batch: Batch) -> list[tuple[str, str]]:
    return [(item.key, item.state) for item in batch.account()]


def reasons(batch: Batch) -> list[Any]:
    return [item.message for item in batch.account() if item.state == "skipped"]


def test_strains_are_assembled_again_by_barcode_or_name_and_those_that_cannot_be_have_the_reason(
    name: str, senterica: str, assembled: tuple[str, str]
) -> None:
    with transaction(senterica) as session:
        empty = str(lock_strain(session, f"{name} without reads").barcode)
    barcode = value("SELECT barcode FROM senterica.strains WHERE strain = :strain", strain=assembled[0])
    keys = [assembled[0], empty, "nobody", barcode, assembled[0]]
    batch = over(Batch.reassemble(senterica, keys, name=name, params=FAST).name)
    assert states(batch) == [(barcode, "COMPLETE"), (empty, "skipped"), ("nobody", "skipped")]
    assert reasons(batch) == [
        f"the strain {empty} has no paired-end reads of Illumina",
        "the species 'senterica' has no strain 'nobody'",
    ]
    made = "SELECT count(*) FROM senterica.assemblies a JOIN crobot.jobs j ON j.id = a.job_id WHERE j.batch = :name"
    assert value(made, name=name) == 1


def test_a_batch_that_does_not_assemble_again_takes_the_answer_that_is_there(
    name: str, senterica: str, assembled: tuple[str, str]
) -> None:
    batch = over(Batch.reassemble(senterica, [assembled[0]], name=name, params=FAST, again=False).name)
    assert [state for _, state in states(batch)] == ["cached"]
    assert batch.standing().cached == 1


def test_a_scheme_is_called_on_assemblies(
    name: str, senterica: str, assembled: tuple[str, str], scheme: str
) -> None:
    batch = over(Batch.call_scheme(senterica, scheme, [assembled[1], "SAL_ZZ9999AA_AS"], name=name).name)
    assert states(batch) == [(assembled[1], "COMPLETE"), ("SAL_ZZ9999AA_AS", "skipped")]
    assert lookup(assembled[1], scheme).results["ST"] == TRUE_ST
    again = over(Batch.call_scheme(senterica, scheme, [assembled[1]], name=f"{name}-2").name)
    assert states(again) == [(assembled[1], "cached")]


def test_items_are_added_once(name: str, senterica: str, assembled: tuple[str, str]) -> None:
    batch = over(Batch.reassemble(senterica, [assembled[0]], name=name, params=FAST).name)
    assert batch.add([assembled[0]]) == 0
    assert batch.add([assembled[0], "nobody"]) == 1
    assert batch.state == "running"
    assert [state for _, state in states(over(name))] == ["COMPLETE", "skipped"]


def call_without_pipeline(database: str, name: str) -> None:
    """Call a scheme that is there only as long as nothing is refused."""
    with transaction(database) as session:
        add_scheme(session, "without", "of no pipeline", "")
        Batch.call_scheme(database, "without", ["x"], name=name)


def test_what_cannot_be_made_is_refused(name: str, senterica: str) -> None:
    with pytest.raises(BadInput, match="has no strain 'nobody'"):
        Batch.reassemble(senterica, ["nobody"], name=name)
    with pytest.raises(UnknownSpecies):
        Batch.reassemble("nowhere", ["nobody"], name=name)
    with pytest.raises(UnknownSpecies):
        Batch.call_scheme("nowhere", "MLST_Achtman", ["x"], name=name)
    with pytest.raises(UnknownScheme, match="MLST_Achtman"):
        Batch.call_scheme(senterica, "MLST_Never", ["x"], name=name)
    with pytest.raises(BadInput, match="'without' has no pipeline"):
        call_without_pipeline(senterica, name)
    assert value("SELECT count(*) FROM crobot.batches WHERE name = :name", name=name) == 0


def test_while_the_storage_is_away_nothing_is_sent_and_nothing_left_out(
    name: str, senterica: str, assembled: tuple[str, str], scheme: str
) -> None:
    mark = folders.storage_root() / MARK
    hidden = mark.rename(mark.with_suffix(".hidden"))
    try:
        batch = Batch.call_scheme(senterica, scheme, [assembled[1]], name=name)
        tend_batches()
        assert (batch.state, batch.standing().unsent) == ("running", 1)
    finally:
        hidden.rename(mark)
    assert states(over(name)) == [(assembled[1], "COMPLETE")]


def test_what_a_slice_asks_of_the_database_does_not_grow_with_its_items(
    name: str, senterica: str, scheme: str, data_dir: Path
) -> None:
    strains, assemblies = genomes(senterica, name, data_dir, 20)
    for kind, keys, shared in (
        ("assemble", strains, {"params": FAST}),
        ("scheme", assemblies, {"scheme": scheme}),
        ("scheme", assemblies, {"scheme": "prokka_annotation"}),
    ):
        batch = SimpleNamespace(
            database=senterica, shared=shared, user_id=7, workgroup="", priority=5, name=name
        )
        asked = []
        for some in (keys[:2], keys):
            items = [SimpleNamespace(key=key) for key in some]
            with transaction(senterica) as session, statements() as seen:
                calls = list(KINDS[kind](session, batch, items))
            assert [call.signature.options["job"]["user_id"] for call in calls if call.signature] == [
                7
            ] * len(some)
            asked.append(len(seen))
        assert asked[0] == asked[1] < 12


def test_a_job_of_a_slice_is_the_one_that_its_class_makes_alone(
    name: str, senterica: str, scheme: str, data_dir: Path
) -> None:
    _, [barcode] = genomes(senterica, name, data_dir, 1)
    request = {"user_id": 7, "workgroup": "", "priority": 5, "batch": name}
    batch = SimpleNamespace(
        database=senterica, shared={"scheme": scheme}, name=name, user_id=7, workgroup="", priority=5
    )
    with transaction(senterica) as session:
        [call] = KINDS["scheme"](session, batch, [SimpleNamespace(key=barcode)])
        alone = NomenclatureJob(
            scheme=find_scheme(session, scheme),
            database=senterica,
            assembly_barcode=barcode,
            assembly_filepointer=find_assembly(session, barcode).file_pointer,
            **request,
        )
        assert call.signature == alone.signature()
