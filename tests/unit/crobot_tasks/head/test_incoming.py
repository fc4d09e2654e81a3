"""What nodes say, by type and size: odd parts are left out, and one odd report costs no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crobot_errors import BadInput, OutcomeKind
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.broker.formats import TRACEBACK_CHARACTERS, AttemptKey
from crobot_tasks.broker.json_values import revive
from crobot_tasks.broker.progress import META_BYTES, Progress
from crobot_tasks.head import incoming
from crobot_tasks.head.incoming_report import MOST_BYTES, MOST_NUMBERS, MOST_TOOLS, usage
from crobot_tasks.lifecycle.finishing.report import ResultFile
from workers.storage import output_dir

BEAT = {
    "format": 1, "node": "calc01", "incarnation": "17", "beat": 1, "cores": 2, "memory_bytes": 1, "disk_bytes": 1,
    "queued": 0, "software": "x", "pipelines": {"probe": "1.0"}, "missing": {}, "tags": [], "running": [], "held": [],
}  # fmt: skip


def report(**said: Any) -> Any:
    message = {"node": "calc01", "reports": [{"id": "17.1", "outcome": "ok"} | said]}
    return incoming.reports(message)[0]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"peak_memory_bytes": 1.2e9}, {"peak_memory_bytes": 1_200_000_000}),
        ({"peak_memory_bytes": 10**400}, {"peak_memory_bytes": MOST_BYTES}),
        ({"peak_memory_bytes": -1, "cpu_s": float("nan"), "wall_s": float("inf")}, {}),
        ({"cpu_s": 1.5, "wall_s": True, "more": "text", "deep": {"a": 1}}, {"cpu_s": 1.5}),
        ({"cpu_s": 10**400}, {"cpu_s": 1e15}),
        ({"x" * 1000: 1, 7: 1}, {}),
        ({"tools": [{"name": "blastn", "exit_code": -9, "cpu_s": 1, "odd": []}, 7]},
         {"tools": [{"name": "blastn", "exit_code": -9, "cpu_s": 1}]}),
        ({"tools": "blastn"}, {}),
        ("much", None),
        (None, None),
    ],
)  # fmt: skip
def test_of_a_usage_numbers_by_name_are_kept(said: Any, expected: Any) -> None:
    assert usage(said) == expected
    assert report(usage=said).usage == expected


def test_a_usage_has_no_more_numbers_and_tools_than_a_person_reads() -> None:
    found = usage({f"n{n}": n for n in range(1000)} | {"tools": [{"name": "a"}] * 1000})
    assert found is not None
    assert (len(found) - 1, len(found["tools"])) == (MOST_NUMBERS, MOST_TOOLS)


@pytest.mark.parametrize(
    ("said", "expected"),
    [("all is well", "all is well"), (None, None), (["a", 1], "['a', 1]"), ("a\0b\ud800", "a\ufffdb\ufffd")],
)
def test_a_message_is_a_text_that_can_be_stored(said: Any, expected: str | None) -> None:
    assert report(message=said).message == expected


def test_a_message_is_cut_where_nobody_would_read_on() -> None:
    assert len(report(message="x" * 10**6).message) < 5000


@pytest.mark.parametrize("odd", [float("nan"), {"a": float("inf")}, "\0", {"\ud800": 1}])
def test_a_result_that_cannot_be_stored_fails_its_job_with_the_reason(odd: Any) -> None:
    found = report(result=odd)
    assert (found.outcome, found.result) == (OutcomeKind.INTERNAL, None)
    assert "its result" in found.message


@pytest.mark.parametrize("kept", [None, 7, {"results": {"a": [1, 2.5, "ä"]}}])
def test_any_other_result_is_taken_as_it_is(kept: Any) -> None:
    assert report(result=kept).result == kept


def test_bytes_that_came_by_the_serializer_are_plain_json_again() -> None:
    found = report(result={"exc_message": [b"\xff"]}).result
    json.dumps(found)
    assert revive(found) == {"exc_message": [b"\xff"]}


FILE = {"path": "/storage/outputs/0/17/1/.result.json", "bytes": 70_000, "sha256": "0" * 64}


def test_a_result_may_come_as_a_file() -> None:
    assert report(result_file=FILE).result_file == ResultFile(**FILE)


@pytest.mark.parametrize(
    "odd", ["/a", {}, FILE | {"bytes": 0}, FILE | {"bytes": 10**12}, FILE | {"bytes": 1.5}, FILE | {"bytes": "7"},
            FILE | {"path": 7}, FILE | {"path": "/" * 10**5}, FILE | {"sha256": "0" * 63 + "g"}],
)  # fmt: skip
def test_a_file_of_a_result_is_a_path_with_size_and_checksum(odd: Any) -> None:
    found = report(result_file=odd)
    assert (found.outcome, found.result_file) == (OutcomeKind.INTERNAL, None)
    assert "its result's file" in found.message


@pytest.mark.parametrize("version", [0, 4, None, "1", [1]])
def test_messages_of_other_formats_are_not_read(version: Any) -> None:
    assert all(incoming.readable(BEAT | {"format": known}) for known in (1, 2, 3))
    assert not incoming.readable(BEAT | {"format": version})


@pytest.mark.parametrize("outcome", ["brilliant", None, 7, [], {}])
def test_an_outcome_of_no_known_kind_is_a_defect(outcome: Any) -> None:
    assert report(outcome=outcome).outcome is OutcomeKind.INTERNAL


def test_only_the_own_folder_of_an_attempt_is_its_output_location() -> None:
    own = str(output_dir(storage_root(), 17, 1))
    assert report(output_location=own).output_location == own
    other = str(output_dir(storage_root(), 18, 1))
    for said in (other, "/etc", f"{own}/../../..", 7, [own], "x" * 10**6):
        assert report(output_location=said).output_location is None


def test_what_is_no_report_costs_no_other() -> None:
    message = {"node": "calc01", "reports": [7, {"id": "x"}, {"id": "17.1"}, {"id": ["17.1"]}, None]}
    assert [(one.job_id, one.number) for one in incoming.reports(message)] == [(17, 1)]


def progress(*told: Any) -> dict[AttemptKey, Progress]:
    return incoming.progress({"node": "calc01", "progress": list(told)})


def test_progress_is_a_state_and_a_meta_for_each_attempt() -> None:
    told = progress({"id": "17.1", "state": "HALFWAY", "meta": {"of": 2}}, {"id": "18.2", "state": "X"})
    assert told == {(17, 1): Progress("HALFWAY", {"of": 2}), (18, 2): Progress("X", None)}
    assert incoming.progress({"node": "a node of version 0.9"}) == {}


@pytest.mark.parametrize(
    "odd",
    [
        7, {}, {"id": "17"}, {"state": 7}, {"state": ""}, {"state": "x" * 51}, {"state": "a\nb"}, {"state": "\0"},
        {"state": "SUCCESS"}, {"state": "FAILURE"}, {"state": "REVOKED"}, {"state": "RETRY"},
        {"meta": "x" * META_BYTES}, {"meta": float("nan")}, {"meta": "\ud800"},
    ],
)  # fmt: skip
def test_odd_progress_is_left_out_and_costs_no_other(odd: Any) -> None:
    one = {"id": "17.1", "state": "HALFWAY"} | odd if odd and isinstance(odd, dict) else odd
    assert progress(one, {"id": "18.2", "state": "HALFWAY"}) == {(18, 2): Progress("HALFWAY", None)}


@pytest.mark.parametrize("said", ["Traceback", None])
def test_a_traceback_is_a_text(said: Any) -> None:
    assert report(traceback=said).traceback == said
    assert report(traceback=["Traceback"]).traceback is None
    assert report(traceback="a\0" + "x" * 10**6).traceback == "x" * TRACEBACK_CHARACTERS


@pytest.mark.parametrize("incarnation", ["", "²", "١٢٣", "12\n", "9" * 100, "x", 12, None])
def test_an_incarnation_is_digits(incarnation: Any) -> None:
    assert incoming.readable(BEAT)
    assert not incoming.readable(BEAT | {"incarnation": incarnation})


@pytest.mark.parametrize(
    "odd",
    [
        {"software": "\ud800"}, {"software": "x" * 10**5}, {"tags": ["a"] * 10**5}, {"tags": "a"}, {"tags": [7]},
        {"pipelines": {"a\0": "1"}}, {"pipelines": {"a": 1}}, {"missing": None}, {"holds": ["\ud800"]},
        {"cores": 2.0}, {"cores": True}, {"cores": 2**15}, {"memory_bytes": -1}, {"queued": float("nan")},
    ],
)  # fmt: skip
def test_a_heartbeat_that_no_table_would_take_is_refused_with_the_reason(odd: Any) -> None:
    incoming.description(BEAT)
    with pytest.raises(BadInput, match="not a (text|list|dict|whole number)"):
        incoming.description(BEAT | odd)


SENT = {"calls": [{"name": "jobs.add", "args": [1, 2], "kwargs": {}, "task_id": "one", "options": {}}]}


def test_what_a_body_sends_is_part_of_its_report() -> None:
    found = report(continuation={"sends": SENT, "children": []})
    assert [call.name for call in found.continuation.sends.calls] == ["jobs.add"]
    assert report().continuation.sends.calls == []


@pytest.mark.parametrize(
    "odd", ["jobs.add", {"sends": {"calls": "jobs.add"}}, {"again": {"retries": float("nan")}}]
)
def test_a_report_fails_its_job_if_nobody_would_send_what_it_sends(odd: Any) -> None:
    found = report(continuation=odd)
    assert (found.outcome, found.continuation.sends.calls) == (OutcomeKind.INTERNAL, [])
    assert "its report is of no use" in found.message


def test_what_a_body_sends_may_come_in_the_file_of_the_result() -> None:
    file = {"path": "/a", "bytes": 7, "sha256": "0" * 64}
    assert report(report_file=file).result_file == ResultFile("/a", 7, "0" * 64, has_continuation=True)
    assert report(report_file=file | {"bytes": -1}).outcome == OutcomeKind.INTERNAL
