"""Server-sent events as bytes (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

from crobot_tasks.web.events.followed import Position

CONTENT_TYPE = "text/event-stream; charset=utf-8"
#: a comment: it says that the connection lives, and is no event
HEARTBEAT = b":\n\n"
#: the first thing a client reads: how long it waits before it connects again, milliseconds
RETRY = b"retry: 3000\n\n"


def event(name: str, text: str, position: Position) -> bytes:
    """Return an event; ``text`` is JSON in one line."""
    return f"id: {position}\nevent: {name}\ndata: {text}\n\n".encode()
