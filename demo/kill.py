"""`python -m demo kill`: kill -9 of a node in the middle of an assembly, which still ends exactly once."""

from __future__ import annotations

import sys

import psutil

import celeryconfig
from crobot_tasks.jobs import AssemblyJob
from db.crobot import jobs
from db.engine import transaction
from demo.report import gather, judge, tell
from demo.show import LIMIT_S, see, send
from demo.stage import NODES, DemoFailed, Stage, console, say, stage, wait_until

#: the program that does megahit's work, below the script that calls it
ASSEMBLER = "megahit_core"
#: a guard needs this long to end the tools of a dead worker, on a busy machine
END_S = 15.0


def main() -> None:
    """Tell the story; exit code 0 only if everything came out right."""
    with stage(small="--small" in sys.argv) as running:
        data = running.set_up()
        job = send(data)
        node = wait_until("the assembler", lambda: assembling_node(running), LIMIT_S, running.check)
        kill(running, node)
        ids = [sight.job_id for sight in see(job, running)]
        facts = gather(job.assembly_barcode, ids)
        tell(facts)
        check_story(job, node)
        judge(facts)


def assembling_node(running: Stage) -> str | None:
    """Return the node on which the assembler is at work."""
    for node in NODES:
        if any(name(process).startswith(ASSEMBLER) for process in running.processes[node].descendants()):
            return node
    return None


def kill(running: Stage, node: str) -> None:
    """Kill the node, and show that nothing of it is left.

    Raises:
        DemoFailed: a tool goes on.
    """
    process = running.processes.pop(node)
    below = process.descendants()
    names = sorted(map(name, below))
    say(f"kill -9    {node}: the whole process group of pid {process.pid}, in the middle of the assembly")
    process.kill()
    _, left = psutil.wait_procs(below, timeout=END_S)
    if left:
        raise DemoFailed(f"processes of {node} go on: {', '.join(map(name, left))}")
    say(f"           its {len(below)} processes are gone: {', '.join(names)}")
    lease_s = celeryconfig.crobot_lease_s
    say(
        f"           its lease runs out {lease_s:.0f} s after its last heartbeat (shortened; 30 s by default)"
    )


def check_story(job: AssemblyJob, node: str) -> None:
    """Compare the attempts with what was done.

    Raises:
        DemoFailed: the job was not rescued, or not by the other node.
    """
    with transaction() as session:
        attempts = jobs.attempts(session, job.job_id or 0)
    story = [(attempt.node, attempt.outcome) for attempt in attempts]
    for attempt in attempts:
        say(f"attempt {attempt.number}  on {attempt.node}: {attempt.outcome} {attempt.message or ''}")
    other = "calc02" if node == "calc01" else "calc01"
    if story != [(node, "node_lost"), (other, "ok")]:
        raise DemoFailed(f"attempts were {story}, not one lost with {node} and one done by {other}")
    console.print(
        f"\nAttempt 1 was lost with {node}, attempt 2 was done by {other}; one COMPLETE, one assembly.",
        style="bold green",
    )


def name(process: psutil.Process) -> str:
    """Return the name of a process's program, or nothing if it has just ended."""
    try:
        return process.name()
    except psutil.Error:
        return ""


if __name__ == "__main__":
    main()
