"""Which schemes are called on every new assembly of a species, beyond MLST; and calling one on what is there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from crobot_errors import BadInput, UnknownPipeline
from crobot_tasks.jobs import RemoteAssemblyBasedJob, send_jobs
from crobot_tasks.jobs.following import CLASSES
from crobot_tasks.jobs.generic import pipeline_of
from crobot_tasks.lifecycle.job_types import is_kind, scheme_class, scheme_pipelines
from db.engine import retrying, transaction
from db.known_species import find_species
from db.species import Scheme, schemes
from db.species.assemblies import existing_assemblies, find_assembly
from workers.pipelines.seropred import METHODS

#: what a new species gets: description, label; each is its own pipeline; the long one last
USUAL = {"SeroPred": "Serovar", "CRISPR": "CRISPR", "prokka_annotation": "Annotation"}


def add_scheme(
    database: str, description: str, pipeline: str, label: str = "", on_demand: bool = False
) -> None:
    """Add a scheme that is not MLST; new assemblies get it at once, or only ``on_demand`` by `send_scheme`.

    Raises:
        UnknownPipeline: it is none that schemes may have.
        BadInput: the description cannot be, or is another pipeline's.
    """
    if scheme_class(pipeline) is None:
        known = ", ".join(scheme_pipelines())
        raise UnknownPipeline(
            f"no scheme can have the pipeline {pipeline!r}; known are {known} "
            "(MLST schemes come by `crobot scheme import`)"
        )
    if is_kind(description):
        raise BadInput(f"{description!r} is a kind of job: choose another description")
    with transaction() as session:
        genus = find_species(session, database).genus
    if pipeline == "SeroPred" and genus not in METHODS:
        raise BadInput(f"SeroPred knows no serotypes of the genus {genus!r}: only of {', '.join(METHODS)}")

    def added() -> None:
        with transaction(database) as session:
            schemes.add_scheme(session, description, label, pipeline, on_demand)

    retrying(added)


def call_on_demand(database: str, description: str, on_demand: bool) -> None:
    """Have a scheme called only on demand from now on, or on every new assembly; what was sent is left alone.

    Raises:
        UnknownSpecies, UnknownScheme: there is none of this name.
        BadInput: the scheme has no pipeline.
    """
    with transaction() as session:
        find_species(session, database)

    def changed() -> None:
        with transaction(database) as session:
            schemes.call_on_demand(session, description, on_demand)

    retrying(changed)


def add_usual(database: str, genus: str) -> list[str]:
    """Have the usual schemes called on new assemblies, as far as they know the genus; return which."""
    usual = [name for name in USUAL if name != "SeroPred" or genus in METHODS]
    for name in usual:
        add_scheme(database, name, name, USUAL[name])
    return usual


def send_scheme(
    database: str, description: str, barcodes: Sequence[str], *, again: bool = False, **request: Any
) -> list[RemoteAssemblyBasedJob]:
    """Send a scheme's job for each assembly, all or none; return them.

    A current result answers, unless ``again``.

    Raises:
        UnknownSpecies, UnknownScheme: there is none of this name.
        BadInput: no such assembly, or a scheme that nothing can be called for; nothing was stored.
    """
    with transaction() as session:
        find_species(session, database)

    def sent() -> list[RemoteAssemblyBasedJob]:
        with transaction(database) as session:
            scheme = schemes.find_scheme(session, description)
            calls = CallsOfScheme(session, database, scheme, barcodes)
            made = [calls.job(barcode, **request) for barcode in dict.fromkeys(barcodes)]
            send_jobs(made, again=again)
            return made

    return retrying(sent)


class CallsOfScheme:
    """Jobs of one scheme on many assemblies, in an open transaction: what they share is looked up once.

    Raises:
        BadInput: nothing can be called for the scheme.
    """

    def __init__(self, session: Session, database: str, scheme: Scheme, barcodes: Sequence[str]) -> None:
        self.cls = class_of(scheme)
        self._session, self._database, self._scheme = session, database, scheme
        self._assemblies = existing_assemblies(session, barcodes)

    def job(self, barcode: str, **request: Any) -> RemoteAssemblyBasedJob:
        """Return the job on an assembly, ready to send.

        Raises:
            BadInput: there is no such assembly.
        """
        if (assembly := self._assemblies.get(barcode)) is None:
            assembly = find_assembly(self._session, barcode)  # says why there is none
        return self.cls(
            scheme=self._scheme,
            database=self._database,
            assembly_barcode=barcode,
            assembly_filepointer=assembly.file_pointer,
            assembly=assembly,
            **self._arguments.get(barcode, {}),
            **request,
        )

    @cached_property
    def _arguments(self) -> dict[str, dict[str, Any]]:
        return self.cls.arguments(self._session, self._scheme, list(self._assemblies))


def class_of(scheme: Scheme) -> type[RemoteAssemblyBasedJob]:
    """Return the class of a scheme's jobs, each on one assembly.

    Raises:
        BadInput: there are none such.
    """
    pipeline = pipeline_of(scheme)
    cls = CLASSES.get(pipeline) or scheme_class(pipeline)
    if cls is None or not issubclass(cls, RemoteAssemblyBasedJob):
        raise BadInput(f"the scheme {scheme.description!r} is not sent for one assembly ({pipeline})")
    return cls
