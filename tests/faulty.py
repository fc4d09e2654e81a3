"""An installation whose processes reach broker and database only through proxies, so that tests can break either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crobot_tasks import embedded
from tests.installation import installation
from tests.processes import Cluster
from tests.proxy import Proxy
from tests.servers import Server


@dataclass
class Place:
    """A server, and the proxy by which CRobot's processes reach it; the test's own process takes no proxy."""

    server: Server
    proxy: Proxy


@dataclass
class Site:
    """A cluster and what it stands on."""

    cluster: Cluster
    broker: Place
    database: Place


@contextmanager
def site(data_dir: Path, nodes: tuple[str, ...], **environment: str) -> Iterator[Site]:
    """Start servers, proxies and a cluster."""
    urls = embedded.servers(data_dir)
    broker = Place(Server("valkey", data_dir), Proxy(urls.broker_url))
    database = Place(Server("postgres", data_dir), Proxy(urls.database_url))
    environment |= {"CROBOT_BROKER_URL": broker.proxy.url, "CROBOT_DATABASE_URL": database.proxy.url}
    with installation(data_dir, nodes, **environment) as cluster:
        yield Site(cluster, broker, database)
    broker.proxy.close()
    database.proxy.close()
