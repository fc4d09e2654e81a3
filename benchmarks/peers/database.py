"""A database of its own for each peer on the server of this run, and what the server counts for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import connection
from sqlalchemy.engine import make_url

_COUNTED = """
    SELECT xact_commit, tup_updated + tup_deleted, (SELECT wal_bytes FROM pg_stat_wal)
    FROM pg_stat_database WHERE datname = %s
"""


def address_of(url: str, name: str) -> str:
    """Return the address of another database of the server, as every driver takes it."""
    address = make_url(url).set(drivername="postgresql", database=name)
    return address.render_as_string(hide_password=False)


@contextmanager
def connected(address: str) -> Iterator[connection]:
    """A connection on which each statement is a transaction."""
    opened = psycopg2.connect(address)
    opened.autocommit = True
    try:
        yield opened
    finally:
        opened.close()


def make_anew(url: str, name: str) -> str:
    """Make an empty database, and return its address."""
    with connected(address_of(url, "postgres")) as server, server.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')
    return address_of(url, name)


def name_of(url: str) -> str:
    """Return the name of the database that an address leads to."""
    return str(make_url(url).database)


def counted(url: str, name: str) -> dict[str, float]:
    """Commits and dead rows of the database, bytes of the server's log, since they were counted first."""
    with connected(address_of(url, "postgres")) as server, server.cursor() as cursor:
        cursor.execute(_COUNTED, (name,))
        row = cursor.fetchone()
    return {
        what: float(number) for what, number in zip(("commits", "dead", "wal"), row or (0, 0, 0), strict=True)
    }


def asked(url: str, name: str, sql: str) -> bool:
    """Return the answer to a question of yes or no."""
    with connected(address_of(url, name)) as opened, opened.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return bool(row and row[0])
