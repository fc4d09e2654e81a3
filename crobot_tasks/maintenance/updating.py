"""Bringing a species up to date: what is missing, outdated or may be tried again is sent, as a batch each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import CRobotError, UpdateUnderWay
from crobot_tasks.batches.batch import Batch
from crobot_tasks.jobs.following import CLASSES
from crobot_tasks.jobs.generic import pipeline_of
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.maintenance import candidates
from crobot_tasks.maintenance.deciding import Candidate, decide
from crobot_tasks.maintenance.outdated import current_version
from crobot_tasks.router.maintenance import UpdateRule
from db.crobot import batches
from db.crobot.clock import now
from db.engine import in_savepoint, retrying, transaction, try_lock
from db.known_species import find_species
from db.species.schemes import find_scheme, schemes_to_call

#: as much of a scheme's name is in the name of a batch, which has a limit
NAME_LENGTH = 36


@dataclass
class Update:
    """What an update came to, or would."""

    database: str
    #: None: the assemblies
    scheme: str | None
    #: why, for each strain or assembly that is sent
    chosen: dict[str, str] = field(default_factory=dict)
    #: why others are left alone → how many
    left: Counter[str] = field(default_factory=Counter)
    #: the run was full; the next one goes on
    full: bool = False
    #: None: there was nothing to do, or it was a dry run, or it could not be done
    batch: Batch | None = None
    error: str = ""

    @property
    def what(self) -> str:
        """What was updated, for people."""
        return f"{self.database}, " + ("assemblies" if self.scheme is None else f"scheme {self.scheme}")


def update_assemblies(database: str, *, dry_run: bool = False) -> Update:
    """Assemble the strains that have reads and no valid assembly, or if the policy wants it an outdated one.

    Raises:
        UnknownSpecies: there is no such species.
        UpdateUnderWay: the same is being done just now.
    """

    def work() -> Update:
        with transaction(database) as session:
            find_species(session, database)
            rule = policy_in_force.current(session).maintenance.rule_of(database)
            current = current_version("QAssembly")
            make = partial(Batch.reassemble, database, again=False)
            found = candidates.strains(session, rule, current)
            return _update(session, Update(database, None), rule, current, found, make, dry_run)

    return retrying(work)


def update_scheme(database: str, scheme: str, *, dry_run: bool = False) -> Update:
    """Call a scheme on the assemblies that have no result, an outdated one, or a failure that may be tried again.

    Raises:
        UnknownSpecies, UnknownScheme: there is none of this name.
        BadInput: the scheme is not called on one assembly.
        UpdateUnderWay: the same is being done just now.
    """

    def work() -> Update:
        with transaction(database) as session:
            find_species(session, database)
            row = find_scheme(session, scheme)
            candidates.check_called(row)
            rule = policy_in_force.current(session).maintenance.rule_of(database, scheme)
            current = candidates.current_of(row)
            make = partial(Batch.call_scheme, database, scheme)
            found = candidates.assemblies(session, row, rule, current)
            return _update(session, Update(database, scheme), rule, current, found, make, dry_run)

    return retrying(work)


def update_all_schemes(
    database: str, *, dry_run: bool = False, only: Callable[[str], bool] = lambda scheme: True
) -> list[Update]:
    """Do the same for each scheme that is called on new assemblies; what one meets does not keep the others.

    Raises:
        UnknownSpecies: there is no such species.
    """
    with transaction(database) as session:
        find_species(session, database)
        schemes = [
            scheme.description for scheme in schemes_to_call(session) if pipeline_of(scheme) in CLASSES
        ]
    return [
        attempted(database, scheme, partial(update_scheme, database, scheme, dry_run=dry_run))
        for scheme in schemes
        if only(scheme)
    ]


def attempted(database: str, scheme: str | None, update: Callable[[], Update]) -> Update:
    """Return what an update came to; one that could not be done says why, and has stored nothing."""

    def work() -> Update:
        found: list[Update] = []
        with transaction(database) as session:
            error = in_savepoint(session, lambda: found.append(update()))
        if error is None:
            return found[0]
        if isinstance(error, CRobotError):
            return Update(database, scheme, error=str(error))
        raise error

    return retrying(work)


def _update(
    session: Any,
    update: Update,
    rule: UpdateRule,
    current: str,
    found: Generator[Candidate],
    make: Callable[..., Batch],
    dry_run: bool,
) -> Update:
    """Choose, and make the batch in the same transaction: whoever comes next sees all of it."""
    if not try_lock(session, f"update {update.what}"):
        raise UpdateUnderWay(f"an update of {update.what} is under way: wait until it has made its batch")
    _choose(session, update, rule, current, found)
    if update.chosen and not dry_run:
        reasons = Counter(update.chosen.values())
        update.batch = make(
            list(update.chosen),
            name=_free_name(session, update),
            chosen_by=", ".join(f"{why}: {times:,}" for why, times in reasons.most_common()),
            priority=rule.priority,
            workgroup=rule.workgroup,
        )
    return update


def _choose(
    session: Any, update: Update, rule: UpdateRule, current: str, found: Generator[Candidate]
) -> None:
    at = now(session)
    with closing(found):
        for candidate in found:
            decision = decide(candidate, rule, current, at)
            if not decision.send:
                update.left[decision.why] += 1
            elif len(update.chosen) < rule.most:
                update.chosen[candidate.key] = decision.why
            else:
                update.full = True
                return


def _free_name(session: Any, update: Update) -> str:
    """Return a name for the batch that says what it is and of which day."""
    day = now(session).date().isoformat()
    what = "assemblies" if update.scheme is None else f"scheme-{update.scheme[:NAME_LENGTH]}"
    name = f"update-{what}-{update.database}-{day}"
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(
        name for name in names if batches.find(session, name) is None and not batches.is_label(session, name)
    )
