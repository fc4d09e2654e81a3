"""(c) QAssembly as a job against the same commands in a shell script, on the small genome."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Chapter, Figure, compared
from benchmarks.stage import CORES, NODE, Stage
from db import registry
from db.engine import transaction
from demo.data import DemoData, fetch
from tests.processes import query, wait_for
from workers import process
from workers.assembling.qa import THRESHOLDS

SPECIES = "senterica"
ASSEMBLERS = ("megahit", "spades")
TIMEOUT_S = 600.0
_COMMAND = re.compile(r"^\S+ \$ (.+)$", re.MULTILINE)


def measure(stage: Stage, rounds: int) -> Chapter:
    """Alternate jobs and scripts; the script has the commands of the job just before it."""
    data = fetch(stage.folder / "reads", small=True)
    _add_species(data)
    figures = []
    for assembler in ASSEMBLERS:
        _job(stage, data, assembler)  # the tools are in the page cache
        looks = [_round(stage, data, assembler) for _ in range(rounds)]
        figures += _compared(assembler, looks)
    return Chapter("c", f"QAssembly of 244 kb, {rounds} rounds", "shell script", figures)


def _round(stage: Stage, data: DemoData, assembler: str) -> dict[str, float]:
    job_id, look = _job(stage, data, assembler)
    return look | {"script": _script(stage, job_id)}


def _compared(assembler: str, looks: list[dict[str, float]]) -> list[Figure]:
    measures = {"task": "on the node", "job": "from send to COMPLETE", "tools": "its tools alone"}
    against_script = [
        compared(f"{assembler}: {text}", "s", [(look[name], look["script"]) for look in looks])
        for name, text in measures.items()
    ]
    # of one and the same run, so a busy machine does not blur it
    own = compared(
        f"{assembler}: on the node, against its own tools",
        "s",
        [(look["task"], look["tools"]) for look in looks],
    )
    return [*against_script, own]


def _add_species(data: DemoData) -> None:
    with transaction():
        registry.add_species(SPECIES, "Salmonella enterica", "Salmonella", "SAL", [data.genome], THRESHOLDS)


def _job(stage: Stage, data: DemoData, assembler: str) -> tuple[int, dict[str, float]]:
    """Send reads; seconds of the whole job, of the task on the node, and of its tools."""
    began = time.perf_counter()
    reads = [[str(data.read1), str(data.read2)]]
    job = reads.send_reads(SPECIES, "SL483", reads, params={"assembler": assembler}, again=True)
    row = wait_for("the assembly", lambda: _ended(job.job_id), TIMEOUT_S)
    whole_s = time.perf_counter() - began
    if row.state != "COMPLETE":
        raise RuntimeError(f"job {job.job_id} is {row.state}: {row.message}")
    assert job.job_id is not None
    if row.attempt != 1:
        raise RuntimeError(
            f"job {job.job_id} needed {row.attempt} attempts: this machine is too busy to measure on"
        )
    return job.job_id, {"job": whole_s, "task": _task_s(stage, job.job_id), "tools": float(row.tools_s)}


def _ended(job_id: int | None) -> Any:
    rows = query(
        "SELECT state, message, attempt, CAST(result->'usage'->>'wall_s' AS float) AS tools_s FROM crobot.jobs"
        " WHERE id = :id AND finished_at IS NOT NULL",
        id=job_id,
    )
    return rows[0] if rows else None


def _task_s(stage: Stage, job_id: int) -> float:
    """Celery's own measure of the task, from the node's log."""
    line = re.compile(rf"\[{job_id}\.1\] succeeded in ([0-9.]+)s")

    def seen() -> Any:
        return line.search(stage.processes["node"].text())

    return float(wait_for("the node's log line", seen).group(1))


def _script(stage: Stage, job_id: int) -> float:
    """Run the commands of the job's log with sh, in the same environment; scratch is another folder."""
    log = stage.data_dir / "storage" / "outputs" / str(job_id // 1000) / str(job_id) / "1" / "log.txt"
    scratch = stage.folder / "script"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    commands = "\n".join(_COMMAND.findall(log.read_text(errors="replace")))
    text = commands.replace(str(stage.state_dir / "scratch" / f"{job_id}.1"), str(scratch))
    script = scratch / "commands.sh"
    script.write_text(f"set -e\n{text}\n")
    return _seconds(script, scratch)


def _seconds(script: Path, scratch: Path) -> float:
    began = time.perf_counter()
    with (scratch / "script.log").open("wb") as log:
        subprocess.run(
            ["sh", str(script)],
            cwd=scratch,
            env=process.environment(scratch, CORES, f"{NODE} script"),
            stdout=log,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return time.perf_counter() - began
