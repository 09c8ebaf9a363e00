"""`/metrics`: what a Prometheus server asks from time to time, for whoever has an admin key.

A registry of its own: nothing is counted globally, and nothing comes in that is not named here. Labels are of few
values - doors, never paths; no key, no user, no prompt. All of it belongs to the event loop's thread.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Literal

from msgspec import Struct
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from limner.web.auth import FindKey, authenticate_admin

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_SECONDS = (0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, math.inf)
"""From an answer of the gateway's own to the longest that a picture may take."""


class Served(Struct, frozen=True):
    """One request that has been answered, or whose client has left."""

    door: str
    method: str
    status: int | None
    """None: its client left before it had one."""
    code: str | None
    """The error's code, if it was one."""
    seconds: float


class Reading(Struct, frozen=True):
    """Something that stands elsewhere and is looked at when it is asked for."""

    name: str
    """As Prometheus has it, with its unit and without `_total`."""
    description: str
    kind: Literal["gauge", "counter"]
    read: Callable[[], float]


class Counts(Collector):
    """Counts by labels."""

    def __init__(self, name: str, description: str, labels: Sequence[str]) -> None:
        self._name, self._description, self._labels = name, description, labels
        self._counts: defaultdict[tuple[str, ...], int] = defaultdict(int)

    def add(self, *labels: str) -> None:
        """Count one more."""
        self._counts[labels] += 1

    def collect(self) -> Iterator[Metric]:
        """Give what was counted."""
        family = CounterMetricFamily(self._name, self._description, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family


class Times(Collector):
    """Durations by one label, counted in steps."""

    def __init__(self, name: str, description: str, label: str) -> None:
        self._name, self._description, self._label = name, description, label
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(_SECONDS))
        self._sums: defaultdict[str, float] = defaultdict(float)

    def add(self, label: str, seconds: float) -> None:
        """Count one more."""
        self._counts[label][bisect_left(_SECONDS, seconds)] += 1
        self._sums[label] += seconds

    def collect(self) -> Iterator[Metric]:
        """Give what was counted."""
        family = HistogramMetricFamily(self._name, self._description, labels=[self._label])
        for label, counts in self._counts.items():
            bounds = ["+Inf" if math.isinf(bound) else str(bound) for bound in _SECONDS]
            buckets = list(zip(bounds, accumulate(counts), strict=True))
            family.add_metric([label], buckets, self._sums[label])
        yield family


class _Readings(Collector):
    """Gives what stands elsewhere, and what the edge has open."""

    def __init__(self, readings: Sequence[Reading], open_requests: dict[str, int]) -> None:
        self._readings = readings
        self._open_requests = open_requests

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "limner_http_requests_open", "Requests that are being answered.", labels=["door"]
        )
        for door, count in self._open_requests.items():
            family.add_metric([door], count)
        yield family
        for reading in self._readings:
            kind = GaugeMetricFamily if reading.kind == "gauge" else CounterMetricFamily
            yield kind(reading.name, reading.description, value=reading.read())


class Metrics:
    """All that is counted in one gateway."""

    def __init__(self, *, version: str, readings: Iterable[Reading] = ()) -> None:
        self._requests = Counts(
            "limner_http_requests", "Requests that were answered.", ["door", "method", "status"]
        )
        self._errors = Counts("limner_http_errors", "Answers that were errors.", ["door", "code"])
        self._times = Times("limner_http_request_seconds", "From a request to the end of its answer.", "door")
        self._generations = Counts(
            "limner_generations_ended", "Calls whose end is in the books.", ["door", "state"]
        )
        self._open: defaultdict[str, int] = defaultdict(int)
        self._registry = CollectorRegistry(auto_describe=False)
        build = GaugeMetricFamily("limner_build_info", "The version that runs.", labels=["version"])
        build.add_metric([version], 1)
        for collector in (
            _Constant(build),
            self._requests,
            self._errors,
            self._times,
            self._generations,
            _Readings(list(readings), self._open),
        ):
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def begin(self, door: str) -> None:
        """Count a request that has come."""
        self._open[door] += 1

    def end(self, served: Served) -> None:
        """Count it as one that has been answered."""
        self._open[served.door] -= 1
        method = served.method if served.method in _METHODS else "other"
        status = "gone" if served.status is None else str(served.status)
        self._requests.add(served.door, method, status)
        self._times.add(served.door, served.seconds)
        if served.code is not None:
            self._errors.add(served.door, served.code)

    def count_generation(self, door: str, state: str) -> None:
        """Count a call whose end is in the books."""
        self._generations.add(door, state)

    def write(self, accept: str) -> tuple[bytes, str]:
        """Return everything, and its type: Prometheus's text, or OpenMetrics where that is asked for."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type


class _Constant(Collector):
    """Gives one thing that never changes."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterator[Metric]:
        yield self._family


class MetricsDoor:
    """The door."""

    def __init__(self, metrics: Metrics, find_key: FindKey) -> None:
        self._metrics = metrics
        self._find_key = find_key

    async def show(self, request: Request) -> Response:
        """Answer with everything that is counted. Raises GatewayError."""
        key = await authenticate_admin(request.headers, self._find_key)
        request.scope["limner.key_name"] = key.name
        body, media_type = self._metrics.write(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": media_type, "cache-control": "no-store"})
