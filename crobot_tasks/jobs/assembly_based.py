"""AssemblyBasedJob: what jobs for one scheme on one assembly share, whether a node runs them or they are local."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sqlalchemy.orm import Session

from crobot_errors import UnknownScheme
from crobot_tasks.jobs.base import CRobotJob, Job, digest
from crobot_tasks.jobs.file_fingerprints import stamps
from crobot_tasks.lifecycle.calls.new_job import NewJob
from db.engine import transaction
from db.species import Assembly, LookupStatus, Scheme, lookups
from db.species.assemblies import find_assembly
from db.species.schemes import find_scheme


class AssemblyBasedJob(Job):
    """One scheme on one assembly; its tag is the assembly's barcode. Combine it with CRobotJob or LocalJob.

    ``scheme`` is the SQLAlchemy object, ``assembly_filepointer`` the absolute path of the FASTA file, and ``assembly``
    the row of the assembly, which is looked up if it is not given.

    Raises:
        UnknownSpecies, UnknownScheme: there is none of this name.
        BadInput: no such assembly.
    """

    def __init__(
        self,
        *,
        scheme: Scheme,
        database: str,
        assembly_barcode: str,
        assembly_filepointer: str,
        reference: str = "",
        assembly: Assembly | None = None,
        **more: Any,
    ) -> None:
        context = {
            "scheme_id": scheme.id,
            "scheme": scheme.description,
            "assembly_filepointer": assembly_filepointer,
            "reference": reference,
        }
        super().__init__(
            type=self.type_of(scheme), tag=assembly_barcode, database=database, context=context, **more
        )
        with transaction(database) as session:
            self.context["assembly_id"] = (assembly or find_assembly(session, assembly_barcode)).id
            _check_scheme(session, scheme)

    @classmethod
    def type_of(cls, scheme: Scheme) -> str:
        """Return the type of the job for a scheme: its description."""
        return scheme.description

    @classmethod
    def arguments(
        cls, session: Session, scheme: Scheme, barcodes: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Return, by assembly, arguments that each job would look up for itself: for many jobs at once."""
        return {barcode: {} for barcode in barcodes}

    @property
    def assembly_barcode(self) -> str:
        """The assembly."""
        return self.tag

    @property
    def assembly_filepointer(self) -> str:
        """Absolute path of the assembly's FASTA file."""
        return str(self.context["assembly_filepointer"])

    @property
    def key(self) -> dict[str, Any]:
        """What identifies the row in assembly_lookup."""
        return {name: self.context[name] for name in ("assembly_id", "scheme_id", "reference")}


class RemoteAssemblyBasedJob(AssemblyBasedJob, CRobotJob):
    """An AssemblyBasedJob that a pipeline runs on a node; keeps the row in assembly_lookup and its counters."""

    immutable = True

    @property
    def lookup_keys(self) -> Sequence[lookups.Key]:
        """That of the assembly and the scheme."""
        return (lookups.Key(**self.key),)

    @property
    def unique_key(self) -> str:
        """The same scheme on the same assembly, against the same reference."""
        return "/".join((self.database, self.tag, self.context["scheme"], self.context["reference"]))

    @property
    def cache_key(self) -> str:
        """The same, by the same version with the same parameters (the scheme's version is one), on unchanged files."""
        version = self.version or self.task.version
        return f"{self.unique_key}/" + digest(
            self.type, version, self.params, stamps([self.inputs, self.reads])
        )

    def has_result(self, session: Session, job_id: int) -> bool:
        """Whether the row in assembly_lookup is complete, and by that very job."""
        row = lookups.find_lookup(session, **self.key)
        return row is not None and (row.status, row.job_id) == (LookupStatus.COMPLETE, job_id)

    def again(self) -> Self:
        """Return a job like this one, for the scheme as it is now."""
        with transaction(self.database) as session:
            scheme = find_scheme(session, self.context["scheme"])
            job = type(self)(
                scheme=scheme,
                database=self.database,
                assembly_barcode=self.assembly_barcode,
                assembly_filepointer=self.assembly_filepointer,
                reference=self.context["reference"],
                version=self.version,
                **{name: getattr(self, name) for name in ("user_id", "workgroup", "batch", "priority")},
            )
        job.params, job.chosen = self.params | job.params, self.chosen
        return job

    @classmethod
    def parked(cls, session: Session, jobs: Sequence[tuple[int, NewJob]]) -> None:
        """(a) One more live job for each assembly and scheme."""
        super().parked(session, jobs)
        sent: dict[lookups.Key, lookups.Latest] = {}
        for job_id, new in jobs:
            key = lookups.Key(*(new.context[name] for name in lookups.Key._fields))
            if key in sent:  # each counts
                lookups.sent_each(session, sent)
                sent = {}
            sent[key] = lookups.Latest(job_id, new.shared.version)
        lookups.sent_each(session, sent)

    def process_failure(self, session: Session, message: str) -> None:
        """(d) Count the failure."""
        super().process_failure(session, message)
        lookups.failed(session, **self.key, job_id=self.number, message=message)

    @classmethod
    def process_cancels(cls, session: Session, cancelled: Sequence[Self]) -> None:
        """(d) So many live jobs less."""
        super().process_cancels(session, cancelled)
        lookups.cancelled_each(session, [lookups.Key(**job.key) for job in cancelled])

    def complete(
        self, session: Session, result: dict[str, Any], results: dict[str, Any], **values: Any
    ) -> None:
        """Write the results of the scheme; ``values`` are ``st_barcode`` and ``annotation``."""
        lookups.completed(
            session,
            **self.key,
            job_id=self.number,
            version=result.get("pipeline_version", ""),
            results=results | {"provenance": self.provenance(result)},
            **values,
        )


def _check_scheme(session: Session, scheme: Scheme) -> None:
    if scheme in session:  # it was read from the tables of this species
        return
    stored = find_scheme(session, scheme.description)
    if stored.id != scheme.id:
        raise UnknownScheme(
            f"the scheme {scheme.description!r} (id {scheme.id}) is another species': take it from this database"
        )
