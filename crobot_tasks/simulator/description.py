"""A described simulation: a TOML file → nodes and streams of jobs; what is wrong is told before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from crobot_errors import BadSimulation
from crobot_tasks.router import Kind, NodeView
from crobot_tasks.router.toml_table import Table, parse
from crobot_tasks.simulator.streams import Arrivals, Durations, Lognormal, Measured, Stream
from crobot_tasks.simulator.workload import JobTemplate

GIB = 1024**3
#: a node without `pipelines` offers those of all streams; versions are nothing that a description knows
VERSION = ""
MOST_NODES = 100_000
MOST_JOBS = 20_000_000

#: pipeline → seconds that its jobs took lately
History = Callable[[str], Sequence[float]]


@dataclass(frozen=True)
class Description:
    """What a file says; without nodes or without streams, those of the database are meant."""

    nodes: list[NodeView]
    streams: list[Stream]
    seed: int


def examples() -> list[str]:
    """Return the names of the examples that come with CRobot."""
    folder = files("crobot_tasks.simulator").joinpath("examples")
    return sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml"))


def example(name: str) -> str:
    """Return the text of an example."""
    return files("crobot_tasks.simulator").joinpath("examples", f"{name}.toml").read_text("utf-8")


def read_file(path: Path) -> str:
    """Return a file's text.

    Raises:
        BadSimulation: it cannot be read.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise BadSimulation(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadSimulation(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}") from None


def read(text: str, file: str, history: History) -> Description:
    """Return what a file says; ``history`` is asked for streams whose durations are measured ones.

    Raises:
        BadSimulation: naming file, line, key, value and the way out.
    """
    table = parse(text, BadSimulation, file).only("seed", "stream", "nodes")
    seed = table.whole("seed", 1)
    streams = [_stream(one, number, history) for number, one in enumerate(table.tables("stream"), 1)]
    pipelines = sorted({stream.template.kind.pipeline for stream in streams})
    nodes = [
        node for number, one in enumerate(table.tables("nodes"), 1) for node in _nodes(one, number, pipelines)
    ]
    if not nodes and not streams:
        raise table.wrong_all(
            "describes neither [[nodes]] nor [[stream]]; see `crobot simulate --example reassembly --print`"
        )
    if streams and all(stream.template.endless for stream in streams):
        raise table.wrong_all("has only streams without an end: give one of them jobs or for_h")
    if len(nodes) > MOST_NODES:
        raise table.wrong_all(f"describes {len(nodes)} nodes; at most {MOST_NODES} can be simulated")
    return Description(nodes, streams, seed)


def _nodes(table: Table, number: int, pipelines: Sequence[str]) -> Iterator[NodeView]:
    table.only("count", "name", "cores", "memory_gib", "disk_gib", "pipelines", "tags")
    count, name = table.whole("count", 1, least=1, most=MOST_NODES), table.text("name", f"node{number}-")
    cores = table.whole("cores", least=1, most=100_000)
    memory_bytes = round(table.positive("memory_gib") * GIB)
    disk_bytes = round(table.number("disk_gib", 1000.0) * GIB)
    offers, tags = table.names("pipelines") or pipelines, frozenset(table.names("tags"))
    for one in range(1, count + 1):
        full = f"{name}{one:0{len(str(count))}}" if count > 1 else name.rstrip("-")
        yield NodeView(full, cores, memory_bytes, disk_bytes, dict.fromkeys(offers, VERSION), tags=tags)


def _stream(table: Table, number: int, history: History) -> Stream:
    table.only(
        "pipeline", "name", "duration", "arrivals", "jobs", "cores", "memory_gib", "disk_gib", "priority", "workgroup",
        "users",
    )  # fmt: skip
    pipeline = table.text("pipeline")
    durations = _durations(table, history)
    jobs = table.whole("jobs", least=1, most=MOST_JOBS) if "jobs" in table else None
    arrivals, until_s = _arrivals(table, jobs)
    kind = Kind(
        pipeline,
        VERSION,
        cores=table.whole("cores", 1, least=1, most=100_000),
        memory_bytes=round(table.number("memory_gib", 1.0) * GIB),
        disk_bytes=round(table.number("disk_gib", 0.0) * GIB),
        expected_s=durations.typical_s,
    )
    template = JobTemplate(
        table.text("name", f"stream {number}"),
        kind,
        priority=table.whole("priority", 5, most=9),
        workgroup=table.text("workgroup", ""),
        endless=jobs is None and until_s is None,
    )
    return Stream(
        template, durations, arrivals, jobs, until_s, table.whole("users", 1, least=1, most=1_000_000)
    )


def _durations(table: Table, history: History) -> Durations:
    given = table.table("duration").only("history", "fixed_s", "median_s", "p90_s", "longest_s")
    durations: Durations
    if "history" in given:
        pipeline = given.text("history")
        durations = Measured(history(pipeline))
        if not len(durations.seconds):
            raise given.wrong(
                "history", "has no job that ended well; give { median_s = …, p90_s = … } instead"
            )
    elif "fixed_s" in given:
        fixed_s = given.positive("fixed_s")
        durations = Lognormal(fixed_s, fixed_s)
    elif "median_s" in given:
        median_s = given.positive("median_s")
        p90_s = given.number("p90_s", least=median_s)
        longest_s = given.number("longest_s", 1e9, least=p90_s)
        durations = Lognormal(median_s, p90_s, longest_s)
    else:
        raise table.wrong(
            "duration",
            'must be one of { fixed_s = … }, { median_s = …, p90_s = … }, { history = "pipeline" }',
        )
    return durations


def _arrivals(table: Table, jobs: int | None) -> tuple[Arrivals, float | None]:
    """Return arrivals, and until when they go on if there is no number of jobs but ``for_h``."""
    given = table.table("arrivals").only("from_h", "per_hour", "every_s", "for_h")
    from_s = given.number("from_h", 0.0) * 3600
    irregular = "per_hour" in given
    if irregular and "every_s" in given:
        raise given.wrong("every_s", "excludes per_hour; leave out one of them")
    apart_s = 3600 / given.positive("per_hour") if irregular else given.number("every_s", 0.0)
    for_h = given.positive("for_h") if "for_h" in given else None
    if jobs is not None and for_h is not None:
        raise given.wrong("for_h", "excludes jobs; leave out one of them")
    if jobs is None and not apart_s:
        raise table.wrong_all("has no number of jobs: give jobs, or arrivals = { per_hour = … }")
    return Arrivals(from_s, apart_s, irregular), None if for_h is None else from_s + for_h * 3600
