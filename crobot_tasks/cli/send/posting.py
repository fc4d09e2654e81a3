"""`--callback`: the outcome of what is sent is posted to a web app, ordered in the transaction that sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import click

from crobot_tasks.webhooks import analyses, outcomes
from db.engine import transaction

callback = click.option(
    "--callback",
    metavar="URL",
    help="Where the outcome is posted; `crobot webhooks targets` says what is allowed.",
)

#: has the outcome of a job, or of an analysis, of this number posted
Order = Callable[[int], None]


def job(url: str | None, user_id: int) -> AbstractContextManager[Order]:
    """Open the transaction that sends jobs, and yield what has the outcome of one posted.

    Raises:
        BadInput: nothing may be posted there; nothing was sent.
    """
    return _sending(url, partial(outcomes.post_job, user_id=user_id))


def analysis(url: str | None, user_id: int) -> AbstractContextManager[Order]:
    """The same for an analysis or an SNP project."""
    return _sending(url, partial(analyses.post_analysis, user_id=user_id))


@contextmanager
def _sending(url: str | None, order: Callable[..., None]) -> Iterator[Order]:
    if url is None:
        # each send has a transaction of its own, as ever
        yield lambda number: None
        return
    to = outcomes.checked(url)
    with transaction():
        yield lambda number: order(number, to)
