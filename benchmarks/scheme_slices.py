"""Slices of a batch that calls a scheme: what a species adds to the cost of a job that is sent."""

from __future__ import annotations

import signal
from itertools import count
from uuid import uuid4

from sqlalchemy import insert

from benchmarks.stage import Stage
from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.sending import send_slice
from crobot_tasks.jobs import scheme_export
from db import registry
from db.crobot import batches
from db.engine import transaction
from db.species import Assembly, AssemblyStatus
from db.species.barcodes import Kind
from db.species.strains import new_rows

SPECIES, SCHEME, PREFIX = "benchmark", "MLST_Benchmark", "BEN"
_ALLELE = "ACGTTGCAAC" * 40
#: numbers of the jobs that would have made the assemblies
_makers = count(10**9)


class SchemeSlices:
    """A species with as many assemblies as are asked for; nobody looks into them."""

    def __init__(self, stage: Stage) -> None:
        self._beat, self._batch = stage.processes["beat"], ""
        registry.add_species(SPECIES, "Benchmark species", "Salmonella", PREFIX, [], ["Salmonella"])
        alleles, profiles = stage.folder / "one.tfa", stage.folder / "profiles.txt"
        alleles.write_text(f">one_1\n{_ALLELE}\n")
        profiles.write_text("ST\tone\n1\t1\n")
        scheme_export.import_scheme(SPECIES, "benchmark_1", SCHEME, "MLST", [alleles], profiles)
        self._genome = stage.data_dir / "storage" / "genome.fasta"
        self._genome.write_text(f">contig\n{_ALLELE}\n")

    def make(self, jobs: int) -> None:
        """Make a batch on new assemblies, which no head sends meanwhile."""
        self._beat.kill(signal.SIGSTOP)
        self._batch = Batch.call_scheme(SPECIES, SCHEME, self._assemblies(jobs), name=str(uuid4())).name

    def send(self, jobs: int) -> None:
        """Send the batch, slice by slice."""
        while self._send_one():
            pass
        self._beat.kill(signal.SIGCONT)

    def _assemblies(self, number: int) -> list[str]:
        with transaction(SPECIES) as session:
            rows = new_rows(session, "assemblies", Kind.ASSEMBLY, number)
            same = {
                "pipeline_version": "1",
                "file_pointer": str(self._genome),
                "status": AssemblyStatus.ASSEMBLED,
            }
            new = [{"id": row.id, "barcode": row.barcode, "job_id": next(_makers), **same} for row in rows]
            session.execute(insert(Assembly), new)
        return [row.barcode for row in rows]

    def _send_one(self) -> bool:
        with transaction(SPECIES) as session:
            return send_slice(session, batches.find(session, self._batch))
