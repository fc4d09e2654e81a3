"""What a stream follows, and from which position on: taken from the address of a request, and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from crobot_errors import BadInput

#: numbers above are no job's, and no user's
_LAST_JOB, _LAST_USER = 2**63 - 1, 2**31 - 1
_NAME_CHARACTERS = 1000
#: fields of the address beside what is followed
TICKET, LAST_EVENT_ID = "ticket", "last_event_id"
_POSITION = re.compile(r"([0-9a-f]{8})\.([0-9]{1,19})")


class Kind(StrEnum):
    """What can be followed."""

    JOB = "job"
    BATCH = "batch"
    USER = "user"


@dataclass(frozen=True)
class Followed:
    """One job, one batch, or the jobs of one user."""

    kind: Kind
    #: of the job or the user; 0: the name counts
    number: int = 0
    #: of the batch
    name: str = ""
    #: no batch has the name, only jobs carry it
    is_label: bool = False
    #: user and workgroup whose jobs with such a name are counted; None: everybody's
    counted: tuple[int, str] | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name or self.number}"


@dataclass(frozen=True)
class Position:
    """How far a client has seen: all that transactions before this number have done."""

    #: of the database; numbers of different ones cannot be compared
    history: str
    seen_to: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return what an event's id says; None if it is not from here: then the present state is told."""
        found = _POSITION.fullmatch(text)
        return cls(found[1], int(found[2])) if found else None

    def is_before(self, now: Position) -> bool:
        """Whether what has happened since then can be told."""
        return self.history == now.history and self.seen_to <= now.seen_to

    def __str__(self) -> str:
        return f"{self.history}.{self.seen_to}"


def read(query: Mapping[str, Sequence[str]], own_user: int) -> Followed:
    """Return what the fields of an address ask for; ``user=me`` is ``own_user``.

    Raises:
        BadInput: none or several things, an unknown field, a field twice, or no number.
    """
    known = (*Kind, TICKET, LAST_EVENT_ID)
    for name, values in query.items():
        if name not in known:
            raise BadInput(
                f"{name!r:.80} is not known here: give one of job, batch and user{_token_hint(name)}"
            )
        if len(values) > 1:
            raise BadInput(f"{name} is given {len(values)} times: open a stream for each")
    asked = [kind for kind in Kind if kind in query]
    if len(asked) != 1:
        raise BadInput(
            f"{' and '.join(asked) or 'nothing'} is asked for:"
            " follow one of job=NUMBER, batch=NAME, user=NUMBER and user=me"
        )
    return _one(asked[0], query[asked[0]][0], own_user)


def _token_hint(name: str) -> str:
    if name not in ("token", "access_token", "authorization"):
        return ""
    return "; a token goes into the header Authorization, since addresses are written into logs"


def _one(kind: Kind, text: str, own_user: int) -> Followed:
    if kind is Kind.BATCH:
        if not 0 < len(text) <= _NAME_CHARACTERS or "\0" in text:
            raise BadInput(f"batch={text!r:.80} is no name of a batch; `crobot batch list --all` lists them")
        return Followed(kind, name=text)
    if kind is Kind.USER and text == "me":
        return Followed(kind, own_user)
    last = _LAST_JOB if kind is Kind.JOB else _LAST_USER
    if not re.fullmatch(r"[0-9]{1,19}", text) or not (0 if kind is Kind.USER else 1) <= int(text) <= last:
        raise BadInput(f"{kind}={text!r:.80} is no number of a {kind}")
    return Followed(kind, int(text))
