"""`crobot flower` on the cluster, and people who look at its pages and send their forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser

from crobot_tasks.celery import app
from db.engine import transaction
from tests.browser import chromium
from tests.integration.crobot_tasks.web.events.conftest import Flower, flower

__all__ = ["flower"]

LOGIN = ("operator", "secret")
ADA = ("ada", "secret too")
VIEWER = ("viewer", "looks")

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


@dataclass
class Form:
    """A form of a page: where it goes, and what it says."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given["action"] if given["method"] == "post" else ""))
        elif tag == "input" and self.found and given.get("type") == "hidden":
            self.found[-1].fields[given["name"]] = given["value"]


def forms(text: str) -> list[Form]:
    """The forms of a page that change something."""
    parser = _Forms()
    parser.feed(text)
    return [form for form in parser.found if form.action]


class Person:
    """Somebody who looks at pages without scripts, and sends their forms."""

    def __init__(self, flower: Flower, login: tuple[str, str]) -> None:
        self.base, self.login = flower.url.removesuffix("/events"), login

    def page(self, path: str, status: int = 200) -> str:
        """A page as it is written."""
        answer = requests.get(self.base + path, auth=self.login, timeout=60)
        assert answer.status_code == status, answer.text
        return answer.text

    def get(self, path: str, status: int = 200) -> str:
        """A page as it is read."""
        return unescape(self.page(path, status))

    def form(self, path: str, **wanted: str) -> Form:
        """The form of a page whose hidden fields are these."""
        for form in forms(self.page(path)):
            if wanted.items() <= form.fields.items():
                return form
        raise AssertionError(f"no form with {wanted} at {path}")

    def post(self, form: Form, status: int = 200, headers: Any = None, **given: str) -> str:
        """Send a form; the page that it leads to, as it is read."""
        fields = form.fields | given
        answer = requests.post(self.base + form.action, fields, auth=self.login, headers=headers, timeout=60)
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    def do(self, what: str, *jobs: int, **given: str) -> str:
        """Do something to jobs, as the page asks for it."""
        return self.post(self.form(change(what, *jobs)), **given)


def change(what: str, *jobs: int) -> str:
    """The address of the page that asks whether to change these jobs."""
    return f"/jobs/change?what={what}&{'&'.join(f'job={job}' for job in jobs)}"


def send(number: int, **job: str) -> list[int]:
    """Send jobs that begin in an hour."""
    with transaction():
        return [
            app.tasks["probe"].apply_async(kwargs={"params": {}}, countdown=3600, job=job).job_id
            for _ in range(number)
        ]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def operator(flower: Flower) -> Person:
    return Person(flower, LOGIN)


@pytest.fixture
def ada(flower: Flower) -> Person:
    return Person(flower, ADA)


@pytest.fixture
def viewer(flower: Flower) -> Person:
    return Person(flower, VIEWER)
