"""The policy's section `[maintenance]`: what keeps a database up to date, how often, and how much of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crobot_errors import TRIED_AGAIN, BadInput, OutcomeKind
from crobot_tasks.router.toml_table import Table

#: failures that may be sent again at all: a tool's verdict on the same data would be the same
MAY_BE_TRIED = TRIED_AGAIN | {OutcomeKind.INTERNAL, OutcomeKind.POISON}
_KEYS = (
    *("daily", "most", "priority", "workgroup", "tries", "delay_h", "longest_delay_h", "try_again"),
    *("outdated_results", "outdated_assemblies"),
)


@dataclass(frozen=True)
class UpdateRule:
    """How the assemblies of a species, or the results of a scheme, are kept up to date."""

    #: whether the daily update includes it
    daily: bool = True
    #: items of one run
    most: int = 10_000
    priority: int = 8
    workgroup: str = "maintenance"
    #: jobs that may fail by one version, the first included
    tries: int = 3
    #: hours between a first failure and the next try; doubles with each
    delay_h: float = 12.0
    longest_delay_h: float = 720.0
    #: kinds of failure after which there is a next try
    try_again: frozenset[str] = TRIED_AGAIN
    outdated_results: bool = True
    #: off: a new version of the assembler does not replace a million assemblies unasked
    outdated_assemblies: bool = False

    def delay_after(self, failures: int) -> float:
        """Return the hours between the last of so many failures and the next try."""
        if not failures:
            return 0.0
        # beyond 2^30 any delay is the longest
        return float(min(self.delay_h * 2 ** min(failures - 1, 30), self.longest_delay_h))


@dataclass(frozen=True)
class OfSpecies:
    """What a species has of its own."""

    rule: UpdateRule
    schemes: Mapping[str, UpdateRule] = field(default_factory=dict)


@dataclass(frozen=True)
class Maintenance:
    """The whole section."""

    #: of the day, in UTC; None: there is no daily update
    hour: int | None = None
    usual: UpdateRule = UpdateRule()
    #: scheme → what holds for it in all species
    schemes: Mapping[str, UpdateRule] = field(default_factory=dict)
    species: Mapping[str, OfSpecies] = field(default_factory=dict)

    def rule_of(self, species: str, scheme: str | None = None) -> UpdateRule:
        """Return the rule for a scheme of a species, or for its assemblies."""
        own = self.species.get(species)
        if own is None:
            return self.schemes.get(scheme or "", self.usual)
        return own.schemes.get(scheme or "", own.rule)

    def is_daily(self, species: str) -> bool:
        """Say whether the daily update includes a species, or one of its schemes."""
        own = self.species.get(species)
        schemes = self.schemes if own is None else own.schemes
        return self.rule_of(species).daily or any(rule.daily for rule in schemes.values())


USUAL = Maintenance()


def read_maintenance(table: Table) -> Maintenance:
    """Return what the section says."""
    table.only("hour", "schemes", "species", *_KEYS)
    usual = _rule(table, USUAL.usual)
    schemes = table.table("schemes")
    of_all = {name: schemes.table(name).only(*_KEYS) for name in schemes}
    species = table.table("species")
    return Maintenance(
        hour=_hour(table),
        usual=usual,
        schemes={name: _rule(one, usual) for name, one in of_all.items()},
        species={name: _of_species(species.table(name), usual, of_all) for name in species},
    )


def _of_species(table: Table, usual: UpdateRule, of_all: Mapping[str, Table]) -> OfSpecies:
    """Read the most general first: what is said of a scheme of this species holds before all else."""
    table.only("schemes", *_KEYS)
    rule, schemes = _rule(table, usual), table.table("schemes")
    named = {name: _rule(one, rule) for name, one in of_all.items()}
    own = {name: _rule(schemes.table(name).only(*_KEYS), named.get(name, rule)) for name in schemes}
    return OfSpecies(rule, named | own)


def _hour(table: Table) -> int | None:
    if "hour" not in table:
        return None
    try:
        return table.whole("hour", None, 0, 23)
    except BadInput as error:
        raise table.wrong(
            "hour", "must be a whole hour from 0 to 23, in UTC: its days have 24 hours all year round"
        ) from error


def _rule(table: Table, default: UpdateRule) -> UpdateRule:
    if "most" in table and table.whole("most") == 0:
        raise table.wrong("most", "must be at least 1; `daily = false` leaves it out of the daily update")
    rule = UpdateRule(
        daily=table.flag("daily", default.daily),
        most=table.whole("most", default.most, 1),
        priority=table.whole("priority", default.priority, 0, 9),
        workgroup=table.text("workgroup", default.workgroup),
        tries=table.whole("tries", default.tries, 1),
        delay_h=table.number("delay_h", default.delay_h),
        longest_delay_h=table.number("longest_delay_h", default.longest_delay_h),
        try_again=_kinds(table, default.try_again),
        outdated_results=table.flag("outdated_results", default.outdated_results),
        outdated_assemblies=table.flag("outdated_assemblies", default.outdated_assemblies),
    )
    if rule.longest_delay_h < rule.delay_h:
        raise table.wrong(
            "longest_delay_h" if "longest_delay_h" in table else "delay_h",
            f"the longest delay, {rule.longest_delay_h:g} h, is shorter than the first, {rule.delay_h:g} h",
        )
    return rule


def _kinds(table: Table, default: frozenset[str]) -> frozenset[str]:
    if "try_again" not in table:
        return default
    kinds = frozenset(table.names("try_again"))
    if wrong := sorted(kinds - MAY_BE_TRIED):
        known = ", ".join(sorted(MAY_BE_TRIED))
        raise table.wrong("try_again", f"{wrong[0]} is none that may be tried again: these are {known}")
    return kinds
