"""What a node remembers on disk, whatever is repeated, torn or set back."""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crobot_errors import BadInput
from crobot_tasks.node import spool as spool_module
from crobot_tasks.node.spool import MESSAGE_BYTES, Spool
from workers import scratch

ID = "17.1"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with closing(Spool(tmp_path)) as spool:
        yield spool


def over(spool: Spool, attempt_id: str) -> None:
    """Let it end, and its report be applied."""
    spool.end(attempt_id, {})
    spool.acknowledge(attempt_id)


def news(spool: Spool) -> bool:
    """Whether the courier is woken; takes the news."""
    readable, _, _ = select.select([spool.wake_fd], [], [], 0)
    return bool(readable and os.read(spool.wake_fd, 65536))


def test_an_attempt_begins_once(spool: Spool) -> None:
    assert spool.begin(ID)
    assert not spool.begin(ID)
    assert spool.at_work() == [ID]


def test_an_attempt_that_ended_does_not_begin_again(spool: Spool) -> None:
    spool.begin(ID)
    spool.end(ID, {"outcome": "ok"})
    assert not spool.begin(ID)
    assert spool.at_work() == []


def test_an_attempt_that_was_revoked_before_it_began_never_begins(spool: Spool) -> None:
    spool.end(ID, {"outcome": "cancelled"})
    assert not spool.begin(ID)
    assert spool.at_work() == []


def test_another_attempt_of_the_same_job_begins(spool: Spool) -> None:
    assert spool.begin(ID)
    assert spool.begin("17.2")


def test_the_first_report_on_an_attempt_counts(spool: Spool) -> None:
    spool.begin(ID)
    spool.end(ID, {"outcome": "ok"})
    spool.end(ID, {"outcome": "node_lost"}, must_fsync=True)
    assert spool.pending(9) == [(ID, {"id": ID, "outcome": "ok"})]
    spool.acknowledge(ID)
    spool.end(ID, {"outcome": "node_lost"})
    assert spool.reported() == []


def test_of_two_reports_written_at_once_the_first_counts(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def another_came_first(source: Path, name: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        spool.end(ID, {"outcome": "node_lost"})
        link(source, name)

    spool.begin(ID)
    monkeypatch.setattr(os, "link", another_came_first)
    spool.end(ID, {"outcome": "ok"})
    assert spool.pending(9) == [(ID, {"id": ID, "outcome": "ok"})]
    assert spool.at_work() == []


def test_a_report_that_was_cut_off_spoils_no_other(spool: Spool) -> None:
    spool.begin(ID)
    (spool.running / ID).write_text('\n{"id": "17.1", "outcome": "o')
    spool.end(ID, {"outcome": "node_lost"})
    assert spool.pending(9) == [(ID, {"id": ID, "outcome": "node_lost"})]


def test_an_attempt_is_one_file_from_its_begin_to_its_end(spool: Spool, today: Calendar) -> None:
    spool.begin(ID)
    number = (spool.running / ID).stat().st_ino
    spool.end(ID, {"outcome": "ok"})
    spool.acknowledge(ID)
    marker = (spool.begun / "2026-11-01" / ID).stat()
    assert (marker.st_ino, marker.st_size) == (number, 0)


def test_a_report_is_kept_until_it_is_acknowledged(spool: Spool) -> None:
    spool.end(ID, {"outcome": "ok"})
    assert spool.reported() == [ID]
    spool.acknowledge(ID)
    spool.acknowledge(ID)
    assert spool.reported() == []
    assert spool.pending(9) == []
    assert not spool.begin(ID)


def test_no_more_reports_are_read_than_asked_for(spool: Spool) -> None:
    for number in range(1, 6):
        spool.end(f"{number}.1", {})
    assert len(spool.pending(3)) == 3


@pytest.mark.parametrize("nonsense", ["", "../../17.1", "17", "17.1.json", "0.1", "17.0", "17.1\n"])
def test_nonsense_is_not_acknowledged(spool: Spool, tmp_path: Path, nonsense: str) -> None:
    spool.end(ID, {})
    spool.acknowledge(nonsense)
    assert spool.reported() == [ID]


def test_beginning_and_ending_wake_the_courier(spool: Spool) -> None:
    assert not news(spool)
    spool.begin(ID)
    assert news(spool)
    spool.end(ID, {})
    assert news(spool)
    assert not news(spool)


def test_more_news_than_the_pipe_holds_do_no_harm(spool: Spool) -> None:
    for _ in range(70_000):
        spool.wake()
    assert news(spool)


def test_reports_of_one_message_have_bounded_bytes_and_each_is_sent_in_the_end(spool: Spool) -> None:
    for number in range(1, 21):
        spool.end(f"{number}.1", {"result": "x" * (MESSAGE_BYTES // 8)})
    spool.end("21.1", {"result": "x" * 2 * MESSAGE_BYTES})
    sent: set[str] = set()
    while found := spool.pending(200, but=sent):
        assert len(found) == 1 or len(json.dumps(found)) < MESSAGE_BYTES
        sent |= {attempt_id for attempt_id, _ in found}
    assert sent == {f"{number}.1" for number in range(1, 22)}


def test_a_torn_report_is_dropped(spool: Spool) -> None:
    (spool.reports / f"{ID}.json").write_text('{"outcome": "o')
    spool.end("18.1", {"outcome": "ok"})
    assert [attempt_id for attempt_id, _ in spool.pending(9)] == ["18.1"]
    assert spool.reported() == ["18.1"]
    assert not spool.begin(ID)


def test_a_restart_forgets_what_ran_but_not_that_it_began(spool: Spool, tmp_path: Path) -> None:
    spool.begin(ID)
    spool.end("18.1", {"outcome": "ok"})
    spool.begin("19.1")
    os.link(spool.running / "19.1", spool.reports / "19.1.json")
    with closing(Spool(tmp_path)) as again:
        again.open()
        assert again.at_work() == []
        assert sorted(again.reported()) == ["18.1", "19.1"]
        again.acknowledge("18.1")
        again.acknowledge("19.1")
        assert again.reported() == []
        assert not any(map(again.begin, (ID, "18.1", "19.1")))


def test_one_directory_is_one_node(spool: Spool, tmp_path: Path) -> None:
    spool.open()
    with ProcessPoolExecutor(1) as another_process:
        opening = another_process.submit(opened, tmp_path)
        with pytest.raises(BadInput, match="a node is already running in .*; give this one another --name"):
            opening.result()


def test_incarnations_grow_even_if_the_clock_goes_back(tmp_path: Path) -> None:
    first = opened(tmp_path)
    ahead = f"{int(first) + 3_600_000:015d}"
    (tmp_path / "incarnation").write_text(ahead)
    second, third = opened(tmp_path), opened(tmp_path)
    assert first < ahead < second < third
    assert len({len(value) for value in (first, second, third)}) == 1


def test_incarnations_grow_even_if_the_directory_was_lost_or_the_file_is_torn(tmp_path: Path) -> None:
    first = opened(tmp_path / "a")
    time.sleep(0.002)  # incarnations are milliseconds
    second = opened(tmp_path / "b")
    (tmp_path / "b" / "incarnation").write_text("00017\x00")
    time.sleep(0.002)
    assert first < second < opened(tmp_path / "b")


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Iterator[Calendar]:
    calendar = Calendar()
    monkeypatch.setattr(spool_module, "datetime", calendar)
    return calendar


class Calendar:
    """A clock that stands at one day."""

    def __init__(self) -> None:
        self.day = datetime(2026, 11, 1, tzinfo=UTC)

    def now(self, zone: object) -> datetime:
        return self.day


def test_an_attempt_does_not_begin_again_on_a_later_day(spool: Spool, today: Calendar) -> None:
    over(spool, ID)
    today.day += timedelta(days=29)
    spool.tidy()
    assert not spool.begin(ID)


def test_markers_of_long_ago_are_forgotten_some_at_a_time(spool: Spool, today: Calendar) -> None:
    for number in range(1, 1502):
        over(spool, f"{number}.1")
    today.day += timedelta(days=31)
    over(spool, "2000.1")
    left = []
    for _ in range(3):
        spool.tidy()
        left.append([len(os.listdir(spool.begun / day)) for day in sorted(os.listdir(spool.begun))])
    assert left == [[501, 1], [1], [1]]
    assert spool.begin("1.1")
    assert not spool.begin("2000.1")


def test_markers_of_a_version_that_knew_no_days_are_kept(spool: Spool, tmp_path: Path) -> None:
    (spool.begun / ID).touch()
    with closing(Spool(tmp_path)) as again:
        again.open()
        again.tidy()
        assert not again.begin(ID)


def test_tidying_looks_at_no_marker_that_is_kept(spool: Spool, today: Calendar) -> None:
    for number in range(1, 30):
        over(spool, f"{number}.1")
        today.day += timedelta(days=1)
    looked = [entry for entry in audited(spool.tidy) if "begun" in entry]
    assert looked == [str(spool.begun)]


def test_an_attempt_that_begins_while_the_node_tidies_keeps_its_folder(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, beginning = (scratch.scratch_dir(tmp_path, number, 1) for number in (16, 17))
    scratch.make(killed, 0, no_room)
    at_work = spool.at_work

    def and_another_begins() -> list[str]:
        found = at_work()
        spool.begin(ID)
        scratch.make(beginning, 0, no_room)
        return found

    monkeypatch.setattr(spool, "at_work", and_another_begins)
    spool.tidy()
    assert (killed.exists(), beginning.exists()) == (False, True)


def audited(work: Callable[[], None]) -> list[str]:
    """The folders that are listed meanwhile."""
    listed: list[str] = []
    recording = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if recording and event in ("os.listdir", "os.scandir"):
            listed.append(str(arguments[0]))

    sys.addaudithook(hook)
    work()
    recording = False
    return listed


def test_only_reports_on_long_work_must_be_on_the_disk(spool: Spool) -> None:
    spool.begin(ID)
    assert not spool.must_fsync(ID)
    assert not spool.must_fsync("99.1")
    hour_ago = time.time() - 3600
    os.utime(spool.running / ID, (hour_ago, hour_ago))
    assert spool.must_fsync(ID)


def opened(folder: Path) -> str:
    """The incarnation of one life of a node, which ends at once."""
    with closing(Spool(folder)) as spool:
        return spool.open()


def test_a_node_is_stopping_from_the_order_to_its_next_start(spool: Spool) -> None:
    assert not spool.is_stopping()
    spool.stop()
    assert spool.is_stopping()
    spool.open()
    assert not spool.is_stopping()


def test_an_order_to_stop_that_comes_a_moment_later_is_waited_for(spool: Spool) -> None:
    order = threading.Timer(0.05, spool.stop)
    order.start()
    assert spool.is_stopping(within_s=10)
    order.join()


def no_room(path: Path) -> bool:
    """A node without a cache has nothing to evict."""
    return False
