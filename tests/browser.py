"""Debian's chromium, for tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; until it is closed, this thread has an event loop that runs, and so no room for another.

    A folder's tests therefore share one, and end with it.
    """
    # a guard, as in tests.processes: a loaded machine is no fault
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()
