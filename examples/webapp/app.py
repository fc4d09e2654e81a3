"""`create_app()`: the HTTP API and the pages in one Flask app."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

import celeryconfig
from crobot_tasks.web.api import register
from examples.webapp import pages, sign_in

#: seconds for which a browser may keep a file of `static/`
_KEEP_S = 3600


def create_app(secret_key: str) -> Flask:
    """Return the app; ``secret_key`` signs the sessions, and is the same in each process and after a restart."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secret_key,
        SESSION_COOKIE_NAME="webapp",
        SESSION_COOKIE_HTTPONLY=True,
        # a page elsewhere cannot make a browser send something in its user's name
        SESSION_COOKIE_SAMESITE="Lax",
        SEND_FILE_MAX_AGE_DEFAULT=_KEEP_S,
    )
    register(app)
    app.register_blueprint(sign_in.blueprint)
    app.register_blueprint(pages.blueprint)
    app.before_request(sign_in.lend_token)
    app.after_request(_guard)
    if proxies := celeryconfig.crobot_api_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[proxies] * 5)  # type: ignore[method-assign]
    return app


def _guard(response: Response) -> Response:
    """Let a browser ask nobody else, whatever a page says; files of jobs have rules of their own."""
    response.headers.setdefault("Content-Security-Policy", _policy())
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def _policy() -> str:
    streams = urlsplit(celeryconfig.crobot_events_url)
    elsewhere = f" {streams.scheme}://{streams.netloc}" if streams.netloc else ""
    return (
        # wasm: the checksums of uploads are computed in the browser
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'{elsewhere}; "
        "img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
