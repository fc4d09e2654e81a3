"""AssemblyJob: the reads of a strain → an assembly with its QA verdict, and the jobs that follow on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from celery.canvas import Signature
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from crobot_tasks.jobs.base import CRobotJob, digest
from crobot_tasks.jobs.file_fingerprints import stamps
from crobot_tasks.jobs.following import send_following
from crobot_tasks.jobs.judging import params_of
from crobot_tasks.lifecycle.job_types import register
from crobot_tasks.lifecycle.storage.access import is_file
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.crobot import JobState
from db.engine import transaction
from db.known_species import Species, find_species
from db.species import Trace, lookups
from db.species.assemblies import AssemblyRecord, find_made, record_assembly
from db.species.barcodes import Kind
from db.species.schemes import find_scheme
from db.species.strains import GENOME, NewRow, new_row, new_rows
from db.species.traces import find_traces


class AssemblyJob(CRobotJob):
    """Assembles read sets of one strain; ``params`` are those of QAssembly (``assembler``, ``min_contig``, …).

    ``traces`` are the rows of the read sets, which are looked up if they are not given.

    Raises:
        UnknownSpecies: there is none of this name.
        BadInput: no such read sets, or of several strains.
    """

    immutable = True
    own_params = frozenset({"prefix", "limits"})

    def __init__(
        self,
        *,
        database: str,
        trace_ids: Sequence[int],
        params: dict[str, Any] | None = None,
        version: str = "",
        traces: Sequence[Trace] = (),
        **request: Any,
    ) -> None:
        with transaction(database) as session:
            species = find_species(session, database)
            of_species = params_of(species)
            traces = traces or find_traces(session, trace_ids)
            _check_one_strain(traces, trace_ids)
            tag, reads = ",".join(map(_tag, traces)), [_reads(trace) for trace in traces]
        super().__init__(
            pipeline="QAssembly",
            type="QAssembly",
            tag=tag,
            database=database,
            reads=reads,
            params=of_species | (params or {}),
            version=version,
            context={"trace_ids": sorted(trace_ids)},
            **request,
        )

    @property
    def assembly_barcode(self) -> str:
        """The barcode of the assembly to be; given when the job is sent, since contigs are named by it."""
        return str(self.context.get("assembly_barcode", ""))

    @property
    def unique_key(self) -> str:
        """The same reads, pipeline, version and parameters."""
        # other limits make another verdict, and not another assembly: `crobot assembly rejudge` gives it
        chosen = {name: value for name, value in self.params.items() if name not in ("prefix", "limits")}
        return f"{self.database}/QAssembly/" + digest(self.reads, self.version or self.task.version, chosen)

    @property
    def cache_key(self) -> str:
        """The same, with read files that have not changed since."""
        return f"{self.unique_key}/" + digest(stamps(self.reads))

    def has_result(self, session: Session, job_id: int) -> bool:
        """Whether its assembly is there, in the database and on the storage."""
        made = find_made(session, job_id)
        return made is not None and is_file(made.file_pointer)

    def signature(self) -> Signature:
        """Return the Celery signature; each is for an assembly of its own, so send it once."""
        with transaction(self.database) as session:
            row = new_row(session, "assemblies", Kind.ASSEMBLY)
        return self._signature_for(row)

    @classmethod
    def signatures(cls, session: Session, jobs: Sequence[Self]) -> Iterator[Signature]:
        """Return the signature of each of many jobs; their assemblies are numbered at once."""
        rows = new_rows(session, "assemblies", Kind.ASSEMBLY, len(jobs))
        yield from (job._signature_for(row) for job, row in zip(jobs, rows, strict=True))

    def _signature_for(self, row: NewRow) -> Signature:
        self.context |= {"assembly_id": row.id, "assembly_barcode": row.barcode}
        self.params |= {"prefix": row.barcode}
        return super().signature()

    def process_job(self, session: Session, result: dict[str, Any], outputs: Outputs) -> str | None:
        """(d) Record the assembly and its statistics; if it passes the QA, have what follows sent."""
        assert self.job_id is not None
        assembly, qa = outputs.file("assembly"), result["results"]["qa"]
        passed = qa["verdict"] == "pass"
        record = self._record(session, result, outputs)
        row = NewRow(self.context["assembly_id"], self.assembly_barcode)
        record_assembly(session, record, self.context["trace_ids"], self.user_id, row)
        self._record_statistics(session, row.id, result)
        verdict = None if passed else f"failed QA: {failed_measures(qa)}"
        status = f"{JobState.COMPLETE}; {verdict}" if verdict else JobState.COMPLETE.value
        version = result["pipeline_version"]
        self.note_end(session, status, version=version, output_location=str(assembly.parent))
        if passed:
            send_following(session, self, row.barcode, assembly)
        return verdict

    def _record(self, session: Session, result: dict[str, Any], outputs: Outputs) -> AssemblyRecord:
        assert self.job_id is not None
        results = result["results"]
        found = results["statistics"]
        return AssemblyRecord(
            job_id=self.job_id,
            pipeline_version=result["pipeline_version"],
            file_pointer=str(outputs.file("assembly")),
            passed=results["qa"]["verdict"] == "pass",
            n50=found["n50"],
            total_length=found["bases"],
            contig_number=found["contigs"],
            coverage=found["mean_depth"],
            low_qualities=found["n_share"],
            top_species=top_species(find_species(session, self.database), results["qa"]),
            stats=results | _quality_pointer(outputs) | {"provenance": self.provenance(result)},
        )

    def _record_statistics(self, session: Session, assembly_id: int, result: dict[str, Any]) -> None:
        """Write the row of the scheme ``assembly_stats``: sent and completed at once, since the assembly is new."""
        assert self.job_id is not None
        scheme_id, version = find_scheme(session, "assembly_stats").id, result["pipeline_version"]
        lookups.sent(session, assembly_id, scheme_id, self.job_id, version)
        results = result["results"] | {"provenance": self.provenance(result)}
        lookups.completed(session, assembly_id, scheme_id, self.job_id, version, results)


def _quality_pointer(outputs: Outputs) -> dict[str, str]:
    """Return where the quality of the bases lies, by which SNPs are believed; none if it was switched off."""
    return {"quality_pointer": str(outputs.files["quality"])} if "quality" in outputs.files else {}


def failed_measures(qa: dict[str, Any]) -> str:
    """Return which measures failed, each with its value and its limit, for people."""
    failed = [each for each in qa["measures"] if each["passed"] is False]
    return "; ".join(
        f"{each['measure']} {each['value']:,} {each['unit']}".rstrip() + f" (limit {each['limit']})"
        for each in failed
    )


def top_species(species: Species, qa: dict[str, Any]) -> str | None:
    """Return the species' label and its share of the assembly, if that was checked."""
    share = next((each["value"] for each in qa["measures"] if each["measure"] == "species"), None)
    return None if share is None else f"{species.label};{share}%"


def _check_one_strain(traces: Sequence[Trace], trace_ids: Sequence[int]) -> None:
    unknown = set(trace_ids) - {trace.id for trace in traces}
    if unknown or not traces:
        raise BadInput(f"there are no read sets {sorted(unknown)}: send those of a strain")
    genomes = ", ".join(str(trace.barcode) for trace in traces if trace.seq_platform == GENOME)
    if genomes:
        raise BadInput(
            f"{genomes}: these are genomes that were added without reads: nothing can be assembled"
        )
    if len({trace.strain_id for trace in traces}) > 1:
        names = ", ".join(str(trace.barcode) for trace in traces)
        raise BadInput(f"the read sets {names} belong to several strains: an assembly is of one")


def _reads(trace: Trace) -> list[str]:
    return [trace.accession] if trace.accession else [str(trace.read1), str(trace.read2)]


def _tag(trace: Trace) -> str:
    """Return the accession, or for uploaded reads ``trace#read1#read2``."""
    if trace.accession:
        return trace.accession
    return "#".join([str(trace.barcode), Path(str(trace.read1)).name, Path(str(trace.read2)).name])


register("QAssembly", AssemblyJob)
