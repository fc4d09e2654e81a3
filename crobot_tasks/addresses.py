"""Where the database and the broker are: as the settings say, or embedded servers that start at first use."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import celeryconfig
from crobot_tasks.embedded import Servers, servers


def database_url() -> str:
    """Return the configured database, or the embedded one."""
    return celeryconfig.crobot_database_url or _embedded(celeryconfig.crobot_data_dir).database_url


def broker_url() -> str:
    """Return the configured broker, or the embedded one."""
    return celeryconfig.crobot_broker_url or _embedded(celeryconfig.crobot_data_dir).broker_url


def embedded_or_not(configured: str) -> str:
    """Say after an address that it is an embedded server's, if none is configured."""
    return "" if configured else " (embedded)"


@cache
def _embedded(data_dir: str) -> Servers:
    return servers(Path(data_dir))
