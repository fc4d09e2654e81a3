import threading
from collections.abc import Iterator

import pytest

from crobot_errors import UnknownJob
from db.engine import transaction
from db.species import LookupStatus, assemblies, lookups, schemes

pytestmark = pytest.mark.usefixtures("two_species")
_jobs = iter(range(1, 10_000))


@pytest.fixture
def ids() -> Iterator[tuple[int, int]]:
    """A new assembly, and the scheme snp_calls."""
    record = assemblies.AssemblyRecord(
        job_id=next(_jobs), pipeline_version="4.0", file_pointer="/a", passed=True
    )
    with transaction("senterica") as session:
        assembly = assemblies.record_assembly(session, record, [])
        scheme = schemes.find_scheme(session, "snp_calls").id
    return assembly.id, scheme


def change(what, *args, **kwargs) -> None:
    with transaction("senterica") as session:
        what(session, *args, **kwargs)


def look(ids: tuple[int, int], reference: str = ""):
    with transaction("senterica") as session:
        found = lookups.find_lookup(session, *ids, reference)
        assert found is not None
        session.expunge(found)
        return found


def test_a_job_is_sent_and_completed(ids: tuple[int, int]) -> None:
    change(lookups.sent, *ids, 7, "4.0")
    assert look(ids).status is LookupStatus.QUEUED
    change(lookups.completed, *ids, 7, "4.1", {"ST": 13}, st_barcode="SAL_AA0013AA_ST", annotation="##gff")
    found = look(ids)
    assert (found.status, found.version, found.st_barcode) == (
        LookupStatus.COMPLETE,
        "4.1",
        "SAL_AA0013AA_ST",
    )
    assert found.other_data == {
        "job_id": 7,
        "job_count": 1,
        "complete_count": 1,
        "queued_count": 0,
        "fail_count": 0,
        "results": {"ST": 13},
    }


def test_a_failure_is_counted_and_keeps_the_former_result(ids: tuple[int, int]) -> None:
    change(lookups.sent, *ids, 7, "4.0")
    change(lookups.completed, *ids, 7, "4.0", {"ST": 13})
    change(lookups.sent, *ids, 8, "4.1")
    change(lookups.failed, *ids, 8, "no loci found")
    found = look(ids)
    assert found.status is LookupStatus.FAILED
    assert (found.fail_count, found.queued_count, found.job_count, found.job_id) == (1, 0, 2, 8)
    assert found.results == {"ST": 13, "error": "no loci found", "error_job_id": 8}
    change(lookups.sent, *ids, 9, "4.1")
    change(lookups.completed, *ids, 9, "4.1", {"ST": 14})
    assert look(ids).results == {"ST": 14}


def test_a_cancelled_job_counts_as_no_failure_and_the_former_result_stands_again(
    ids: tuple[int, int],
) -> None:
    change(lookups.sent, *ids, 7, "4.0")
    change(lookups.cancelled, *ids, 7)
    assert (look(ids).status, look(ids).fail_count, look(ids).queued_count) == (LookupStatus.FAILED, 0, 0)
    change(lookups.sent, *ids, 8, "4.0")
    change(lookups.completed, *ids, 8, "4.0", {"ST": 13})
    change(lookups.sent, *ids, 9, "4.0")
    change(lookups.cancelled, *ids, 9)
    assert (look(ids).status, look(ids).results) == (LookupStatus.COMPLETE, {"ST": 13})


def test_while_another_job_is_live_it_stays_queued(ids: tuple[int, int]) -> None:
    change(lookups.sent, *ids, 7, "4.0")
    change(lookups.sent, *ids, 8, "4.0")
    change(lookups.cancelled, *ids, 7)
    assert (look(ids).status, look(ids).queued_count) == (LookupStatus.QUEUED, 1)


def test_a_result_can_be_read_while_another_job_is_live_and_is_complete_with_the_last(
    ids: tuple[int, int],
) -> None:
    change(lookups.sent, *ids, 7, "4.0")
    change(lookups.sent, *ids, 8, "4.0")
    change(lookups.completed, *ids, 7, "4.0", {"ST": 13})
    found = look(ids)
    assert (found.status, found.queued_count, found.results) == (LookupStatus.QUEUED, 1, {"ST": 13})
    change(lookups.completed, *ids, 8, "4.0", {"ST": 13})
    assert (look(ids).status, look(ids).queued_count) == (LookupStatus.COMPLETE, 0)


def test_snp_calls_has_one_row_a_reference_and_other_schemes_one(ids: tuple[int, int]) -> None:
    first, second = "SAL_AA0001AA_AS", "SAL_AA0002AA_AS"
    change(lookups.sent, *ids, 7, "1.0", first)
    change(lookups.sent, *ids, 8, "1.0", second)
    change(lookups.completed, *ids, 7, "1.0", {"file_pointer": "/x.gff"}, reference=first)
    assert (look(ids, first).status, look(ids, first).st_barcode) == (LookupStatus.COMPLETE, first)
    assert (look(ids, second).status, look(ids, second).st_barcode) == (LookupStatus.QUEUED, second)


def test_what_was_never_sent_cannot_end(ids: tuple[int, int]) -> None:
    with pytest.raises(UnknownJob, match="job 7: nothing was ever sent"):
        change(lookups.completed, *ids, 7, "1.0", {})


def test_counters_are_right_after_many_changes_at_once(ids: tuple[int, int]) -> None:
    def work() -> None:
        for job_id in range(10):
            change(lookups.sent, *ids, job_id, "1.0")
            change(lookups.completed, *ids, job_id, "1.0", {"n": job_id})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = look(ids)
    assert (found.job_count, found.complete_count, found.queued_count) == (80, 80, 0)
