"""What is missing, outdated or may be tried again is sent, each thing once, and for each there is a reason."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from crobot_errors import BadInput, UnknownScheme, UnknownSpecies, UpdateUnderWay
from crobot_tasks.intake.scheme_calls import call_on_demand
from crobot_tasks.maintenance.updating import Update, update_all_schemes, update_assemblies, update_scheme
from db.engine import transaction, try_lock
from db.species import AssemblyLookup, Scheme, strains
from tests.integration.crobot_tasks.maintenance.strains import (
    CRISPR,
    CURRENT,
    OLD,
    Species,
    items,
    keys_of_batches,
    send,
)
from tests.processes import query, value

Policy = Callable[[str], None]


def test_strains_without_a_valid_assembly_are_assembled_and_for_each_there_is_a_reason(
    species: Species,
) -> None:
    species.add_strain("new")
    species.add_assembled("assembled")
    species.add_assembled("old", OLD)
    species.add_assembled("failed QA", passed=False)
    species.add_assembled("failed QA before", OLD, passed=False)
    species.add_assembled("nobody wants it")
    species.unuse("nobody wants it")
    species.add_failed("bad reads", "tool")
    species.add_failed("bad reads before", "tool", version=OLD)
    species.add_failed("lost", "node_lost")
    species.add_failed("just lost", "node_lost", hours_ago=1)
    species.add_failed("lost twice", "node_lost", "disk_full", hours_ago=23)
    species.add_failed("lost for good", "node_lost", "disk_full", "time_limit")
    species.add_job("ERR111", species.add_strain("cancelled", "ERR111"), "CANCELLED")
    species.add_job("ERR222", species.add_strain("live", "ERR222"), "WAITING")
    found = update_assemblies(species.name, dry_run=True)
    assert species.named(found.chosen) == {
        "new": "no assembly",
        "failed QA before": f"failed QA with {OLD}, current {CURRENT}",
        "bad reads before": f"failed: tool with {OLD}, current {CURRENT}",
        "lost": "failed: node_lost, try 2 of 3",
        "cancelled": "no assembly",
    }
    assert found.left == {
        "failed QA: the same version is not tried again": 1,
        "its assembly is not in use: the same version is not tried again": 1,
        "failed: tool: the same version is not tried again": 1,
        "failed: node_lost, try 2 of 3 comes later": 1,
        "failed: disk_full, try 3 of 3 comes later": 1,
        "failed: time_limit, all of 3 tries": 1,
        "its job is not over": 1,
    }
    assert found.batch is None
    assert keys_of_batches(species.name) == []


def test_new_reads_are_a_reason_to_assemble_again(species: Species) -> None:
    species.add_failed("bad reads", "tool")
    assert not update_assemblies(species.name, dry_run=True).chosen
    species.add_strain("bad reads", "ERR333")
    assert species.named(update_assemblies(species.name, dry_run=True).chosen) == {"bad reads": "no assembly"}


def test_a_strain_of_which_a_part_of_the_reads_is_being_assembled_is_left_alone(species: Species) -> None:
    first, _ = species.add_strain("two runs", "ERR444", "ERR445")
    species.add_job("ERR444", [first], "RUNNING")
    found = update_assemblies(species.name)
    assert (found.chosen, found.left, found.batch) == ({}, {"its job is not over": 1}, None)


def test_uploaded_reads_that_cannot_be_read_are_refused_once(species: Species) -> None:
    with transaction(species.name) as session:
        for lane in (1, 2):
            files = [f"/no/such folder/lane{lane}_{read}.fastq.gz" for read in (1, 2)]
            strains.add_strain_with_reads(session, "uploaded", files)
    send(update_assemblies(species.name))
    [job] = query("SELECT state, tag FROM crobot.jobs WHERE database = :name", name=species.name)
    assert (job.state, job.tag.count("#"), job.tag.count(",")) == ("FAILED", 4, 1)
    assert update_assemblies(species.name).left == {"failed: tool: the same version is not tried again": 1}


def test_outdated_assemblies_are_made_anew_if_the_policy_says_so(species: Species, policy: Policy) -> None:
    species.add_assembled("old", OLD)
    species.add_assembled("current")
    traces = species.add_strain("failed anew", "ERR555")
    species.add_assembly("failed anew", traces, species.add_job("ERR555", traces, "COMPLETE", "ok", OLD), OLD)
    species.add_job("ERR555", traces, "FAILED", "tool")
    assert not update_assemblies(species.name, dry_run=True).chosen
    policy(f"[maintenance.species.{species.name}]\noutdated_assemblies = true")
    found = update_assemblies(species.name, dry_run=True)
    assert species.named(found.chosen) == {"old": f"outdated ({OLD}, current {CURRENT})"}
    assert found.left == {"failed: tool: the same version is not tried again": 1}


def test_assemblies_without_a_current_result_are_called_and_for_each_there_is_a_reason(
    species: Species,
) -> None:
    species.add_scheme()
    ends = {
        "current": ["ok"],
        "bad": ["tool"],
        "lost": ["ok", "node_lost"],
        "lost for good": ["node_lost", "node_lost", "disk_full"],
        "cancelled": ["cancelled"],
        "cancelled later": ["ok", "cancelled"],
        "live": ["live"],
    }
    for name, of_one in ends.items():
        species.call(species.add_assembled(name), *of_one)
    species.add_assembled("never")
    species.call(species.add_assembled("old"), "ok", version=OLD)
    species.call(species.add_assembled("bad before"), "tool", "tool", "tool", version=OLD)
    species.call(species.add_assembled("just lost"), "node_lost", hours_ago=1)
    species.add_assembled("failed QA", passed=False)
    species.add_assembled("replaced")
    species.unuse("replaced")
    found = update_scheme(species.name, "CRISPR", dry_run=True)
    assert species.named(found.chosen) == {
        "lost": "failed: node_lost, try 2 of 3",
        "cancelled": "no result: its job was cancelled",
        "never": "no result",
        "old": f"outdated ({OLD}, current {CRISPR})",
        "bad before": f"failed: tool with {OLD}, current {CRISPR}",
    }
    assert found.left == {
        "failed: tool: the same version is not tried again": 1,
        "failed: disk_full, all of 3 tries": 1,
        "failed: node_lost, try 2 of 3 comes later": 1,
    }


def test_tries_by_an_older_version_do_not_count(species: Species) -> None:
    species.add_scheme()
    barcode = species.add_assembled("lost")
    species.call(barcode, "node_lost", "node_lost", "node_lost", version=OLD)
    species.call(barcode, "node_lost")
    chosen = update_scheme(species.name, "CRISPR", dry_run=True).chosen
    assert chosen == {barcode: "failed: node_lost, try 2 of 3"}


def test_a_curator_allows_all_tries_again_by_the_count_of_failures(species: Species) -> None:
    species.add_scheme()
    barcode = species.add_assembled("lost")
    species.call(barcode, "node_lost", "node_lost", "node_lost", hours_ago=0)
    assert not update_scheme(species.name, "CRISPR", dry_run=True).chosen
    with transaction(species.name) as session:
        session.query(AssemblyLookup).update({"fail_count": 0})
    assert update_scheme(species.name, "CRISPR", dry_run=True).chosen


def test_the_policy_of_a_scheme_says_how_often_and_how_much(species: Species, policy: Policy) -> None:
    species.add_scheme()
    barcodes = [species.add_assembled(f"new {number}") for number in range(3)]
    species.call(species.add_assembled("lost"), "node_lost")
    species.call(species.add_assembled("old"), "ok", version=OLD)
    policy(f"""
        priority = 7
        [maintenance.species.{species.name}.schemes.CRISPR]
        most = 2
        tries = 1
        outdated_results = false
        workgroup = "curators"
        """)
    first, second, third = (update_scheme(species.name, "CRISPR") for _ in range(3))
    assert (items(first), first.full) == (barcodes[:2], True)
    assert (items(second), second.full) == (barcodes[2:], False)
    assert (third.batch, third.chosen) == (None, {})
    assert third.left == {"a batch will send it": 3, "failed: node_lost, all of 1 tries": 1}
    assert second.batch is not None
    assert first.batch is not None
    assert second.batch.name == f"{first.batch.name}-2"
    [row] = query("SELECT * FROM crobot.batches WHERE name = :name", name=first.batch.name)
    assert (row.priority, row.workgroup, row.chosen_by) == (7, "curators", "no result: 2")


def test_what_was_sent_or_will_be_is_not_sent_twice(species: Species) -> None:
    species.add_strain("new")
    species.add_scheme()
    species.add_assembled("assembled")
    for update in (update_assemblies, lambda name: update_scheme(name, "CRISPR")):
        first = update(species.name)
        assert len(items(first)) == 1
        assert update(species.name).left == {"a batch will send it": 1}
    before = update_assemblies(species.name)
    assert before.batch is None


def test_a_batch_that_was_sent_has_live_jobs_also_of_a_species_without_references(species: Species) -> None:
    species.add_strain("new")
    update = update_assemblies(species.name)
    send(update)
    assert value("SELECT state FROM crobot.jobs WHERE database = :name", name=species.name) == "WAITING"
    assert update_assemblies(species.name).left == {"its job is not over": 1}


def test_what_a_batch_would_have_sent_is_sent_by_the_next_when_it_is_cancelled(species: Species) -> None:
    species.add_strain("new")
    first = update_assemblies(species.name)
    assert first.batch is not None
    first.batch.cancel()
    second = update_assemblies(species.name)
    assert items(first) == items(second)


def test_two_at_once_send_nothing_twice(species: Species) -> None:
    species.add_scheme()
    assembled = [species.add_strain(f"new {number}") for number in range(20)]
    called = [species.add_assembled(f"assembled {number}") for number in range(20)]
    together = Barrier(4)

    def update(work: Callable[[], Update]) -> Update | None:
        together.wait()
        try:
            return work()
        except UpdateUnderWay:
            return None

    works = [
        lambda: update_assemblies(species.name),
        lambda: update_scheme(species.name, "CRISPR"),
    ] * 2
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(update, works))
    keys = keys_of_batches(species.name)
    assert len(keys) == len(set(keys)) == len(assembled) + len(called)


def test_a_second_run_says_that_one_is_under_way(species: Species) -> None:
    species.add_strain("new")
    with transaction() as session, ThreadPoolExecutor(1) as thread:
        assert try_lock(session, f"update {species.name}, assemblies")
        second = thread.submit(update_assemblies, species.name)
        with pytest.raises(UpdateUnderWay, match=f"an update of {species.name}, assemblies is under way"):
            second.result()
    assert update_assemblies(species.name).batch is not None


def test_without_schemes_there_is_nothing_to_call(species: Species) -> None:
    species.add_assembled("assembled")
    assert update_all_schemes(species.name) == []
    with transaction(species.name) as session:
        session.add(Scheme(description="foreign", name="foreign", param={"pipeline": "elsewhere"}))
    assert update_all_schemes(species.name) == []
    with pytest.raises(BadInput, match="'foreign' is not called on one assembly"):
        update_scheme(species.name, "foreign")
    with pytest.raises(BadInput, match="'snp_calls' has no pipeline"):
        update_scheme(species.name, "snp_calls")


def test_what_one_scheme_meets_does_not_keep_the_others(species: Species) -> None:
    for name in ("CRISPR", "CRISPR2"):
        species.add_scheme(name)
    species.add_assembled("assembled")
    with transaction() as session, ThreadPoolExecutor(1) as thread:
        assert try_lock(session, f"update {species.name}, scheme CRISPR")
        first, second = thread.submit(update_all_schemes, species.name).result()
    assert "is under way" in first.error
    assert (first.batch, len(items(second))) == (None, 1)


def test_a_scheme_on_demand_is_updated_only_by_its_name(species: Species) -> None:
    for name in ("CRISPR", "CRISPR2"):
        species.add_scheme(name)
    call_on_demand(species.name, "CRISPR2", on_demand=True)
    species.add_assembled("assembled")
    (only,) = update_all_schemes(species.name)
    assert only.scheme == "CRISPR"
    assert len(items(update_scheme(species.name, "CRISPR2"))) == 1


def test_unknown_names_are_refused(species: Species) -> None:
    with pytest.raises(UnknownSpecies, match="'never'"):
        update_assemblies("never")
    with pytest.raises(UnknownSpecies, match="'never'"):
        update_all_schemes("never")
    with pytest.raises(UnknownScheme, match="has no scheme 'never'"):
        update_scheme(species.name, "never")
