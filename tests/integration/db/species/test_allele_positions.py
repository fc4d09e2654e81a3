"""Allele positions in the database: one locus by its record, the GFF letter by letter, old texts taken over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import event, make_url, text

from crobot_errors import BadInput
from db import engine, nomenclature
from db.migrations.revision import prepare, scratch_database
from db.migrations.trees import SPECIES
from db.species import allele_positions, assemblies, lookups
from db.species.gff_index import Place
from db.species.strains import add_strain_with_reads

pytestmark = pytest.mark.usefixtures("two_species")

LOCI = [f"locus_{number}" for number in range(300)]
LINE = "c%231\tcrobot\tsequence_feature\t{}\t{}\t1.0000\t-\t.\tID=X_{};locus={};allele={};status=exact\n"
GFF = "##gff-version 3\n##sequence-region c%231 1 90000\n" + "".join(
    LINE.format(100 * at + 1, 100 * at + 90, locus, locus, at + 5) for at, locus in enumerate(LOCI) if at != 7
)
SCHEME = "cgMLST"


@pytest.fixture(scope="module", autouse=True)
def scheme(two_species: str) -> int:
    """A scheme of 300 loci."""
    alleles = [(locus, 1, "ACGT" * 20) for locus in LOCI]
    with engine.transaction("senterica") as session:
        nomenclature.import_scheme(session, "many", SCHEME, SCHEME, LOCI, alleles, [])
        return nomenclature.find_scheme(session, "many").id


def typed(scheme: int, job_id: int, gff: str) -> tuple[str, str]:
    """A strain with an assembly that has the GFF; returns their barcodes."""
    with engine.transaction("senterica") as session:
        strain = add_strain_with_reads(session, f"strain {job_id}", [f"ERR{job_id:06}"])
        record = assemblies.AssemblyRecord(
            job_id=job_id, pipeline_version="4.0", file_pointer="/a", passed=True
        )
        row = assemblies.record_assembly(session, record, [strain.trace_id])
        lookups.sent(session, row.id, scheme, job_id, "4.0")
        lookups.completed(session, row.id, scheme, job_id, "4.0", {}, annotation=gff)
        return strain.strain_barcode, row.barcode


def test_one_locus_is_found_by_the_barcode_of_strain_or_assembly(scheme: int) -> None:
    strain, assembly = typed(scheme, 101, GFF)
    wanted = {
        "locus_250": Place("exact", 255, "c#1", 25001, 25090, "-", 1.0, 1),
        "locus_7": Place("missing"),
        "locus_0": Place("exact", 5, "c#1", 1, 90, "-", 1.0, 1),
    }
    for barcode in (strain, assembly):
        with engine.transaction("senterica") as session:
            found = allele_positions.get_allele_details_for_strain(session, barcode, SCHEME, list(wanted))
        assert list(found.items()) == list(wanted.items())


def test_the_gff_comes_back_and_a_later_one_replaces_it(scheme: int) -> None:
    strain, assembly = typed(scheme, 102, GFF)
    later = GFF.replace("\n", "\r\n")
    with engine.transaction("senterica") as session:
        assert allele_positions.gff(session, strain, SCHEME) == GFF
        assembly_id = assemblies.find_assembly(session, assembly).id
        lookups.sent(session, assembly_id, scheme, 103, "4.0")
        lookups.completed(session, assembly_id, scheme, 103, "4.0", {}, annotation=later)
    with engine.transaction("senterica") as session:
        assert allele_positions.gff(session, assembly, SCHEME) == later


def test_a_locus_that_no_record_can_hold_is_read_from_the_text(scheme: int) -> None:
    _, assembly = typed(scheme, 104, GFF.replace("allele=5;", f"allele={2**40};"))
    with engine.transaction("senterica") as session:
        found = allele_positions.get_allele_details_for_strain(
            session, assembly, SCHEME, ["locus_0", "locus_1"]
        )
    assert (found["locus_0"].allele, found["locus_1"].allele) == (2**40, 6)


def test_one_locus_of_many_assemblies_is_one_query(scheme: int) -> None:
    barcodes = [typed(scheme, job_id, GFF)[1] for job_id in range(110, 115)]
    statements: list[str] = []
    with engine.transaction("senterica") as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *call: statements.append(call[2]))
        found = list(allele_positions.get_allele_details(session, barcodes, SCHEME, ["locus_9"]))
    assert sorted(each.assembly for each in found) == barcodes
    assert {each.place.allele for each in found} == {14}
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("barcode", "scheme_name", "locus", "said"),
    [
        (None, SCHEME, "aroC", "not loci of the scheme 'cgMLST': aroC; its 300 loci are locus_0, .*, …"),
        (None, "rMLST", "aroC", "no allele positions by a scheme 'rMLST': there are those of cgMLST"),
        (
            "SAL_ZZ9999AA_AS",
            SCHEME,
            "locus_1",
            "no assembly 'SAL_ZZ9999AA_AS', and no strain of this barcode",
        ),
    ],
)
def test_what_is_not_there_is_named(
    scheme: int, barcode: str | None, scheme_name: str, locus: str, said: str
) -> None:
    assembly = typed(scheme, 105, GFF)[1]
    with pytest.raises(BadInput, match=said), engine.transaction("senterica") as session:
        allele_positions.get_allele_details_for_strain(session, barcode or assembly, scheme_name, [locus])


OLD_ROW = """
    INSERT INTO schemes (id, description, name) VALUES (1, 'old', 'old');
    INSERT INTO loci (scheme_id, name, position) SELECT 1, 'locus_' || n, n FROM generate_series(0, 299) n;
    INSERT INTO assemblies (id, status, file_pointer) VALUES (1, 'Assembled', '/a'), (2, 'Assembled', '/b');
    INSERT INTO assembly_lookup (assembly_id, scheme_id, status, annotation)
    VALUES (1, 1, 'COMPLETE', :gff), (2, 1, 'COMPLETE', 'no GFF at all')"""


@pytest.fixture
def old_tables(two_species: str) -> Iterator[tuple]:
    """The tables of a species as they were before, in a database of their own."""
    with scratch_database(make_url(two_species)) as server, server.connect() as connection:
        config = SPECIES.config(connection, prepare(connection, SPECIES))
        command.upgrade(config, "0002")
        yield connection, config
        connection.rollback()


def test_texts_that_are_there_are_taken_over_and_can_be_taken_back(old_tables) -> None:
    connection, config = old_tables
    connection.execute(text(OLD_ROW), {"gff": GFF})
    command.upgrade(config, "0003")
    assert connection.scalars(text("SELECT length(records) FROM annotations")).all() == [4800, 4800]
    assert connection.scalar(text("SELECT sum(length(rest)) FROM annotations")) < 300
    command.downgrade(config, "0002")
    texts = connection.scalars(text("SELECT annotation FROM assembly_lookup ORDER BY id")).all()
    assert texts == [GFF, "no GFF at all"]
