"""The demo that `make demo` runs: reads in, typed assembly out, on two calculation nodes."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from crobot_tasks.intake.reads import send_reads
from crobot_tasks.jobs import AssemblyJob, NomenclatureJob
from db.crobot import JobState
from db.engine import transaction
from db.handle import dbhandle
from demo import overview
from demo.again import type_again
from demo.data import DemoData
from demo.report import gather, judge, tell
from demo.stage import SCHEME_IN_PROGRAMS, SPECIES, STRAIN, DemoFailed, Stage, console, say, stage
from demo.watch import Sight, look, watch

#: seconds that the jobs may take on a slow machine
LIMIT_S = 900.0
#: the fastest of the three assemblers
PARAMS = {"assembler": "megahit"}


def main() -> None:
    """Tell the story; exit code 0 only if everything came out right."""
    with stage(small="--small" in sys.argv) as running:
        data = running.set_up()
        overview.start(running)
        overview.say_where()
        job = send(data)
        see(job, running)
        if running.small:
            type_by_hand(job)
        facts = gather(job.assembly_barcode, [sight.job_id for sight in see(job, running)])
        tell(facts)
        judge(facts)
        type_again(data, job)
        say_what_next(running, job)
        end(running, keep="--keep" in sys.argv)


def send(data: DemoData) -> AssemblyJob:
    """Send the reads, twice: while a job lives, the same work is not done again, whoever asks for it."""
    reads = [[str(data.read1), str(data.read2)]]
    job = send_reads(SPECIES, STRAIN, reads, params=PARAMS, again=True)
    before = " (live from an earlier demo)" if job.joined else ""
    names = f"{data.read1.name} and {data.read2.name}"
    say(f"sent       job {job.job_id}: assemble {names} as {job.assembly_barcode}{before}")
    twin = send_reads(SPECIES, STRAIN, reads, params=PARAMS, again=True)
    say(f"sent again: nothing new, the same reads are job {twin.job_id} while that is live")
    return job


def see(job: AssemblyJob, running: Stage) -> Sequence[Sight]:
    """Watch the job, and those that follow on its assembly, until all are over.

    Raises:
        DemoFailed: one of them is not COMPLETE.
    """
    assert job.job_id is not None
    number = job.job_id
    sights = watch(lambda: look(number, job.assembly_barcode), running.check, LIMIT_S)
    wrong = [
        f"job {sight.job_id} is {sight.state}: {sight.now}"
        for sight in sights
        if sight.state != JobState.COMPLETE
    ]
    if wrong:
        raise DemoFailed("; ".join(wrong))
    return sights


def type_by_hand(job: AssemblyJob) -> None:
    """A part of a genome fails the QA, and nothing follows; but anybody may send what would have followed."""
    say("the small genome failed the QA, as it should, and nothing follows; its MLST job is sent by hand")
    models, session = dbhandle[SPECIES].models, dbhandle[SPECIES].session
    scheme = session.query(models.Schemes).filter_by(description=SCHEME_IN_PROGRAMS).one()
    assembly = session.query(models.Assemblies).filter_by(barcode=job.assembly_barcode).one()
    with transaction(SPECIES):
        NomenclatureJob(
            scheme=scheme,
            database=SPECIES,
            assembly_barcode=job.assembly_barcode,
            assembly_filepointer=assembly.file_pointer,
        ).send_job()
    dbhandle.remove()


def end(running: Stage, keep: bool) -> None:
    """Say where the overview is, and leave everything open until Ctrl-C, if that is wanted."""
    overview.say_where()
    if not keep:
        console.print("It closes now; `make demo KEEP=1` leaves it open.\n", soft_wrap=True)
        return
    with suppress(KeyboardInterrupt):
        overview.stay(running)


def say_what_next(running: Stage, job: AssemblyJob) -> None:
    """Name the commands that show more."""
    crobot = Path(sys.executable).with_name("crobot")
    prefix = f"CROBOT_DATA_DIR={shlex.quote(str(running.folder))}"
    console.print(
        "What to look at next (the database stays; these start its servers for as long as they need):"
    )
    for command in (f"show {job.job_id}", f"log {job.job_id}", "jobs", "batch list --all", "nodes"):
        console.print(f"  {prefix} {shlex.quote(str(crobot))} {command}", markup=False, soft_wrap=True)
    console.print(
        "  make start     head, beat, callbacks, a node, the HTTP API, Flower (needs "
        "CROBOT_FLOWER_OPERATORS=user:password)"
    )
    console.print(
        "  make webapp    these results in a browser, at http://127.0.0.1:5557: upload reads, follow jobs, make trees"
    )
    console.print("  make demo-kill what happens when a node is killed in the middle of an assembly\n")


if __name__ == "__main__":
    main()
