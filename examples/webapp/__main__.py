"""`python -m examples.webapp`: serves the app on this machine; the settings are those of a head, and two of its own.

WEBAPP_PORT (5557), and WEBAPP_SECRET_KEY, without which a key is made and kept in the data directory.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

import celeryconfig
from examples.webapp.app import create_app

PORT = int(os.environ.get("WEBAPP_PORT", "5557"))
#: requests at a time; a file that is being uploaded needs one
THREADS = 16


class Server(BaseApplication):
    """gunicorn with threads: one process is enough for a group, and an upload does not keep the others waiting."""

    def load_config(self) -> None:
        """Listen on this machine only; nginx stands before it elsewhere."""
        settings = {
            "bind": f"127.0.0.1:{PORT}",
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 120,
            # it would lie in the home directory, one for all servers of a user
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the app."""
        return create_app(secret_key())


def secret_key() -> str:
    """Return the key that signs sessions, the same after a restart."""
    if given := os.environ.get("WEBAPP_SECRET_KEY"):
        return given
    path = Path(celeryconfig.crobot_data_dir) / "webapp.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # whole or not at all: with half a key nobody could sign in ever after
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_hex(32), encoding="ascii")
        unfinished.replace(path)
    return path.read_text(encoding="ascii")


if __name__ == "__main__":
    Server().run()
