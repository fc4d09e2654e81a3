"""What the database says at the end: tables for people, and the verdict that decides the demo's exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from sqlalchemy import select

from crobot_tasks.operate.amounts import duration, size
from db.crobot import jobs
from db.engine import transaction
from db.species import Assembly
from db.species.assemblies import find_assembly
from db.species.lookups import find_lookup
from db.species.schemes import find_scheme
from db.system import UserJob
from demo.data import TRUE_ST
from demo.stage import SCHEME_IN_PROGRAMS, SPECIES, DemoFailed, console

SCHEMES = ("assembly_stats", SCHEME_IN_PROGRAMS)
COUNTERS = ("job_count", "complete_count", "queued_count", "fail_count")
#: sent once, processed once, none live, none failed
RIGHT_COUNTERS = (1, 1, 0, 0)


@dataclass(frozen=True)
class Facts:
    """What became of one assembly."""

    barcode: str
    #: N50, total_length, …
    statistics: dict[str, Any]
    measures: list[dict[str, Any]]
    #: results of the MLST scheme
    typing: dict[str, Any]
    st_barcode: str
    #: scheme → the four counters
    counters: dict[str, tuple[int, ...]]
    user_jobs: list[tuple[Any, ...]]
    attempts: list[tuple[Any, Any]]
    assemblies_of_job: int


def gather(barcode: str, job_ids: Sequence[int]) -> Facts:
    """Read what is known of an assembly and its jobs."""
    with transaction(SPECIES) as session:
        assembly = find_assembly(session, barcode)
        rows = {name: find_lookup(session, assembly.id, find_scheme(session, name).id) for name in SCHEMES}
        typed = rows[SCHEME_IN_PROGRAMS]
        logged = session.scalars(select(UserJob).where(UserJob.job_id.in_(job_ids)).order_by(UserJob.job_id))
        return Facts(
            barcode=barcode,
            statistics=assembly.stats["statistics"],
            measures=assembly.stats["qa"]["measures"],
            typing=typed.results if typed else {},
            st_barcode=typed.st_barcode if typed else "",
            counters={
                name: tuple(row.other_data[counter] for counter in COUNTERS) if row else ()
                for name, row in rows.items()
            },
            user_jobs=[(log.job_id, log.pipeline, log.accession, log.status, log.version) for log in logged],
            attempts=[
                (jobs.find(session, job_id), one)
                for job_id in job_ids
                for one in jobs.attempts(session, job_id)
            ],
            assemblies_of_job=len(
                session.scalars(select(Assembly).where(Assembly.job_id == job_ids[0])).all()
            ),
        )


def tell(facts: Facts) -> None:
    """Show everything."""
    statistics = (
        (name, f"{value:,}" if isinstance(value, int) else value) for name, value in facts.statistics.items()
    )
    _print(f"Assembly {facts.barcode}", ("Statistic", "Value"), statistics)
    _print("QA evaluation", ("Measure", "Value", "Limit", "Unit", "Verdict"), map(_measure, facts.measures))
    alleles = facts.typing.get("alleles", {})
    title = f"{SCHEME_IN_PROGRAMS}: ST {facts.typing.get('ST')} ({facts.st_barcode})"
    _print(title, ("Locus", *alleles), [("Allele", *map(str, alleles.values()))])
    _print("Which node ran what", _RUN, (_run(job, attempt) for job, attempt in facts.attempts))
    _print("Tools", ("Job", "Tool", "Wall", "CPU", "Memory"), _tools(facts.attempts))
    counters = ((name, *map(str, values)) for name, values in facts.counters.items())
    _print("assembly_lookup: counters", ("Scheme", *COUNTERS), counters)
    _print("user_jobs", ("job_id", "pipeline", "accession", "status", "version"), facts.user_jobs)


def judge(facts: Facts) -> None:
    """Compare with what is true of this genome, and of every job.

    Raises:
        DemoFailed: something is not as it must be.
    """
    wrong = [
        f"{name} has counters {got}, not {RIGHT_COUNTERS}"
        for name, got in facts.counters.items()
        if got != RIGHT_COUNTERS
    ]
    if facts.typing.get("ST") != TRUE_ST:
        wrong.append(f"ST {facts.typing.get('ST')} instead of {TRUE_ST}")
    if facts.assemblies_of_job != 1:
        wrong.append(f"{facts.assemblies_of_job} assemblies instead of one")
    wrong += [
        f"job {job_id} is {status}"
        for job_id, _, _, status, _ in facts.user_jobs
        if not status.startswith("COMPLETE")
    ]
    if wrong:
        raise DemoFailed("; ".join(wrong))
    console.print(
        f"\nAs it must be: ST {TRUE_ST}; each job sent once, processed once, none left over.\n",
        style="bold green",
    )


_RUN = ("Job", "Pipeline", "Attempt", "Node", "Outcome", "Time", "CPU", "Memory", "Placed there because")


def _run(job: Any, attempt: Any) -> tuple[str, ...]:
    usage = attempt.usage or {}
    ran_s = (
        (attempt.ended_at - attempt.started_at).total_seconds()
        if attempt.started_at and attempt.ended_at
        else None
    )
    return (
        str(job.id),
        f"{job.pipeline} {job.version}",
        str(attempt.number),
        attempt.node,
        attempt.outcome or "",
        duration(ran_s),
        duration(usage.get("cpu_s")),
        size(usage.get("peak_memory_bytes")),
        attempt.reason,
    )


def _tools(attempts: Iterable[tuple[Any, Any]]) -> Iterable[tuple[str, ...]]:
    for job, attempt in attempts:
        for tool in (attempt.usage or {}).get("tools", []):
            yield (
                str(job.id),
                tool["name"],
                duration(tool["wall_s"]),
                duration(tool["cpu_s"]),
                size(tool["peak_memory_bytes"]),
            )


def _measure(measure: dict[str, Any]) -> tuple[str, ...]:
    verdict = {True: "pass", False: "FAIL", None: "not checked"}[measure["passed"]]
    return measure["measure"], f"{measure['value']}", measure["limit"], measure["unit"], verdict


def _print(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    made = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*map(str, row))
    console.print()
    console.print(made, markup=False)
