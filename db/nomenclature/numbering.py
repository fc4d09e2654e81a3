"""Numbers for what an assembly has: known ones are found, new ones given, in the caller's transaction.

A published number stays for ever, so it is found without the lock. A local one may be replaced by a release that
comes in: it is only believed under the lock, and then stays what it is until the transaction ends.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    Integer,
    LargeBinary,
    TableValuedAlias,
    and_,
    cast,
    column,
    func,
    insert,
    select,
    tuple_,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from crobot_errors import BadInput
from db.engine import database_of
from db.known_species import barcode_prefix
from db.nomenclature.store import LOCAL_OFFSET, find_scheme, lock, next_local, profile_digest, sequence_digest
from db.species import Allele, Locus, Scheme, SequenceType
from db.species.barcodes import Kind, encode
from db.species.loci import loci_of

_BASES = re.compile(r"[ACGT]+")


class ProfileNumber(NamedTuple):
    """The sequence type of a profile; none, with a blank barcode, if a locus is missing, fragmented or doubled."""

    number: int | None
    barcode: str
    #: locus → number as given, but with the published number for a local one that a release has replaced
    alleles: dict[str, int]


def number_alleles(session: Session, scheme: str, sequences: Mapping[str, str]) -> dict[str, int]:
    """Return locus → allele number for locus → sequence; a new sequence gets a number that nothing else ever has.

    The number is given when the caller's transaction commits, and no gap is left when it does not. Until then no
    release can replace it.

    Raises:
        UnknownScheme: there is none of this name.
        BadInput: not a locus of the scheme, or a sequence with other letters than ACGT.
    """
    row = find_scheme(session, scheme)
    loci = {locus.name: locus for locus in loci_of(session, row)}
    _check_loci(scheme, sequences, loci)
    wanted = {(loci[name].id, sequence_digest(sequence)): name for name, sequence in sequences.items()}
    numbers = _known(session, wanted)
    if len(numbers) < len(wanted) or _any_local(numbers.values()):
        lock(session)
        # until the lock was ours, another transaction may have numbered them, and a release renumbered them
        numbers = _known(session, wanted)
        new = {name: sequences[name] for key, name in wanted.items() if key not in numbers}
        numbers |= _give_numbers(session, row, new)
    return {name: numbers[key] for key, name in wanted.items()}


def number_profile(session: Session, scheme: str, alleles: Mapping[str, int]) -> ProfileNumber:
    """Return the sequence type of locus → allele number; a new profile gets a new number.

    A node may report a local number that a release has replaced since it got its alleles: the published one counts,
    and is among the ``alleles`` that are returned. An incomplete profile (a locus missing, 0, or negative) has no
    sequence type.

    Raises:
        UnknownScheme: there is none of this name.
        BadInput: not a locus of the scheme.
    """
    row = find_scheme(session, scheme)
    loci = {locus.name: locus for locus in loci_of(session, row)}
    _check_loci(scheme, alleles, loci)
    current = _current(session, loci, alleles)
    profile = [current.get(name, 0) for name in loci]
    if min(profile, default=0) <= 0:
        return ProfileNumber(None, "", current)
    number = _find_profile(session, row, profile)
    if number is None or _any_local([number]):
        lock(session)
        # until the lock was ours, another transaction may have numbered it, and a release renumbered it
        number = _find_profile(session, row, profile) or _give_st(session, row, profile)
    return ProfileNumber(number, st_barcode(session, number), current)


def published_ids(session: Session, scheme: str, alleles: Mapping[str, int]) -> dict[str, str]:
    """Return locus → what its publisher calls the allele, for those whose id is no number.

    Raises:
        UnknownScheme: there is none of this name.
    """
    loci = {locus.name: locus.id for locus in loci_of(session, find_scheme(session, scheme))}
    # only a number that was given here has such an id beside it
    keys = {(loci[name], number): name for name, number in alleles.items() if number > LOCAL_OFFSET}
    if not keys:
        return {}
    wanted = _table(keys, Integer())
    same = and_(Allele.locus_id == wanted.c.locus_id, Allele.number == wanted.c.value)
    query = select(Allele.locus_id, Allele.number, Allele.published_id).join(wanted, same)
    return {keys[locus, number]: found for locus, number, found in session.execute(query) if found}


def st_barcode(session: Session, number: int) -> str:
    """Return the barcode of a sequence type; unique within its scheme, as its number is."""
    return encode(barcode_prefix(session, database_of(session)), number, Kind.SEQUENCE_TYPE)


def _check_loci(scheme: str, given: Mapping[str, object], known: Mapping[str, Locus]) -> None:
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise BadInput(f"not loci of the scheme {scheme!r}: {', '.join(unknown)}")


def _any_local(numbers: Iterable[int]) -> bool:
    return any(number > LOCAL_OFFSET for number in numbers)


def _current(session: Session, loci: Mapping[str, Locus], alleles: Mapping[str, int]) -> dict[str, int]:
    """Return the alleles with the published number instead of each local one that a release has replaced."""
    local = {(loci[name].id, number): name for name, number in alleles.items() if number > LOCAL_OFFSET}
    if not local:
        return dict(alleles)
    lock(session)
    wanted = _table(local, Integer())
    same = and_(Allele.locus_id == wanted.c.locus_id, Allele.number == wanted.c.value)
    rows = session.execute(select(Allele.locus_id, Allele.number).join(wanted, same))
    # only what is left, as a rule nothing, is searched by the former number
    left = local.keys() - {(locus_id, number) for locus_id, number in rows}
    published = _published(session, left) if left else {}
    return dict(alleles) | {local[key]: published[key] for key in left & published.keys()}


def _published(session: Session, replaced: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    columns = select(Allele.locus_id, Allele.former_number, Allele.number)
    found = columns.where(tuple_(Allele.locus_id, Allele.former_number).in_(list(replaced)))
    return {(locus_id, was): number for locus_id, was, number in session.execute(found) if was is not None}


def _known(session: Session, keys: Mapping[tuple[int, bytes], str]) -> dict[tuple[int, bytes], int]:
    wanted = _table(keys, LargeBinary())
    query = select(Allele.locus_id, Allele.sha256, Allele.number).join(
        wanted, and_(Allele.locus_id == wanted.c.locus_id, Allele.sha256 == wanted.c.value)
    )
    return {(locus_id, bytes(digest)): number for locus_id, digest, number in session.execute(query)}


def _table(pairs: Collection[tuple[int, object]], kind: TypeEngine[Any]) -> TableValuedAlias:
    """Return pairs of a locus and a value as a table; PostgreSQL needs seconds to plan a list of thousands."""
    loci, values = zip(*pairs, strict=True) if pairs else ((), ())
    columns = cast(list(loci), ARRAY(Integer)), cast(list(values), ARRAY(kind))
    named = column("locus_id", Integer), column("value", kind)
    return func.unnest(*columns).table_valued(*named, name="wanted").render_derived()


def _give_numbers(
    session: Session, scheme: Scheme, sequences: Mapping[str, str]
) -> dict[tuple[int, bytes], int]:
    """Number locus → new sequence, under the lock; in few statements, since all other finishes wait."""
    if not sequences:
        return {}
    session.refresh(scheme, ["release"])
    loci = {locus.name: locus for locus in loci_of(session, scheme)}
    rows: list[dict[str, Any]] = []
    for name, given in sequences.items():
        sequence = given.upper()
        if not _BASES.fullmatch(sequence):
            raise BadInput(f"a new allele of {name} can only have the letters ACGT: {sequence[:60]!r}")
        rows.append(
            {
                "locus_id": loci[name].id,
                "number": next_local(loci[name]),
                "sha256": sequence_digest(sequence),
                "sequence": sequence,
                "release": scheme.release + 1,
            }
        )
    session.execute(insert(Allele), rows)
    session.flush()
    return {(row["locus_id"], row["sha256"]): row["number"] for row in rows}


def _find_profile(session: Session, scheme: Scheme, profile: Sequence[int]) -> int | None:
    query = select(SequenceType.number).where(
        SequenceType.scheme_id == scheme.id, SequenceType.digest == profile_digest(profile)
    )
    return session.scalar(query.order_by(SequenceType.number).limit(1))


def _give_st(session: Session, scheme: Scheme, profile: list[int]) -> int:
    session.refresh(scheme, ["last_local_st"])
    scheme.last_local_st += 1
    number = LOCAL_OFFSET + scheme.last_local_st
    session.add(
        SequenceType(scheme_id=scheme.id, number=number, profile=profile, digest=profile_digest(profile))
    )
    session.flush()
    return number
