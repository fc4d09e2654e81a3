"""Where jobs are changed: first the page says how many it would be, then it is done with exactly those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.operate import names
from crobot_tasks.web.flower import filters, words
from crobot_tasks.web.flower.changing import ChangingPage, Form, Noted, check_may_change
from crobot_tasks.web.flower.steering import many
from crobot_tasks.web.flower.steering.fields import given_by
from crobot_tasks.web.flower.steering.frozen import MOST, freeze, thaw
from crobot_tasks.web.flower.steering.kinds import Kind, kind_of
from db.crobot import control, counting
from db.crobot.selection import Selection

#: more jobs than this are changed only if their number is written
MOST_UNASKED = 100
#: jobs that are named, and no more
_NAMED = 20


@dataclass(frozen=True)
class Chosen:
    """The jobs that are meant."""

    selection: Selection
    #: for people, and for the table of changes
    words: str
    #: numbers that no job has
    unknown: list[int]
    by_filter: bool


class Steer(ChangingPage):
    """What is to be done to which jobs: asked by GET, done by POST."""

    template, tab = "steer.html", "jobs"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Count what it would be, and write the form that does it."""
        check_may_change(self.current_user)
        kind = kind_of(self.asked("what"))
        chosen = self._chosen(session)
        selected = counting.counts(session, chosen.selection)
        job_ids = _ids(session, kind, chosen.selection)
        before = kind.before(session, job_ids) if chosen.by_filter else frozenset()
        job_ids = [job_id for job_id in job_ids if job_id not in before]
        ids, about = freeze(job_ids), chosen.words
        return {
            "kind": kind,
            "chosen": chosen,
            "ids": ids,
            "count": len(job_ids),
            "named": job_ids[:_NAMED],
            "states": counting.counts(session, kind.of(chosen.selection)),
            "before": len(before),
            "others": selected.total() - len(job_ids) - len(before),
            "is_estimate": bool(selected.estimated),
            "everything": chosen.selection.empty,
            "must_write": len(job_ids) > MOST_UNASKED,
            "form_token": self.token(_purpose(kind.name, about, ids)),
        }

    def change(self, form: Form, *path: str) -> Noted:
        """Begin it with the jobs that the form names."""
        kind, job_ids = kind_of(self.given("what")), thaw(self.given("ids"))
        if len(job_ids) > MOST_UNASKED:
            self._check_number(len(job_ids))
        given = given_by(self.given, kind.fields)
        for name in kind.required:
            if not self.given(name):
                raise BadInput(f"{kind.label.lower()} jobs: say the {name}")
        begun = form.begun(kind.name, self.given("about"), str(given), len(job_ids))
        return many.begin(begun, kind, given, job_ids)

    def purpose(self, *path: str) -> str:
        """Return what was counted: the same text, to the letter."""
        return _purpose(*(self.given(name) for name in ("what", "about", "ids")))

    def _chosen(self, session: Any) -> Chosen:
        if self.asked("all"):
            fields = filters.fields(self.asked)
            selection = filters.selection(session, fields)
            names.check(selection)
            return Chosen(selection, f"all jobs with {selection}" if str(selection) else "all jobs", [], True)
        given = [filters.whole("job", one, filters.LAST_JOB) for one in self.get_query_arguments("job")]
        ids = tuple(sorted({one for one in given if one is not None}))
        if not ids:
            raise BadInput("no job was chosen: tick some of the list, or take all that match")
        unknown = control.unknown_ids(session, ids)
        return Chosen(Selection(ids=ids), _named(ids), unknown, False)

    def _check_number(self, count: int) -> None:
        written = self.given("number").replace(",", "").replace(" ", "")
        if written != str(count):
            raise BadInput(
                f"this is about {words.number(count)} jobs, and {written!r:.20} was written as their number: write "
                f"{count} if it is meant"
            )


def _named(ids: tuple[int, ...]) -> str:
    named = ", ".join(map(str, ids[:_NAMED]))
    return f"job{'' if len(ids) == 1 else 's'} {named}" + (" and more" if len(ids) > _NAMED else "")


def _ids(session: Any, kind: Kind, selection: Selection) -> list[int]:
    found = counting.counts(session, kind.of(selection)).total()
    if found > MOST:
        raise BadInput(
            f"this is about {words.number(found)} jobs, more than {words.number(MOST)} at a time: select fewer"
        )
    return control.ids(session, kind.of(selection))


def _purpose(what: str, about: str, ids: str) -> str:
    return f"{what}\n{about}\n{ids}"
