"""MSTreeJob: the allelic profiles of assemblies → a tree, as Newick, nodes with positions, and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from crobot_errors import BadInput
from crobot_tasks.jobs.analysis import AnalysisJob
from crobot_tasks.lifecycle.job_types import register
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.engine import transaction
from db.known_species import find_species
from db.species import profiles
from db.species.schemes import find_scheme
from workers.trees.names import Names
from workers.trees.profiles import write_profiles, write_values


class MSTreeJob(AnalysisJob):
    """A tree of the profiles by one nomenclature scheme, of ``barcodes`` or of all strains' assemblies in use.

    ``method`` is MSTreeV2 (a minimum spanning tree) or NJ. ``names`` are those in Newick. ``shown`` are values by
    barcode, which colour the nodes (`crobot_tasks.results.values_of` gives them), and ``shown_by`` says what they are.

    Raises:
        UnknownSpecies, UnknownScheme: there is none of this name.
        BadInput: no MLST scheme, an assembly twice, or without a result of the scheme; fewer than two profiles.
    """

    kind: ClassVar[str] = "ms_tree"
    own_params = frozenset({"profiles", "scheme", "shown_by"})
    result_keys: ClassVar[tuple[str, ...]] = (
        "loci", "profiles", "different_profiles", "total_length", "longest_edge", "missing_alleles", "nwk",
        "json", "svg", "png",
    )  # fmt: skip

    def __init__(
        self,
        *,
        database: str,
        scheme: str,
        barcodes: Sequence[str] = (),
        method: str = "MSTreeV2",
        names: str = Names.STRAIN,
        shown: Mapping[str, str] | None = None,
        shown_by: str = "",
        name: str = "",
        **request: Any,
    ) -> None:
        with transaction() as session:
            find_species(session, database)
        with transaction(database) as session:
            found = find_scheme(session, scheme)
            if "scheme" not in found.param:
                raise BadInput(f"the scheme {scheme!r} has no allelic profiles: it is no MLST scheme")
            self._loci = profiles.loci(session, found)
            self._profiles = profiles.profiles(session, found, barcodes)
            version = found.version
        if len(self._profiles) < 2:
            raise BadInput(
                f"a tree takes two profiles at least: {len(self._profiles)} assemblies have a result of {scheme!r}"
            )
        here = {one.barcode for one in self._profiles}
        self._shown = {code: value for code, value in (shown or {}).items() if code in here}
        super().__init__(
            pipeline="ms_tree",
            database=database,
            name=name,
            asked=[self._loci, self._profiles, self._shown],
            params={
                "method": method,
                "names": str(names),
                "scheme": scheme,
                "shown_by": shown_by,
                "profiles": len(self._profiles),
            },
            parameters={
                "scheme": scheme,
                "scheme_version": version,
                "method": method,
                "names": str(names),
                "shown_by": shown_by,
                "assemblies": len(self._profiles),
            },
            **request,
        )

    def prepare(self, session: Session) -> None:
        """Write the table where nodes can read it; when the analysis is sent again, it is the same one."""
        path = self.analysis_dir / "profiles.tsv"
        rows = (
            (one.barcode, one.label, [one.alleles.get(locus) for locus in self._loci])
            for one in self._profiles
        )
        write_profiles(path, self._loci, rows)
        self.inputs |= {"profiles": str(path)}
        if self._shown:
            write_values(self.analysis_dir / "shown.tsv", self._shown)
            self.inputs |= {"shown": str(self.analysis_dir / "shown.tsv")}

    def results(self, session: Session, result: dict[str, Any], outputs: Outputs) -> dict[str, Any]:
        """Return the figures, and where the files are."""
        return super().results(session, result, outputs) | outputs.paths()


register(MSTreeJob.kind, MSTreeJob)
