"""`crobot simulate`: how long a workload would take, and what users would feel meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from crobot_errors import BadSimulation
from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, say, wide_option
from crobot_tasks.cli.pictures import check_picture
from crobot_tasks.cli.tables import table
from crobot_tasks.cli.values import DURATION
from crobot_tasks.operate.amounts import duration
from crobot_tasks.router import NodeView, Policy
from crobot_tasks.router.policy import read as read_policy
from crobot_tasks.simulator import description, present
from crobot_tasks.simulator.plot import plot
from crobot_tasks.simulator.report import Report, Waits, report
from crobot_tasks.simulator.simulate import RULES, Run
from crobot_tasks.simulator.simulate import simulate as run_simulation
from crobot_tasks.simulator.streams import draw
from crobot_tasks.simulator.workload import Workload

_WAITS = (
    Column("Jobs", Kind.NUMBER, importance=9),
    Column("Mean", Kind.NUMBER, importance=7),
    Column("Half below", Kind.NUMBER, importance=6),
    Column("95 % below", Kind.NUMBER, importance=8),
    Column("Longest", Kind.NUMBER, importance=4),
    Column("Slowdown", Kind.NUMBER, importance=3),
    Column("95 % slowdown", Kind.NUMBER, importance=2),
)
_COMPARED = (
    Column("Rule"),
    Column("Makespan", Kind.NUMBER, importance=9),
    Column("x bound", Kind.NUMBER, importance=3),
    Column("Cores used", Kind.NUMBER, importance=2),
    Column("Wait of", importance=8),
    Column("Mean", Kind.NUMBER, importance=7),
    Column("95 % below", Kind.NUMBER, importance=6),
    Column("Longest", Kind.NUMBER, importance=4),
)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--example", type=click.Choice(description.examples()), help="Simulate an example that comes with CRobot."
)
@click.option(
    "--print",
    "only_print",
    is_flag=True,
    help="Print the example's text, to be changed, and do nothing else.",
)
@click.option("--since", type=DURATION, help="Replay the jobs that were sent in this time, e.g. 12h or 7d.")
@click.option(
    "--policy", "policy_file", type=click.Path(path_type=Path), help="Policy file; else the one in force."
)
@click.option(
    "--rule", type=click.Choice(list(RULES)), default="crobot", show_default=True, help="Who decides."
)
@click.option("--compare", is_flag=True, help="Show simple rules beside CRobot's router.")
@click.option(
    "--plot", "picture", type=click.Path(path_type=Path), help="Draw a picture: .png, .svg or .pdf."
)
@click.option("--seed", type=click.IntRange(0), help="Draw other jobs at random; else the file's seed.")
@wide_option
@json_option
def simulate(
    file: Path | None, example: str | None, only_print: bool, since: int | None, policy_file: Path | None,
    rule: str, compare: bool, picture: Path | None, seed: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Simulate a workload, faster than real time, by the head's own router.

    FILE describes nodes, streams of jobs, or both; what it does not describe is taken from the database: the nodes as
    they are, and the jobs that wait now (or, with --since, those of a past period). `--example reassembly` needs no
    database: it asks how long 400,000 genomes take on 12 nodes, and what interactive users feel meanwhile.
    """
    if only_print:
        click.echo(description.example(example or "reassembly"), nl=False)
        return
    if picture:
        check_picture(picture)
    title, nodes, workload, policy = _scene(file, example, since, policy_file, seed)
    runs = []
    for name in list(RULES) if compare else [rule]:
        say(f"simulating up to {len(workload):,} jobs on {len(nodes):,} nodes: {RULES[name]} …")
        run = run_simulation(workload, nodes, policy, name)
        runs.append((run, report(run)))
    if picture:
        plot(picture, title, runs)
    emit(as_json, _document(title, nodes, runs), lambda out: _show(out, title, nodes, runs, picture))


def _scene(
    file: Path | None, example: str | None, since: int | None, policy_file: Path | None, seed: int | None
) -> tuple[str, list[NodeView], Workload, Policy]:
    """Return title, nodes, workload and policy; the database is only asked for what is not described."""
    if file and example:
        raise BadSimulation(f"a file ({file}) and an example ({example}) at once: give one of them")
    own = read_policy(description.read_file(policy_file)) if policy_file else None
    if not file and not example:
        services.ready_database()
        policy = own or present.policy()
        workload = present.past(since) if since else present.waiting(seed or 1)
        title = "jobs of the past" if since else "the jobs that wait now"
        return title, present.nodes(policy, at_work=not since), workload, policy
    text = description.read_file(file) if file else description.example(str(example))
    read = description.read(text, str(file or f"example {example}"), _history)
    if since and read.streams:
        raise BadSimulation(
            "--since replays jobs of the database, but the file describes streams: leave out one of them"
        )
    return _described(str(file or example), read, own, since, seed)


def _described(
    title: str, read: description.Description, own: Policy | None, since: int | None, seed: int | None
) -> tuple[str, list[NodeView], Workload, Policy]:
    seed = read.seed if seed is None else seed
    if read.nodes and read.streams:
        cores = sum(node.cores for node in read.nodes)
        return title, read.nodes, draw(read.streams, cores, seed), own or Policy()
    services.ready_database()
    policy = own or present.policy()
    if read.nodes:
        workload = present.past(since) if since else present.waiting(seed)
        return title, present.offering(read.nodes, workload), workload, policy
    nodes = present.nodes(policy, at_work=False)
    streams = present.with_versions(read.streams, nodes)
    return title, nodes, draw(streams, sum(node.cores for node in nodes), seed), policy


def _history(pipeline: str) -> Sequence[float]:
    services.ready_database()
    return present.durations(pipeline)


def _document(title: str, nodes: Sequence[NodeView], runs: Sequence[tuple[Run, Report]]) -> dict[str, Any]:
    return {
        "title": title,
        "nodes": len(nodes),
        "cores": sum(node.cores for node in nodes),
        "runs": [report.as_dict() for _, report in runs],
    }


def _show(
    out: Console,
    title: str,
    nodes: Sequence[NodeView],
    runs: Sequence[tuple[Run, Report]],
    picture: Path | None,
) -> None:
    cores = sum(node.cores for node in nodes)
    out.print(f"{title}: {runs[0][1].jobs:,} jobs on {len(nodes):,} nodes with {cores:,} cores")
    if len(runs) > 1:
        _show_compared(out, [report for _, report in runs])
    else:
        _show_one(out, runs[0][1])
    if picture:
        out.print(f"drawn in {picture}")


def _show_one(out: Console, one: Report) -> None:
    out.print(
        f"done after {duration(one.makespan_s)}; the least possible is {duration(one.bound_s)}, by {one.bound_by} "
        f"(x {one.ratio:,.3f})"
    )
    for stream in one.streams:
        if not stream.endless and len(one.streams) > 1:
            out.print(
                f"  {stream.name}: {stream.jobs:,} jobs, the last ends after {duration(stream.last_end_s)}"
            )
    out.print(f"taken until then: {one.cores_used:.1%} of the cores, {one.memory_used:.1%} of the memory")
    if one.not_begun:
        out.print(f"{one.not_begun:,} jobs never began")
    for what, groups in (("class", one.classes), ("workgroup", one.workgroups)):
        out.print(table((f"Waiting by {what}", *_WAITS), [_line(group) for group in groups]))
    out.print(f"simulated in {one.wall_s:.1f} s, {one.decisions_per_s:,.0f} decisions a second")


def _line(group: Waits) -> list[Any]:
    times = (group.mean_s, group.p50_s, group.p95_s, group.max_s)
    slower = (group.slowdown_p50, group.slowdown_p95)
    return [group.name, group.jobs, *map(duration, times), *(f"{value:,.2f}" for value in slower)]


def _show_compared(out: Console, reports: Sequence[Report]) -> None:
    rows = []
    for one in reports:
        for number, group in enumerate(one.classes):
            first = [RULES[one.rule], duration(one.makespan_s), f"{one.ratio:,.3f}", f"{one.cores_used:.1%}"]
            rows.append(
                [*(first if number == 0 else [""] * 4), group.name]
                + [duration(seconds) for seconds in (group.mean_s, group.p95_s, group.max_s)]
            )
    out.print(table(_COMPARED, rows))
