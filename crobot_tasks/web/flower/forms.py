"""A token of its own for each form that changes something: no page of another site can make one.

Flower's own check asks for none under basic auth, where a browser sends the password along with whatever any site
makes it send. A token is signed for one person and one purpose; also the form's name, by which a copy is known.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

from crobot_errors import NotAllowed

#: seconds after which a form is too old: what it shows may be no longer so
LASTS_S = 3600


class Forms:
    """Makes tokens, and checks them; the key is this process's own, and gone with it."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token(self, person: str, purpose: str) -> str:
        """Return a new token: its form's name, when it was made, and the signature."""
        said = f"{secrets.token_urlsafe(16)}.{int(time.monotonic())}"
        return f"{said}.{self._signature(person, purpose, said)}"

    def name(self, person: str, purpose: str, token: str) -> str:
        """Return the name of the form with this token.

        Raises:
            NotAllowed: it was not made here for this person and purpose, or it is too old.
        """
        said, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(person, purpose, said).encode(), signature.encode()):
            raise NotAllowed(
                "this form has no valid token: it was not made by this page for you, or Flower was started since then. "
                "Open the page again"
            )
        name, _, made_s = said.partition(".")
        if time.monotonic() - int(made_s) > LASTS_S:
            raise NotAllowed(
                "this form is older than an hour, and things may have changed: open the page again"
            )
        return name

    def _signature(self, person: str, purpose: str, said: str) -> str:
        text = "\0".join((person, said, purpose)).encode(errors="surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()
