"""Sign in by a token: the browser gets a session, and no script of a page ever sees the token."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request, session, url_for

from crobot_errors import BadToken
from crobot_tasks.operate import tokens

_API = ("/api/", "/head/")
_SAFE = ("GET", "HEAD", "OPTIONS")

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def form() -> str:
    """Show where a token is asked for."""
    return render_template("sign_in.html", error=None, following=_inside(request.args.get("next", "")))


@blueprint.post("/sign-in")
def sign_in() -> Any:
    """Begin a session, if the token counts."""
    token, following = request.form.get("token", "").strip(), _inside(request.form.get("next", ""))
    try:
        tokens.caller_of(token)
    except BadToken as error:
        return render_template("sign_in.html", error=str(error), following=following), 401
    session.clear()
    # The cookie is signed and not secret: whoever reads it is its owner, or has their browser.
    session["token"] = token
    return redirect(following or url_for("pages.jobs"))


@blueprint.post("/sign-out")
def sign_out() -> Any:
    """End the session; the token counts until it is revoked."""
    session.clear()
    return redirect(url_for("sign_in.form"))


def lend_token() -> None:
    """Send the session's token along with what a page of this app asks the API; before each request.

    What changes something must come from a page of this app, which the browser says in `Origin`.
    """
    token = session.get("token") if request.path.startswith(_API) else None
    if token and "Authorization" not in request.headers and (request.method in _SAFE or _is_ours()):
        request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"


def require() -> Any:
    """Ask who nobody knows to sign in; before each page."""
    try:
        g.caller = tokens.caller_of(session.get("token", ""))
    except BadToken:
        return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")))
    return None


def _is_ours() -> bool:
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def _inside(path: str) -> str:
    """Return where to go after signing in: a path of this app, or nothing."""
    parts = urlsplit(path)
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return path if inside and path.isprintable() else ""
