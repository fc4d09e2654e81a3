"""Families of samples, as Prometheus knows them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

#: values of the labels, and the number
Sample = tuple[Sequence[str], float]


def number(name: str, text: str, value: float) -> Metric:
    """Return one number that goes up and down."""
    return gauge(name, text, (), [((), value)])


def gauge(name: str, text: str, labels: Sequence[str], samples: Iterable[Sample]) -> Metric:
    """Return numbers that go up and down."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, amount in samples:
        family.add_metric(values, amount)
    return family


def counter(name: str, text: str, labels: Sequence[str], samples: Iterable[Sample]) -> Metric:
    """Return numbers that only go up; `_total` is added to the name."""
    family = CounterMetricFamily(name, text, labels=labels)
    for values, amount in samples:
        family.add_metric(values, amount)
    return family


def histogram(
    name: str,
    text: str,
    labels: Sequence[str],
    found: Mapping[Sequence[str], Sequence[Any]],
    ends: Sequence[float],
) -> Metric:
    """Return distributions: values of the labels → rows with ``up_to_s``, ``number`` and ``total_s``.

    Prometheus wants of each bucket how many values lie below its end, and all buckets, also those without any.
    """
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, rows in found.items():
        numbers = {row.up_to_s: row.number for row in rows}
        below = accumulate(numbers.get(end, 0) for end in ends)
        buckets = [(_end(end), amount) for end, amount in zip(ends, below, strict=True)]
        family.add_metric(values, buckets, sum(row.total_s for row in rows))
    return family


def _end(seconds: float) -> str:
    return "+Inf" if math.isinf(seconds) else f"{float(seconds)}"
