"""Many job objects, sent with a few statements: each as `send_job` sends it, all or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from crobot_tasks.intake import scheme_calls
from crobot_tasks.jobs import CRobotJob, send_jobs
from crobot_tasks.lifecycle.together import together
from db.engine import transaction
from db.species.schemes import find_scheme
from tests.integration.crobot_tasks.conftest import genomes
from tests.processes import value
from tests.statements import statements

_JOBS = "SELECT count(*) FROM crobot.jobs"


class Undone(Exception):
    """What was sent is undone, so that no node works on it."""


@contextmanager
def undone(senterica: str) -> Iterator[Session]:
    before = value(_JOBS)
    with suppress(Undone), transaction(senterica) as session:
        yield session
        raise Undone
    assert value(_JOBS) == before


@pytest.fixture(scope="module")
def assemblies(senterica: str, data_dir: Path) -> list[str]:
    return genomes(senterica, str(uuid4()), data_dir, 20)[1]


def jobs_of(session: Session, assemblies: list[str], scheme: str = "MLST_Achtman") -> list[CRobotJob]:
    calls = scheme_calls.CallsOfScheme(session, "senterica", find_scheme(session, scheme), assemblies)
    return [calls.job(barcode, user_id=7) for barcode in assemblies]


def test_what_a_send_asks_of_the_database_does_not_grow_with_its_jobs(
    senterica: str, assemblies: list[str]
) -> None:
    asked = []
    for some in (assemblies[:2], assemblies):
        with undone(senterica), statements() as seen:
            jobs = scheme_calls.send_scheme(senterica, "MLST_Achtman", some)
            assert [job.tag for job in jobs] == some
            assert len({job.number for job in jobs}) == len(some)
            asked.append(len(seen))
    assert asked[0] == asked[1]


def test_numbers_come_in_the_order_of_the_jobs_whatever_their_classes(
    senterica: str, assemblies: list[str]
) -> None:
    with undone(senterica) as session:
        mlst = jobs_of(session, assemblies[:3])
        genes = jobs_of(session, assemblies[:3], "prokka_annotation")
        mixed = [job for pair in zip(mlst, genes, strict=True) for job in pair]
        numbers = send_jobs(mixed)
        assert numbers == [job.number for job in mixed]
        tags = "SELECT type, tag FROM crobot.jobs WHERE id = ANY(:ids) ORDER BY array_position(:ids, id)"
        stored = session.execute(text(tags), {"ids": numbers}).all()
        assert [tuple(row) for row in stored] == [(job.type, job.tag) for job in mixed]


def test_a_live_job_for_the_same_is_joined_and_gives_its_context(
    senterica: str, assemblies: list[str]
) -> None:
    with undone(senterica) as session:
        first, second = jobs_of(session, assemblies[:2])
        first.context["note"] = "the first"
        first.send_job()
        (again,) = jobs_of(session, assemblies[:1])
        assert send_jobs([again, second]) == [first.number, second.number]
        assert (again.joined, second.joined) == (True, False)
        assert again.context["note"] == "the first"


def test_nothing_is_sent_if_one_cannot_work(senterica: str, assemblies: list[str]) -> None:
    before = value(_JOBS)
    with transaction(senterica) as session:
        good, bad = jobs_of(session, assemblies[:2])
    bad.priority = 42
    with pytest.raises(BadInput, match="42"):
        send_jobs([good, bad])
    assert value(_JOBS) == before


def test_none_is_no_send() -> None:
    assert send_jobs([]) == []


def test_a_job_that_wants_a_number_at_once_is_refused_where_sends_are_gathered(
    senterica: str, assemblies: list[str]
) -> None:
    before = value(_JOBS)
    with transaction(senterica) as session:
        (job,) = jobs_of(session, assemblies[:1])
    with pytest.raises(BadInput, match="send_jobs"), together():
        job.send_job()
    assert value(_JOBS) == before


def test_many_are_sent_at_once_within_a_block_that_gathers(senterica: str, assemblies: list[str]) -> None:
    with undone(senterica) as session:
        jobs = jobs_of(session, assemblies[:2])
        with together():
            assert send_jobs(jobs) == [job.number for job in jobs]
