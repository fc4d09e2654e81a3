"""What is asked of a species' tables, and of the numbers of alleles and sequence types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import nomenclature
from db.nomenclature import adopting, exporting, importing, numbering, store
from db.species import (
    Locus,
    Scheme,
    allele_positions,
    annotations,
    assemblies,
    loci,
    lookups,
    outdated,
    profiles,
    result_rows,
    schemes,
    strains,
    traces,
)
from db.species import overview as species_overview
from db.species.barcodes import Kind
from db.species.lookups import Key
from tests.integration.db.large_tables.fill import LOCI, SCHEME

Call = Callable[[Session], Any]


def of_species(size: int) -> dict[str, Call]:
    """The function's name → the call, for tables of so many jobs."""
    barcodes = [f"SAL_AA{number:04d}AA_AS" for number in range(101, 121)]
    record = assemblies.AssemblyRecord(None, "4.1", "/storage/new", passed=True)
    keys = [Key(number, 2) for number in range(101, 121)]
    latest = lookups.Latest(size, "4.1")
    return {
        "db.species.allele_positions.store": lambda s: allele_positions.store(s, _lookup(s), _mlst(s).id, GFF),
        "db.species.allele_positions.gff": lambda s: _stored(s) and allele_positions.gff(s, barcodes[0], SCHEME),
        "db.species.allele_positions.gffs": lambda s: _stored(s) and allele_positions.gffs(s, 101),
        "db.species.allele_positions.jobs": lambda s: allele_positions.jobs(s, 101),
        "db.species.allele_positions.get_allele_details_for_strain":
            lambda s: allele_positions.get_allele_details_for_strain(s, "SAL_101_SS", SCHEME, LOCI),
        "db.species.allele_positions.get_allele_details":
            lambda s: allele_positions.get_allele_details(s, barcodes, SCHEME, LOCI),
        "db.species.annotations.placed_loci": lambda s: _stored(s) and annotations.placed_loci(s, 101),
        "db.species.assemblies.record_assembly": lambda s: assemblies.record_assembly(s, record, [101]),
        "db.species.assemblies.assembly_of_strain": lambda s: assemblies.assembly_of_strain(s, 101, "0"),
        "db.species.assemblies.strain_names_of": lambda s: assemblies.strain_names_of(s, barcodes[:1]),
        "db.species.assemblies.find_assemblies": lambda s: assemblies.find_assemblies(s, barcodes[:20]),
        "db.species.assemblies.existing_assemblies": lambda s: assemblies.existing_assemblies(s, barcodes[:20]),
        "db.species.assemblies.assemblies_in_use": lambda s: assemblies.assemblies_in_use(s, 1000),
        "db.species.assemblies.find_assembly": lambda s: assemblies.find_assembly(s, barcodes[0]),
        "db.species.assemblies.find_made": lambda s: assemblies.find_made(s, 404),
        "db.species.assemblies.judge_assembly": lambda s: assemblies.judge_assembly(
            s, assemblies.find_assembly(s, barcodes[0]), passed=False, top_species=None, stats={}),
        "db.species.assemblies.strain_names": lambda s: assemblies.strain_names(s, range(101, 121)),
        "db.species.assemblies.list_assemblies": lambda s: assemblies.list_assemblies(s, 20),
        "db.species.assemblies.list_assemblies page": lambda s: assemblies.list_assemblies(s, 20, before=500),
        "db.species.assemblies.list_assemblies strain": lambda s: assemblies.list_assemblies(s, 20, "strain 101"),
        "db.species.loci.loci_of": lambda s: loci.loci_of(s, _mlst(s)),
        "db.species.lookups.sent": lambda s: lookups.sent(s, 101, 2, size, "4.1"),
        "db.species.lookups.sent_each": lambda s: lookups.sent_each(s, dict.fromkeys(keys, latest)),
        "db.species.lookups.completed": lambda s: lookups.completed(s, 101, 2, size, "4.1", {}),
        "db.species.lookups.completed_each": lambda s: lookups.completed_each(s, dict.fromkeys(keys, {}), size, "4.1"),
        "db.species.lookups.failed_each": lambda s: lookups.failed_each(s, dict.fromkeys(keys, "no"), size),
        "db.species.lookups.failed": lambda s: lookups.failed(s, 101, 2, size, "no"),
        "db.species.lookups.amended": lambda s: lookups.amended(s, keys[0], {}),
        "db.species.lookups.cancelled": lambda s: lookups.cancelled(s, 101, 2, size),
        "db.species.lookups.cancelled_each": lambda s: lookups.cancelled_each(s, keys),
        "db.species.lookups.under_way": lookups.under_way,
        "db.species.lookups.recounted": lambda s: lookups.recounted(s, keys[0], 1),
        "db.species.lookups.find_lookup": lambda s: lookups.find_lookup(s, 101, 2),
        "db.species.lookups.find_each": lambda s: lookups.find_each(s, keys),
        "db.species.lookups.lock_each": lambda s: lookups.lock_each(s, keys),
        "db.species.outdated.outdated": lambda s: s.execute(outdated.outdated(_mlst(s), "4.2").limit(100)),
        "db.species.outdated.outdated none": lambda s: s.execute(outdated.outdated(_mlst(s), "4.1").limit(100)),
        "db.species.outdated.count": lambda s: outdated.count(s, _mlst(s), "4.1"),
        "db.species.overview.made_assembly": lambda s: species_overview.made_assembly(s, 404),
        "db.species.overview.lookups": lambda s: species_overview.lookups(s, 505),
        "db.species.overview.results": lambda s: species_overview.results(s, 505),
        "db.species.overview.schemes": species_overview.schemes,
        "db.species.profiles.loci": lambda s: profiles.loci(s, _mlst(s)),
        "db.species.profiles.profiles": lambda s: profiles.profiles(s, _mlst(s), barcodes),
        "db.species.result_rows.schemes": lambda s: result_rows.schemes(s, []),
        "db.species.result_rows.assemblies": lambda s: result_rows.assemblies(s, 400, 100, in_use=True),
        "db.species.result_rows.newest_assemblies": lambda s: result_rows.newest_assemblies(s, 400, 100),
        "db.species.result_rows.newest_assemblies first":
            lambda s: result_rows.newest_assemblies(s, None, 100, in_use=True),
        "db.species.result_rows.standings":
            lambda s: result_rows.standings(s, _mlst(s).id, range(400, 500), {"alleles": ("alleles",)}),
        "db.species.result_rows.published": lambda s: result_rows.published(s, _mlst(s).id, [1, 7, 404]),
        "db.species.schemes.find_scheme": lambda s: schemes.find_scheme(s, SCHEME),
        "db.species.schemes.list_schemes": schemes.list_schemes,
        "db.species.schemes.add_scheme": lambda s: schemes.add_scheme(s, "new", "new", "SeroPred"),
        "db.species.schemes.call_on_demand": _on_demand,
        "db.species.schemes.nomenclature_versions": schemes.nomenclature_versions,
        "db.species.schemes.schemes_to_call": schemes.schemes_to_call,
        "db.species.schemes.schemes_never_sent": lambda s: schemes.schemes_never_sent(s, barcodes[0]),
        "db.species.strains.add_strain_with_reads": lambda s: strains.add_strain_with_reads(s, "new", ["ERR000001"]),
        "db.species.strains.lock_strain": lambda s: strains.lock_strain(s, "strain 97"),
        "db.species.strains.add_genome": lambda s: strains.add_genome(s, strains.lock_strain(s, "strain 97"), "/new"),
        "db.species.strains.find_trace": lambda s: strains.find_trace(s, ["/reads/101_1", "/reads/101_2"]),
        "db.species.strains.find_trace accession": lambda s: strains.find_trace(s, ["ERR000001"]),
        "db.species.strains.new_row": lambda s: strains.new_row(s, "strains", Kind.STRAIN),
        "db.species.strains.new_rows": lambda s: strains.new_rows(s, "strains", Kind.STRAIN, 20),
        "db.species.traces.find_traces": lambda s: traces.find_traces(s, range(101, 121)),
    }  # fmt: skip


GFF = (
    "##gff-version 3\n"
    "contig1\tcrobot\tsequence_feature\t1\t90\t1.0000\t-\t.\tID=X_aroC;locus=aroC;allele=5;status=exact\n"
)


def _mlst(session: Session) -> Scheme:
    return schemes.find_scheme(session, SCHEME)


def _on_demand(session: Session) -> Scheme:
    schemes.add_scheme(session, "new", "new", "SeroPred")
    return schemes.call_on_demand(session, "new")


def _lookup(session: Session) -> int:
    found = lookups.find_lookup(session, 101, _mlst(session).id)
    assert found is not None
    return found.id


def _stored(session: Session) -> bool:
    """An assembly has positions that are GFF again."""
    allele_positions.store(session, _lookup(session), _mlst(session).id, GFF)
    return True


def _aroc(session: Session) -> Locus:
    return session.scalars(select(Locus).where(Locus.name == "aroC")).one()


def of_numbers() -> dict[str, Call]:
    """What the numbering of alleles and sequence types asks for."""
    new = dict.fromkeys(LOCI, "ACGTACGTAA")
    profile = dict.fromkeys(LOCI, 5)
    return {
        "db.nomenclature.adopting.adopt_allele": lambda s: adopting.adopt_allele(s, _mlst(s), _aroc(s), 7, 900_000),
        "db.nomenclature.adopting.adopt_sequence_type":
            lambda s: adopting.adopt_sequence_type(s, _mlst(s), 7, 900_000),
        "db.nomenclature.exporting.export": lambda s: nomenclature.export(s, "achtman").alleles,
        "db.nomenclature.exporting.publish":
            lambda s: (numbering.number_alleles(s, "achtman", new), nomenclature.publish(s, "achtman")),
        "db.nomenclature.exporting.has_unpublished": lambda s: exporting.has_unpublished(s, _mlst(s)),
        "db.nomenclature.exporting.release": lambda s: exporting.release(s, _mlst(s)),
        "db.nomenclature.importing.import_scheme": lambda s: importing.import_scheme(
            s, "achtman", SCHEME, SCHEME, LOCI, [("aroC", 900_000, "ACCC")], [(900_000, [1, 1, 1, 1, 1, 1, 2])]),
        "db.nomenclature.numbering.number_alleles": lambda s: numbering.number_alleles(s, "achtman", new),
        "db.nomenclature.numbering.number_profile": lambda s: numbering.number_profile(s, "achtman", profile),
        "db.nomenclature.numbering.number_profile local":
            lambda s: numbering.number_profile(s, "achtman", profile | {"aroC": 1_000_001}),
        "db.nomenclature.numbering.published_ids":
            lambda s: numbering.published_ids(s, "achtman", dict.fromkeys(new, 1000001)),
        "db.nomenclature.numbering.st_barcode": lambda s: numbering.st_barcode(s, 7),
        "db.nomenclature.store.lock": store.lock,
        "db.nomenclature.store.find_scheme": lambda s: store.find_scheme(s, "achtman"),
        "db.nomenclature.store.list_schemes": store.list_schemes,
    }  # fmt: skip
