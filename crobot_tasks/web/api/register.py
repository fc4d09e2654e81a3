"""`register(app)`: the API in a Flask app, beside whatever else that serves."""

from __future__ import annotations

from typing import Any

import flask_smorest
from flask import Flask

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.celery import app as celery_app
from crobot_tasks.web.api import (
    analyses,
    batch_steering,
    batches,
    docs,
    events,
    files,
    jobs,
    log,
    original,
    projects,
    species,
    species_results,
    steering,
    system,
)
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.rates import rates
from crobot_tasks.web.api.schemas import ProblemSchema
from crobot_tasks.web.api.uploads import pairs, tus

VERSION = "1.0"
#: flask-smorest's settings in the app, beside those of an API of the app's own
_PREFIX = "CROBOT_API_"
_SETTINGS = {
    "API_TITLE": "CRobot",
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.0.3",
    "OPENAPI_URL_PREFIX": ROOT,
    "OPENAPI_JSON_PATH": "openapi.json",
}
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a token of `crobot token create`"},
    "basic": {"type": "http", "scheme": "basic", "description": "the token as the user name, no password"},
}


class Api(flask_smorest.Api):
    """The description of the API; errors are answered by its blueprints, and those of the rest of the app are not."""

    ERROR_SCHEMA = ProblemSchema
    #: each path says what it refuses
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave the app's other pages alone."""


def register(app: Flask) -> None:
    """Mount the API in a Flask app: /api/v1.0/… and /head/submit; its other paths are not touched."""
    celery_app.set_addresses()
    rates()  # a setting that is wrong is named before anybody asks
    celery_app.loader.import_default_modules()
    for name, value in _SETTINGS.items():
        app.config.setdefault(_PREFIX + name, value)
    api: Any = Api(app, config_prefix=_PREFIX)
    for name, scheme in _SECURITY.items():
        api.spec.components.security_scheme(name, scheme)
    for room in (
        jobs,
        steering,
        files,
        events,
        log,
        batches,
        batch_steering,
        species,
        species_results,
        analyses,
        projects,
        system,
        original,
        pairs,
        tus,
    ):
        api.register_blueprint(room.blueprint)
    app.register_blueprint(docs.blueprint)
