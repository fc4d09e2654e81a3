"""What JSON keeps of a value is kept: in arguments, results, contexts and what is sent later, over a real cluster."""

from __future__ import annotations

import json
import random
from typing import Any
from uuid import uuid4

import pytest
from celery import chord, group
from celery.result import AsyncResult

from crobot_tasks.celery import app
from crobot_tasks.node.result_file import INLINE_BYTES
from db.crobot import jobs as job_rows
from db.engine import transaction
from tests.canvas_tasks import jobs
from tests.processes import PATIENCE_S, Cluster

#: numbers that a database or a careless reader would change
NUMBERS = (
    *(1e20, 1e300, 5e-324, 100.0, 0.1, -0.0, 0.0, 1.5e-7, 2.0**53),
    *(0, -1, 2**53 + 1, 2**63, -(2**64), 10**30, 10**400),
)
TEXTS = ("", "ä", "\u2028", "𝄞", "a\\u0000b", '"', "\x7f\x01", "null", "é" * 300)
SEEDS = range(8)


def anything(source: random.Random, depth: int = 3) -> Any:
    """Return a value that JSON can write; names of dicts are in no order."""
    kinds = [lambda: source.choice(NUMBERS), lambda: source.choice(TEXTS), lambda: source.choice((None, True, False)),
             lambda: source.uniform(-1e6, 1e6), lambda: source.getrandbits(80)]  # fmt: skip
    if depth:
        names = [f"{source.choice(TEXTS)}{source.getrandbits(16)}" for _ in range(source.randrange(6))]
        kinds += [lambda: {name: anything(source, depth - 1) for name in names}] * 3
        kinds += [lambda: [anything(source, depth - 1) for _ in range(source.randrange(5))]] * 2
    return source.choice(kinds)()


def written(value: Any) -> str:
    """How JSON has a value: with the order of names, the sign of zero and the kind of each number."""
    return json.dumps(json.loads(json.dumps(value)))


@pytest.mark.parametrize("seed", SEEDS)
def test_arguments_and_results_come_back_as_json_has_them(cluster: Cluster, seed: int) -> None:
    source = random.Random(seed)
    values = [anything(source) for _ in range(12)]
    sent = [jobs.constant.delay(value) for value in values[::2]]
    sent += [jobs.constant.delay(value=value) for value in values[1::2]]
    expected = [written(value) for value in values[::2] + values[1::2]]
    assert [written(result.get(timeout=PATIENCE_S)) for result in sent] == expected
    stored = [AsyncResult(result.id, app=app).get(timeout=PATIENCE_S) for result in sent]
    assert [written(value) for value in stored] == expected


@pytest.mark.parametrize("value", [*NUMBERS, {"b": 1, "a": 2, "": {"z": 0, "y": -0.0}}], ids=repr)
def test_what_databases_change_is_kept(cluster: Cluster, value: Any) -> None:
    assert written(jobs.constant.delay(value).get(timeout=PATIENCE_S)) == written(value)


def test_what_is_sent_later_is_kept(cluster: Cluster) -> None:
    values = [anything(random.Random(seed)) for seed in SEEDS]
    behind_a_link = [(jobs.constant.si(1) | jobs.constant.si(value)).apply_async() for value in values]
    in_a_body = [chord([jobs.constant.si(1)], jobs.constant.si(value)).apply_async() for value in values]
    expected = [written(value) for value in values]
    for sent in (behind_a_link, in_a_body):
        assert [written(result.get(timeout=PATIENCE_S)) for result in sent] == expected


def test_results_that_are_counted_together_are_kept(cluster: Cluster) -> None:
    values = [anything(random.Random(seed)) for seed in SEEDS]
    members = group(jobs.constant.s(value) for value in values)
    assert written(members.apply_async().get(timeout=PATIENCE_S)) == written(values)
    assert written(chord(members, jobs.constant.s()).apply_async().get(timeout=PATIENCE_S)) == written(values)


def test_a_result_that_is_too_large_for_a_message_is_kept(cluster: Cluster) -> None:
    value = [anything(random.Random(seed)) for seed in range(600)]
    assert len(json.dumps(value)) > INLINE_BYTES
    assert written(jobs.constant.delay(value).get(timeout=PATIENCE_S)) == written(value)


def test_a_context_is_kept(cluster: Cluster) -> None:
    context = {str(uuid4()): anything(random.Random(seed)) for seed in SEEDS}
    result = jobs.constant.apply_async(job={"context": context})
    with transaction() as session:
        row = job_rows.find(session, result.job_id)
    assert row is not None
    assert written(row.context) == written(context)
