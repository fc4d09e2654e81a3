"""The servers that are started when none are configured: PostgreSQL and Valkey, one pair a data directory."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crobot_errors import ServerFailed
from crobot_tasks.embedded import access, users
from crobot_tasks.embedded.postgres import Postgres
from crobot_tasks.embedded.server import Server
from crobot_tasks.embedded.valkey import Valkey

__all__ = ["ServerStatus", "Servers", "Status", "release", "servers", "status", "stop"]


@dataclass(frozen=True)
class Servers:
    """Addresses of the running servers, passwords included."""

    database_url: str
    broker_url: str


@dataclass(frozen=True)
class ServerStatus:
    """One server as it is now."""

    name: str
    #: none if it does not run
    pid: int | None
    #: the port of the latest start, none before the first
    port: int | None


@dataclass(frozen=True)
class Status:
    """The servers of one data directory, and the processes that use them."""

    data_dir: Path
    servers: tuple[ServerStatus, ...]
    users: tuple[int, ...]


@dataclass(frozen=True)
class _Membership:
    #: a fork inherits the memory and the lock, but not the duty to stop the servers
    pid: int
    fd: int


_memberships: dict[Path, _Membership] = {}


def servers(data_dir: Path) -> Servers:
    """Return the servers of this data directory, started if need be; they stay at least until ``release``.

    Raises:
        ServerFailed: one of them does not start, or the data directory cannot be used.
    """
    data_dir = data_dir.expanduser().resolve()
    with _disk_errors_explained(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_owner(data_dir)
        with users.alone(data_dir):
            _join(data_dir)
            try:
                postgres, valkey = _load(data_dir)
                valkey.ensure()
                postgres.ensure()
            except BaseException:
                _leave(data_dir)
                raise
            return Servers(postgres.url, valkey.url)


def release() -> None:
    """Say that this process no longer uses the servers; the last user stops them."""
    for data_dir in list(_memberships):
        _release(data_dir)


def _release(data_dir: Path) -> None:
    membership = _memberships.get(data_dir)
    if membership is not None and membership.pid == os.getpid():
        with users.alone(data_dir):
            _leave(data_dir)


def status(data_dir: Path) -> Status:
    """Tell what runs and who uses it; starts nothing."""
    data_dir = data_dir.expanduser().resolve()
    with _disk_errors_explained(data_dir):
        found = tuple(_server_status(server) for server in _load(data_dir, new=False))
    return Status(data_dir, found, tuple(users.pids(data_dir)))


def stop(data_dir: Path, *, force: bool = False) -> None:
    """Stop the servers, for instance those that a killed process left behind.

    Raises:
        ServerFailed: other processes use them (``force`` stops them all the same), or one does not stop.
    """
    data_dir = data_dir.expanduser().resolve()
    _release(data_dir)
    if not data_dir.exists():
        return
    with _disk_errors_explained(data_dir), users.alone(data_dir):
        if not (force or users.nobody_left(data_dir)):
            named = ", ".join(map(str, users.pids(data_dir)))
            raise ServerFailed(f"the servers in {data_dir} are used by processes {named}: end those first")
        _stop_all(data_dir)


def _load(data_dir: Path, *, new: bool = True) -> tuple[Postgres, Valkey]:
    accesses = access.load(data_dir)
    if new and Postgres.name not in accesses and (data_dir / Postgres.name).exists():
        raise ServerFailed(
            f"{data_dir / 'servers.json'}, which holds the password of the database in {data_dir}, is gone:"
            " restore it from a backup, or move the directory away to begin with an empty database"
        )

    def remember() -> None:
        access.save(data_dir, accesses)

    return (
        Postgres(data_dir, accesses.setdefault(Postgres.name, access.Access()), remember),
        Valkey(data_dir, accesses.setdefault(Valkey.name, access.Access()), remember),
    )


def _stop_all(data_dir: Path) -> None:
    for server in _load(data_dir, new=False):
        server.stop()


def _join(data_dir: Path) -> None:
    membership = _memberships.get(data_dir)
    if membership is None or membership.pid != os.getpid():
        if not _memberships:
            atexit.register(release)
        _memberships[data_dir] = _Membership(os.getpid(), users.join(data_dir))


def _leave(data_dir: Path) -> None:
    # closed, not unlocked: forks that use the servers share this very lock and keep it
    os.close(_memberships.pop(data_dir).fd)
    if users.nobody_left(data_dir):
        _stop_all(data_dir)


def _server_status(server: Server) -> ServerStatus:
    process = server.process()
    return ServerStatus(server.name, process.pid if process else None, server.access.port or None)


def _check_owner(data_dir: Path) -> None:
    """PostgreSQL serves only its files' owner; say so before root leaves files that the owner cannot open."""
    cluster = data_dir / Postgres.name
    owner = cluster.stat().st_uid if cluster.exists() else os.geteuid()
    if owner != os.geteuid():
        raise ServerFailed(
            f"{cluster} belongs to user {owner}: run CRobot as that user, or choose another data directory"
        )


@contextmanager
def _disk_errors_explained(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServerFailed(
            f"the data directory {data_dir} cannot be used ({error}): choose one that can be written to"
            " and has room, or set CROBOT_DATABASE_URL and CROBOT_BROKER_URL to servers of your own"
        ) from error
