"""What people write into the form of a change."""

from __future__ import annotations

import pytest

from crobot_errors import BadInput
from crobot_tasks.web.flower.steering.fields import Given, given_by
from crobot_tasks.web.flower.steering.kinds import KINDS

NAMES = tuple({name for kind in KINDS.values() for name in kind.fields})


def read(**texts: str) -> Given:
    return given_by(lambda name: texts.get(name, ""), NAMES)


def test_what_is_left_empty_is_as_it_was() -> None:
    assert read() == Given()
    assert str(read()) == ""


def test_amounts_are_read_as_people_write_them() -> None:
    found = read(
        reason=" full disk ", priority="0", memory_gib="1.5", time_limit_h="0.5", cores="4", version="4.1"
    )
    assert found == Given("full disk", 0, {}, "4.1", 4, 3 * 1024**3 // 2, 1800)
    said = "reason full disk, priority 0, version 4.1, cores 4, memory_bytes 1610612736, time_limit_s 1800"
    assert str(found) == said


def test_parameters_are_an_object_and_null_takes_one_away() -> None:
    found = read(params='{"min_contig": 500, "careful": null}')
    assert found.params == {"min_contig": 500, "careful": None}
    assert str(found) == "min_contig 500, careful None"


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("reason", "x" * 1001, "the reason is longer than 1000 characters"),
        ("reason", "a\0b", "the reason"),
        ("priority", "10", "priority '10' is not a whole number from 0 to 9"),
        ("priority", "-1", "is not a whole number"),
        ("priority", "٣", "is not a whole number"),
        ("cores", "0", "cores '0' is not a whole number from 1 to 1024"),
        ("cores", "9" * 5000, "is not a whole number"),
        ("memory_gib", "nan", "memory in GiB 'nan' is not a number above 0"),
        ("memory_gib", "8G", "is not a number above 0"),
        ("time_limit_h", "inf", "the time limit in hours 'inf' is not a number above 0"),
        ("time_limit_h", "0", "is not a number above 0"),
        ("params", "{", "the parameters cannot be read"),
        ("params", "[1]", r"the parameters '\[1\]' are no object: write them as JSON"),
        ("params", "[" * 100_000, "the parameters cannot be read"),
        ("params", '{"a": "\\u0000"}', "the parameters"),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_written_wrong_is_named(field: str, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read(**{field: text})
