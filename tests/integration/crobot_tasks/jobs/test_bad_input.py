"""What cannot work is refused when it is sent, with a message that says why, and nothing of it is stored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crobot_errors import (
    BadAccession,
    BadInput,
    BadPath,
    BadReads,
    CRobotError,
    UnknownJob,
    UnknownPipeline,
    UnknownScheme,
    UnknownSpecies,
    UnknownVersion,
)
from crobot_tasks.intake.reads import send_reads
from crobot_tasks.jobs import CRobotJob, NomenclatureJob, get_crobot_job
from db.engine import transaction
from db.species import Scheme, Strain, Trace
from db.species.schemes import find_scheme
from db.system import UserJob
from tests.processes import value


@pytest.fixture(autouse=True)
def nothing_stored(senterica: str) -> Iterator[None]:
    """No test of this module leaves a job, a strain or a read set."""
    before = stored()
    yield
    assert stored() == before


def stored() -> list[int]:
    with transaction("senterica") as session:
        tables = [
            session.scalar(select(func.count()).select_from(model)) or 0 for model in (Strain, Trace, UserJob)
        ]
    return [*tables, value("SELECT count(*) FROM crobot.jobs")]


def nomenclature(**changed: object) -> NomenclatureJob:
    """A nomenclature job of which something is changed."""
    with transaction("senterica") as session:
        given = {
            "scheme": find_scheme(session, "MLST_Achtman"),
            "database": "senterica",
            "assembly_barcode": "SAL_AA0001AA_AS",
            "assembly_filepointer": "/nowhere.fasta",
        }
        return NomenclatureJob(**given | changed)


@pytest.mark.parametrize(
    "accession", ["ERR1; rm -rf", "../ERR123456", "ERR123456\n", "", "err123456", "ERR123456 --help"]
)
def test_an_odd_accession_is_refused(senterica: str, strain: str, accession: str) -> None:
    with pytest.raises(BadInput):
        send_reads(senterica, strain, [[accession]])


def test_an_accession_of_the_wrong_form_says_what_is_expected(senterica: str, strain: str) -> None:
    with pytest.raises(BadAccession, match="such as ERR1234567"):
        send_reads(senterica, strain, [["ERR12"]])


def test_reads_outside_the_roots_are_refused(senterica: str, strain: str, tmp_path: Path) -> None:
    outside = [tmp_path / f"{mate}.fastq" for mate in (1, 2)]
    for path in outside:
        path.write_text("@a\nACGT\n+\nIIII\n")
    with pytest.raises(BadPath, match="outside the directories that jobs may read"):
        send_reads(senterica, strain, [list(map(str, outside))])


def test_a_link_out_of_the_roots_is_refused(
    senterica: str, strain: str, reads: list[str], tmp_path: Path
) -> None:
    outside = tmp_path / "reads.fastq.gz"
    Path(reads[0]).rename(outside)
    os.symlink(outside, reads[0])
    with pytest.raises(BadPath, match="outside"):
        send_reads(senterica, strain, [reads])


def test_a_truncated_file_is_refused(senterica: str, strain: str, reads: list[str]) -> None:
    Path(reads[1]).write_bytes(Path(reads[1]).read_bytes()[:100_000])
    with pytest.raises(BadReads, match="truncated"):
        send_reads(senterica, strain, [reads])


def test_a_species_that_is_not_there_is_refused(reads: list[str]) -> None:
    with pytest.raises(UnknownSpecies, match=r"no species 'ecoli'.*there are .*senterica"):
        send_reads("ecoli", "x", [reads])


@pytest.mark.parametrize(
    "params", [{"assembler": "velvet"}, {"min_contig": "300"}, {"prefix_": "x"}, {"kmers": [20]}]
)
def test_a_parameter_that_cannot_be_is_refused(
    senterica: str, strain: str, reads: list[str], params: dict[str, object]
) -> None:
    with pytest.raises(BadInput):
        send_reads(senterica, strain, [reads], params=params)


def test_a_version_that_is_not_known_is_refused(senterica: str, strain: str, reads: list[str]) -> None:
    with pytest.raises(UnknownVersion, match=r"3\.61 is not known"):
        send_reads(senterica, strain, [reads], version="3.61")


def test_a_pipeline_that_is_not_known_is_refused(senterica: str) -> None:
    job = CRobotJob(pipeline="velvet", type="QAssembly", tag="x", database=senterica)
    with pytest.raises(UnknownPipeline, match="known are .*QAssembly"):
        job.send_job()


def test_a_type_without_a_job_class_is_refused(senterica: str) -> None:
    job = CRobotJob(pipeline="probe", type="astrology", tag="x", database=senterica)
    with pytest.raises(BadInput, match="no job class processes 'astrology'"):
        job.send_job()


@pytest.mark.parametrize(
    "barcode", ["SAL_AA9999ZZ_AS", "ESC_AA0001AA_AS", "SAL_AA0001AA_ST", "SAL_AA0001AA_AS'; --", "../etc", ""]
)
def test_a_barcode_that_is_no_assembly_here_is_refused(senterica: str, barcode: str) -> None:
    with pytest.raises(BadInput):
        nomenclature(assembly_barcode=barcode)


def test_a_scheme_of_another_species_is_refused(senterica: str) -> None:
    with pytest.raises((UnknownScheme, BadInput)):
        nomenclature(scheme=Scheme(id=77, description="MLST_Elsewhere", name="", param={}))


def test_a_job_that_is_not_there_cannot_be_rebuilt(senterica: str) -> None:
    with pytest.raises(UnknownJob, match="there is no job 999999999"):
        get_crobot_job(999_999_999)


def test_an_error_is_one_of_ours(senterica: str, strain: str) -> None:
    with pytest.raises(CRobotError, match="there are no reads"):
        send_reads(senterica, strain, [])
