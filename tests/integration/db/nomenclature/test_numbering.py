import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from crobot_errors import BadInput, UnknownScheme
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs import NomenclatureJob
from crobot_tasks.lifecycle.calls.new_job import NewJob, Own, Shared
from db import nomenclature
from db.engine import engine, retrying, transaction
from db.nomenclature import LOCAL_OFFSET, number_alleles, number_profile
from db.species import Allele, Locus, SequenceType, allele_positions, assemblies, lookups, schemes
from tests.processes import wait_for
from workers.storage import output_dir

pytestmark = pytest.mark.usefixtures("two_species")

LOCI = ("aroC", "dnaN", "hemD")
_schemes = count(1)
_jobs = count(900)


def sequence(seed: object, length: int = 60) -> str:
    return "".join(random.Random(str(seed)).choices("ACGT", k=length))


def published(numbers: range) -> list[tuple[str, int, str]]:
    return [(locus, number, sequence((locus, number))) for locus in LOCI for number in numbers]


PROFILES = [(1, (1, 1, 1)), (2, (1, 2, 1)), (7, (3, 2, 0))]


def import_release(name: str, alleles, profiles=PROFILES, loci=LOCI) -> str:
    with transaction("senterica") as session:
        return nomenclature.import_scheme(session, name, f"MLST {name}", name, loci, alleles, profiles)


@pytest.fixture
def scheme() -> str:
    """A scheme of three loci with three alleles each and three sequence types."""
    name = f"scheme_{next(_schemes)}"
    import_release(name, published(range(1, 4)))
    return name


def number(scheme: str, sequences: dict[str, str]) -> dict[str, int]:
    with transaction("senterica") as session:
        return number_alleles(session, scheme, sequences)


def st(scheme: str, alleles: tuple[int, ...]) -> tuple[int | None, str]:
    with transaction("senterica") as session:
        return number_profile(session, scheme, dict(zip(LOCI, alleles, strict=True)))[:2]


def export(scheme: str) -> tuple[str, list[tuple[str, int, str]]]:
    with transaction("senterica") as session:
        exported = nomenclature.export(session, scheme)
        return exported.version, list(exported.alleles)


def test_imported_numbers_are_found_again(scheme: str) -> None:
    asked = {locus: sequence((locus, 2)).lower() for locus in LOCI}
    assert number(scheme, asked) == dict.fromkeys(LOCI, 2)
    assert st(scheme, (1, 2, 1)) == (2, "SAL_AA0002AA_ST")


def test_new_alleles_and_profiles_get_numbers_above_the_published_ones_and_keep_them(scheme: str) -> None:
    new = {"aroC": sequence("new"), "dnaN": sequence("new")}
    assert number(scheme, new) == {"aroC": LOCAL_OFFSET + 1, "dnaN": LOCAL_OFFSET + 1}
    assert number(scheme, {"aroC": sequence("newer")}) == {"aroC": LOCAL_OFFSET + 2}
    assert number(scheme, new) == {"aroC": LOCAL_OFFSET + 1, "dnaN": LOCAL_OFFSET + 1}
    assert st(scheme, (LOCAL_OFFSET + 1, 1, 1)) == (LOCAL_OFFSET + 1, "SAL_WD0001AA_ST")
    assert st(scheme, (LOCAL_OFFSET + 1, 1, 1)) == (LOCAL_OFFSET + 1, "SAL_WD0001AA_ST")
    assert st(scheme, (LOCAL_OFFSET + 1, 2, 1))[0] == LOCAL_OFFSET + 2


@pytest.mark.parametrize("profile", [(1, 1, 0), (3, 2, 0), (1, -2, 1)])
def test_an_incomplete_profile_has_no_sequence_type(scheme: str, profile: tuple[int, ...]) -> None:
    assert st(scheme, profile) == (None, "")


def test_a_number_is_not_lost_when_its_transaction_is_undone(scheme: str) -> None:
    def undone() -> None:
        with transaction("senterica") as session:
            assert number_alleles(session, scheme, {"aroC": sequence("lost")}) == {"aroC": LOCAL_OFFSET + 1}
            number_profile(session, scheme, dict.fromkeys(LOCI, 3))
            raise BadInput("no")

    with pytest.raises(BadInput):
        undone()
    assert number(scheme, {"aroC": sequence("other")}) == {"aroC": LOCAL_OFFSET + 1}
    assert st(scheme, (2, 2, 2))[0] == LOCAL_OFFSET + 1


def test_twenty_threads_with_overlapping_sequences_give_one_number_each(scheme: str) -> None:
    pool = [sequence(("thread", seed)) for seed in range(30)]
    given: list[tuple[str, str, int]] = []
    sts: list[tuple[tuple[int, ...], int]] = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(8):
            wanted = {locus: rng.choice(pool) for locus in rng.sample(LOCI, 3)}

            def finish(wanted: dict[str, str] = wanted) -> tuple[dict[str, int], int | None]:
                with transaction("senterica") as session:
                    numbers = number_alleles(session, scheme, wanted)
                    return numbers, number_profile(session, scheme, numbers).number

            numbers, st_number = retrying(finish)
            given.extend((locus, wanted[locus], numbers[locus]) for locus in wanted)
            sts.append((tuple(numbers[locus] for locus in LOCI), st_number or 0))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sts) == 160
    for locus in LOCI:
        pairs = {(text, given_number) for name, text, given_number in given if name == locus}
        assert len({text for text, _ in pairs}) == len(pairs)
        assert sorted(n for _, n in pairs) == list(range(LOCAL_OFFSET + 1, LOCAL_OFFSET + 1 + len(pairs)))
    assert sorted(n for _, n in set(sts)) == list(range(LOCAL_OFFSET + 1, LOCAL_OFFSET + 1 + len(set(sts))))


def test_the_same_release_again_changes_nothing(scheme: str) -> None:
    before = export(scheme)
    assert import_release(scheme, published(range(1, 4))) == before[0]
    assert export(scheme) == before


def test_a_newer_release_adds_what_is_new(scheme: str) -> None:
    version, alleles = export(scheme)
    newer = import_release(scheme, published(range(1, 6)), [*PROFILES, (9, (5, 5, 5))])
    assert newer != version
    assert [allele for allele in export(scheme)[1] if allele[1] < 4] == alleles
    assert st(scheme, (5, 5, 5))[0] == 9


def test_equal_content_has_equal_digests_in_the_version() -> None:
    first, second = (import_release(f"equal_{n}", published(range(1, 4))) for n in (1, 2))
    assert first == second
    assert import_release("equal_3", published(range(1, 5))).split(".")[1] != first.split(".")[1]


def test_local_alleles_reach_nodes_with_the_next_release_only(scheme: str) -> None:
    before = export(scheme)
    number(scheme, {"aroC": sequence("local")})
    assert export(scheme) == before
    with transaction("senterica") as session:
        version = nomenclature.publish(session, scheme)
        assert nomenclature.publish(session, scheme) == version
    assert version.startswith("2.")
    assert ("aroC", LOCAL_OFFSET + 1, sequence("local")) in export(scheme)[1]


def test_a_release_that_names_local_alleles_and_types_takes_their_place(scheme: str) -> None:
    local = number(scheme, {"aroC": sequence(("aroC", 9))})["aroC"]
    local_st, barcode = st(scheme, (local, 1, 1))
    lookup = complete_lookup(scheme, barcode)
    import_release(
        scheme, [*published(range(1, 4)), ("aroC", 9, sequence(("aroC", 9)))], [*PROFILES, (33, (9, 1, 1))]
    )
    assert number(scheme, {"aroC": sequence(("aroC", 9))}) == {"aroC": 9}
    assert st(scheme, (9, 1, 1)) == (33, "SAL_AA0033AA_ST")
    with transaction("senterica") as session:
        assert lookups.find_lookup(session, *lookup).st_barcode == "SAL_AA0033AA_ST"
        assert (
            session.scalar(select(Allele.number).where(Allele.former_number == local, Allele.number == 9))
            == 9
        )
        assert session.scalar(select(SequenceType.number).where(SequenceType.former_number == local_st)) == 33
    assert number(scheme, {"aroC": sequence("later")}) == {"aroC": local + 1}, (
        "a local number is never given again"
    )
    assert st(scheme, (local + 1, 1, 1))[0] == local_st + 1


def complete_lookup(scheme: str, barcode: str) -> tuple[int, int]:
    with transaction("senterica") as session:
        record = assemblies.AssemblyRecord(
            job_id=next(_jobs), pipeline_version="4", file_pointer="/a", passed=True
        )
        assembly = assemblies.record_assembly(session, record, []).id
        scheme_id = nomenclature.find_scheme(session, scheme).id
        lookups.sent(session, assembly, scheme_id, 1, "4")
        lookups.completed(session, assembly, scheme_id, 1, "4", {}, st_barcode=barcode)
    return assembly, scheme_id


def adopt(scheme: str, profiles=()) -> None:
    """A release comes in that has the local allele of these tests as aroC 55."""
    alleles = [*published(range(1, 4)), ("aroC", 55, sequence(("aroC", 55)))]
    import_release(scheme, alleles, [*PROFILES, *profiles])


def profiles_with(scheme: str, allele: int) -> list[int]:
    """The sequence types that have this allele of aroC."""
    with transaction("senterica") as session:
        query = select(SequenceType.number).where(SequenceType.profile[1] == allele)
        row = nomenclature.find_scheme(session, scheme)
        return list(session.scalars(query.where(SequenceType.scheme_id == row.id)))


@pytest.mark.parametrize(("others", "expected"), [((1, 1), 33), ((2, 2), LOCAL_OFFSET + 1), ((0, 1), None)])
def test_a_node_that_still_reports_a_replaced_number_gets_the_published_one(
    scheme: str, others: tuple[int, int], expected: int | None
) -> None:
    local = number(scheme, {"aroC": sequence(("aroC", 55))})["aroC"]
    adopt(scheme, [(33, (55, 1, 1))])
    with transaction("senterica") as session:
        found = number_profile(session, scheme, dict(zip(LOCI, (local, *others), strict=True)))
    assert found.number == expected
    assert found.alleles == dict(zip(LOCI, (55, *others), strict=True))
    assert profiles_with(scheme, local) == []


def test_a_local_number_of_one_locus_says_nothing_about_another(scheme: str) -> None:
    local = number(scheme, {"aroC": sequence(("aroC", 55))})["aroC"]
    assert number(scheme, {"dnaN": sequence("mine")}) == {"dnaN": local}
    adopt(scheme)
    with transaction("senterica") as session:
        alleles = {"aroC": local, "dnaN": local, "hemD": 1}
        assert number_profile(session, scheme, alleles).alleles == alleles | {"aroC": 55}


def release_comes_in(pool: ThreadPoolExecutor, scheme: str, profiles=()) -> Future[None]:
    """A release that is stored already, or waits for the numbers' lock."""
    release = pool.submit(adopt, scheme, profiles)
    wait_for("the release to end or to wait", lambda: release.done() or lock_is_waited_for())
    return release


def lock_is_waited_for() -> bool:
    with engine().connect() as connection:
        waiting = text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return bool(connection.scalar(waiting))


def test_a_release_between_alleles_and_profile_waits_and_mixes_no_numbers(scheme: str) -> None:
    local = number(scheme, {"aroC": sequence(("aroC", 55))})["aroC"]
    with ThreadPoolExecutor(1) as pool, transaction("senterica") as session:
        numbers = number_alleles(session, scheme, {"aroC": sequence(("aroC", 55))})
        release = release_comes_in(pool, scheme)
        found = number_profile(session, scheme, numbers | {"dnaN": 2, "hemD": 2})
        assert found.alleles["aroC"] == numbers["aroC"]
    release.result(30)
    assert profiles_with(scheme, local) == []
    assert st(scheme, (55, 2, 2)) == (found.number, found.barcode)


def test_a_release_after_an_incomplete_profile_waits_and_mixes_no_numbers(scheme: str) -> None:
    local = number(scheme, {"aroC": sequence(("aroC", 55))})
    with ThreadPoolExecutor(1) as pool, transaction("senterica") as session:
        assert number_profile(session, scheme, local).alleles == local
        release = release_comes_in(pool, scheme)
        assert number_alleles(session, scheme, {"aroC": sequence(("aroC", 55))}) == local
    release.result(30)
    assert number(scheme, {"aroC": sequence(("aroC", 55))}) == {"aroC": 55}


def test_a_release_that_names_a_local_type_while_a_result_is_written_replaces_its_barcode(
    scheme: str,
) -> None:
    assert st(scheme, (1, 1, 2))[0] == LOCAL_OFFSET + 1
    with ThreadPoolExecutor(1) as pool, transaction("senterica") as session:
        found = number_profile(session, scheme, dict(zip(LOCI, (1, 1, 2), strict=True)))
        release = release_comes_in(pool, scheme, [(33, (1, 1, 2))])
        lookup = complete_lookup(scheme, found.barcode)
    release.result(30)
    with transaction("senterica") as session:
        assert lookups.find_lookup(session, *lookup).st_barcode == "SAL_AA0033AA_ST"


GFF = "##gff-version 3\nc1\tcrobot\tsequence_feature\t1\t60\t1.0\t+\t.\tID=x;locus=aroC;allele={};status={}\n"


@pytest.mark.parametrize("status", ["exact", "new"])
def test_a_job_writes_the_published_number_of_what_the_node_knew_by_a_local_one(
    scheme: str, status: str
) -> None:
    local = number(scheme, {"aroC": sequence(("aroC", 55))})["aroC"]
    job, key = typing_job(scheme)
    adopt(scheme, [(33, (55, 1, 1))])
    known = None if status == "new" else local
    gff = output_dir(storage_root(), job.number, 1) / "alleles.gff"
    gff.parent.mkdir(parents=True)
    gff.write_text(GFF.format(known or "new", status))
    call = {"locus": "aroC", "status": status, "sequence": sequence(("aroC", 55))}
    alleles = {"aroC": known, "dnaN": 1, "hemD": 1}
    results = {"scheme": scheme, "scheme_version": "2", "alleles": alleles, "calls": [call]}
    result = {"results": results, "outputs": {"gff": str(gff)}}
    outputs = job.read_outputs(result)
    with transaction("senterica") as session:
        job.process_job(session, result, outputs)
    with transaction("senterica") as session:
        row = lookups.find_lookup(session, *key)
        assert (row.results["alleles"], row.results["ST"]) == ({"aroC": 55, "dnaN": 1, "hemD": 1}, 33)
        assert row.st_barcode == "SAL_AA0033AA_ST"
        annotation = allele_positions.gff(session, job.assembly_barcode, job.context["scheme"])
        assert annotation == GFF.format(55, status)


def typing_job(scheme: str) -> tuple[NomenclatureJob, tuple[int, int]]:
    """A job that was sent for a new assembly, and what it is about in assembly_lookup."""
    record = assemblies.AssemblyRecord(
        job_id=next(_jobs), pipeline_version="4", file_pointer="/a", passed=True
    )
    with transaction("senterica") as session:
        row = assemblies.record_assembly(session, record, [])
        job = NomenclatureJob(
            scheme=nomenclature.find_scheme(session, scheme),
            database="senterica",
            assembly_barcode=row.barcode,
            assembly_filepointer="/a",
        )
        job.job_id = record.job_id
        shared = Shared(job.pipeline, type=job.type, database=job.database, version="4")
        sent = NewJob(shared, Own(str(uuid4()), "sent", tag=job.tag), job.context)
        NomenclatureJob.parked(session, [(job.job_id, sent)])
        return job, (job.key["assembly_id"], job.key["scheme_id"])


@pytest.mark.parametrize(
    ("alleles", "profiles", "said"),
    [
        ([("aroC", 1, sequence("changed"))], [], "allele 1 of aroC has another sequence than before"),
        ([("aroC", 8, sequence(("aroC", 1)))], [], "alleles 1 and 8 of aroC have the same sequence"),
        ([("xyzA", 1, "ACGT")], [], "the alleles name a locus 'xyzA'"),
        ([("aroC", 0, "ACGT")], [], "allele 0 of aroC: published numbers are 1 to 1000000"),
        ([("aroC", 1_000_001, "ACGT")], [], "those above are given here"),
        ([("aroC", 8, "ACGT>x")], [], "is not a nucleotide sequence"),
        ([("aroC", 8, "")], [], "is not a nucleotide sequence"),
        ([], [(1, (2, 2, 2))], "ST 1 has another profile than before"),
        ([], [(8, (2, 2))], "ST 8 has 2 alleles, the scheme 3 loci"),
        ([], [(8, (2, 2, -1))], "ST 8 has an allele number outside"),
        ([("aroC", 8, "ACGTA")], [(0, (2, 2, 2))], "ST 0: published numbers are"),
    ],
)
def test_a_release_that_contradicts_itself_or_the_former_one_is_refused_whole(
    scheme: str, alleles: list, profiles: list, said: str
) -> None:
    before = export(scheme)
    with pytest.raises(BadInput, match=said):
        import_release(scheme, alleles, profiles)
    assert export(scheme) == before


def test_other_loci_are_another_scheme(scheme: str) -> None:
    with pytest.raises(BadInput, match="other loci, or another order, are another scheme"):
        import_release(scheme, [], [], ("aroC", "hemD", "dnaN"))
    with pytest.raises(BadInput, match="names a locus twice"):
        import_release(f"{scheme}_b", [], [], ("aroC", "aroC"))
    with pytest.raises(BadInput, match="cannot name a scheme"):
        import_release("../x", [], [])


def test_what_is_asked_of_no_scheme_or_locus_is_refused(scheme: str) -> None:
    with pytest.raises(
        UnknownScheme, match=r"'senterica' has no nomenclature scheme 'nope': there are .*scheme_1"
    ):
        number("nope", {})
    with pytest.raises(BadInput, match=f"not loci of the scheme '{scheme}': xyzA"):
        number(scheme, {"xyzA": "ACGT"})
    with pytest.raises(BadInput, match="only have the letters ACGT"):
        number(scheme, {"aroC": "ACGTN"})


def test_two_species_number_apart(scheme: str) -> None:
    with transaction("ecoli") as session, pytest.raises(UnknownScheme):
        number_alleles(session, scheme, {})
    with transaction("ecoli") as session:
        nomenclature.import_scheme(
            session, scheme, "MLST", "MLST", LOCI, published(range(1, 3)), [(1, (1, 1, 1))]
        )
        assert number_alleles(session, scheme, {"aroC": sequence("mine")}) == {"aroC": LOCAL_OFFSET + 1}
        assert number_profile(session, scheme, dict.fromkeys(LOCI, 1))[:2] == (1, "ESC_AA0001AA_ST")
        assert schemes.schemes_to_call(session)[-1].param["scheme"] == scheme


def test_a_scheme_of_the_size_of_salmonella_mlst_comes_in_within_seconds() -> None:
    loci = tuple(f"locus{n}" for n in range(7))
    alleles = [(locus, n, sequence((locus, n), 450)) for locus in loci for n in range(1, 1_501)]
    rng = random.Random(1)
    profiles = [(n, tuple(rng.randint(1, 1_500) for _ in loci)) for n in range(1, 10_293)]
    started = time.monotonic()
    import_release("large", alleles, profiles, loci)
    assert time.monotonic() - started < 20
    with transaction("senterica") as session:
        query = select(func.count(Allele.id)).join(Locus, Locus.id == Allele.locus_id)
        scheme_id = nomenclature.find_scheme(session, "large").id
        assert session.scalar(query.where(Locus.scheme_id == scheme_id)) == 10_500
        types = select(func.count(SequenceType.id)).where(SequenceType.scheme_id == scheme_id)
        assert session.scalar(types) == 10_292
