"""(i) One locus of one assembly: by its record, and by reading and scanning the GFF text as the original does."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from sqlalchemy import make_url, text

from benchmarks.figures import Chapter, Figure
from crobot_tasks import embedded
from db import engine, migrate, nomenclature, registry
from db.migrations.revision import scratch_database
from db.species import allele_positions, assemblies, lookups
from db.species.gff_index import Place, place_in_text
from workers.nomenclature.alleles import Call, Status
from workers.nomenclature.gff import gff_lines
from workers.nomenclature.places import Place as Found

LOCI, CONTIGS, ASSEMBLIES, LOOKS = 3000, 80, 200, 200
SCHEME, SPECIES = "wgMLST", "benchmark"
NAMES = [f"STMMW_{number:05}" for number in range(LOCI)]

_KEEP_TEXT = text(f'CREATE TABLE "{SPECIES}".gff_texts (barcode text PRIMARY KEY, gff text)')
_TEXT = text(f'INSERT INTO "{SPECIES}".gff_texts VALUES (:barcode, :gff)')
_READ = text(f'SELECT barcode, gff FROM "{SPECIES}".gff_texts WHERE barcode = ANY(:barcodes)')
_TEXT_BYTES = text(f'SELECT avg(pg_column_size(gff)) FROM "{SPECIES}".gff_texts')
_OUR_BYTES = text(
    "SELECT avg(pg_column_size(records) + pg_column_size(contigs) + pg_column_size(rest)) "
    f'FROM "{SPECIES}".annotations'
)


def measure() -> Chapter:
    """Store the texts of typed assemblies both ways, and look for loci in them."""
    with _database():
        texts = _fill()
        chance = random.Random(2)
        one = _pairs(lambda: [chance.choice(list(texts))], chance)
        many = _pairs(lambda: list(texts), chance, rounds=5)
        ours_b, stored_b = _value(_OUR_BYTES), _value(_TEXT_BYTES)
    plain_b = median(len(gff.encode()) for gff in texts.values())
    figures = [
        _figure("one locus of one assembly", "ms", *one),
        _figure(f"one locus of {ASSEMBLIES} assemblies, each", "ms", *many, each=ASSEMBLIES),
        Figure("stored, against the plain text", "kB", ours_b / 1e3, plain_b / 1e3, ours_b / plain_b),
        Figure("stored, against PostgreSQL's compressed text", "kB", ours_b / 1e3, stored_b / 1e3, ours_b / stored_b),
    ]  # fmt: skip
    return Chapter("i", f"allele positions: {LOCI} loci, {CONTIGS} contigs", "scanning the text", figures)


def _figure(what: str, unit: str, ours: float, theirs: float, each: int = 1) -> Figure:
    return Figure(what, unit, 1e3 * ours / each, 1e3 * theirs / each, ours / theirs)


def _pairs(
    barcodes: Callable[[], list[str]], chance: random.Random, rounds: int = LOOKS
) -> tuple[float, float]:
    """Median seconds of our way and of the scan, in turn; both must say the same."""
    ours, theirs = [], []
    with engine.transaction(SPECIES) as session:
        for _ in range(rounds):
            wanted, locus = barcodes(), chance.choice(NAMES)
            began = time.perf_counter()
            found = {
                one.assembly: one.place
                for one in allele_positions.get_allele_details(session, wanted, SCHEME, [locus])
            }
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            scanned = {name: _scan(gff, locus) for name, gff in session.execute(_READ, {"barcodes": wanted})}
            theirs.append(time.perf_counter() - began)
            if found != scanned:
                raise AssertionError(f"{locus}: {found} is not {scanned}")
    return median(ours), median(theirs)


def _scan(gff: str, locus: str) -> Place:
    return place_in_text(gff, locus)


def _fill() -> dict[str, str]:
    chance, texts = random.Random(1), {}
    alleles = [(name, 1, "ACGT" * 20) for name in NAMES]
    with engine.transaction(SPECIES) as session:
        nomenclature.import_scheme(session, "wg", SCHEME, SCHEME, NAMES, alleles, [])
        scheme = nomenclature.find_scheme(session, "wg").id
        session.execute(_KEEP_TEXT)
        for number in range(1, ASSEMBLIES + 1):
            record = assemblies.AssemblyRecord(number, "4.0", "/a", True)
            row = assemblies.record_assembly(session, record, [])
            gff = _gff(chance, row.barcode)
            lookups.sent(session, row.id, scheme, number, "4.0")
            lookups.completed(session, row.id, scheme, number, "4.0", {}, annotation=gff)
            session.execute(_TEXT, {"barcode": row.barcode, "gff": gff})
            texts[row.barcode] = gff
            if allele_positions.gff(session, row.barcode, SCHEME) != gff:
                raise AssertionError("the GFF did not come back")
    with engine.transaction(SPECIES) as session:
        session.execute(text("ANALYZE"))
    return texts


def _gff(chance: random.Random, prefix: str) -> str:
    """Return what the node writes: 2 % of the loci are new, 2 % missing, 1 % doubled."""
    lengths = {f"{prefix}_{number}": 60_000 for number in range(1, CONTIGS + 1)}
    statuses = [*[Status.EXACT] * 95, *[Status.NEW] * 2, *[Status.MISSING] * 2, Status.DUPLICATED]
    calls = []
    for name in NAMES:
        status = chance.choice(statuses)
        places = [_place(chance, list(lengths), status) for _ in range(status is not Status.MISSING)]
        calls.append(Call(name, status, tuple(places * (2 if status is Status.DUPLICATED else 1))))
    written = "".join(f"{line}\n" for line in gff_lines(calls, lengths, prefix))
    return written.replace("allele=new", "allele=1000001")


def _place(chance: random.Random, contigs: list[str], status: Status) -> Found:
    start, length = chance.randrange(58_000), 3 * chance.randrange(50, 600)
    number = chance.randrange(1, 2000) if status is Status.EXACT else None
    bases = "".join(chance.choices("ACGT", k=30))
    return Found(
        contig=chance.choice(contigs), start=start, end=start + length, strand=chance.choice("+-"), sequence=bases,
        number=number, identity=1.0 if number else 0.9931, coverage=1.0, whole=True, broken=False,
    )  # fmt: skip


@contextmanager
def _database() -> Iterator[None]:
    """A server of its own, with one species."""
    folder = Path(tempfile.mkdtemp(prefix="crobot-bench-loci-"))
    servers = embedded.servers(folder)
    try:
        with scratch_database(make_url(servers.database_url)) as empty:
            former = engine.configure(lambda: empty.url.render_as_string(hide_password=False))
            migrate.upgrade()
            registry.add_species(SPECIES, SPECIES, "Salmonella", "BEN", [], ["Salmonella"])
            try:
                yield
            finally:
                engine.engine().dispose()
                if former is not None:
                    engine.configure(former)
    finally:
        embedded.release()
        shutil.rmtree(folder, ignore_errors=True)


def _value(query: object) -> float:
    with engine.transaction(SPECIES) as session:
        return float(session.execute(query).scalar_one())  # type: ignore[call-overload]
