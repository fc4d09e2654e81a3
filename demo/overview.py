"""The page for operators, which a story leaves open: Flower, where it is, and who may look at it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import partial

import requests

from demo.stage import START_S, Stage, console, wait_until


def start(running: Stage) -> None:
    """Start Flower, and wait until it answers."""
    running.start("flower", "flower")
    wait_until(address(), partial(answers, address()), START_S, running.check)


def address() -> str:
    """Where the overview is; it is the start page."""
    return f"http://127.0.0.1:{os.environ['CROBOT_FLOWER_PORT']}"


def say_where() -> None:
    """Say where the overview is, and with which password."""
    name, password = os.environ["CROBOT_FLOWER_OPERATORS"].split(":")
    console.print(f"Overview  {address()}, user {name}, password {password}", style="bold", soft_wrap=True)


def stay(running: Stage) -> None:
    """Watch the processes until somebody ends this."""
    console.print("Ctrl-C ends it.\n")
    while True:
        running.check()
        time.sleep(1)


def answers(url: str) -> bool:
    """Whether somebody serves this address, also to those who signed in only."""
    with suppress(requests.ConnectionError):
        return requests.get(url, timeout=10).status_code in (200, 401)
    return False
