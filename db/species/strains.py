"""Strains and their read sets come in; the barcodes follow from the row numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.engine import database_of, lock
from db.known_species import barcode_prefix
from db.species import Strain, Trace
from db.species.barcodes import Kind, encode

_NEXT_IDS = text("""
    SELECT nextval(pg_get_serial_sequence(format('%I.%I', CAST(:schema AS text), CAST(:name AS text)), 'id'))
    FROM generate_series(1, :count)""")
#: longest name of a strain, in characters
NAME_LENGTH = 200
#: platform and library of what are no reads, but a genome that was assembled elsewhere
GENOME = "Genome"
#: longest path, in bytes: PostgreSQL indexes two of them in 2,704
PATH_BYTES = 1_200


class TraceIds(NamedTuple):
    """A read set and its strain."""

    strain_id: int
    strain_barcode: str
    trace_id: int
    trace_barcode: str


class NewRow(NamedTuple):
    """The number and barcode that a row will have."""

    id: int
    barcode: str


def add_strain_with_reads(session: Session, strain: str, reads: Sequence[str], user_id: int = 0) -> TraceIds:
    """Add a read set, ``[accession]`` or ``[read1, read2]`` (absolute paths), and its strain unless it is there.

    The same reads for the same strain again return what is there.

    Raises:
        BadInput: not a name, files with names that cannot be stored, or reads of another strain.
    """
    name = checked_name(strain)
    check_reads(reads)
    # the strain's lock always first, so that two senders cannot wait for each other
    lock(session, f"strain {database_of(session)} {user_id} {name}")
    lock(session, f"reads {database_of(session)} {reads[0]}")
    trace = find_trace(session, reads)
    owner = _strain(session, name, user_id, trace)
    if trace is None:
        names = ("accession",) if len(reads) == 1 else ("read1", "read2")
        trace = _add_trace(session, owner, user_id, **dict(zip(names, reads, strict=True)))
    return TraceIds(owner.id, str(owner.barcode), trace.id, str(trace.barcode))


def lock_strain(session: Session, strain: str, user_id: int = 0) -> Strain:
    """Return the strain of this name, added unless it is there; nobody else adds anything to it until the commit.

    Raises:
        BadInput: not a name.
    """
    name = checked_name(strain)
    lock(session, f"strain {database_of(session)} {user_id} {name}")
    return _strain(session, name, user_id, None)


def add_genome(session: Session, strain: Strain, path: str, user_id: int = 0) -> int:
    """Add what stands for the reads of an assembly that came without any; return its number.

    Its platform keeps it apart from reads, from which a strain could be assembled.
    """
    trace = _add_trace(session, strain, user_id, read1=path, seq_platform=GENOME, seq_library=GENOME)
    return trace.id


def find_trace(session: Session, reads: Sequence[str]) -> Trace | None:
    """Return the read set of this accession, or of these files, in any species-wide strain."""
    query = select(Trace)
    if len(reads) == 1:
        return session.scalar(query.where(Trace.accession == reads[0]))
    return session.scalar(query.where(Trace.read1 == reads[0], Trace.read2 == reads[1]))


def new_row(session: Session, table: str, kind: Kind) -> NewRow:
    """Return the next number of a table and its barcode; no other transaction gets the same."""
    return new_rows(session, table, kind, 1)[0]


def new_rows(session: Session, table: str, kind: Kind, count: int) -> list[NewRow]:
    """As `new_row`, so many."""
    database = database_of(session)
    prefix = barcode_prefix(session, database)
    numbers = session.scalars(_NEXT_IDS, {"schema": database, "name": table, "count": count})
    return [NewRow(number, encode(prefix, number, kind)) for number in numbers]


def checked_name(strain: str) -> str:
    """Return the name of a strain without blanks around it.

    Raises:
        BadInput: nothing can be called so.
    """
    name = strain.strip(" ")
    # not printable: control characters, bytes that are not UTF-8 (lone surrogates), characters that nobody can see
    if not name or not name.isprintable() or len(name) > NAME_LENGTH:
        raise BadInput(f"{strain!r} cannot name a strain: use 1 to {NAME_LENGTH} printable characters")
    return name


def check_reads(reads: Sequence[str]) -> None:
    """Check that a read set can be stored.

    Raises:
        BadInput: it is neither one accession nor two files, or one of them has a name that cannot be stored.
    """
    if len(reads) not in (1, 2):
        raise BadInput(f"a read set is one accession or two files, not {list(reads)}")
    for each in reads:
        check_read_name(each)


def check_read_name(name: str) -> None:
    """Check the name of a file of reads, or an accession.

    Raises:
        BadInput: it cannot be stored.
    """
    if not name or not name.isprintable() or len(name.encode()) > PATH_BYTES:
        raise BadInput(
            f"{name!r} cannot be stored as the name of reads: rename the file, with printable characters and "
            f"a path of at most {PATH_BYTES} bytes"
        )


def _strain(session: Session, name: str, user_id: int, trace: Trace | None) -> Strain:
    if trace is not None:
        owner = session.get_one(Strain, trace.strain_id)
        if (owner.strain, owner.owner) != (name, user_id):
            reads = trace.accession or f"{trace.read1}, {trace.read2}"
            raise BadInput(
                f"the reads {reads} belong to the strain {owner.strain!r} ({owner.barcode}), not {name!r}"
            )
        return owner
    found = session.scalar(select(Strain).where(Strain.strain == name, Strain.owner == user_id))
    return found or _add_strain(session, name, user_id)


def _add_strain(session: Session, name: str, user_id: int) -> Strain:
    row = new_row(session, "strains", Kind.STRAIN)
    strain = Strain(id=row.id, barcode=row.barcode, strain=name, owner=user_id, modified_by=user_id)
    session.add(strain)
    session.flush()
    return strain


def _add_trace(session: Session, strain: Strain, user_id: int, **values: str) -> Trace:
    row = new_row(session, "traces", Kind.TRACE)
    trace = Trace(id=row.id, barcode=row.barcode, strain_id=strain.id, modified_by=user_id, **values)
    session.add(trace)
    session.flush()
    return trace
