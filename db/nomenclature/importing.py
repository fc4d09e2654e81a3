"""A published scheme, or a newer release of it, comes in; its numbers are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, starmap
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Integer, Text, cast, column, insert, select, update, values
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.engine import database_of
from db.jsonb import to_json
from db.known_species import barcode_prefix
from db.nomenclature.adopting import adopt_sequence_type
from db.nomenclature.checking import check_loci, check_sequence_type, some
from db.nomenclature.exporting import has_unpublished, release
from db.nomenclature.new_alleles import Blemish, Given, NewAlleles, refuse
from db.nomenclature.store import LOCAL_OFFSET, SCHEME_NAME, lock, profile_digest
from db.species import Allele, Locus, Scheme, SequenceType
from db.species.loci import loci_of

SLICE = 2_000


class PublishedType(NamedTuple):
    """A sequence type as it is published."""

    number: int
    #: numbers or ids of the alleles in the order of the loci, 0 for a missing one
    alleles: Sequence[int | str]
    #: the other columns of the publisher's table, as the clonal complex
    others: Mapping[str, str] = MappingProxyType({})


def import_scheme(
    session: Session,
    scheme: str,
    description: str,
    label: str,
    loci: Sequence[str],
    alleles: Iterable[tuple[str, int | str, str]],
    profiles: Iterable[tuple[Any, ...]],
    blemish: Blemish = refuse,
) -> str:
    """Import a published scheme, or what is new in a newer release; return the version that nodes get.

    ``scheme`` is its name in the nomenclature (senterica_achtman_2), ``description`` the one in programs
    (MLST_Achtman), ``alleles`` are (locus, number, sequence), or with an id that is no number to be numbered here,
    ``profiles`` the sequence types, each as `PublishedType` says. The same release again changes nothing. ``blemish``
    is told what is odd, and how it is taken.

    Raises:
        BadInput: the files contradict themselves or what was imported before; nothing is stored if the caller's
            transaction ends with it.
    """
    check_loci(scheme, loci)
    lock(session)
    row = _scheme_row(session, scheme, description, label)
    new = NewAlleles(session, row, _locus_rows(session, row, loci), blemish)
    _insert(session, Allele, new.rows(alleles))
    known: dict[int, Mapping[str, str]] = {}
    types = _Seen(profiles)
    _insert(session, SequenceType, _new_profiles(session, row, loci, types, new.given, known))
    session.flush()
    _note_others(session, row, known)
    if types.others:
        row.param = row.param | {"published": [*types.others]}
    if row.release == 0 or has_unpublished(session, row):
        release(session, row)
    return row.version


class _Seen:
    """The sequence types on their way, and which other columns their table has, in its order."""

    def __init__(self, profiles: Iterable[tuple[Any, ...]]) -> None:
        self._profiles = profiles
        self.others: dict[str, None] = {}

    def __iter__(self) -> Iterator[PublishedType]:
        for one in starmap(PublishedType, self._profiles):
            self.others |= dict.fromkeys(one.others)
            yield one


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


def _new_profiles(
    session: Session,
    scheme: Scheme,
    loci: Sequence[str],
    profiles: Iterable[PublishedType],
    given: Given,
    known_types: dict[int, Mapping[str, str]],
) -> Iterator[dict[str, Any]]:
    """Return the rows of the profiles that are new; published and given numbers for the same one are merged.

    ``known_types`` gets the other columns of those that have a row.
    """
    query = select(SequenceType.number, SequenceType.digest).where(SequenceType.scheme_id == scheme.id)
    digests = {number: bytes(digest) for number, digest in session.execute(query)}
    local = {digest: number for number, digest in digests.items() if number > LOCAL_OFFSET}
    for number, published, others in profiles:
        check_sequence_type(number, published, len(loci))
        profile = [_number(number, key, given) for key in zip(loci, published, strict=True)]
        digest = profile_digest(profile)
        known = digests.get(number)
        if known is not None and known != digest:
            raise BadInput(f"ST {number} has another profile than before: a number keeps its meaning")
        if digest in local:
            adopt_sequence_type(session, scheme, local.pop(digest), number)
            known_types[number] = others
        elif known is not None:
            known_types[number] = others
        if known is None and number not in known_types:
            row = {"scheme_id": scheme.id, "number": number, "profile": profile, "digest": digest}
            yield row | {"published": dict(others)}
        digests[number] = digest


def _note_others(session: Session, scheme: Scheme, known: Mapping[int, Mapping[str, str]]) -> None:
    """Note what a newer release says otherwise of sequence types that are there."""
    rows = ((number, to_json(dict(others))) for number, others in known.items())
    while part := list(islice(rows, SLICE)):
        said = values(column("number", Integer), column("others", Text), name="said").data(part)
        others = cast(said.c.others, JSONB)
        other = (SequenceType.number == said.c.number) & (SequenceType.published != others)
        changed = update(SequenceType).where(SequenceType.scheme_id == scheme.id, other)
        session.execute(changed.values(published=others).execution_options(synchronize_session=False))


def _number(st: int, key: tuple[str, int | str], given: Given) -> int:
    number = given.get(key, key[1])
    if isinstance(number, str):
        raise BadInput(f"ST {st} has the allele {number!r} of {key[0]}, of which there is no sequence")
    return number


def _insert(
    session: Session, model: type[Allele] | type[SequenceType], rows: Iterable[dict[str, Any]]
) -> None:
    remaining = iter(rows)
    while batch := list(islice(remaining, SLICE)):
        session.execute(insert(model), batch)
