"""`python -m benchmarks [a b c d]`: set the stage, measure, show."""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

import celeryconfig
from benchmarks import (
    assembly,
    batch,
    bulk,
    chords,
    decisions,
    history,
    http_sends,
    latency,
    live,
    loci,
    memory,
    million,
    pages,
    simulation,
    throughput,
    waiting,
    window,
)
from benchmarks.figures import Chapter, show
from benchmarks.peers import measure as peers
from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.sheet import Sheet
from benchmarks.stage import stage

LETTERS = ("d", "b", "a", "h", "c", "j", "k", "l", "m")
#: these make what they need themselves
ALONE = ("e", "f", "g", "i", "n", "o")
#: not among all: these fetch packages, or take an hour
ASKED_FOR = ("bulk", "million", "peers")


@click.command()
@click.argument("letters", type=click.Choice((*sorted((*LETTERS, *ALONE)), *ASKED_FOR)), nargs=-1)
@click.option(
    "--jobs",
    default=2000,
    show_default=True,
    help="In a round of (a), (n) and peers; (d) and bulk: five times, million: ten times.",
)
@click.option(
    "--rounds", default=5, show_default=True, help="Rounds of (a), (c), (h), (m), (n), bulk and peers."
)
@click.option("--sends", default=200, show_default=True, help="Single sends of (b) and, a round, of peers.")
@click.option("--simulated", default=1_000_000, show_default=True, help="Jobs of (f).")
@click.option(
    "--items", default=10_000, show_default=True, help="In the batch of (k); million: a hundred times."
)
@click.option("--streams", default=1000, show_default=True, help="Clients of (l).")
@click.option(
    "--history", "past", default=1_000_000, show_default=True, help="Jobs that are over, in (n) and (o)."
)
@click.option(
    "--queries",
    default=0,
    show_default=True,
    help="Analytic queries of all that is over that run all the time, in (n).",
)
@click.option(
    "--peer",
    "names",
    type=click.Choice([peer.name for peer in PEERS]),
    multiple=True,
    help="Of peers: this one; again for more. All if none is named.",
)
@click.option(
    "--environments",
    type=click.Path(path_type=Path),
    help="Where the peers are installed, once.",
    default=Path(celeryconfig.crobot_data_dir) / "benchmarks",
    show_default="in CRobot's data directory",
)
@click.option("--keep", is_flag=True, help="Keep the folder with logs and data.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def main(
    letters: tuple[str, ...],
    jobs: int,
    rounds: int,
    sends: int,
    simulated: int,
    items: int,
    streams: int,
    past: int,
    queries: int,
    names: tuple[str, ...],
    environments: Path,
    keep: bool,
    as_json: bool,
) -> None:
    """Measure CRobot: (a) throughput, (b) latency, (c) an assembly's overhead, (d) memory,
    (e) decisions, (f) simulations, (g) dispatches, (h) the window, (i) loci, (j) chords, (k) batches,
    (l) streams of events, (m) sends over HTTP, (n) jobs beside the history of years, (o) the operators' pages
    at size; bulk: jobs sent in bulk; peers: jobs' whole life; both beside other job systems, which pip
    installs; million: a batch of 1,000,000.

    All if none is named, but these three.
    """
    out, began = Console(), os.getloadavg()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the stage is cleared
    measures = {
        "a": lambda running: throughput.measure(running, jobs, rounds),
        "b": lambda running: latency.measure(running, sends),
        "c": lambda running: assembly.measure(running, rounds),
        "d": lambda running: memory.measure(running, 5 * jobs),
        "h": lambda running: window.measure(running, rounds),
        "j": chords.measure,
        "k": lambda running: batch.measure(running, items),
        "l": lambda running: live.measure(running, streams),
        "bulk": lambda running: bulk.measure(running, 5 * jobs, rounds, environments),
        "million": lambda running: million.measure(running, 100 * items, 10 * jobs),
        "peers": lambda running: peers.measure(running, jobs, rounds, sends, names, environments),
        "m": lambda running: http_sends.measure(running, rounds),
    }
    alone = {
        "e": decisions.measure,
        "f": lambda: simulation.measure(simulated),
        "g": waiting.measure,
        "i": loci.measure,
        "n": lambda: history.measure(past, jobs, rounds, queries, partial(click.echo, err=True)),
        "o": lambda: pages.measure(past),
    }
    wanted = letters or (*LETTERS, *ALONE)
    chapters: list[Chapter | Sheet] = []
    for letter in [one for one in ALONE if one in wanted]:
        chapters.append(_shown(alone[letter](), out, as_json))
    if staged := [one for one in (*LETTERS, *ASKED_FOR) if one in wanted]:
        with stage(keep) as running:
            # (d) first: it wants processes that have done nothing yet
            for letter in staged:
                chapters.append(_shown(measures[letter](running), out, as_json))
    machine = _machine(began)
    if as_json:
        document = machine | {"benchmarks": [chapter.as_dict() for chapter in chapters]}
        click.echo(json.dumps(document, indent=1))
    else:
        out.print(", ".join(f"{name} {text}" for name, text in machine.items()))


def _shown(chapter: Chapter | Sheet, out: Console, as_json: bool) -> Chapter | Sheet:
    if isinstance(chapter, Sheet) and not as_json:
        click.echo(chapter.markdown())
    elif isinstance(chapter, Chapter) and not as_json:
        show(chapter, out)
    return chapter


def _machine(load: tuple[float, float, float]) -> dict[str, Any]:
    """Say under which circumstances the figures came about."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "load_before": round(load[0], 2),
        "load_after": round(os.getloadavg()[0], 2),
    }


if __name__ == "__main__":
    main()
