"""The tables that every species database has; the schema's name is put in by ``schema_translate_map``."""

from db.species.models.archive import AssemblyArchive, StrainArchive, TraceArchive
from db.species.models.isolates import Assembly, AssemblyStatus, Strain, Trace, trace_assembly
from db.species.models.nomenclature import Allele, Locus, SequenceType
from db.species.models.schemes import Annotation, AssemblyLookup, LookupStatus, Scheme

__all__ = [
    "Allele",
    "Annotation",
    "Assembly",
    "AssemblyArchive",
    "AssemblyLookup",
    "AssemblyStatus",
    "Locus",
    "LookupStatus",
    "Scheme",
    "SequenceType",
    "Strain",
    "StrainArchive",
    "Trace",
    "TraceArchive",
    "trace_assembly",
]
