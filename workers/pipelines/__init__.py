"""The registry of pipelines by public name; a new one is a module here and one line below."""

from __future__ import annotations

from crobot_errors import UnknownPipeline, UnknownVersion
from workers.pipelines.assembly_stats import AssemblyStats
from workers.pipelines.base import Pipeline
from workers.pipelines.crispr import Crispr
from workers.pipelines.matrix_phylogeny import MatrixPhylogeny
from workers.pipelines.ms_tree import MSTree
from workers.pipelines.nomenclature import Nomenclature
from workers.pipelines.probe import Probe
from workers.pipelines.prokka_annotation import ProkkaAnnotation
from workers.pipelines.qassembly import QAssembly
from workers.pipelines.ref_mapper import RefMapper
from workers.pipelines.ref_mapper_matrix import RefMapperMatrix
from workers.pipelines.ref_masker import RefMasker
from workers.pipelines.seropred import SeroPred

#: one a line
PIPELINES: dict[str, Pipeline] = {
    each.name: each
    for each in (
        QAssembly(),
        AssemblyStats(),
        Nomenclature(),
        SeroPred(),
        ProkkaAnnotation(),
        Crispr(),
        MSTree(),
        RefMasker(),
        RefMapper(),
        RefMapperMatrix(),
        MatrixPhylogeny(),
        Probe(),
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
