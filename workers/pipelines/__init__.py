"""The registry of pipelines by public name; a new one is a module here and one line below."""

from __future__ import annotations

from crobot_errors import UnknownPipeline, UnknownVersion
from workers.pipelines.base import Pipeline
from workers.pipelines.matrix_phylogeny import MatrixPhylogeny
from workers.pipelines.nomenclature import Nomenclature
from workers.pipelines.probe import Probe
from workers.pipelines.qassembly import QAssembly
from workers.pipelines.ref_mapper import RefMapper
from workers.pipelines.ref_mapper_matrix import RefMapperMatrix
from workers.pipelines.ref_masker import RefMasker

#: one a line
PIPELINES: dict[str, Pipeline] = {
    each.name: each
    for each in (
        QAssembly(),
        Nomenclature(),
        Probe(),
        RefMasker(),
        RefMapper(),
        RefMapperMatrix(),
        MatrixPhylogeny(),
    )
}


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
