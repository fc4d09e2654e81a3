"""(f) The router against simple rules and the least possible time, simulated; needs no servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.figures import Chapter, Figure
from crobot_tasks.router import Policy
from crobot_tasks.simulator.description import example, read
from crobot_tasks.simulator.report import Report, report
from crobot_tasks.simulator.simulate import RULES, simulate
from crobot_tasks.simulator.streams import Stream, draw
from crobot_tasks.simulator.workload import Workload

EXAMPLE = "unequal"
HOUR = 3600.0


def measure(jobs: int) -> Chapter:
    """Simulate about so many unequal jobs on 100 unequal nodes by each rule."""
    described = read(example(EXAMPLE), EXAMPLE, lambda _: [])
    workload = _drawn(described.streams, jobs, sum(node.cores for node in described.nodes))
    reports = {rule: report(simulate(workload, described.nodes, Policy(), rule)) for rule in RULES}
    ours = reports["crobot"]
    figures = [_figure("makespan", "h", ours.makespan_s / HOUR, ours.bound_s / HOUR)]
    figures += [figure for rule, other in reports.items() if rule != "crobot"
                for figure in _against(ours, other, RULES[rule])]  # fmt: skip
    figures += [
        Figure("cores in use until the end", "%", 100 * ours.cores_used),
        Figure("simulation", "s", ours.wall_s),
        Figure("decisions", "1/s", ours.decisions_per_s),
    ]
    title = (
        f"{len(workload):,} simulated jobs on {len(described.nodes)} unequal nodes; the first line: the bound"
    )
    return Chapter("f", title, "other rule", figures)


def _drawn(streams: Sequence[Stream], jobs: int, cores: int) -> Workload:
    """Draw as many jobs as were asked for, in the example's proportions."""
    whole = sum(stream.jobs or 0 for stream in streams)
    return draw(
        [replace(one, jobs=max(1, (one.jobs or 0) * jobs // whole)) for one in streams], cores, seed=1
    )


def _against(ours: Report, other: Report, name: str) -> list[Figure]:
    mine, theirs = ({one.name: one for one in found.classes} for found in (ours, other))
    return [
        _figure(f"makespan: {name}", "h", ours.makespan_s / HOUR, other.makespan_s / HOUR),
        _figure("mean wait, interactive", "s", mine["interactive"].mean_s, theirs["interactive"].mean_s),
        _figure("mean wait, batch", "h", mine["batch"].mean_s / HOUR, theirs["batch"].mean_s / HOUR),
    ]


def _figure(what: str, unit: str, ours: float, other: float) -> Figure:
    return Figure(what, unit, ours, other, ours / other if other else None)
