import random
import threading
from itertools import count

import pytest
from sqlalchemy import func, select, text

from crobot_errors import BadInput
from db.engine import retrying, transaction
from db.species import Assembly, AssemblyStatus, Strain, StrainArchive, Trace
from db.species.assemblies import AssemblyRecord, find_assembly, record_assembly
from db.species.strains import TraceIds, add_strain_with_reads

pytestmark = pytest.mark.usefixtures("two_species")
_numbers = count(1)


def random_text(length: int) -> str:
    """A text that does not become small when it is compressed."""
    return random.Random(1).randbytes(length // 2).hex()


def record(passed: bool = True, **values) -> AssemblyRecord:
    return AssemblyRecord(
        job_id=next(_numbers),
        pipeline_version="4.0",
        file_pointer="/outputs/1.fasta",
        passed=passed,
        **values,
    )


def add(strain: str, reads: list[str], user_id: int = 0) -> TraceIds:
    with transaction("senterica") as session:
        return add_strain_with_reads(session, strain, reads, user_id)


def test_strain_and_reads_get_barcodes_from_their_numbers() -> None:
    added = add("SL483", ["ERR000001"])
    assert added.strain_barcode == f"SAL_AA{added.strain_id:04d}AA_SS"
    assert added.trace_barcode == f"SAL_AA{added.trace_id:04d}AA_TR"


def test_the_same_reads_again_are_the_same_trace() -> None:
    files = ["/reads/b_1.fastq.gz", "/reads/b_2.fastq.gz"]
    assert add("B", files) == add("B", files)


def test_a_strain_can_have_several_read_sets_and_two_users_strains_of_one_name() -> None:
    first, second = add("C", ["ERR000003"]), add("C", ["ERR000004"])
    assert first.strain_id == second.strain_id
    assert first.trace_id != second.trace_id
    assert add("C", ["ERR000005"], user_id=2).strain_id != first.strain_id


def test_reads_of_another_strain_are_refused_by_name() -> None:
    add("D", ["ERR000006"])
    with pytest.raises(BadInput, match=r"the reads ERR000006 belong to the strain 'D' \(SAL_.*\), not 'E'"):
        add("E", ["ERR000006"])
    with transaction("senterica") as session:
        assert session.scalar(select(func.count()).where(Strain.strain == "E")) == 0


@pytest.mark.parametrize(
    "name", ["", "  ", "a\nb", "a\n", "a\0b", "a\x1bb", "a\x85", "a\udcff", "a\u200bb", "x" * 201]
)
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot name a strain") as refused:
        add(name, ["ERR000007"])
    assert str(refused.value).startswith(repr(name))


@pytest.mark.parametrize("name", ["São Paulo 7/b", "O157:H7 (str. 'Sakai'); #2", "ČSN-12 α", "株", "x" * 200])
def test_a_name_may_have_spaces_accents_and_punctuation(name: str) -> None:
    added = add(f" {name} ", [f"ERR{200_000 + next(_numbers)}"])
    with transaction("senterica") as session:
        assert session.get_one(Strain, added.strain_id).strain == name


@pytest.mark.parametrize(
    "path", ["", "/reads/a\udcff.fastq", "/reads/a\0.fastq", "/reads/a\n.fastq", "/" + random_text(4000)]
)
@pytest.mark.parametrize("place", [0, 1])
def test_files_whose_names_cannot_be_stored_are_refused_before_anything_is(path: str, place: int) -> None:
    files = ["/reads/1.fastq", "/reads/1.fastq"]
    files[place] = path
    with transaction("senterica") as session:
        with pytest.raises(
            BadInput, match="cannot be stored as the name of reads: rename the file"
        ) as refused:
            add_strain_with_reads(session, "no such strain", files)
        assert str(refused.value).startswith(repr(path))
        assert session.scalar(select(func.count()).where(Strain.strain == "no such strain")) == 0


def test_many_senders_of_the_same_reads_make_one_trace() -> None:
    added = []

    def work(strain: int) -> None:
        added.append(retrying(lambda: add(f"F{strain % 3}", [f"ERR10000{strain % 3}"])))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(added) == 20
    assert len(set(added)) == 3


def test_an_assembly_that_passes_becomes_its_strains_best_one() -> None:
    added = add("G", ["ERR000008"])
    with transaction("senterica") as session:
        row = record_assembly(
            session, record(n50=121_000, stats={"n50": {"value": 121_000}}), [added.trace_id], 5
        )
    with transaction("senterica") as session:
        strain = session.get_one(Strain, added.strain_id)
        assert (strain.best_assembly, strain.modified_by) == (row.id, 5)
        assembly = find_assembly(session, row.barcode)
        assert (assembly.status, assembly.n50) == (AssemblyStatus.ASSEMBLED, 121_000)
        assert [trace.id for trace in assembly.traces] == [added.trace_id]


def test_an_assembly_that_fails_is_recorded_but_not_used() -> None:
    added = add("H", ["ERR000009"])
    with transaction("senterica") as session:
        row = record_assembly(session, record(passed=False), [added.trace_id])
    with transaction("senterica") as session:
        assert find_assembly(session, row.barcode).status is AssemblyStatus.FAILED_QA
        assert session.get_one(Strain, added.strain_id).best_assembly is None


def test_recording_the_same_job_twice_gives_one_assembly() -> None:
    added, found = add("I", ["ERR000010"]), record()
    with transaction("senterica") as session:
        first = record_assembly(session, found, [added.trace_id])
        assert record_assembly(session, found, [added.trace_id]) == first


@pytest.mark.parametrize(
    ("barcode", "said"),
    [
        ("SAL_ZZ0001ZZ_AS", "no assembly"),
        ("ESC_AA0001AA_AS", "another species"),
        ("SAL_AA0001AA_ST", "kind ST"),
    ]
    + [("SAL_AA0001AA_AS; ls", "not a barcode")],
)
def test_a_barcode_that_leads_nowhere_is_refused(barcode: str, said: str) -> None:
    with pytest.raises(BadInput, match=said), transaction("senterica") as session:
        find_assembly(session, barcode)


def history(session, strain_id: int) -> list[tuple[int, str, int]]:
    query = select(StrainArchive).where(StrainArchive.row_id == strain_id).order_by(StrainArchive.version)
    return [(row.version, row.data["strain"], row.archived_by) for row in session.scalars(query)]


def test_every_former_version_of_a_row_is_archived_with_its_number_and_user() -> None:
    added = add("J1", ["ERR000011"])
    for name, user_id in (("J2", 3), ("J3", 4)):
        with transaction("senterica") as session:
            strain = session.get_one(Strain, added.strain_id)
            strain.strain, strain.modified_by = name, user_id
    with transaction("senterica") as session:
        strain = session.get_one(Strain, added.strain_id)
        assert (strain.version, strain.modified_by) == (3, 4)
        assert strain.modified_at > strain.created_at
        assert history(session, added.strain_id) == [(1, "J1", 3), (2, "J2", 4)]


def test_a_deleted_row_is_archived_and_an_unchanged_one_is_not() -> None:
    added = add("K", ["ERR000012"])
    with transaction("senterica") as session:
        session.execute(
            text("UPDATE senterica.strains SET strain = strain WHERE id = :id"), {"id": added.strain_id}
        )
        assert history(session, added.strain_id) == []
        session.execute(text("SET LOCAL crobot.user_id = '9'"))
        session.delete(session.get_one(Trace, added.trace_id))
        session.flush()
        session.delete(session.get_one(Strain, added.strain_id))
    with transaction("senterica") as session:
        assert history(session, added.strain_id) == [(1, "K", 9)]


def test_two_species_have_their_own_numbers_and_archives() -> None:
    with transaction("ecoli") as session:
        added = add_strain_with_reads(session, "K-12", ["ERR000001"])
        record_assembly(session, record(), [added.trace_id])
    with transaction("ecoli") as session:
        assert added.strain_barcode == "ESC_AA0001AA_SS"
        assert history(session, added.strain_id) == [(1, "K-12", 0)]
        assert session.scalar(select(func.count(Assembly.id))) == 1
