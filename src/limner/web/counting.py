"""What counts: numbers, durations and standing figures by labels, as a Prometheus server reads them.

Knows no door and nothing of what is counted. Labels have to be of few values; whoever counts sees to that.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Literal

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = (0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, math.inf)
"""From an answer of the gateway's own to the longest that a picture may take."""


class Reading(Struct, frozen=True):
    """Something that stands elsewhere and is looked at when it is asked for."""

    name: str
    """As Prometheus has it, with its unit and without `_total`."""
    description: str
    kind: Literal["gauge", "counter"]
    read: Callable[[], float | None]
    """None: it is not known, or there is none; then nothing is told."""


class LabelledReading(Struct, frozen=True):
    """The same by labels."""

    name: str
    description: str
    labels: tuple[str, ...]
    read: Callable[[], Mapping[tuple[str, ...], float]]
    kind: Literal["gauge", "counter"] = "gauge"


class Counts(Collector):
    """Counts, or sums, by labels."""

    def __init__(self, name: str, description: str, labels: Sequence[str]) -> None:
        self._name, self._description, self._labels = name, description, labels
        self._counts: defaultdict[tuple[str, ...], float] = defaultdict(int)

    def add(self, *labels: str, amount: float = 1) -> None:
        """Count one more, or `amount`."""
        self._counts[labels] += amount

    def collect(self) -> Iterator[Metric]:
        """Give what was counted."""
        family = CounterMetricFamily(self._name, self._description, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family


class Times(Collector):
    """Durations by labels, counted in steps."""

    def __init__(self, name: str, description: str, *labels: str) -> None:
        self._name, self._description, self._labels = name, description, labels
        self._counts: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * len(SECONDS))
        self._sums: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def add(self, *labels: str, seconds: float) -> None:
        """Count one more."""
        self._counts[labels][bisect_left(SECONDS, seconds)] += 1
        self._sums[labels] += seconds

    def collect(self) -> Iterator[Metric]:
        """Give what was counted."""
        family = HistogramMetricFamily(self._name, self._description, labels=self._labels)
        for labels, counts in self._counts.items():
            bounds = ["+Inf" if math.isinf(bound) else str(bound) for bound in SECONDS]
            buckets = list(zip(bounds, accumulate(counts), strict=True))
            family.add_metric(labels, buckets, self._sums[labels])
        yield family


class Constant(Collector):
    """Gives one thing that never changes."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterator[Metric]:
        """Give it."""
        yield self._family


class Readings(Collector):
    """Gives what stands elsewhere."""

    def __init__(self, readings: Iterable[Reading | LabelledReading]) -> None:
        self._readings = tuple(readings)

    def collect(self) -> Iterator[Metric]:
        """Look at all of it."""
        for reading in self._readings:
            if isinstance(reading, LabelledReading):
                yield _read_labelled(reading)
                continue
            kind = GaugeMetricFamily if reading.kind == "gauge" else CounterMetricFamily
            # Without labels a family of the library has one value or none.
            yield kind(reading.name, reading.description, value=reading.read())


def _read_labelled(reading: LabelledReading) -> Metric:
    kind = GaugeMetricFamily if reading.kind == "gauge" else CounterMetricFamily
    family = kind(reading.name, reading.description, labels=reading.labels)
    for labels, value in reading.read().items():
        family.add_metric(labels, value)
    return family
