"""A published scheme, or a newer release of it, comes in; its numbers are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.engine import database_of
from db.known_species import barcode_prefix
from db.nomenclature.adopting import adopt_allele, adopt_sequence_type
from db.nomenclature.checking import check_allele, check_loci, check_sequence_type, some
from db.nomenclature.exporting import has_unpublished, release
from db.nomenclature.store import LOCAL_OFFSET, SCHEME_NAME, lock, next_local, profile_digest, sequence_digest
from db.species import Allele, Locus, Scheme, SequenceType
from db.species.loci import loci_of

SLICE = 2_000


def import_scheme(
    session: Session,
    scheme: str,
    description: str,
    label: str,
    loci: Sequence[str],
    alleles: Iterable[tuple[str, int | None, str]],
    profiles: Iterable[tuple[int, Sequence[int]]],
) -> str:
    """Import a published scheme, or what is new in a newer release; return the version that nodes get.

    ``scheme`` is its name in the nomenclature (senterica_achtman_2), ``description`` the one in programs
    (MLST_Achtman), ``alleles`` are (locus, number, sequence), without a number to be numbered here, ``profiles`` (ST,
    numbers in the order of ``loci``, 0 for a missing one). The same release again changes nothing.

    Raises:
        BadInput: the files contradict themselves or what was imported before; nothing is stored if the caller's
            transaction ends with it.
    """
    check_loci(scheme, loci)
    lock(session)
    row = _scheme_row(session, scheme, description, label)
    _insert(session, Allele, _new_alleles(session, row, _locus_rows(session, row, loci), alleles))
    _insert(session, SequenceType, _new_profiles(session, row, len(loci), profiles))
    session.flush()
    if row.release == 0 or has_unpublished(session, row):
        release(session, row)
    return row.version


def _scheme_row(session: Session, name: str, description: str, label: str) -> Scheme:
    row = session.scalar(select(Scheme).where(name == SCHEME_NAME))
    if row is None:
        taken = session.scalar(select(Scheme).where(Scheme.description == description))
        if taken is not None:
            raise BadInput(
                f"another scheme is called {description!r}: choose another description for {name!r}"
            )
        prefix = barcode_prefix(session, database_of(session))
        param = {"pipeline": "nomenclature", "scheme": name, "display": "public", "barcode": prefix}
        row = Scheme(description=description, name=label, param=param, release=0, last_local_st=0)
        session.add(row)
        session.flush()
    if row.description != description:
        raise BadInput(f"the scheme {name!r} was imported as {row.description!r}, not {description!r}")
    row.name = label
    return row


def _locus_rows(session: Session, scheme: Scheme, names: Sequence[str]) -> dict[str, Locus]:
    rows = loci_of(session, scheme)
    if not rows:
        session.add_all(
            Locus(scheme_id=scheme.id, name=name, position=position) for position, name in enumerate(names)
        )
        session.flush()
        rows = loci_of(session, scheme)
    have = [row.name for row in rows]
    if have != list(names):
        raise BadInput(
            f"the scheme {scheme.param['scheme']!r} {_differ(have, names)}: "
            "other loci, or another order, are another scheme; import it under another name"
        )
    return {row.name: row for row in rows}


def _differ(have: Sequence[str], names: Sequence[str]) -> str:
    missing, more = set(have) - set(names), set(names) - set(have)
    if missing or more:
        only = [some(sorted(each)) or "none" for each in (missing, more)]
        return f"has loci that the files lack ({only[0]}), or lacks some of theirs ({only[1]})"
    return f"has the loci in the order {some(have)}, the files {some(names)}"


def _new_alleles(
    session: Session, scheme: Scheme, loci: dict[str, Locus], alleles: Iterable[tuple[str, int | None, str]]
) -> Iterator[dict[str, Any]]:
    """Return the rows of the alleles that are new; published and given numbers for the same sequence are merged."""
    ids = [locus.id for locus in loci.values()]
    query = select(Allele.locus_id, Allele.number, Allele.sha256).where(Allele.locus_id.in_(ids))
    digests = {(locus_id, number): bytes(digest) for locus_id, number, digest in session.execute(query)}
    numbers = {(locus_id, digest): number for (locus_id, number), digest in digests.items()}
    for name, published, sequence in alleles:
        check_allele(name, published, sequence, loci)
        locus_id, digest = loci[name].id, sequence_digest(sequence)
        if published is None and (locus_id, digest) in numbers:
            continue
        number = next_local(loci[name]) if published is None else published
        known, other = digests.get((locus_id, number)), numbers.get((locus_id, digest))
        if known is not None and known != digest:
            raise BadInput(
                f"allele {number} of {name} has another sequence than before: a number keeps its meaning"
            )
        if other is not None and other > LOCAL_OFFSET:
            adopt_allele(session, scheme, loci[name], other, number)
        elif other is not None and other != number:
            raise BadInput(f"alleles {other} and {number} of {name} have the same sequence")
        elif other is None:
            yield _allele(locus_id, number, digest, sequence, scheme.release + 1)
        digests[locus_id, number], numbers[locus_id, digest] = digest, number


def _allele(locus_id: int, number: int, digest: bytes, sequence: str, since: int) -> dict[str, Any]:
    return {
        "locus_id": locus_id,
        "number": number,
        "sha256": digest,
        "sequence": sequence.upper(),
        "release": since,
    }


def _new_profiles(
    session: Session, scheme: Scheme, loci: int, profiles: Iterable[tuple[int, Sequence[int]]]
) -> Iterator[dict[str, Any]]:
    """Return the rows of the profiles that are new; published and given numbers for the same one are merged."""
    query = select(SequenceType.number, SequenceType.digest).where(SequenceType.scheme_id == scheme.id)
    digests = {number: bytes(digest) for number, digest in session.execute(query)}
    local = {digest: number for number, digest in digests.items() if number > LOCAL_OFFSET}
    for number, profile in profiles:
        check_sequence_type(number, profile, loci)
        digest = profile_digest(profile)
        known = digests.get(number)
        if known is not None and known != digest:
            raise BadInput(f"ST {number} has another profile than before: a number keeps its meaning")
        if digest in local:
            adopt_sequence_type(session, scheme, local.pop(digest), number)
        elif known is None:
            yield {"scheme_id": scheme.id, "number": number, "profile": list(profile), "digest": digest}
        digests[number] = digest


def _insert(
    session: Session, model: type[Allele] | type[SequenceType], rows: Iterable[dict[str, Any]]
) -> None:
    remaining = iter(rows)
    while batch := list(islice(remaining, SLICE)):
        session.execute(insert(model), batch)
