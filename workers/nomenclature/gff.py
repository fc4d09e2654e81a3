"""GFF3 of allele calls: one feature for each place of a locus, for genome browsers and the assembly's annotation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from urllib.parse import quote

from workers.nomenclature.alleles import Call, Status
from workers.nomenclature.places import Place

#: characters that stand for themselves in names of sequences, and in values of attributes
SEQID_SAFE, VALUE_SAFE = ".:^*$@!+_?-|", " .:^*$@!+_?-|()[]/"


def gff_lines(calls: Iterable[Call], contig_lengths: Mapping[str, int], prefix: str) -> Iterator[str]:
    """The lines of the file; a missing locus has no position and so no feature."""
    calls = list(calls)
    yield "##gff-version 3"
    for contig in dict.fromkeys(place.contig for each in calls for place in each.places):
        yield f"##sequence-region {quote(contig, safe=SEQID_SAFE)} 1 {contig_lengths[contig]}"
    for each in calls:
        for copy, place in enumerate(each.places, 1):
            name = f"{prefix}_{each.locus}" + (f".{copy}" if copy > 1 else "")
            yield _feature(each, place, name)


def _feature(each: Call, place: Place, name: str) -> str:
    attributes = {
        "ID": name,
        "locus": each.locus,
        "allele": "new" if each.allele is None else str(each.allele),
        "status": each.status.value,
    }
    if each.status is Status.NEW:
        attributes["sha256"] = sha256(place.sequence.encode()).hexdigest()
    columns = (
        quote(place.contig, safe=SEQID_SAFE),
        "crobot",
        "sequence_feature",
        str(place.start + 1),
        str(place.end),
        f"{place.identity:.4f}",
        place.strand,
        ".",
        ";".join(f"{key}={quote(value, safe=VALUE_SAFE)}" for key, value in attributes.items()),
    )
    return "\t".join(columns)
