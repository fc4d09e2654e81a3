"""The registry of pipelines by public name; a new one is a module here and one line below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from crobot_errors import UnknownPipeline, UnknownVersion
from workers.pipelines.base import Pipeline

#: public name → module here, and the pipeline's class there; one a line
_PLACES = {
    "QAssembly": "qassembly:QAssembly",
    "assembly_stats": "assembly_stats:AssemblyStats",
    "nomenclature": "nomenclature:Nomenclature",
    "SeroPred": "seropred:SeroPred",
    "prokka_annotation": "prokka_annotation:ProkkaAnnotation",
    "CRISPR": "crispr:Crispr",
    "locus_table": "locus_table:LocusTable",
    "ms_tree": "ms_tree:MSTree",
    "refMasker": "ref_masker:RefMasker",
    "refMapper": "ref_mapper:RefMapper",
    "refMapper_matrix": "ref_mapper_matrix:RefMapperMatrix",
    "matrix_phylogeny": "matrix_phylogeny:MatrixPhylogeny",
    "probe": "probe:Probe",
}


class Registry(Mapping[str, Pipeline]):
    """One object of each pipeline, whose module is imported when it is first asked for: names alone load nothing."""

    def __getitem__(self, name: str) -> Pipeline:
        """Return a pipeline."""
        return _load(_PLACES[name])

    def __contains__(self, name: object) -> bool:
        """Whether there is a pipeline of this name."""
        return name in _PLACES

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(_PLACES)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(_PLACES)


@cache
def _load(place: str) -> Pipeline:
    module, name = place.split(":")
    made = getattr(import_module(f"{__name__}.{module}"), name)()
    assert isinstance(made, Pipeline)
    return made


PIPELINES = Registry()


def pipeline(name: str, version: str = "") -> Pipeline:
    """A pipeline by its public name; an empty version means the current one.

    Raises: UnknownPipeline, UnknownVersion naming the known ones.
    """
    found = PIPELINES.get(name)
    if found is None:
        raise UnknownPipeline(f"there is no pipeline {name!r}; known are {', '.join(sorted(PIPELINES))}")
    if version not in ("", found.version):
        raise UnknownVersion(f"{name} has no version {version!r}; the current one is {found.version}")
    return found
