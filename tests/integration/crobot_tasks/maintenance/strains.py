"""A species whose strains have a history: jobs that ended in any way, assemblies of any version, results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from crobot_tasks.batches import tending
from crobot_tasks.intake.scheme_calls import add_scheme
from crobot_tasks.maintenance.outdated import current_version
from crobot_tasks.maintenance.updating import Update
from db.engine import transaction
from db.species import Strain, assemblies, lookups, strains
from db.species.assemblies import find_assembly
from db.species.schemes import find_scheme
from tests.processes import query, value

CURRENT = current_version("QAssembly")
CRISPR = current_version("CRISPR")
OLD = "0.1"
LONG_AGO_H = 1000.0

_JOB = """
    INSERT INTO crobot.jobs (pipeline, type, tag, database, version, args, kwargs, request, context, cores,
        memory_bytes, disk_bytes, time_limit_s, expected_s, state, outcome, finished_at)
    VALUES (:type, :type, :tag, :database, :version, '[]', '{}', '{}', :context, 1, 1, 1, 1, 1, :state,
        :outcome, CASE WHEN :state = 'WAITING' THEN NULL ELSE now() - make_interval(secs => :hours_ago * 3600) END)
    RETURNING id"""


@dataclass
class Species:
    """A species' database, and the names of what was added."""

    name: str
    #: barcode → the name that the test uses
    names: dict[str, str] = field(default_factory=dict)

    def add_strain(self, name: str, *accessions: str) -> list[int]:
        """Add a strain with runs; returns their read sets."""
        runs = accessions or (f"ERR{len(self.names):06d}",)
        with transaction(self.name) as session:
            added = [strains.add_strain_with_reads(session, name, [run]) for run in runs]
        self.names[added[0].strain_barcode] = name
        return [one.trace_id for one in added]

    def add_job(
        self,
        tag: str,
        trace_ids: list[int],
        state: str,
        outcome: str = "",
        version: str = CURRENT,
        hours_ago: float = LONG_AGO_H,
        type_: str = "QAssembly",
    ) -> int:
        """Add a job as it is after its end."""
        context = f'{{"trace_ids": {trace_ids}}}'
        given = {"tag": tag, "database": self.name, "state": state, "outcome": outcome, "version": version}
        with transaction() as session:
            job = session.execute(
                text(_JOB), given | {"context": context, "hours_ago": hours_ago, "type": type_}
            )
            return int(job.scalar_one())

    def add_failed(self, name: str, *outcomes: str, **job: Any) -> None:
        """Add a strain with a run whose assembly failed in these ways, one after the other."""
        run = f"ERR{len(self.names):06d}"
        traces = self.add_strain(name, run)
        for outcome in outcomes:
            self.add_job(run, traces, "FAILED", outcome, **job)

    def add_assembled(self, name: str, version: str = CURRENT, passed: bool = True) -> str:
        """Add a strain with a run, its job, and the assembly that this made; returns its barcode."""
        run = f"ERR{len(self.names):06d}"
        traces = self.add_strain(name, run)
        job = self.add_job(run, traces, "COMPLETE", "ok", version)
        return self.add_assembly(name, traces, job, version, passed)

    def add_assembly(
        self, name: str, traces: list[int], job: int, version: str = CURRENT, passed: bool = True
    ) -> str:
        """Add an assembly that a job made."""
        with transaction(self.name) as session:
            record = assemblies.AssemblyRecord(job, version, "/assembly.fasta", passed)
            row = assemblies.record_assembly(session, record, traces)
        self.names[row.barcode] = name
        return row.barcode

    def add_scheme(self, name: str = "CRISPR") -> None:
        """Add a scheme of the pipeline CRISPR."""
        add_scheme(self.name, name, "CRISPR")

    def call(self, barcode: str, *ends: str, version: str = CRISPR, hours_ago: float = LONG_AGO_H) -> None:
        """Have CRISPR been called, with these ends: ok, cancelled, live, or a kind of failure."""
        states = {"ok": "COMPLETE", "cancelled": "CANCELLED", "live": "WAITING"}
        for end in ends:
            state = states.get(end, "FAILED")
            job = self.add_job(barcode, [], state, end, version, hours_ago, "CRISPR")
            with transaction(self.name) as session:
                key = find_assembly(session, barcode).id, find_scheme(session, "CRISPR").id, job
                lookups.sent(session, *key, version)
                match state:
                    case "COMPLETE":
                        lookups.completed(session, *key, version, {})
                    case "CANCELLED":
                        lookups.cancelled(session, *key)
                    case "FAILED":
                        lookups.failed(session, *key, end)

    def unuse(self, name: str) -> None:
        """Have nobody want the assembly of a strain."""
        with transaction(self.name) as session:
            session.query(Strain).filter_by(strain=name).update({"best_assembly": None})

    def named(self, chosen: dict[str, str]) -> dict[str, str]:
        """What an update chose, by the test's names."""
        return {self.names[barcode]: why for barcode, why in chosen.items()}


def items(update: Update) -> list[str]:
    """The keys of the batch that an update made."""
    assert update.batch is not None
    return [item.key for item in update.batch.account()]


def send(update: Update) -> None:
    """Have a batch sent, as a head does."""
    assert update.batch is not None
    tending.tend(value("SELECT id FROM crobot.batches WHERE name = :name", name=update.batch.name))


def keys_of_batches(database: str) -> list[str]:
    """The keys of all items of all batches of a species."""
    rows = query("""
        SELECT key FROM crobot.batch_items i JOIN crobot.batches b ON b.id = i.batch_id
        WHERE b.database = :database ORDER BY key""", database=database)  # fmt: skip
    return [row.key for row in rows]
