"""Large results: a file that the head takes for what the node wrote, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import celeryconfig
from crobot_errors import BadInput, BadPath, InternalError, LateFile, NodeBroken
from crobot_tasks.lifecycle.finishing.report import Report, ResultFile
from crobot_tasks.lifecycle.finishing.result_files import AT_ONCE_BYTES, portions, read_result
from crobot_tasks.node import result_file
from crobot_tasks.node.result_file import INLINE_BYTES, bounded
from workers.storage import output_dir

LARGE = {"alleles": {f"locus{number}": "é\n" * 10 for number in range(3000)}}


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    former = celeryconfig.crobot_storage
    celeryconfig.crobot_storage = str(tmp_path)
    yield tmp_path
    celeryconfig.crobot_storage = former


def written(root: Path, result: Any = LARGE) -> ResultFile:
    return ResultFile(**bounded(result, root, output_dir(root, 17, 1))["result_file"])


def test_a_small_result_is_part_of_the_report(root: Path) -> None:
    small = "x" * (INLINE_BYTES - 2)
    assert bounded(small, root, output_dir(root, 17, 1)) == {"result": small}
    assert list(root.iterdir()) == []


def test_a_large_result_comes_back_from_its_file(root: Path) -> None:
    assert read_result(17, written(root)) == LARGE


def test_what_a_body_sends_is_part_of_the_report_or_of_the_file(root: Path) -> None:
    folder, sends = output_dir(root, 17, 1), {"replacement": {"task": "jobs.add"}}
    assert bounded(3, root, folder, sends) == {"result": 3, "continuation": sends}
    for result, more in ((LARGE, sends), (3, {"sends": LARGE})):
        named = ResultFile(**bounded(result, root, folder, more)["report_file"])
        assert read_result(17, named) == {"result": result, "continuation": more}


def test_a_file_that_is_not_whole_yet_is_late(root: Path) -> None:
    named = written(root)
    path = Path(named.path)
    whole = path.read_bytes()
    for content in (whole[:-1], whole + b" ", b"0" * len(whole)):
        path.write_bytes(content)
        with pytest.raises(LateFile, match="is not yet what the node wrote"):
            read_result(17, named)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        read_result(17, named)
    path.write_bytes(whole)
    assert read_result(17, named) == LARGE


def test_a_file_of_another_job_is_no_result(root: Path) -> None:
    with pytest.raises(BadPath, match="outside the job's own folder"):
        read_result(18, written(root))


@pytest.mark.parametrize("odd", [float("nan"), "\0", {"\ud800": 1}])
def test_a_file_with_what_no_table_takes_is_refused(root: Path, odd: Any) -> None:
    named = written(root, ["x" * INLINE_BYTES, odd])
    with pytest.raises(BadInput):
        read_result(17, named)


def test_a_result_that_nobody_takes_fails_with_a_way_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_file, "MOST_BYTES", 10**5)
    with pytest.raises(InternalError, match=r"write what is large to files"):
        written(root, "x" * 2 * 10**5)


def test_a_storage_that_takes_no_result_is_the_nodes_fault(root: Path) -> None:
    (root / "outputs").mkdir()
    folder = output_dir(root, 17, 1)
    folder.mkdir(parents=True)
    (folder / result_file.NAME).mkdir()
    with pytest.raises(NodeBroken, match="cannot be written to"):
        written(root)
    with pytest.raises(NodeBroken, match="is it mounted"):
        bounded(LARGE, root / "away", folder)


def test_results_are_taken_in_portions_that_fit_memory() -> None:
    def report(number: int, size: int) -> Report:
        return Report(number, 1, "ok", result_file=ResultFile("/a", size, "0" * 64) if size else None)  # type: ignore[arg-type]

    sizes = [0, AT_ONCE_BYTES // 2, 0, AT_ONCE_BYTES // 2, 1, 2 * AT_ONCE_BYTES, 0, 0]
    found = list(portions(report(number, size) for number, size in enumerate(sizes)))
    assert [[one.job_id for one in portion] for portion in found] == [[0, 1, 2, 3], [4], [5], [6, 7]]
    assert list(portions([])) == []
