"""The API alone: a Flask app of its own, served by gunicorn with threads."""

from __future__ import annotations

import errno
import logging
import socket
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from werkzeug.middleware.proxy_fix import ProxyFix

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.logs import lines
from crobot_tasks.web.api import body, request_ids
from crobot_tasks.web.api.problems import answer
from crobot_tasks.web.api.register import register
from db.engine import keep_open

#: seconds after which a request that is not done is given up with its worker
_TIMEOUT_S = 120


def application() -> Flask:
    """Return a Flask app that serves the API and nothing else."""
    app = Flask("crobot_tasks.web.api", static_folder=None)
    # for paths that no blueprint has
    app.before_request(request_ids.begin)
    app.before_request(body.limit)
    app.after_request(request_ids.end)
    app.register_error_handler(Exception, answer)
    register(app)
    if proxies := celeryconfig.crobot_api_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[proxies] * 5)  # type: ignore[method-assign]
    return app


class Lines(Logger):
    """gunicorn's own lines, as those of CRobot."""

    def setup(self, cfg: Any) -> None:
        """Set them up."""
        super().setup(cfg)
        if lines.are_json():
            lines.adopt(self.error_log)


class Server(BaseApplication):
    """gunicorn with our settings, and without a file of its own."""

    def __init__(self, address: str, port: int, processes: int, threads: int) -> None:
        self._settings = {
            "bind": f"[{address}]:{port}" if ":" in address else f"{address}:{port}",
            "workers": processes,
            "threads": threads,
            "worker_class": "gthread",
            "timeout": _TIMEOUT_S,
            "graceful_timeout": 30,
            "limit_request_line": 8190,
            # it would lie in the home directory, one for all servers of a user
            "control_socket_disable": True,
            "post_worker_init": _log_requests,
            "logger_class": Lines,
        }
        super().__init__()

    def load_config(self) -> None:
        """Take our settings, and no other."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app; each process makes its own, with connections of its own."""
        keep_open(self.cfg.threads)
        return application()


def _log_requests(_: Any) -> None:
    logging.basicConfig(level=logging.INFO, handlers=[lines.handler()])


def serve(address: str, port: int, processes: int, threads: int) -> None:
    """Serve until told to end.

    Raises:
        BadInput: it cannot listen there.
    """
    _check_free(address, port)
    Server(address, port, processes, threads).run()


def _check_free(address: str, port: int) -> None:
    """Look first: gunicorn itself would try for seconds, and then say it in its own words."""
    try:
        socket.create_server(
            (address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET
        ).close()
    except OSError as error:
        reason = (
            "is taken" if error.errno == errno.EADDRINUSE else f"cannot be listened at ({error.strerror})"
        )
        raise BadInput(
            f"port {port} of {address} {reason}: choose another --port (CROBOT_API_PORT) or --address"
        ) from error
