"""Passwords that everybody knows, and servers that ask for none."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import celeryconfig
from crobot_tasks.operate.doctor.finding import Finding, ok, problem, warning
from crobot_tasks.operate.doctor.seen import Seen

#: what programs, their manuals and ours have in examples
DEFAULTS = frozenset(
    "admin changeme crobot default flower guest operator pass password postgres rabbitmq redis root secret test user"
    " valkey 1234 12345 123456 12345678".split()
)
#: characters of a password that somebody may try to guess
SHORTEST = 8
_HERE = {"localhost", "127.0.0.1", "::1"}
_ADDRESSES = {
    "CROBOT_DATABASE_URL": "crobot_database_url",
    "CROBOT_BROKER_URL": "crobot_broker_url",
    "CROBOT_RESULT_BACKEND": "crobot_result_backend",
}


def examine(seen: Seen) -> Iterator[Finding]:
    """Judge the passwords in the settings of this machine; none of them is shown."""
    found = [*_of_flower(), *_of_addresses()]
    yield from found
    if not found:
        yield ok("no password in the settings of this machine is one that everybody knows")


def is_known(user: str, password: str) -> bool:
    """Whether everybody would try this password."""
    return password.lower() in DEFAULTS | {user.lower()} or password.isspace()


def _of_flower() -> Iterator[Finding]:
    user, _, password = celeryconfig.crobot_flower_auth.partition(":")
    if not celeryconfig.crobot_flower_auth:
        return
    way_out = "give CROBOT_FLOWER_AUTH a password such as `openssl rand -hex 16` prints"
    sees = "whoever reaches the port sees all jobs, and whose they are"
    if is_known(user, password):
        yield problem("the password of CROBOT_FLOWER_AUTH is one that everybody knows", sees, way_out)
    elif len(password) < SHORTEST:
        yield warning(
            f"the password of CROBOT_FLOWER_AUTH has less than {SHORTEST} characters", sees, way_out
        )


def _of_addresses() -> Iterator[Finding]:
    for variable, name in _ADDRESSES.items():
        for url in filter(None, getattr(celeryconfig, name).split(";")):
            yield from _of_address(variable, url)


def _of_address(variable: str, url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    host = parts.hostname or ""
    opens = "whoever reaches that server reads and changes everything in it"
    way_out = f"give the user of {variable} a password such as `openssl rand -hex 16` prints"
    if parts.password is not None and is_known(user, password):
        yield problem(f"the password in {variable} is one that everybody knows", opens, way_out)
    elif parts.scheme.startswith(("redis", "valkey")) and not password:
        judge = warning if host in _HERE else problem
        yield judge(
            f"{variable} has no password: the server at {host or 'localhost'} asks for none", opens, way_out
        )
