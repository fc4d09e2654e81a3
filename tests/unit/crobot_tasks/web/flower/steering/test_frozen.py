"""Numbers of jobs as one text in a form."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crobot_errors import BadInput
from crobot_tasks.web.flower.steering.frozen import MOST, freeze, thaw


@given(st.sets(st.integers(1, 2**63 - 1), max_size=50).map(sorted))
def test_numbers_come_back_as_they_were(job_ids: list[int]) -> None:
    assert thaw(freeze(job_ids)) == job_ids


def test_many_neighbours_take_little_room() -> None:
    assert len(freeze(range(1, MOST + 1))) < 5_000
    assert len(freeze(range(1, 40 * MOST, 37))) < 30_000


@pytest.mark.parametrize(
    "text", ["é", "abc", freeze([1, 2])[:-4], base64.b64encode(zlib.compress(b"1,x")).decode()]
)
def test_what_is_damaged_is_said_to_be(text: str) -> None:
    with pytest.raises(BadInput, match="choose the jobs again"):
        thaw(text)


def test_a_text_that_unpacks_to_gigabytes_is_not_unpacked() -> None:
    bomb = base64.b64encode(zlib.compress(b"1," * 10_000_000)).decode()
    with pytest.raises(BadInput, match="choose the jobs again"):
        thaw(bomb)
