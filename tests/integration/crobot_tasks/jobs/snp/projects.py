"""SNP projects whose pipelines are run in this process, one job after the other, so in any order of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from crobot_errors import AttemptError, OutcomeKind
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs import get_crobot_job
from crobot_tasks.jobs.snp import Project
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.finishing.endings import Ending
from db.crobot import JobState, SubjectKind, jobs, webhooks
from db.engine import transaction
from db.species import AssemblyLookup, AssemblyStatus, Strain, Trace, assemblies, lookups
from db.species.assemblies import find_assembly
from db.species.lookups import Key
from db.species.schemes import find_scheme
from db.system import projects
from tests.processes import query
from tests.truth.agona import OUTLIER
from workers.attempt import Attempt
from workers.job import JobInput
from workers.pipelines import pipeline
from workers.runner import run_attempt

SPECIES = "senterica"
#: small, so that a project takes two seconds; 35 sites differ there
WINDOW = (500_000, 530_000)
_jobs = count(1_000_000)


def recorded(path: Path, passed: bool = True, **stats: str) -> str:
    record = assemblies.AssemblyRecord(
        job_id=next(_jobs), pipeline_version="4.0", file_pointer=str(path), passed=passed, stats=stats
    )
    with transaction(SPECIES) as session:
        return assemblies.record_assembly(session, record, []).barcode


def project(codes: Mapping[str, str], *names: str, **more: Any) -> Project:
    chosen = names or (OUTLIER, "ERR178926", "SRR1566386")
    return Project(SPECIES, "a project", codes["reference"], [codes[name] for name in chosen], **more)


def data(project_id: int) -> dict[str, Any]:
    with transaction(SPECIES) as session:
        return dict(projects.find(session, project_id).data)


def live(pipeline_name: str | None = None) -> list[Any]:
    rows = query("SELECT * FROM crobot.jobs WHERE finished_at IS NULL AND pipeline <> 'probe' ORDER BY id")
    return [row for row in rows if pipeline_name in (None, row.pipeline)]


def work(row: Any, tmp_path: Path) -> None:
    """Run a job as a node would, and let the head end it."""
    ran = pipeline(row.pipeline)
    job = JobInput(row.kwargs["inputs"], row.kwargs.get("params", {}))
    try:
        attempt = Attempt(row.id, 1, job, ran.resources(job), storage_root(), [], tmp_path)
        end(row, JobState.COMPLETE, OutcomeKind.OK, None, run_attempt(ran, attempt))
    except AttemptError as error:
        end(row, JobState.FAILED, error.kind, error.message)


def end(row: Any, state: JobState, outcome: OutcomeKind, message: str | None, result: Any = None) -> None:
    outputs = get_crobot_job(row.id).read_outputs(result)
    with transaction(SPECIES) as session:
        jobs.lock(session, [row.id])
        finish.end(session, [Ending(row.id, state, outcome, message, result, outputs=outputs)])


def fail(row: Any, message: str = "the tool said no") -> None:
    end(row, JobState.FAILED, OutcomeKind.TOOL, message)


def work_all(tmp_path: Path) -> list[str]:
    """Run what is live, and what follows, until nothing is; the pipelines in their order."""
    done = []
    while rows := live():
        work(rows[0], tmp_path)
        done.append(rows[0].pipeline)
    return done


def lookup(codes: Mapping[str, str], name: str, scheme: str = "snp_calls") -> AssemblyLookup:
    with transaction(SPECIES) as session:
        key = Key(assemblies.find_assembly(session, codes[name]).id, find_scheme(session, scheme).id,
                  codes["reference"] if scheme == "snp_calls" else "")  # fmt: skip
        row = lookups.find_each(session, [key])[key]
        session.expunge(row)
        return row


def counters(row: AssemblyLookup) -> tuple[int, int, int, int]:
    """job_count, complete_count, queued_count, fail_count."""
    return row.job_count, row.complete_count, row.queued_count, row.fail_count


def tags(project_id: int) -> Sequence[str]:
    found = data(project_id)
    return [found[step] for step in ("ref_masker", "ref_mapper", "ref_mapper_matrix", "matrix_phylogeny")]


def recorded_of(strain: str, path: Path) -> str:
    record = assemblies.AssemblyRecord(
        job_id=next(_jobs), pipeline_version="4.0", file_pointer=str(path), passed=True, stats={}
    )
    with transaction(SPECIES) as session:
        trace = Trace(strain=Strain(strain=strain), read1=f"{path}.fastq")
        session.add(trace)
        session.flush()
        return assemblies.record_assembly(session, record, [trace.id]).barcode


def judge(barcode: str, status: AssemblyStatus) -> None:
    with transaction(SPECIES) as session:
        find_assembly(session, barcode).status = status


def wish(project_id: int) -> None:
    """Somebody wants the project's outcome posted."""
    with transaction() as session:
        webhooks.order(session, SubjectKind.ANALYSIS, project_id, "http://app/x", "http://app", 0)


def written(project_id: int) -> list[Any]:
    """What is to be posted of it."""
    told = "SELECT body FROM crobot.deliveries WHERE number = :id AND kind = 'analysis' ORDER BY id"
    return [row.body for row in query(told, id=project_id)]
