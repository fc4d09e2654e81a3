"""Which lines of the table are wanted: conditions such as country=Ireland, n50>=50000 or SeroPred.serovar~Typhi."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial

from crobot_errors import BadInput
from crobot_tasks.results.line import Column, Line, Value

_FORM = re.compile(r"\s*([^=!<>~]+?)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*")
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
#: names of columns that an error lists
_NAMED = 40

Condition = Callable[[Line], bool]


def condition(text: str, columns: Sequence[Column]) -> Condition:
    """Return what a condition asks of a line.

    = and != compare text, and a value that is empty matches what is not known; ~ looks for a part, in any case; <, <=,
    > and >= compare numbers, and nothing that is not known is larger or smaller.

    Raises:
        BadInput: it has another form, names no column, or compares with what is no number.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadInput(
            f"the condition {text!r} is not understood: write a column, one of = != < <= > >= ~, and a value, such "
            "as country=Ireland"
        )
    name, sign, wanted = match.groups()
    value = named(name, columns).value
    if sign in _ORDER:
        return partial(_is_beyond, value, _ORDER[sign], _number(text, wanted))
    if sign == "~":
        return partial(_has, value, wanted.casefold())
    return partial(_is, value, wanted, sign == "=")


def named(name: str, columns: Sequence[Column]) -> Column:
    """Return the column of a name.

    Raises:
        BadInput: there is none.
    """
    known = {column.name: column for column in columns}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join([*known][:_NAMED])}"
    raise BadInput(f"there is no column {name!r}: {meant}")


def _number(text: str, wanted: str) -> float:
    try:
        return float(wanted.replace(",", ""))
    except ValueError:
        raise BadInput(f"the condition {text!r} compares with {wanted!r}, which is no number") from None


def shown(value: Value) -> str:
    """Return a value as the table has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _is(value: Callable[[Line], Value], wanted: str, same: bool, line: Line) -> bool:
    return (shown(value(line)) == wanted) is same


def _has(value: Callable[[Line], Value], wanted: str, line: Line) -> bool:
    return wanted in shown(value(line)).casefold()


def _is_beyond(
    value: Callable[[Line], Value], compare: Callable[[float, float], bool], wanted: float, line: Line
) -> bool:
    try:
        return compare(float(shown(value(line))), wanted)
    except ValueError:
        return False
