"""Described simulations: what is read, and how what is wrong is told."""

from __future__ import annotations

import pytest

from crobot_errors import BadInput, BadSimulation
from crobot_tasks.simulator.description import example, examples, read
from crobot_tasks.simulator.streams import Arrivals, Lognormal, Measured

RIGHT = """\
[[nodes]]
count = 2
name = "calc"
cores = 8
memory_gib = 32
tags = ["ssd"]

[[stream]]
name = "genomes"
pipeline = "QAssembly"
jobs = 10
cores = 4
memory_gib = 14
duration = { median_s = 100, p90_s = 300 }
arrivals = { every_s = 5, from_h = 1 }
priority = 9
workgroup = "curators"
"""


def never(pipeline: str) -> list[float]:
    raise AssertionError(f"nobody asked for {pipeline}")


def test_nodes_and_streams_are_as_described() -> None:
    found = read(RIGHT, "x.toml", never)
    assert [node.name for node in found.nodes] == ["calc1", "calc2"]
    assert (found.nodes[0].cores, found.nodes[0].memory_bytes, found.nodes[0].tags) == (
        8,
        32 * 2**30,
        {"ssd"},
    )
    stream = found.streams[0]
    assert (stream.jobs, stream.durations) == (10, Lognormal(100, 300, 1e9))
    assert stream.arrivals == Arrivals(3600, 5)
    assert (stream.template.priority, stream.template.workgroup, stream.template.kind.expected_s) == (
        9,
        "curators",
        100,
    )


def test_durations_can_be_those_that_were_measured() -> None:
    text = RIGHT.replace("{ median_s = 100, p90_s = 300 }", '{ history = "QAssembly" }')
    stream = read(text, "x.toml", {"QAssembly": [10.0, 20.0, 90.0]}.__getitem__).streams[0]
    assert stream.durations == Measured([10.0, 20.0, 90.0])
    assert stream.template.kind.expected_s == 20
    with pytest.raises(BadSimulation, match="has no job that ended well"):
        read(text, "x.toml", lambda _: [])


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("cores = 8", "cores = 0", "x.toml, line 4: nodes[1].cores = 0: must be at least 1"),
        ("cores = 8", "cores = 1.5", "x.toml, line 4: nodes[1].cores = 1.5: must be a whole number"),
        ("cores = 8", "", "x.toml, line 1: nodes[1].cores: is missing"),
        ("memory_gib = 32", 'memory_gib = "32G"', "line 5: nodes[1].memory_gib = \"32G\": must be a number"),
        ("count = 2", "cout = 2", "line 2: nodes[1].cout = 2: unknown key; did you mean count?"),
        ('tags = ["ssd"]', 'tags = "ssd"', "line 6: nodes[1].tags = \"ssd\": must be a list of names, such as"),
        ("jobs = 10", "jobs = -1", "line 11: stream[1].jobs = -1: must be at least 1"),
        ("jobs = 10", "jobs = true", "line 11: stream[1].jobs = true: must be a whole number"),
        ("jobs = 10", "jobs = 10_000_000_000", "jobs = 10000000000: must be at most 2e+07"),
        ("p90_s = 300", "p90_s = 3", "line 14: stream[1].duration.p90_s = 3: must be at least 100"),
        ("p90_s = 300", "p90_s = nan", "line 14: stream[1].duration.p90_s = nan: must be a number"),
        (", p90_s = 300", "", "line 14: stream[1].duration.p90_s: is missing"),
        ("duration =", "# duration =", "line 8: stream[1].duration: must be one of { fixed_s"),
        ("every_s = 5", "every_s = 5, per_hour = 5", "every_s = 5: excludes per_hour; leave out one of them"),
        ("every_s = 5", "every_s = 5, for_h = 5", "for_h = 5: excludes jobs; leave out one of them"),
        ("priority = 9", "priority = 10", "line 16: stream[1].priority = 10: must be at most 9"),
        ("jobs = 10\n", "", "x.toml, line 1: the file has only streams without an end"),
        ("[[nodes]]", "[nodes]", "line 1: nodes: must be a list of tables: write [[nodes]]"),
        ("[[nodes]]", "[[nodes]", "x.toml, line 1: [[nodes]: not TOML: "),
        ("[[stream]]", "[[streams]]", "x.toml, line 1: streams = [[…]]: unknown key; did you mean stream?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_line_key_value_and_way_out(
    right: str, wrong: str, message: str
) -> None:
    assert right in RIGHT
    with pytest.raises(BadSimulation) as told:
        read(RIGHT.replace(right, wrong, 1), "x.toml", never)
    assert message in str(told.value)
    assert isinstance(told.value, BadInput)


def test_a_file_that_describes_nothing_is_refused() -> None:
    with pytest.raises(BadSimulation, match="describes neither"):
        read("seed = 2", "x.toml", never)


@pytest.mark.parametrize("name", examples())
def test_every_example_can_be_read(name: str) -> None:
    found = read(example(name), name, never)
    assert found.nodes
    assert found.streams
