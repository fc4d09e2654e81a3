"""The end of the demo: a small batch, in which genomes are typed again through a group, with its bar and its report."""

from __future__ import annotations

from crobot_tasks.batches import account
from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.overview import overview
from crobot_tasks.cli.batches.report import show_report
from crobot_tasks.cli.batches.watch import follow
from crobot_tasks.cli.output import console
from crobot_tasks.intake.genomes import add_assembly
from crobot_tasks.jobs import AssemblyJob
from db.crobot import batches
from db.engine import transaction
from demo.data import DemoData
from demo.stage import SCHEME_IN_PROGRAMS, SPECIES, DemoFailed, say

#: genomes beside the one that was just assembled
OTHERS = 5
LIMIT_S = 300.0


def type_again(data: DemoData, job: AssemblyJob) -> None:
    """Type six genomes as one batch.

    Raises:
        DemoFailed: one of them is not typed.
    """
    others = [
        add_assembly(SPECIES, f"Agona SL483 (published), {number}", data.genome, send=False).barcode
        for number in range(1, OTHERS + 1)
    ]
    name = f"demo-{job.job_id}"
    say(f"batch      {name}: {SCHEME_IN_PROGRAMS} again on {OTHERS + 1} genomes, {OTHERS} of them published")
    Batch.call_scheme(SPECIES, SCHEME_IN_PROGRAMS, [job.assembly_barcode, *others], name=name, again=True)
    found = follow(name, LIMIT_S)
    with transaction() as session:
        batch_id = batches.known(session, name).id
    show_report(console(), overview(name) | {"account": account.sum_up(account.items(batch_id)).as_dict()})
    console().print("")
    if found["items"]["complete"] != OTHERS + 1:
        raise DemoFailed(f"of batch {name} only {found['items']['complete']} items are complete")
