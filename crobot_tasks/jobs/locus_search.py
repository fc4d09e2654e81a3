"""LocusSearchJob: a user's sequences against one assembly, and the loci of its schemes that lie where they hit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from crobot_tasks.jobs.analysis import AnalysisJob
from crobot_tasks.lifecycle.job_types import register
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.engine import transaction
from db.species import allele_positions
from db.species.annotations import PlacedLocus, placed_loci
from db.species.assemblies import find_assembly
from workers.nomenclature.locus_search import MODE, RULES
from workers.nomenclature.query import fasta, parse_query


class LocusSearchJob(AnalysisJob):
    """Searches ``query`` (FASTA, or a bare sequence) in an assembly; runs in the pipeline nomenclature.

    ``params`` are ``min_identity`` and ``min_coverage``, in percent.

    Raises:
        UnknownSpecies: there is none of this name.
        BadQuery: the query is no nucleotide sequence, empty, or too long.
        BadInput: no such assembly.
    """

    own_params = frozenset({"mode"})
    kind: ClassVar[str] = MODE
    result_keys: ClassVar[tuple[str, ...]] = ("queries", "hits", "hit_count", "hits_file")

    def __init__(
        self,
        *,
        database: str,
        assembly_barcode: str,
        query: str,
        name: str = "",
        params: dict[str, Any] | None = None,
        **request: Any,
    ) -> None:
        records = parse_query(query)
        with transaction(database) as session:
            assembly = find_assembly(session, assembly_barcode)
            assembly_id, path = assembly.id, assembly.file_pointer
            # hits name the loci of the schemes that the assembly was typed by
            typed_by = allele_positions.jobs(session, assembly_id)
        chosen = params or {}
        self._query = fasta(records)
        super().__init__(
            pipeline="nomenclature",
            database=database,
            name=name,
            asked=[self._query, typed_by, RULES],
            inputs={"assembly": path},
            params=chosen | {"mode": MODE},
            context={"assembly_id": assembly_id},
            parameters=chosen
            | {
                "assembly_barcode": assembly_barcode,
                "query_names": [record.name for record in records],
                "query_bases": sum(len(record.sequence) for record in records),
            },
            **request,
        )

    def prepare(self, session: Session) -> None:
        """Put the query where nodes can read it: messages to them stay small."""
        path = self.analysis_dir / "query.fasta"
        path.write_text(self._query, encoding="utf-8")
        self.inputs |= {"query": str(path)}

    def results(self, session: Session, result: dict[str, Any], outputs: Outputs) -> dict[str, Any]:
        """Return the hits, each with the loci that it overlaps."""
        found = result["results"]
        loci = list(placed_loci(session, self.context["assembly_id"]))
        hits = [hit | {"loci": overlapping(hit, loci)} for hit in found["hits"]]
        files = {"hits_file": str(outputs.file("hits"))}
        return super().results(session, result, outputs) | {"hits": hits} | files


def overlapping(hit: dict[str, Any], loci: Iterable[PlacedLocus]) -> list[dict[str, Any]]:
    """Return the loci that share bases with a hit: how many, and which share of the locus that is."""
    shared = [
        (locus, min(locus.end, hit["end"]) - max(locus.start, hit["start"]) + 1)
        for locus in loci
        if locus.contig == hit["contig"]
    ]
    return [
        {
            "scheme": locus.scheme,
            "locus": locus.locus,
            "allele": locus.allele,
            "bases": bases,
            "share": round(bases / (locus.end - locus.start + 1), 4),
        }
        for locus, bases in shared
        if bases > 0
    ]


register(MODE, LocusSearchJob)
