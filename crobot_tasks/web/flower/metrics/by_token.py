"""Who reads `/metrics` by a token of the HTTP API (`Authorization: Bearer`) instead of a password."""

from __future__ import annotations

from typing import Any

from tornado.httputil import HTTPServerRequest

from crobot_errors import NotAllowed, ServiceError
from crobot_tasks.operate import tokens
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.flower.reading import read

_SCOPES = {Scope.METRICS, Scope.ADMIN_READ}
#: tokens that are remembered; an installation has one or two
_MOST = 100


def token_of(request: HTTPServerRequest) -> str:
    """Return the token that a request shows; empty if it shows none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Tokens:
    """Checks tokens; one that counted still counts while the database is away: or nobody could be told that it is."""

    def __init__(self) -> None:
        self._counted: set[bytes] = set()

    async def check(self, token: str) -> None:
        """Let only tokens go on that may read the numbers.

        Raises:
            BadToken: it is unknown, expired or revoked.
            NotAllowed: it has another scope.
            ServiceError: the database does not answer, and the token was not seen before.
        """
        checksum = tokens.sha256(token)
        try:
            await read(lambda session: _check(session, token))
        except ServiceError:
            if checksum not in self._counted:
                raise
        except Exception:
            self._counted.discard(checksum)
            raise
        else:
            if len(self._counted) < _MOST:
                self._counted.add(checksum)


def _check(session: Any, token: str) -> None:
    """Runs in a transaction of the pages, which `tokens` joins."""
    caller = tokens.caller_of(token)
    if not caller.scopes & _SCOPES:
        raise NotAllowed(
            f"the token {caller.token_id} has not the scope metrics: `crobot token create --scope {Scope.METRICS}`"
        )
