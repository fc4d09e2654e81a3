"""Kinds of values that options take: amounts of memory, lengths of time, numbers of jobs, parameters."""

from __future__ import annotations

import json
import re
from typing import Any

import click

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(i?B)?|B)?", re.IGNORECASE)
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_POWER = {"K": 1, "M": 2, "G": 3, "T": 4}


class Size(click.ParamType[int]):
    """An amount of bytes: 8G and 8GiB are 8 x 1024^3, 8GB is 8 x 1000^3."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return bytes."""
        if isinstance(value, int):
            return value
        match = _SIZE.fullmatch(value.strip())
        amount = round(float(match[1]) * _factor(match)) if match else 0
        if amount < 1:
            self.fail(f"{value!r} is not an amount of memory: write it like 8G, 512M or 1.5TiB", param, ctx)
        return amount


def _factor(match: re.Match[str]) -> int:
    unit, suffix = (match[2] or "").upper(), (match[3] or "").lower()
    return int((1000 if suffix == "b" else 1024) ** _POWER.get(unit, 0))


class Duration(click.ParamType[int]):
    """A length of time: 90 or 90s, 15m, 8h, 1.5d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return whole seconds."""
        if isinstance(value, int):
            return value
        match = _TIME.fullmatch(value.strip())
        seconds = round(float(match[1]) * _SECONDS[(match[2] or "s").lower()]) if match else 0
        if not 0 < seconds < 2**30:
            self.fail(f"{value!r} is not a length of time: write it like 90s, 15m, 8h or 1d", param, ctx)
        return seconds


class Param(click.ParamType[tuple[str, Any]]):
    """A parameter and its value: ``min_contig=500``; the value is JSON, or else a text."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Return key and value."""
        key, sign, text = str(value).partition("=")
        if not key or not sign:
            self.fail(f"{value!r} is not of the form key=value", param, ctx)
        return key, self.read(text)

    def read(self, text: str) -> Any:
        """Return the value."""
        try:
            return json.loads(text)
        except ValueError:
            return text


class TextParam(Param):
    """The same, but the value is always a text."""

    def read(self, text: str) -> str:
        """Return it as it is."""
        return text


SIZE = Size()
DURATION = Duration()
PARAM, TEXT_PARAM = Param(), TextParam()
JOB = click.IntRange(1, 2**63 - 1)
