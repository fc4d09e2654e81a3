"""The store of allele and sequence type numbers: imported ones are kept, new ones are given here, none twice.

Numbers of a published scheme are up to 1,000,000. Those given here begin above, so that a later release of the
scheme can never use one of them for something else. When a release names what was numbered here (the same
sequence, or the same profile), the published number replaces the local one, which is remembered as
``former_number`` and never given again; sequence type barcodes in ``assembly_lookup`` follow.
"""

from db.nomenclature.exporting import Export, export, publish
from db.nomenclature.importing import PublishedType, import_scheme
from db.nomenclature.numbering import ProfileNumber, number_alleles, number_profile, published_ids
from db.nomenclature.store import LOCAL_OFFSET, find_scheme, list_schemes
from db.species.loci import loci_of

__all__ = [
    "LOCAL_OFFSET",
    "Export",
    "ProfileNumber",
    "PublishedType",
    "export",
    "find_scheme",
    "import_scheme",
    "list_schemes",
    "loci_of",
    "number_alleles",
    "number_profile",
    "publish",
    "published_ids",
]
