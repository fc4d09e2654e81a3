"""A species of its own for each test, in a database that no head knows: what is sent stays where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from crobot_tasks.lifecycle import policy_in_force
from db import registry
from db.crobot import policies
from db.engine import transaction
from tests.integration.conftest import GENERA
from tests.integration.crobot_tasks.maintenance.strains import Species

_numbers = count(1)


@pytest.fixture
def species(policy: Callable[[str], None]) -> Species:
    """A species without references and without schemes, under a policy that says nothing of its own."""
    number = next(_numbers)
    name = f"species{number}"
    prefix = f"X{chr(65 + number // 26)}{chr(65 + number % 26)}"
    registry.add_species(name, "Salmonella enterica", "Salmonella", prefix, [], GENERA)
    return Species(name)


@pytest.fixture
def policy(two_species: str) -> Iterator[Callable[[str], None]]:
    """Puts a section in force until the test is over: [maintenance], if it does not name itself."""

    def accept(section: str) -> None:
        text = section if section.startswith("[") else f"[maintenance]\n{section}"
        with transaction() as session:
            policies.accept(session, text, "the test")
        _look_again()

    accept("")
    yield accept
    _look_again()


def _look_again() -> None:
    policy_in_force._copy.number, policy_in_force._copy.looked_at = None, float("-inf")
