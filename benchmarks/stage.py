"""What is measured: servers, head, beat, one node and a plain Celery worker, in a folder that goes at the end."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import celeryconfig
from benchmarks import plain, tasks
from crobot_tasks import embedded
from crobot_tasks.celery import app
from db import migrate
from db.crobot import parking
from db.crobot.leases import drain, resume
from db.engine import engine, notify, transaction
from tests.processes import Process, value, wait_for

NODE = "bench01"
PLAIN = "plain@bench"
CORES = 2


class Stage:
    """The processes of one run, and its node's and its plain worker's taps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.state_dir = self.data_dir / "nodes" / NODE
        self.processes: dict[str, Process] = {}
        self._settings = {
            "data_dir": str(self.data_dir),
            "storage": str(self.data_dir / "storage"),
            "roots": str(folder),
            "policy": str(folder / "policy.toml"),
            # never the servers of an operator who happens to have configured some
            "database_url": "",
            "broker_url": "",
            "result_backend": "",
            "imports": tasks.__name__,
        }

    def start(self) -> None:
        """Start everything, and wait until it is at work."""
        self._configure()
        servers = embedded.servers(self.data_dir)
        plain.app.conf.update(broker_url=servers.broker_url, result_backend=servers.broker_url)
        app.set_addresses()
        app.loader.import_default_modules()
        migrate.upgrade()
        (self.data_dir / "storage").mkdir()
        self._start_crobot()
        self._start_plain(servers.broker_url)
        self._wait()

    def stop(self) -> None:
        """Stop everything that was started."""
        for process in reversed(self.processes.values()):
            process.stop()
        for one in (app, plain.app):
            one.close()
        engine().dispose()
        embedded.release()

    # --- taps ---------------------------------------------------------------------------------------------------------

    def close_node(self) -> None:
        """Let jobs pile up in the database."""
        with transaction() as session:
            drain(session, NODE, "benchmark")

    def open_node(self) -> None:
        """Let them go."""
        with transaction() as session:
            resume(session, NODE)
            notify(session, parking.CHANNEL)

    def close_plain(self) -> None:
        """Let plain tasks pile up in the broker."""
        plain.app.control.cancel_consumer(plain.QUEUE, destination=[PLAIN], reply=True)

    def open_plain(self) -> None:
        """Let them go."""
        plain.app.control.add_consumer(plain.QUEUE, destination=[PLAIN], reply=False)

    # --- processes ----------------------------------------------------------------------------------------------------

    def _configure(self) -> None:
        for name, text in self._settings.items():
            if name != "imports":
                setattr(celeryconfig, f"crobot_{name}", text.split(":") if name == "roots" else text)
        app.conf.imports = [self._settings["imports"]]

    @property
    def environment(self) -> dict[str, str]:
        """What tells a process of ours where everything is."""
        return {f"CROBOT_{name.upper()}": text for name, text in self._settings.items()}

    def _start_crobot(self) -> None:
        commands = {
            "head": ["head"],
            "beat": ["beat"],
            "node": ["node", "--name", NODE, "--cores", str(CORES), "--memory", "4G"],
        }
        for name, arguments in commands.items():
            command = [sys.executable, "-m", "crobot_tasks.cli", *arguments]
            self.processes[name] = Process(name, command, self.folder, **self.environment)

    def _start_plain(self, url: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", plain.__name__, "worker", "-c", str(CORES), "-l", "INFO",
                   "--without-gossip", "--without-mingle", "-n", PLAIN]  # fmt: skip
        self.processes["plain"] = Process(
            "plain", command, self.folder, CELERY_BROKER_URL=url, CELERY_RESULT_BACKEND=url
        )

    def _wait(self) -> None:
        wait_for(f"the node, see {self.folder}", lambda: value("SELECT count(*) FROM crobot.nodes"))
        wait_for("the plain worker", lambda: "ready." in self.processes["plain"].text())


@contextmanager
def stage(keep: bool = False) -> Iterator[Stage]:
    """Set the stage; everything is stopped at the end, also on error, when the folder with the logs stays."""
    running = Stage(Path(tempfile.mkdtemp(prefix="crobot-bench-")))
    try:
        running.start()
        yield running
    finally:
        running.stop()
    if not keep:
        shutil.rmtree(running.folder, ignore_errors=True)


def results_stored(keys: list[Any], client: Any) -> list[Any]:
    """Return those of the keys, in their order, from the first chunk on that is not complete."""
    while keys and client.exists(*keys[:200]) == len(keys[:200]):
        keys = keys[200:]
    return keys


def all_settled() -> bool:
    """Whether nothing is left to do for anybody."""
    return not value("SELECT count(*) FROM crobot.settlements WHERE settled_at IS NULL")
