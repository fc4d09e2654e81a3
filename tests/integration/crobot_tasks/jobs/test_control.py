"""Steering jobs that have a job class: the counters of assembly_lookup and the log of all jobs stay right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from crobot_tasks.intake.reads import send_reads
from crobot_tasks.jobs import AssemblyJob, NomenclatureJob, get_crobot_job
from db.engine import transaction
from db.species import Assembly
from demo.data import DemoData
from tests.command import document
from tests.integration.crobot_tasks.jobs.test_following import (
    HUGE,
    counters,
    finish_with,
    lookup,
    reported,
    user_job,
)
from tests.processes import Cluster, query, value
from tests.statements import statements

MANY = 5000
REQUEST = {"user_id": 5, "workgroup": "enterics", "priority": 2}


@pytest.fixture
def batch() -> str:
    """The name of a batch that no other test uses."""
    return f"batch-{uuid4()}"


@pytest.fixture
def follower(
    senterica: str, strain: str, batch: str, demo_data: DemoData
) -> Iterator[tuple[AssemblyJob, NomenclatureJob]]:
    """An assembly job that has passed, and the job that followed on it, which waits."""
    document("pause", "--pipeline", "nomenclature", "--reason", "a test")
    accession = f"ERR{uuid4().int % 10**9:09d}"
    made = send_reads(senterica, strain, [[accession]], batch=batch, params=HUGE, **REQUEST)
    assert finish_with(made, reported(made, demo_data.genome)) == "COMPLETE"
    number = value("SELECT id FROM crobot.jobs WHERE tag = :tag", tag=made.assembly_barcode)
    job = get_crobot_job(number)
    assert isinstance(job, NomenclatureJob)
    yield made, job
    document("cancel", "--batch", batch, "--yes")
    document("unpause", "--pipeline", "nomenclature")


def recount(species: str) -> list[Any]:
    """Rows of assembly_lookup whose counters are not those of the jobs themselves; assembly_stats has no jobs."""
    return query(f"""
        WITH counted AS (
            SELECT CAST(context->>'assembly_id' AS int) AS assembly_id, CAST(context->>'scheme_id' AS int) AS scheme_id,
                   count(*) AS sent, count(*) FILTER (WHERE finished_at IS NULL) AS live,
                   count(*) FILTER (WHERE state = 'COMPLETE') AS complete,
                   count(*) FILTER (WHERE state = 'FAILED') AS failed
            FROM crobot.jobs WHERE database = '{species}' AND context->>'scheme_id' IS NOT NULL GROUP BY 1, 2)
        SELECT l.id, l.job_count, l.queued_count, c.* FROM {species}.assembly_lookup l
        JOIN {species}.schemes s ON s.id = l.scheme_id AND s.description <> 'assembly_stats'
        LEFT JOIN counted c ON (c.assembly_id, c.scheme_id) = (l.assembly_id, l.scheme_id)
        WHERE (l.job_count, l.queued_count, l.complete_count, l.fail_count)
              IS DISTINCT FROM (c.sent, c.live, c.complete, c.failed)""")  # fmt: skip


def multiply(job: NomenclatureJob, batch: str) -> list[int]:
    """Send as many such jobs, each for an assembly of its own; as rows, since thousands of sends take a while."""
    with transaction(job.database) as session:
        session.add_all(
            Assembly(status="Assembled", file_pointer="/nowhere.fasta", stats={"copy": batch})
            for _ in range(MANY)
        )
        session.flush()
        for statement in _MULTIPLY:
            session.execute(text(statement), {"id": job.job_id, "batch": batch})
    return [row.id for row in query("SELECT id FROM crobot.jobs WHERE batch = :batch", batch=batch)]


_MULTIPLY = (
    """INSERT INTO crobot.jobs (pipeline, version, type, tag, database, batch, user_id, workgroup, priority, args,
                                 kwargs, request, context, cores, memory_bytes, disk_bytes, time_limit_s,
                                 expected_s)
       SELECT j.pipeline, j.version, j.type, 'copy', j.database, :batch, j.user_id, j.workgroup, j.priority, j.args,
              j.kwargs, j.request, CAST(j.context AS jsonb) || jsonb_build_object('assembly_id', a.id), j.cores,
              j.memory_bytes, j.disk_bytes, j.time_limit_s, j.expected_s
       FROM crobot.jobs j, senterica.assemblies a WHERE j.id = :id AND a.stats->>'copy' = :batch""",
    """INSERT INTO crobot.settlements (task_id, job_id) SELECT gen_random_uuid(), id FROM crobot.jobs
       WHERE batch = :batch""",
    """INSERT INTO system.user_jobs (job_id, accession, user_id, status, database, pipeline)
       SELECT id, tag, user_id, 'QUEUED', database, type FROM crobot.jobs WHERE batch = :batch""",
    """INSERT INTO senterica.assembly_lookup (assembly_id, scheme_id, status, job_id, job_count, queued_count)
       SELECT CAST(context->>'assembly_id' AS int), CAST(context->>'scheme_id' AS int), 'QUEUED', id, 1, 1
       FROM crobot.jobs WHERE batch = :batch""",
)


def test_thousands_of_waiting_jobs_are_cancelled_in_few_statements_and_all_that_hangs_on_them_is_right(
    cluster: Cluster, senterica: str, follower: tuple[AssemblyJob, NomenclatureJob]
) -> None:
    many = f"many-{uuid4()}"
    ids = multiply(follower[1], many)
    assert len(ids) == MANY
    assert not recount(senterica)
    with statements() as executed:
        done = document("cancel", "--batch", many, "--yes", "--reason", "a mistake")
    assert done["now"] == {"CANCELLED": MANY}
    assert len(executed) < MANY / 10, len(executed)
    assert not recount(senterica)
    assert (
        value(
            "SELECT count(*) FROM crobot.settlements WHERE job_id = ANY(:ids) AND settled_at IS NULL", ids=ids
        )
        == 0
    )
    log = query(
        "SELECT status, count(*) AS jobs FROM system.user_jobs WHERE job_id = ANY(:ids) GROUP BY 1", ids=ids
    )
    assert [(row.status, row.jobs) for row in log] == [("CANCELLED", MANY)]


def test_what_follows_has_the_owner_the_batch_and_the_priority_of_what_it_follows(
    follower: tuple[AssemblyJob, NomenclatureJob], batch: str
) -> None:
    made, following = follower
    assert (following.batch, following.user_id, following.workgroup, following.priority) == (
        batch,
        5,
        "enterics",
        2,
    )
    assert {job["id"] for job in document("jobs", "--batch", batch)} == {made.job_id, following.job_id}


def test_a_typing_that_was_cancelled_is_sent_again_and_counted(
    senterica: str, follower: tuple[AssemblyJob, NomenclatureJob], batch: str
) -> None:
    made, first = follower
    document("cancel", first.job_id)
    own = document("resend", first.job_id, "--param", "scheme=other", code=1)["error"]
    assert "NomenclatureJob decides scheme itself" in own["message"]
    (sent,) = document("resend", first.job_id, "--priority", 1)["sent"]
    again = get_crobot_job(sent["sent_as"])
    assert (again.batch, again.user_id, again.priority, again.context["resent_from"]) == (
        batch,
        5,
        1,
        first.job_id,
    )
    assert counters(lookup(made.assembly_barcode, "MLST_Achtman")) == (2, 0, 1, 0)
    assert user_job(again.job_id).status == "QUEUED"
    joined = document("resend", first.job_id)["sent"]
    assert joined == [{"job": first.job_id, "sent_as": again.job_id, "joined": True}]
    document("cancel", again.job_id)
    assert counters(lookup(made.assembly_barcode, "MLST_Achtman")) == (2, 0, 0, 0)
    assert not recount(senterica)


def test_an_assembly_is_sent_again_with_other_parameters_and_a_barcode_of_its_own(
    senterica: str, strain: str, batch: str
) -> None:
    accession = f"ERR{uuid4().int % 10**9:09d}"
    first = send_reads(senterica, strain, [[accession]], batch=batch, params=HUGE, **REQUEST)
    document("cancel", first.job_id)
    (sent,) = document("resend", first.job_id, "--param", "min_contig=700", "--memory", "900G")["sent"]
    again = get_crobot_job(sent["sent_as"])
    assert isinstance(again, AssemblyJob)
    assert again.assembly_barcode not in ("", first.assembly_barcode)
    assert again.params == first.params | {"min_contig": 700, "prefix": again.assembly_barcode}
    assert (again.tag, again.reads, again.batch, again.workgroup) == (
        accession,
        first.reads,
        batch,
        "enterics",
    )
    assert again.context["trace_ids"] == first.context["trace_ids"]
    assert document("show", again.job_id)["memory_bytes"] == 900 * 2**30
    refused = document("resend", first.job_id, "--param", "assembler=velvet", code=1)["error"]
    assert refused["type"] == "BadInput"
    document("cancel", again.job_id)
    log = [user_job(number).status for number in (first.job_id, again.job_id)]
    assert log == ["CANCELLED", "CANCELLED"]
