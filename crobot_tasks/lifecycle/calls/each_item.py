"""(a) Celery's `map` and `starmap`, which know jobs, too: each item is then a job of its own; no head runs a body."""

from __future__ import annotations

from typing import Any

from celery import Task
from celery.canvas import maybe_signature

from crobot_tasks.celery import app

#: what a call of `celery.map` and `celery.starmap` says
_PARAMETERS = ("task", "it")
#: what has begun in time may be collected later
_OF_EACH = ("expires",)
#: jobs go by their own names
_NOT_OF_ALL = (*_OF_EACH, "route_name")


class Starmap(Task):
    """``task.starmap(items)``: Celery's task, except that a JobTask says by ``for_each`` what is sent instead."""

    name = "celery.starmap"

    def calls(self, items: Any) -> list[Any]:
        """Return the arguments of each call: an item is the list of them."""
        return list(items)

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Send the jobs, and what collects their results; or the one call of Celery's, if the task is a plain one."""
        of_each = {name: options[name] for name in _OF_EACH if name in options}
        call = dict(zip(_PARAMETERS, args or (), strict=False)) | (kwargs or {})
        canvas = self._jobs(call["task"], call["it"], of_each)
        if canvas is None:
            return super().apply_async(args, kwargs, **options)
        return canvas.apply_async(**{name: options[name] for name in options if name not in _NOT_OF_ALL})

    def run(self, task: Any, it: Any) -> Any:
        """Run a message that came: jobs take its place; a plain task runs for each item, here, as Celery does it."""
        canvas = self._jobs(task, it, {})
        if canvas is not None:
            return self.replace(canvas)
        body = maybe_signature(task, app=self.app).type
        return [body(*call) for call in self.calls(it)]

    def _jobs(self, task: Any, it: Any, of_each: dict[str, Any]) -> Any:
        signature = maybe_signature(task, app=self.app)
        for_each = getattr(self.app.tasks.get(signature.task), "for_each", None)
        return for_each and for_each(self.calls(it), signature.options | of_each)


class Map(Starmap):
    """``task.map(items)``, likewise."""

    name = "celery.map"

    def calls(self, items: Any) -> list[Any]:
        """Return the arguments of each call: an item is the only one."""
        return [(item,) for item in items]


for _task in (Map(), Starmap()):
    app.tasks.unregister(_task.name)  # Celery's own
    app.register_task(_task)
