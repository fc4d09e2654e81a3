"""The HTTP API: `register(app)` mounts it in a Flask app, `crobot api` serves it alone."""

from crobot_tasks.web.api.register import register

__all__ = ["register"]
