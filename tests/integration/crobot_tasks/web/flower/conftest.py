"""`crobot flower` on the cluster, and an operator who looks at it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from tests.integration.crobot_tasks.web.events.conftest import Flower, flower

__all__ = ["flower"]

LOGIN = ("operator", "secret")

#: path → its answer, which must have this status
Get = Callable[..., requests.Response]


@pytest.fixture
def get(flower: Flower) -> Get:
    base = flower.url.removesuffix("/events")

    def answer(path: str, status: int = 200, login: tuple[str, str] | None = LOGIN) -> requests.Response:
        found = requests.get(base + path, auth=login, timeout=60)
        assert found.status_code == status, found.text
        return found

    return answer
