"""A call-back address as somebody gives it, and the IP addresses behind it that the operator allows."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from crobot_errors import BadInput
from crobot_tasks.router.targets import IpAddress, Targets

#: an address is no longer
CHARACTERS = 1000
#: seconds that a name may take to be resolved while somebody waits for the answer
RESOLVING_S = 5.0
#: `socket.getaddrinfo`, or what stands for it
Lookup = Callable[..., Sequence[Any]]
_PORTS = {"http": 80, "https": 443}
_CHARACTERS = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")

#: getaddrinfo cannot be interrupted: a name whose servers do not answer keeps a thread, and nobody else
_threads = ThreadPoolExecutor(32, thread_name_prefix="names")


@dataclass(frozen=True)
class Address:
    """A checked address."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """Scheme, host and port: what has a secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def parse(given: str) -> Address:
    """Read an address.

    Raises:
        BadInput: it is none that anything can be posted to.
    """
    if len(given) > CHARACTERS or not _CHARACTERS.fullmatch(given):
        raise _wrong(
            given, f"it is empty, longer than {CHARACTERS} characters, or has others than visible ASCII"
        )
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _wrong(given, str(error)) from error
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or port == 0:
        raise _wrong(given, "it is not of the form https://host/path")
    if parts.username is not None or parts.password is not None:
        raise _wrong(
            given, "it has a user or a password, which everybody who sees the job would read: leave it out"
        )
    if parts.fragment or "\\" in given:
        raise _wrong(given, "it has a # or a \\, which no server would get: leave it out")
    host, port = host.rstrip("."), port or _PORTS[parts.scheme]
    query = f"?{parts.query}" if parts.query else ""
    origin = Address("", parts.scheme, host, port).origin
    return Address(f"{origin}{parts.path or '/'}{query}", parts.scheme, host, port)


def _wrong(given: str, why: str) -> BadInput:
    return BadInput(f"the call-back address {given!r:.200} cannot be used: {why}")


def resolve(address: Address, lookup: Lookup = socket.getaddrinfo) -> list[IpAddress]:
    """Return the IP addresses of a host, however long that takes.

    Raises:
        BadInput: it has none.
    """
    try:
        found = lookup(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadInput(f"the host {address.host} of {address.url} is not found: {error}") from error
    # of an address with a scope (fe80::1%eth0) the scope is left away: it is refused or fails, as it should
    return list(dict.fromkeys(ip_address(one[4][0].partition("%")[0]) for one in found))


def allowed(address: Address, found: Sequence[IpAddress], targets: Targets) -> list[IpAddress]:
    """Return those of a host's IP addresses to which the operator lets us post.

    Raises:
        BadInput: there is none.
    """
    refusals = [targets.refusal(address.scheme, address.host, address.port, one) for one in found]
    if passed := [one for one, refusal in zip(found, refusals, strict=True) if not refusal]:
        return passed
    raise BadInput(
        f"nothing is posted to {address.url}: {refusals[0] if refusals else 'its host has no address'}. "
        "An operator names it in `targets` of the policy's section [webhooks]"
    )


def check(address: Address, targets: Targets, lookup: Lookup = socket.getaddrinfo) -> None:
    """See whether an address is allowed as its name is resolved now; it is looked at again whenever it is used.

    Raises:
        BadInput: it is not, or is not found in some seconds.
    """
    future = _threads.submit(resolve, address, lookup)
    try:
        found = future.result(RESOLVING_S)
    except TimeoutError as error:
        raise BadInput(
            f"the host {address.host} of {address.url} is not found within {RESOLVING_S:g} s: try again later"
        ) from error
    allowed(address, found, targets)


def threads() -> ThreadPoolExecutor:
    """Return the threads in which names are resolved."""
    return _threads
