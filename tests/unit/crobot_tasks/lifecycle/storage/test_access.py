"""A storage that stalls costs no more than one wait, and is asked again once it has answered."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from crobot_tasks.lifecycle.storage.access import StorageStalls, is_file, reading


def _refuse() -> None:
    raise TimeoutError(110, "Connection timed out")


def test_what_is_read_comes_back_and_so_do_errors() -> None:
    assert reading(lambda: 7) == 7
    with pytest.raises(TimeoutError, match="Connection timed out"):
        reading(_refuse)
    with pytest.raises(KeyError):
        reading(lambda: {}[1])


def test_one_that_stalls_keeps_the_others_from_waiting_until_it_has_answered() -> None:
    answered = threading.Event()
    with pytest.raises(StorageStalls, match="does not answer"):
        reading(answered.wait, 0.05)
    with pytest.raises(StorageStalls):
        reading(lambda: 7)
    with pytest.raises(StorageStalls):  # nobody takes its files for missing
        is_file(__file__)
    answered.set()
    assert _soon() == 7
    assert is_file(__file__)
    assert not is_file(Path(__file__).parent)


def _soon() -> int:
    while True:
        try:
            return reading(lambda: 7)
        except StorageStalls:
            threading.Event().wait(0.01)


def test_threads_are_used_again_and_a_forked_process_has_its_own() -> None:
    first = reading(threading.get_ident)
    # a thread is idle a moment after it has answered
    assert any(reading(threading.get_ident) == first for _ in range(100))
    parent, child = os.pipe()
    if (pid := os.fork()) == 0:
        os.write(child, str(reading(lambda: 7, 5)).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(parent, 10) == b"7"
    for end in (parent, child):
        os.close(end)
