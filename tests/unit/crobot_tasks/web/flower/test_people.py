"""Who has credentials, and which."""

from __future__ import annotations

import pytest

from crobot_errors import BadInput
from crobot_tasks.web.flower.people import people


def test_operators_may_change_things_and_a_viewer_may_not() -> None:
    found = people("eve:looks", "ada:a:b,ben:c d")
    assert {person.name: person.may_change for person in found.by_login.values()} == {
        "eve": False,
        "ada": True,
        "ben": True,
    }
    assert list(found.by_login) == ["eve:looks", "ada:a:b", "ben:c d"]
    assert found.named("ada").may_change
    assert found.names() == "viewer eve, operator ada, operator ben"


def test_nobody_has_credentials_by_default() -> None:
    assert people("", "").by_login == {}


@pytest.mark.parametrize("text", ["secret", "user:", ":secret", "usér:secret", "user:a\tb"])
def test_credentials_that_leave_it_open_are_refused_without_telling_them(text: str) -> None:
    for viewer, operators in ((text, ""), ("", text), ("eve:x", f"ada:y,{text}")):
        with pytest.raises(BadInput, match="user:password") as refused:
            people(viewer, operators)
        assert "secret" not in str(refused.value)


def test_two_of_the_same_name_are_refused() -> None:
    with pytest.raises(BadInput, match="name the user 'ada' twice"):
        people("ada:one", "ada:two")
