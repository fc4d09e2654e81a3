"""LocusTableJob: a user's sequences against many assemblies of a species: one table, and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from crobot_errors import BadInput
from crobot_tasks.jobs.analysis import AnalysisJob
from crobot_tasks.lifecycle.job_types import register
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.engine import transaction
from db.known_species import find_species
from db.species.assemblies import assemblies_in_use, find_assemblies, strain_names
from workers.nomenclature.query import fasta, parse_query
from workers.pipelines.locus_table import MOST_ASSEMBLIES
from workers.trees.profiles import write_values


class LocusTableJob(AnalysisJob):
    """Searches ``query`` (FASTA, or a bare sequence) in ``barcodes``, or in all assemblies that strains have in use.

    ``params`` are ``min_identity`` and ``min_coverage``, in percent. Lines of the table stand in the order of
    ``barcodes``. An assembly that is damaged or gone when it is searched is named there, and fails nothing.

    Raises:
        UnknownSpecies: there is none of this name.
        BadQuery: the query is no nucleotide sequence, empty, or too long.
        BadInput: an assembly is given twice, is not there or of another species; there is none, or there are too many.
    """

    kind: ClassVar[str] = "locus_table"
    result_keys: ClassVar[tuple[str, ...]] = (
        "queries", "searched", "not_searched", "rows", "errors", "min_identity", "min_coverage", "table", "hits",
        "json", "svg", "png",
    )  # fmt: skip

    def __init__(
        self,
        *,
        database: str,
        query: str,
        barcodes: Sequence[str] = (),
        name: str = "",
        params: dict[str, Any] | None = None,
        **request: Any,
    ) -> None:
        records = parse_query(query)
        with transaction() as session:
            find_species(session, database)
        with transaction(database) as session:
            if len(barcodes) > MOST_ASSEMBLIES:
                raise _too_many(len(barcodes))
            found = (
                find_assemblies(session, barcodes)
                if barcodes
                else assemblies_in_use(session, MOST_ASSEMBLIES + 1)
            )
            if len(found) > MOST_ASSEMBLIES:
                raise _too_many(len(found), "at least ")
            if not found:
                raise BadInput(f"the species {database!r} has no assembly in use: there is nothing to search")
            names = strain_names(session, [one.id for one in found])
            inputs = {str(one.barcode): one.file_pointer for one in found}
        self._query, self._strains = fasta(records), {code: names[code] for code in inputs}
        chosen = params or {}
        super().__init__(
            pipeline="locus_table",
            database=database,
            name=name,
            asked=[self._query, list(self._strains.items())],
            inputs=inputs,
            params=chosen,
            parameters=chosen
            | {
                "assemblies": len(inputs),
                "query_names": [record.name for record in records],
                "query_bases": sum(len(record.sequence) for record in records),
            },
            **request,
        )

    def prepare(self, session: Session) -> None:
        """Put query and strains where nodes can read them: messages to them stay small."""
        query, strains = self.analysis_dir / "query.fasta", self.analysis_dir / "strains.tsv"
        query.write_text(self._query, encoding="utf-8")
        write_values(strains, self._strains)
        self.inputs = {"query": str(query), "strains": str(strains)} | self.inputs

    def results(self, session: Session, result: dict[str, Any], outputs: Outputs) -> dict[str, Any]:
        """Return the counts and first lines, and where the files are."""
        return super().results(session, result, outputs) | outputs.paths()


def _too_many(number: int, about: str = "") -> BadInput:
    return BadInput(
        f"{about}{number:,} assemblies are too many for one table: name {MOST_ASSEMBLIES:,} at most by their barcodes"
    )


register(LocusTableJob.kind, LocusTableJob)
