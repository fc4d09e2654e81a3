"""Tokens of forms: each is for one person and one purpose, and for an hour."""

from __future__ import annotations

import time

import pytest

from crobot_errors import NotAllowed
from crobot_tasks.web.flower.forms import LASTS_S, Forms


def test_a_token_names_its_form_and_no_two_are_the_same() -> None:
    forms = Forms()
    first, second = forms.token("ada", "node drain"), forms.token("ada", "node drain")
    assert forms.name("ada", "node drain", first) == forms.name("ada", "node drain", first)
    assert forms.name("ada", "node drain", first) != forms.name("ada", "node drain", second)


@pytest.mark.parametrize(
    ("person", "purpose"), [("ben", "drain"), ("ada", "resume"), ("ada", ""), ("ada\0d", "rain"), ("", "")]
)
def test_a_token_of_somebody_else_or_for_something_else_is_refused(person: str, purpose: str) -> None:
    forms = Forms()
    with pytest.raises(NotAllowed, match="no valid token"):
        forms.name(person, purpose, forms.token("ada", "drain"))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.1.ü", "x" * 10_000, "\udc80.1.2"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(NotAllowed, match="no valid token"):
        Forms().name("ada", "drain", token)


def test_a_token_of_another_process_is_refused() -> None:
    with pytest.raises(NotAllowed, match="or Flower was started since then"):
        Forms().name("ada", "drain", Forms().token("ada", "drain"))


def test_a_form_that_is_an_hour_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    forms, now = Forms(), time.monotonic()
    token = forms.token("ada", "drain")
    monkeypatch.setattr(time, "monotonic", lambda: now + LASTS_S - 2)
    assert forms.name("ada", "drain", token)
    monkeypatch.setattr(time, "monotonic", lambda: now + LASTS_S + 2)
    with pytest.raises(NotAllowed, match="older than an hour"):
        forms.name("ada", "drain", token)
