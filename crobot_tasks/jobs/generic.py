"""GenericJob: a scheme that is not MLST (serovar, annotation, CRISPR …) on an assembly; its type is the description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from crobot_errors import BadInput
from crobot_tasks.jobs.assembly_based import RemoteAssemblyBasedJob
from crobot_tasks.jobs.judging import params_of
from crobot_tasks.lifecycle.job_types import register_schemes, scheme_class
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.engine import transaction
from db.known_species import find_species
from db.species import Scheme
from db.species.assemblies import strain_names_of

#: pipelines whose results are stored as they are
GENERIC = ("SeroPred", "CRISPR")
ANNOTATION = "prokka_annotation"


class GenericJob(RemoteAssemblyBasedJob):
    """Runs a scheme's pipeline on an assembly, and keeps what it finds; files are pointers in the results.

    Raises:
        UnknownSpecies, UnknownScheme, UnknownPipeline: there is none of this name.
        BadInput: no such assembly, or a scheme without a pipeline.
    """

    own_params = frozenset({"genus", "references", "limits", "prefix", "species", "strain"})

    def __init__(self, *, scheme: Scheme, database: str, **more: Any) -> None:
        super().__init__(scheme=scheme, database=database, pipeline=pipeline_of(scheme), **more)
        with transaction(database) as session:
            of_species = params_of(find_species(session, database))
        self.params = of_species | {"prefix": self.assembly_barcode}
        self.inputs = {"assembly": self.assembly_filepointer}

    def process_job(self, session: Session, result: dict[str, Any], outputs: Outputs) -> str | None:
        """(d) Write what was found; a failed quality check is said in one line."""
        super().process_job(session, result, outputs)
        found = result["results"]
        self.complete(session, result, found | outputs.paths())
        return failed_check(found)


class AnnotationJob(GenericJob):
    """Runs prokka, and tells it what the genome is of: species and strain stand in its GenBank file."""

    def __init__(
        self, *, scheme: Scheme, database: str, strains: Sequence[str] | None = None, **more: Any
    ) -> None:
        super().__init__(scheme=scheme, database=database, **more)
        barcode = self.assembly_barcode
        with transaction(database) as session:
            species = find_species(session, database)
            names = strain_names_of(session, [barcode])[barcode] if strains is None else strains
        self.params |= {"species": epithet(species.label, species.genus), "strain": ", ".join(names)}

    @classmethod
    def arguments(
        cls, session: Session, scheme: Scheme, barcodes: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Return ``strains``, the names of the strains."""
        names = strain_names_of(session, barcodes)
        return {barcode: {"strains": names[barcode]} for barcode in barcodes}


def epithet(label: str, genus: str) -> str:
    """Return the name of a species without its genus; empty if it has another: Salmonella enterica → enterica."""
    first, _, rest = label.partition(" ")
    return rest.strip() if first == genus else ""


def pipeline_of(scheme: Scheme) -> str:
    """Return the pipeline of a scheme; one that is not called on new assemblies may be described by its pipeline.

    Raises:
        BadInput: it has none.
    """
    pipeline = scheme.param.get("pipeline") or (scheme_class(scheme.description) and scheme.description)
    if not pipeline:
        raise BadInput(f"the scheme {scheme.description!r} has no pipeline: nothing can be called")
    return str(pipeline)


def failed_check(found: dict[str, Any]) -> str | None:
    """Return the first reason why the result must not be relied on, if its own quality check has one."""
    check = found.get("qc") or {}
    worst = next((each for each in check.get("messages", []) if each.startswith("FAIL")), None)
    return f"QC {worst}" if worst else None


for _pipeline in GENERIC:
    register_schemes(_pipeline, GenericJob)
register_schemes(ANNOTATION, AnnotationJob)
