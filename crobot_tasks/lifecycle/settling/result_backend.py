"""(e) Celery's results in Redis or Valkey, which may lose them: jobs and chords are answered from the database."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from time import sleep
from traceback import walk_tb
from typing import Any

from celery import states
from celery.backends.redis import RedisBackend
from celery.canvas import maybe_signature
from kombu.utils.encoding import bytes_to_str

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.calls.sends import Sends, collected, collecting
from crobot_tasks.lifecycle.finishing.outcomes import outcome
from crobot_tasks.lifecycle.sending.commit_sends import commit
from crobot_tasks.lifecycle.settling.errbacks import SentErrbacks
from crobot_tasks.lifecycle.settling.extended_result import extended
from db.crobot import chords, clock, progress, settlements
from db.engine import is_away, patiently, retrying, transaction

log = logging.getLogger(__name__)

#: a key of the store with the time that the database has noted; a store that lacks it has lost data
MARK = "crobot.seen_at"
#: what the store may say of a job although the database knows better: nothing, or what some worker was told to revoke
_ASKED = (states.PENDING, states.REVOKED)
#: who comes late knows an older size, and a chord that was answered is forgotten
_GROW = """
    local size = tonumber(redis.call('GET', KEYS[1]))
    if size and size < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL') end"""


class ResultStore(SentErrbacks, RedisBackend):
    """Celery's store: what it does not have is answered from the database, and chords are stored there, too."""

    def get_task_meta(self, task_id: str, cache: bool = True) -> Any:
        """Return state and result of a task; a job's from the database, if the store does not have it."""
        meta = super().get_task_meta(task_id, cache)
        row = standing(task_id) if meta["status"] in _ASKED else None
        return meta_of(row) if row else meta

    def mget(self, keys: Sequence[Any]) -> list[Any]:
        """Return what is stored under keys; the results of jobs that are not there come from the database."""
        found = list(super().mget(keys))
        prefix = bytes_to_str(self.task_keyprefix)
        names = {number: bytes_to_str(key).removeprefix(prefix) for number, key in enumerate(keys)}
        lacking = {number: names[number] for number, value in enumerate(found) if value is None}
        jobs = self._of_jobs(list(lacking.values())) if lacking else {}
        for number, task_id in lacking.items():
            if task_id in jobs:
                found[number] = self.encode(self._encoded(jobs[task_id]))
        return found

    def mark_as_revoked(self, task_id: str, *args: Any, request: Any = None, **options: Any) -> None:
        """Store REVOKED, but not of a job that some worker was told to revoke: the database says how that ends."""
        if request is not None or standing(task_id) is None:
            super().mark_as_revoked(task_id, *args, request=request, **options)

    def mark_as_failure(
        self, task_id: str, exc: Any, traceback: Any = None, request: Any = None, **options: Any
    ) -> None:
        """Store FAILURE, and tell the chord; but not that of a job whose end could only not be told now.

        Raises:
            Exception: a server was lost meanwhile; whoever settles the job does it again.
        """
        if getattr(request, "settles", None) is not None and _is_of_the_way(exc):
            raise exc
        super().mark_as_failure(task_id, exc, traceback=traceback, request=request, **options)

    def wake(self, rows: Iterable[Any]) -> None:
        """Tell whoever waits for jobs where they stand. That is not stored: who asks is answered from the database."""
        told = [
            (self.get_key_for_task(row.task_id), self.encode(self._encoded(meta_of(row)))) for row in rows
        ]
        if told:
            self.ensure(self._publish, (told,))

    def _publish(self, told: Iterable[tuple[Any, Any]]) -> None:
        with self.client.pipeline(transaction=False) as pipe:
            for channel, meta in told:
                pipe.publish(channel, meta)
            pipe.execute()

    def _of_jobs(self, task_ids: Sequence[str]) -> dict[str, Any]:
        """Task id → state and result, of the jobs that have ended."""

        def read() -> Sequence[Any]:
            with transaction() as session:
                return settlements.outcomes(session, task_ids)

        return {row.task_id: meta_of(row) for row in retrying(read)}

    def _get_result_meta(self, result: Any, state: str, traceback: Any, request: Any, **options: Any) -> Any:
        """Return what Celery stores of a result; of a job's settlement, what belongs to the job."""
        meta = super()._get_result_meta(result, state, traceback, request, **options)
        job = getattr(request, "settles", None)  # of a task that nobody knows, Celery makes up a request
        return {**meta, **extended(job, request.id)} if job else meta

    def _encoded(self, meta: dict[str, Any]) -> dict[str, Any]:
        return meta | {"result": self.encode_result(meta["result"], meta["status"])}

    def set_chord_size(self, group_id: str, chord_size: int) -> None:
        """Store how many results a chord waits for, or leave it to whoever collects here what is sent."""
        sends = collected()
        if sends is not None:
            sends.chord_sizes[group_id] = chord_size
            return

        def keep() -> None:
            with transaction() as session:
                chords.keep(session, group_id, chord_size)

        # In a task, this is how a chain goes on: an error here would end the task as failed.
        (patiently if app.current_worker_task else retrying)(keep)
        super().set_chord_size(group_id, chord_size)

    def save_group(self, group_id: str, result: Any) -> Any:
        """Store which results a group has, or leave it to whoever collects here what is sent."""
        sends = collected()
        if sends is None:
            return super().save_group(group_id, result)
        sends.groups[group_id] = result.as_tuple()
        return result

    def on_chord_part_return(
        self, request: Any, state: str, result: Any, propagate: Any = None, **kwargs: Any
    ) -> None:
        """Count a result of a chord, and send its body with the last one."""
        if request.chord and request.group:
            request.chord = _answering(request.chord, request.group)
            request.chord.is_settled = getattr(request, "settles", None) is not None
        super().on_chord_part_return(request, state, result, propagate, **kwargs)

    def chord_error_from_stack(self, callback: Any, exc: BaseException | None = None) -> Any:
        """Tell a chord's error callbacks that it has failed; Celery then forgets the chord.

        Raises:
            Exception: what has failed is the way to the members' results; whoever settles a member does it again.
        """
        cause = sys.exc_info()[1]
        if getattr(callback, "is_settled", False) and cause is not None and _is_of_the_way(cause):
            raise cause
        chord_id = getattr(callback, "answers", None)
        if chord_id is None:
            return super().chord_error_from_stack(callback, exc)
        with collecting(Sends()) as sends:
            told = super().chord_error_from_stack(callback, exc)
        _answer(chord_id, sends)
        return told

    def grow(self, group_id: str, chord_size: int) -> None:
        """Store that a chord waits for more results than it was sent with, if it is not answered yet."""
        key = self.get_key_for_group(group_id, ".s")
        self.ensure(self.client.eval, (_GROW, 1, key, chord_size))

    def remind(self, group_id: str, chord_size: int) -> None:
        """Store it again after it was lost, and remove a claim on the answer that came back with old data."""
        super().set_chord_size(group_id, chord_size)
        self.client.delete(self.get_key_for_group(group_id, ".c"))


def standing(task_id: str) -> Any:
    """Return where the job with this public task id stands; None if there is none."""

    def read() -> Any:
        with transaction() as session:
            return progress.standing(session, [task_id]).get(task_id)

    return retrying(read)


def meta_of(row: Any) -> dict[str, Any]:
    """Return what Celery's stores say of a task, from where its job stands."""
    state, value = outcome(row)
    children = row.children or []
    fields = {"task_id": row.task_id, "status": state, "result": value, "children": children}
    return extended(row, row.task_id) | fields


def _is_of_the_way(error: BaseException) -> bool:
    """Whether a server was lost on the way; an error of a job that looks the same is raised by Celery, or by us."""
    if not (isinstance(error, UNREACHABLE) or is_away(error)):
        return False
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    package = str(frames[-1].f_globals.get("__name__", "")).partition(".")[0] if frames else ""
    return package not in ("celery", "vine", "crobot_tasks")


def _answering(body: Any, chord_id: str) -> Any:
    """Return a chord's body; what its ``delay`` sends is committed at once, since Celery then forgets the chord."""
    body = maybe_signature(body, app=app)
    if getattr(body, "answers", None) is None:
        body.answers, body.delay = chord_id, partial(_delay, body.delay, chord_id)
    return body


def _delay(delay: Any, chord_id: str, results: Any) -> Any:
    with collecting(Sends()) as sends:
        result = delay(results)
    _answer(chord_id, sends)
    return result


def _answer(chord_id: str, sends: Sends) -> None:
    """Send what answers a chord, unless that was done."""

    def work() -> None:
        with transaction() as session:
            if chords.answer(session, chord_id):
                finish.refuse(session, commit(session, sends).refused)

    # To Celery, any error here would be the body's: the chord would end as failed.
    while True:
        try:
            return patiently(work)
        except UNREACHABLE as error:
            log.warning("the result store is away, and waited for: %s", error)
            sleep(1)


def remind() -> None:
    """See whether the store may have lost data (it was started again, or emptied); if so, store its chords once more.

    Results that were counted before are told once more: Celery counts by task id, so twice is harmless. What follows a
    result was committed with it, and what answers a chord with the chord, so neither is sent again.
    """
    store = app.backend
    if not isinstance(store, ResultStore):
        return
    # No row is locked while the store is asked, which may take long; another head that comes meanwhile passes by.
    with transaction() as session:
        if not chords.only_reminder(session):
            return
        before, now = chords.last_seen(session), clock.now(session)
        run = str(store.client.info("server").get("run_id", ""))
        whole = before and before.run == run and store.client.get(MARK) == before.at.isoformat().encode()
        unanswered = [] if whole else chords.unanswered(session)
        for chord in unanswered:
            store.remind(chord.id, chord.size)
        # The store comes before the commit: if only the store has it, the next look merely stores the chords once more.
        store.client.set(MARK, now.isoformat())
        if unanswered:
            results = chords.owe_again(session, [chord.id for chord in unanswered])
            # At the first look ever, chords may have been sent before it: nobody knows that any is lacking.
            if before:
                log.warning(
                    "the result store has lost its data: %s chords are stored again, with %s results",
                    len(unanswered),
                    results,
                )
        chords.note_seen(session, run, now)
