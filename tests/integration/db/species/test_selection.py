"""Strains and assemblies are selected by what is missing, outdated, or has failed, and by what else is true of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.engine import transaction
from db.species import Scheme, Strain, Trace, assemblies, lookups, schemes, selection, strains
from db.species.selection import Filters

pytestmark = pytest.mark.usefixtures("two_species")

NOW = datetime(2026, 11, 26, tzinfo=UTC)


class _Undo(Exception):
    """Ends a test without a commit."""


@pytest.fixture
def session() -> Iterator[Session]:
    """A transaction on senterica that is undone."""
    try:
        with transaction("senterica") as session:
            yield session
            raise _Undo
    except _Undo:
        pass


def add_strain(session: Session, number: int, version: str | None = None, **values: Any) -> str:
    """Add a strain with a run, and an assembly of this version that is in use."""
    ids = strains.add_strain_with_reads(session, f"strain {number}", [f"ERR00000{number}"])
    if version is not None:
        record = assemblies.AssemblyRecord(number, version, "/a", True)
        assemblies.record_assembly(session, record, [ids.trace_id])
    strain = session.get_one(Strain, ids.strain_id)
    for name, value in values.items():
        setattr(strain, name, value)
    session.flush()
    return ids.strain_barcode


def assembly_of(session: Session, barcode: str) -> Any:
    found = text("SELECT a.id, a.barcode FROM senterica.assemblies a JOIN senterica.strains s "
                 "ON s.best_assembly = a.id WHERE s.barcode = :barcode")  # fmt: skip
    return session.execute(found, {"barcode": barcode}).one()


def add_job(session: Session, tag: str, trace_id: int, state: str, outcome: str, database: str) -> int:
    job = text("""
        INSERT INTO crobot.jobs (pipeline, type, tag, database, args, kwargs, request, context, cores, memory_bytes,
                                 disk_bytes, time_limit_s, expected_s, state, outcome)
        VALUES ('QAssembly', 'QAssembly', :tag, :database, '[]', '{}', '{}',
                json_build_object('trace_ids', json_build_array(CAST(:trace_id AS int))), 1, 1, 1, 1, 1, :state,
                :outcome)
        RETURNING id""")  # fmt: skip
    given = {"tag": tag, "trace_id": trace_id, "state": state, "outcome": outcome, "database": database}
    return int(session.execute(job, given).scalar_one())


def mlst(session: Session) -> Scheme:
    scheme = Scheme(description="MLST", name="MLST", param={"pipeline": "nomenclature"}, version="1.new")
    session.add(scheme)
    session.flush()
    return schemes.find_scheme(session, "MLST")


def test_strains_are_selected_by_their_assembly(session: Session) -> None:
    none, old, new = add_strain(session, 1), add_strain(session, 2, "3.1"), add_strain(session, 3, "4.1")
    brought_in = add_strain(session, 4, "")
    genome = strains.lock_strain(session, "genome")
    strains.add_genome(session, genome, "/genome.fasta")
    single = add_strain(session, 5)
    session.query(Trace).filter_by(accession="ERR000005").update({"seq_library": "Single"})
    assert selection.all_strains(session) == [none, old, new, brought_in]
    assert single not in selection.strains_without_assembly(session) == [none]
    assert selection.strains_outdated(session, "4.1") == [old]
    assert selection.strains_outdated(session, "3.1") == [new]


def test_filters_narrow_a_selection(session: Session) -> None:
    one = add_strain(session, 1, created_at=NOW, attributes={"country": "UK", "year": 2020})
    two = add_strain(session, 2, created_at=NOW + timedelta(days=1), attributes={"country": "UK"})
    three = add_strain(session, 3, created_at=NOW + timedelta(days=2))
    assert selection.all_strains(session, Filters(since=NOW + timedelta(days=1))) == [two, three]
    assert selection.all_strains(session, Filters(until=NOW + timedelta(days=1))) == [one]
    assert selection.all_strains(session, Filters(attributes={"country": "UK"})) == [one, two]
    assert selection.all_strains(session, Filters(attributes={"country": "UK", "year": "2020"})) == [one]
    assert selection.all_strains(session, Filters(limit=1)) == [one]
    assert not selection.all_strains(session, Filters(attributes={"continent": "Europe"}))


def test_strains_whose_last_assembly_failed_are_selected_by_how_it_did(session: Session) -> None:
    found: dict[str, str] = {}
    for number, ends in enumerate(
        [
            [("FAILED", "tool")],
            [("FAILED", "tool"), ("FAILED", "node_lost")],
            [("FAILED", "node_lost"), ("COMPLETE", "ok")],
            [("FAILED", "node_lost"), ("WAITING", "")],
            [],
        ],
        1,
    ):
        barcode = add_strain(session, number)
        trace = strains.find_trace(session, [f"ERR00000{number}"])
        assert trace is not None
        for state, outcome in ends:
            add_job(session, f"ERR00000{number}", trace.id, state, outcome, "senterica")
        add_job(session, f"ERR00000{number}", trace.id, "FAILED", "disk_full", "ecoli")
        found[barcode] = str(number)
    assert [found[barcode] for barcode in selection.strains_failed(session)] == ["1", "2"]
    assert [found[barcode] for barcode in selection.strains_failed(session, "tool")] == ["1"]
    assert [found[barcode] for barcode in selection.strains_failed(session, "node_lost")] == ["2"]
    assert not selection.strains_failed(session, "disk_full")


def test_assemblies_are_selected_by_how_a_scheme_stands(session: Session) -> None:
    scheme = mlst(session)
    rows = [assembly_of(session, add_strain(session, number, "4.1")) for number in range(1, 7)]
    never, current, old, old_alleles, failed, live = rows
    replaced = add_strain(session, 7, "4.1")
    session.query(Strain).filter_by(barcode=replaced).update({"best_assembly": None})

    def complete(row: Any, version: str, scheme_version: str) -> None:
        lookups.sent(session, row.id, scheme.id, 1, version)
        results = {"scheme_version": scheme_version}
        lookups.completed(session, row.id, scheme.id, 1, version, results)

    complete(current, "3.2", "1.new")
    complete(old, "3.1", "1.new")
    complete(old_alleles, "3.2", "1.old")
    job = add_job(session, failed.barcode, 1, "FAILED", "node_lost", "senterica")
    lookups.sent(session, failed.id, scheme.id, job, "3.2")
    lookups.failed(session, failed.id, scheme.id, job, "the node was lost")
    lookups.sent(session, live.id, scheme.id, 2, "3.2")
    assert selection.assemblies_without_result(session, scheme) == [never.barcode]
    assert selection.assemblies_outdated(session, scheme, "3.2") == [old.barcode, old_alleles.barcode]
    assert selection.assemblies_failed(session, scheme) == [failed.barcode]
    assert selection.assemblies_failed(session, scheme, "node_lost") == [failed.barcode]
    assert not selection.assemblies_failed(session, scheme, "tool")
