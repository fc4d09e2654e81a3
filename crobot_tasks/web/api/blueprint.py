"""Blueprints whose paths are described with what they refuse, and whose fields are taken strictly."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import flask_smorest
from flask import request
from marshmallow import RAISE, Schema, ValidationError
from marshmallow.fields import List
from webargs.flaskparser import FlaskParser

from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import access, body, paths, request_ids
from crobot_tasks.web.api.problems import CONTENT_TYPE, answer, wrong_fields
from crobot_tasks.web.api.schemas import ProblemSchema
from crobot_tasks.web.api.stored_files import ANY_TYPE

View = TypeVar("View", bound=Callable[..., Any])

#: what any path that asks for a token may answer
_ANY_TOKEN = (401, 403, 429)
_ANY = (500, 503)


class Parser(FlaskParser):
    """Refuses fields that are not known, wherever they are, and names the wrong ones with their values."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": RAISE, "query": RAISE, "json_or_form": RAISE, "path": RAISE}

    def load_json(self, req: Any, schema: Schema) -> Any:
        """Return the body; none at all says nothing, which a path may take."""
        return body.body() if body.read() else {}

    def load_querystring(self, req: Any, schema: Schema) -> Any:
        """Return the query; what is given twice, and is no list, is not known."""
        for name, values in req.args.lists():
            if len(values) > 1 and not isinstance(schema.fields.get(name), List):
                raise ValidationError({name: ["given more than once: give it once"]})
        return super().load_querystring(req, schema)

    def handle_error(self, error: ValidationError, req: Any, schema: Schema, **kwargs: Any) -> Any:
        """Say what is wrong."""
        messages = error.messages_dict
        given: dict[str, Any] = {"query": dict(request.args), "json": None}
        if "json" in messages:
            given["json"] = self.load_json(request, schema)
        where, inner = next(iter(messages.items()))
        raise wrong_fields(inner, given.get(where)) from error


class Blueprint(flask_smorest.Blueprint):
    """A part of the API."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, __name__, **options)
        self.before_request(request_ids.begin)
        self.before_request(body.limit)
        self.before_request(paths.check)
        self.after_request(request_ids.end)
        self.register_error_handler(Exception, answer)

    def arguments(self, *args: Any, **kwargs: Any) -> Any:
        """Take arguments as flask-smorest does; what is refused is described by `opens`."""
        decorate = super().arguments(*args, **kwargs)

        def described(view: View) -> Any:
            wrapper = decorate(view)
            del wrapper._apidoc["arguments"]["responses"]
            return wrapper

        return described

    def opens(self, *scopes: Scope, refuses: tuple[int, ...] = ()) -> Callable[[View], Any]:
        """Open a path to tokens with one of these scopes, or to everybody; ``refuses``: what else it may answer."""

        def decorate(view: View) -> Any:
            described = view
            for status in sorted({*refuses, *(_ANY_TOKEN if scopes else ()), *_ANY}):
                refusal = self.alt_response(status, schema=ProblemSchema, content_type=CONTENT_TYPE)
                described = refusal(described)
            if scopes:
                described = self.doc(security=[{"bearer": []}, {"basic": []}])(described)

            @wraps(described)
            def admitted(*args: Any, **kwargs: Any) -> Any:
                if scopes:
                    access.admit(*scopes)
                return described(*args, **kwargs)

            return admitted

        return decorate

    def sends_file(
        self, *scopes: Scope, refuses: tuple[int, ...] = (), kind: str = ANY_TYPE
    ) -> Callable[[View], Any]:
        """Open a path that sends a file, whole or in ranges, to tokens with one of these scopes."""

        def decorate(view: View) -> Any:
            described = self.alt_response(206, description="The range that was asked for", success=True)(view)
            described = self.response(200, {"type": "string", "format": "binary"}, content_type=kind)(
                described
            )
            return self.opens(*scopes, refuses=(404, 416, *refuses))(described)

        return decorate
