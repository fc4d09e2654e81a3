"""A species so small that its jobs take no time: one locus, one allele, and assemblies of a few thousand bases."""

from __future__ import annotations

import gzip
import random
from itertools import count
from pathlib import Path
from uuid import uuid4

from crobot_tasks.broker import folders
from crobot_tasks.intake import reads
from crobot_tasks.jobs import NomenclatureJob, scheme_export
from db import registry
from db.engine import transaction
from db.species.assemblies import AssemblyRecord, record_assembly
from db.species.schemes import find_scheme
from tests.processes import query

SPECIES, SCHEME = "tiny", "MLST_Tiny"
_random = random.Random(1)
#: numbers of the jobs that would have made the assemblies
_makers = count(10**9)

# One row for each assembly and scheme whose counters are not what its jobs say.
_MISCOUNTED = f"""
    SELECT l.assembly_id, l.job_count, l.complete_count, l.fail_count, l.queued_count,
           j.sent, j.complete, j.failed, j.queued
    FROM (SELECT l.* FROM {SPECIES}.assembly_lookup l JOIN {SPECIES}.schemes s ON s.id = l.scheme_id
          WHERE s.description = '{SCHEME}') l FULL JOIN (
        SELECT CAST(context->>'assembly_id' AS bigint) AS assembly_id,
               CAST(context->>'scheme_id' AS bigint) AS scheme_id, CAST(count(*) AS int) AS sent,
               CAST(count(*) FILTER (WHERE state = 'COMPLETE') AS int) AS complete,
               CAST(count(*) FILTER (WHERE state = 'FAILED') AS int) AS failed,
               CAST(count(*) FILTER (WHERE finished_at IS NULL) AS int) AS queued
        FROM crobot.jobs WHERE database = '{SPECIES}' AND type LIKE 'nomenclature:%' GROUP BY 1, 2) j
      ON l.assembly_id = j.assembly_id AND l.scheme_id = j.scheme_id
    WHERE (l.job_count, l.complete_count, l.fail_count, l.queued_count)
          IS DISTINCT FROM (j.sent, j.complete, j.failed, j.queued)"""

# The log of all jobs says of each what the job's row says.
_MISNOTED = """
    SELECT j.id, j.state, u.status FROM (SELECT * FROM crobot.jobs WHERE type <> '') j
    FULL JOIN system.user_jobs u ON u.job_id = j.id
    WHERE CASE WHEN j.finished_at IS NULL THEN 'QUEUED' ELSE j.state END
          IS DISTINCT FROM split_part(u.status, ';', 1)"""


def add(folder: Path) -> None:
    """Add the species with its scheme."""
    registry.add_species(SPECIES, "Tiny tester", "Salmonella", "TIN", [], ["Salmonella"])
    alleles, profiles = folder / "one.tfa", folder / "profiles.txt"
    alleles.write_text(f">one_1\n{_ALLELE}\n")
    profiles.write_text("ST\tone\n1\t1\n")
    scheme_export.import_scheme(SPECIES, "tiny_1", SCHEME, "MLST", [alleles], profiles)


def typing_job() -> NomenclatureJob:
    """A real job on a new assembly, ready to send."""
    path = folders.storage_root() / "assemblies" / f"{uuid4()}.fasta"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f">contig1\n{_bases(1000)}{_ALLELE}{_bases(1000)}\n")
    with transaction(SPECIES) as session:
        record = AssemblyRecord(next(_makers), "1", str(path), passed=True)
        barcode = record_assembly(session, record, []).barcode
        scheme = find_scheme(session, SCHEME)
        return NomenclatureJob(
            scheme=scheme, database=SPECIES, assembly_barcode=barcode, assembly_filepointer=str(path)
        )


def send_reads() -> int:
    """Send reads that are really assembled, within seconds; returns the job's number."""
    folder = folders.storage_root() / "reads"
    folder.mkdir(exist_ok=True)
    name = str(uuid4())
    files = [folder / f"{name}_{mate}.fastq.gz" for mate in (1, 2)]
    with gzip.open(files[0], "wt") as first, gzip.open(files[1], "wt") as second:
        for number in range(_READS):
            at = _random.randrange(len(_GENOME) - _INSERT)
            piece = _GENOME[at : at + _INSERT]
            for file, bases in (first, piece), (second, piece[::-1].translate(_COMPLEMENT)):
                file.write(f"@r{number}\n{bases[:_READ]}\n+\n{'I' * _READ}\n")
    params = {"assembler": "megahit"}
    return reads.send_reads(SPECIES, name, [list(map(str, files))], params=params).number


def check_counters() -> None:
    """Recount from the jobs."""
    assert query(_MISCOUNTED) == []
    assert query(_MISNOTED) == []


def _bases(count: int) -> str:
    return "".join(_random.choices("ACGT", k=count))


_ALLELE = _bases(400)
_GENOME = _bases(20_000)
#: pairs, their length and their distance from end to end, in bases
_READS, _READ, _INSERT = 3000, 100, 400
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
