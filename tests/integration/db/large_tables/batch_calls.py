"""What batches ask for, of one that has as many items as there are jobs, and whose last slices are open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from db.crobot import batch_counts, batch_items, batches
from db.crobot.batches import Event
from db.species import chosen, new_reads, traces
from db.species.new_reads import NewReads

#: the batch that `fill` makes
LARGE = 1


def of_batches(size: int) -> dict[str, Callable[[Session], Any]]:
    """The function's name → the call, for tables of so many jobs."""
    some = range(size // 2, size // 2 + 100)
    items = [{"key": f"SAL_{number}_SS", "call": None, "skipped": ""} for number in some]
    sent = [{"number": number, "job_id": number, "cached": False, "skipped": ""} for number in some]
    keys = [f"item{number}" for number in some]
    known = [(f"/reads/{number}_1", f"/reads/{number}_2") for number in range(101, 121)]
    new = [NewReads(f"new {number}", [(f"ERR{number:06d}",)], {"year": 2020}) for number in range(20)]
    return {
        "db.crobot.batch_items.account": lambda s: batch_items.account(s, LARGE, size // 2, 1000),
        "db.crobot.batch_items.add_items": lambda s: batch_items.add_items(s, LARGE, size, items),
        "db.crobot.batch_items.already": lambda s: batch_items.already(s, LARGE, keys),
        "db.crobot.batches.call_back": lambda s: batches.call_back(s, LARGE, Event.COMPLETE, {"task": "probe"}),
        "db.crobot.batches.cancel": lambda s: batches.cancel(s, "large"),
        "db.crobot.batch_counts.count": lambda s: batch_counts.count(s, LARGE),
        "db.crobot.batches.drop": lambda s: batches.drop(s, "never"),
        "db.crobot.batches.end": lambda s: batches.end(s, LARGE),
        "db.crobot.batch_items.failed": lambda s: batch_items.failed(s, LARGE),
        "db.crobot.batches.find": lambda s: batches.find(s, "large"),
        "db.crobot.batches.is_label": lambda s: batches.is_label(s, "batch1"),
        "db.crobot.batch_items.items": lambda s: batch_items.items(s, LARGE, batch_items.next_slice(s, LARGE)),
        "db.crobot.batch_items.job_of": lambda s: batch_items.job_of(s, LARGE, size // 2),
        "db.crobot.batches.known": lambda s: batches.known(s, "large"),
        "db.crobot.batches.listed": lambda s: batches.listed(s, 20, over=True),
        "db.crobot.batch_counts.live": lambda s: batch_counts.live(s, LARGE),
        "db.crobot.batches.live_of_each": lambda s: batches.live_of_each(s, ["batch1", "batch2"]),
        "db.crobot.batches.live_jobs": lambda s: batches.live_jobs(s, "batch1"),
        "db.crobot.batches.lock": lambda s: batches.lock(s, "large"),
        "db.crobot.batches.made": lambda s: batches.made(s, LARGE),
        "db.crobot.batch_counts.miscounted": lambda s: batch_counts.miscounted(s, LARGE),
        "db.crobot.batch_items.next_slice": lambda s: batch_items.next_slice(s, LARGE),
        "db.crobot.batch_items.note_sent": lambda s: batch_items.note_sent(s, LARGE, sent),
        "db.crobot.batches.of_table": lambda s: batches.of_table(s, "assemble", "senterica", "never"),
        "db.crobot.batches.open_ids": batches.open_ids,
        "db.crobot.batches.pause": lambda s: batches.pause(s, "large", "the day"),
        "db.crobot.batches.prioritise": lambda s: batches.prioritise(s, "large", 3),
        "db.crobot.batch_counts.take_off": lambda s: batch_counts.take_off(s, LARGE, list(some)),
        "db.crobot.batch_counts.reopen_slices": lambda s: batch_counts.reopen_slices(s, LARGE, [3, 4]),
        "db.crobot.batches.resume": lambda s: batches.resume(s, "large", 3),
        "db.crobot.batches.seen": lambda s: batches.seen(
            s, user_id=7, workgroup="", everybody=False, over=True, before=None, limit=20),
        "db.crobot.batch_counts.states": lambda s: batch_counts.states(s, [LARGE]),
        "db.crobot.batches.take": lambda s: batches.take(s, LARGE),
        "db.crobot.batches.take_callbacks": lambda s: batches.take_callbacks(s, LARGE, list(Event)),
        "db.crobot.batch_counts.sending": lambda s: batch_counts.sending(s, [LARGE]),
        "db.species.chosen.assemblies": lambda s: chosen.assemblies(s, ["SAL_101_SS", "strain 102", "never"]),
        "db.species.chosen.strains": lambda s: chosen.strains(s, ["SAL_101_SS", "strain 102", "ERR000001"]),
        "db.species.new_reads.add_reads": lambda s: new_reads.add_reads(s, new),
        "db.species.new_reads.attribute_names": new_reads.attribute_names,
        "db.species.new_reads.known_reads": lambda s: new_reads.known_reads(s, [*known, ("ERR000001",)]),
        "db.species.new_reads.known_strains": lambda s: new_reads.known_strains(s, ["strain 102", "never"], 0),
        "db.species.traces.paired_traces_of_strains":
            lambda s: traces.paired_traces_of_strains(s, [f"SAL_{number}_SS" for number in range(101, 121)]),
    }  # fmt: skip
