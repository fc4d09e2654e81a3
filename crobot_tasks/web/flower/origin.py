"""From where a request comes: its address, and whether it was a page of this site that a browser sent it from."""

from __future__ import annotations

from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

import celeryconfig
from crobot_errors import NotAllowed


def check_origin(request: HTTPServerRequest) -> None:
    """Let a form only come from this site; programs that say nothing of it are no browser, and have a token to show.

    Raises:
        NotAllowed: a browser says that another site has sent it.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin"):
        raise NotAllowed("your browser says that another site has sent this form (Sec-Fetch-Site)")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise NotAllowed(
            f"this form was sent from {origin!r:.100}, and this is {request.host!r:.100}: a web server before Flower "
            "must pass on the Host header"
        )


def address_of(request: HTTPServerRequest) -> str:
    """Return the client's address, as the outermost proxy of ours says it, if there are any."""
    proxies = celeryconfig.crobot_flower_proxies
    named = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",") if one.strip()]
    return str(named[-proxies] if 0 < proxies <= len(named) else request.remote_ip)[:100]
