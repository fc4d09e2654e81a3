"""The policy's section `[webhooks]`: where outcomes may be posted to; pure, it resolves no name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from crobot_tasks.router.toml_table import Table

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

#: what clouds tell their machines, passwords included, at addresses that look like any other private one
METADATA = frozenset(
    map(ip_address, ("169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"))
)
#: addresses of IPv6 that stand for others of IPv4: behind a gateway they lead to what is private
_TRANSLATED = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_FORMS = (
    'must be host names, addresses or networks, such as "app.example.org", "10.1.2.3:8080" or "10.1.0.0/16"'
)


@dataclass(frozen=True)
class Target:
    """One entry: a host by its name, or a network; any port if none is said."""

    #: as it is written
    text: str
    host: str = ""
    network: IpNetwork | None = None
    port: int | None = None


@dataclass(frozen=True)
class Targets:
    """The whole section."""

    entries: tuple[Target, ...] = ()

    def refusal(self, scheme: str, host: str, port: int, address: IpAddress) -> str:
        """Say why nothing may be posted to an address that a host has; empty: it may.

        A network allows what lies in it, by any name. A host that is allowed by its name must have a public address,
        since whoever runs its name server may change that; and what is public is encrypted.
        """
        address = _real(address)
        if any(_takes(one, address, port) for one in self.entries if one.network):
            return ""
        if not self.names(host, port):
            return f"{_at(host, address)} is not among the targets that the operator allows"
        if not is_public(address):
            return f"{_at(host, address)} is no public address, and none of the networks that the operator allows"
        if scheme != "https":
            return f"{_at(host, address)} is public: use https"
        return ""

    def names(self, host: str, port: int) -> bool:
        """Whether a host is allowed by its name."""
        return any(one.host == host and one.port in (None, port) for one in self.entries if one.host)


def is_public(address: IpAddress) -> bool:
    """Whether an address is anybody's, and not of a private network, this machine, or a special use."""
    if address.is_multicast or address in METADATA or not address.is_global:
        return False
    return not any(address in network for network in _TRANSLATED if network.version == address.version)


def _real(address: IpAddress) -> IpAddress:
    """An address of IPv4 may be written as one of IPv6."""
    return getattr(address, "ipv4_mapped", None) or address


def _takes(target: Target, address: IpAddress, port: int) -> bool:
    network = target.network
    if network is None or network.version != address.version or address not in network:
        return False
    return target.port in (None, port) and (network.num_addresses == 1 or _means(network, address))


def _means(network: IpNetwork, address: IpAddress) -> bool:
    """Whether who allows a network means this address of it: one of a special use must be named, or all be of it."""
    if address in METADATA or address.is_multicast or address.is_unspecified:
        return False
    if address.is_loopback:
        return network.is_loopback
    return network.is_link_local if address.is_link_local else True


def _at(host: str, address: IpAddress) -> str:
    return host if host == str(address) else f"{host} ({address})"


def read_targets(table: Table) -> Targets:
    """Return what the section says."""
    return Targets(tuple(_target(table, text) for text in table.only("targets").names("targets")))


def _target(table: Table, text: str) -> Target:
    if "://" in text:
        raise table.wrong("targets", f"{text!r}: {_FORMS}")
    host, port = _split(text)
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise table.wrong("targets", f"{text!r}: the port must be a whole number from 1 to 65535")
    number = None if port is None else int(port)
    try:
        return Target(text, network=ip_network(host), port=number)
    except ValueError as error:
        if "host bits" in str(error):
            raise table.wrong(
                "targets", f"{host!r} is no network: {ip_network(host, strict=False)} is"
            ) from error
    name = host.lower().rstrip(".")
    if not _NAME.fullmatch(name) or name.replace(".", "").isdigit():
        raise table.wrong("targets", f"{text!r}: {_FORMS}")
    return Target(text, host=name, port=number)


def _split(text: str) -> tuple[str, str | None]:
    """Return host and port; an address of IPv6 that has a port is in brackets."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        return (host, rest[1:] if rest.startswith(":") else rest or None) if bracket else (text, None)
    host, colon, port = text.partition(":")
    return (text, None) if ":" in port or not colon else (host, port)
