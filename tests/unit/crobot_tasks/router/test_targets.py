"""Where outcomes may be posted to: hosts by their names, networks, and what neither means."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from crobot_errors import BadPolicy
from crobot_tasks.router.policy import read


def refusal(
    targets: str, address: str, host: str = "app.example.org", scheme: str = "https", port: int = 443
) -> str:
    policy = read(f"[webhooks]\ntargets = [{targets}]\n")
    return policy.targets.refusal(scheme, host, port, ip_address(address))


@pytest.mark.parametrize(
    ("targets", "address"),
    [
        ('"app.example.org"', "93.184.216.34"),
        ('"APP.example.org.:443"', "2606:2800:220:1::1"),
        ('"10.1.0.0/16"', "10.1.2.3"),
        ('"10.1.2.3:443"', "10.1.2.3"),
        ('"10.1.0.0/16"', "::ffff:10.1.2.3"),
        ('"fd00::/8"', "fd12::1"),
        ('"[fd12::1]:443"', "fd12::1"),
        ('"127.0.0.0/8"', "127.0.0.1"),
        ('"169.254.1.0/24"', "169.254.1.7"),
        ('"169.254.169.254"', "169.254.169.254"),
    ],
)
def test_what_is_named_is_allowed(targets: str, address: str) -> None:
    assert refusal(targets, address) == ""


@pytest.mark.parametrize(
    ("targets", "address", "says"),
    [
        ("", "93.184.216.34", "not among the targets"),
        ('"other.example.org"', "93.184.216.34", "not among the targets"),
        ('"app.example.org:8443"', "93.184.216.34", "not among the targets"),
        ('"10.1.0.0/16:8080"', "10.1.2.3", "not among the targets"),
        ('"app.example.org"', "10.1.2.3", "no public address"),
        ('"app.example.org"', "127.0.0.1", "no public address"),
        ('"app.example.org"', "169.254.169.254", "no public address"),
        ('"app.example.org"', "::ffff:127.0.0.1", "no public address"),
        ('"app.example.org"', "64:ff9b::a9fe:a9fe", "no public address"),
        ('"app.example.org"', "2002:7f00:1::", "no public address"),
        ('"app.example.org"', "0.0.0.0", "no public address"),
        ('"app.example.org"', "224.0.0.1", "no public address"),
        ('"app.example.org"', "fd00:ec2::254", "no public address"),
        # all addresses, which nobody means like that
        ('"0.0.0.0/0", "::/0"', "127.0.0.1", "not among"),
        ('"0.0.0.0/0", "::/0"', "::1", "not among"),
        ('"0.0.0.0/0"', "169.254.169.254", "not among"),
        ('"169.254.0.0/16"', "169.254.169.254", "not among"),
        ('"fd00::/8"', "fd00:ec2::254", "not among"),
        ('"0.0.0.0/0"', "0.0.0.0", "not among"),
    ],
)
def test_what_is_not_named_or_not_meant_is_refused(targets: str, address: str, says: str) -> None:
    assert says in refusal(targets, address)


def test_what_is_public_is_encrypted_and_what_is_private_need_not_be() -> None:
    assert "use https" in refusal('"app.example.org"', "93.184.216.34", scheme="http", port=80)
    assert refusal('"10.0.0.0/8"', "10.1.2.3", scheme="http", port=80) == ""


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("10.1.2.3/16", "10.1.0.0/16 is"),
        ("https://app.example.org", "must be host names"),
        ("app.example.org:0", "a whole number from 1 to 65535"),
        ("app.example.org:x", "a whole number from 1 to 65535"),
        ("[fd12::1]x", "a whole number"),
        ("10.1.2", "must be host names"),
        ("a b", "must be host names"),
        ("app..org", "must be host names"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(entry: str, says: str) -> None:
    with pytest.raises(BadPolicy, match="line 2") as error:
        read(f'[webhooks]\ntargets = ["{entry}"]\n')
    assert says in str(error.value)
