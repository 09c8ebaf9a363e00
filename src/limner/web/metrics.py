"""`/metrics`: what a Prometheus server asks from time to time, for whoever has an admin key.

A registry of its own: nothing is counted globally, and nothing comes in that is not named here. Labels are of few
values - doors, never paths; models of the catalogue, never what a client wrote; no key, no user, no prompt. All of it
belongs to the event loop's thread.
"""

import hashlib
import hmac
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable

from msgspec import Struct
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from limner.catalogue import find_model
from limner.errors import GatewayUnavailable
from limner.web.auth import FindKey, authenticate_admin
from limner.web.counting import Constant, Counts, LabelledReading, Reading, Readings, Times

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REMEMBERED_SECONDS = 3600.0
_BUYING_DOORS = frozenset({"chat", "images", "edits", "native"})


class Served(Struct, frozen=True):
    """One request that has been answered, or whose client has left."""

    door: str
    method: str
    status: int | None
    """None: its client left before it had one."""
    code: str | None
    """The error's code, if it was one; in a stream too."""
    seconds: float
    model: str | None = None
    """Whose picture it asked for, if that was found out; an id of Gemini's."""
    is_repeat: bool = False
    """Whether it was answered from a generation that another call had begun."""


class Ended(Struct, frozen=True, kw_only=True):
    """One generation whose end is in the books."""

    door: str
    state: str
    model: str
    """Gemini's id."""
    seconds: float
    """From its claim."""
    first_picture_seconds: float | None
    """From its claim to the first byte of a picture; None: none came."""
    pictures: int
    posted_usd: float
    input_tokens: int
    output_tokens: int


class Metrics:
    """All that is counted in one gateway."""

    def __init__(
        self,
        *,
        version: str,
        readings: Iterable[Reading | LabelledReading] = (),
        others: Iterable[Collector] = (),
        refresh: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`refresh` is awaited before everything is told: it looks at what cannot be looked at in passing."""
        self.refresh = refresh or _nothing
        self._calls = Counts("limner_calls", "Calls at the doors that draw.", ["door", "model", "status"])
        self._repeats = Counts(
            "limner_calls_repeated", "Of these, answered from a generation that another had begun.", ["door"]
        )
        self._requests = Counts(
            "limner_http_requests", "Requests that were answered.", ["door", "method", "status"]
        )
        self._errors = Counts("limner_http_errors", "Answers that were errors.", ["door", "code"])
        self._times = Times("limner_http_request_seconds", "From a request to the end of its answer.", "door")
        self._ends = _Ends()
        self._open: defaultdict[str, int] = defaultdict(int)
        build = GaugeMetricFamily("limner_build_info", "The version that runs.", labels=["version"])
        build.add_metric([version], 1)
        opened = LabelledReading(
            "limner_http_requests_open",
            "Requests that are being answered.",
            ("door",),
            lambda: {(door,): count for door, count in self._open.items()},
        )
        self._registry = CollectorRegistry(auto_describe=False)
        own = (self._calls, self._repeats, self._requests, self._errors, self._times, *self._ends.collectors)
        for collector in (Constant(build), *own, Readings([opened, *readings]), *others):
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
        self._times.add(served.door, seconds=served.seconds)
        if served.code is not None:
            self._errors.add(served.door, served.code)
        if served.door in _BUYING_DOORS and method == "POST":
            self._calls.add(served.door, label_model(served.model), status)
            if served.is_repeat:
                self._repeats.add(served.door)

    def count_generation(self, ended: Ended) -> None:
        """Count a generation whose end is in the books."""
        self._ends.add(ended)

    def write(self, accept: str) -> tuple[bytes, str]:
        """Return everything, and its type: Prometheus's text, or OpenMetrics where that is asked for."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type


class _Ends:
    """What is counted of generations."""

    def __init__(self) -> None:
        self._by_door = Counts(
            "limner_generations_ended", "Calls whose end is in the books.", ["door", "state"]
        )
        self._by_model = Counts(
            "limner_model_generations", "Generations whose end is in the books.", ["model", "state"]
        )
        self._pictures = Counts("limner_pictures", "Pictures that were bought and given out.", ["model"])
        self._dollars = Counts("limner_posted_usd", "Dollars that generations cost.", ["model"])
        self._tokens = Counts("limner_tokens", "Tokens that were paid for.", ["model", "kind"])
        self._times = Times("limner_generation_seconds", "From a claim to its end.", "model", "state")
        self._first = Times(
            "limner_first_picture_seconds", "From a claim to the first byte of a picture.", "model"
        )
        self.collectors = (
            *(self._by_door, self._by_model, self._pictures, self._dollars),
            *(self._tokens, self._times, self._first),
        )

    def add(self, ended: Ended) -> None:
        model = label_model(ended.model)
        self._by_door.add(ended.door, ended.state)
        self._by_model.add(model, ended.state)
        self._times.add(model, ended.state, seconds=ended.seconds)
        self._pictures.add(model, amount=ended.pictures)
        self._dollars.add(model, amount=ended.posted_usd)
        self._tokens.add(model, "input", amount=ended.input_tokens)
        self._tokens.add(model, "output", amount=ended.output_tokens)
        if ended.first_picture_seconds is not None:
            self._first.add(model, seconds=ended.first_picture_seconds)


def label_model(model_id: str | None) -> str:
    """Return what a model is called in labels: its id if it is known, else `other`; `none` where none was named."""
    if model_id is None:
        return "none"
    model = find_model(model_id)
    return "other" if model is None else model.id


async def _nothing() -> None:
    """Look at nothing."""


class _Seen(Struct, frozen=True):
    """A key that was good."""

    digest: bytes
    name: str
    until: float


class MetricsDoor:
    """The door."""

    def __init__(self, metrics: Metrics, find_key: FindKey) -> None:
        self._metrics = metrics
        self._find_key = find_key
        self._salt = secrets.token_bytes(16)
        self._last = _Seen(b"", "", 0.0)

    async def _identify(self, headers: Headers) -> str:
        """Return the name of the key that came. While the books are away the last one that was good is good.

        Who watches has to see that they are away; and nobody can revoke a key then. Raises GatewayError.
        """
        given = headers.get("authorization", headers.get("x-goog-api-key", ""))
        digest = hashlib.sha256(self._salt + given.encode()).digest()
        try:
            key = await authenticate_admin(headers, self._find_key)
        except GatewayUnavailable:
            last = self._last
            if time.monotonic() < last.until and hmac.compare_digest(digest, last.digest):
                return last.name
            raise
        self._last = _Seen(digest, key.name, time.monotonic() + _REMEMBERED_SECONDS)
        return key.name

    async def show(self, request: Request) -> Response:
        """Answer with everything that is counted. Raises GatewayError."""
        request.scope["limner.key_name"] = await self._identify(request.headers)
        await self._metrics.refresh()
        body, media_type = self._metrics.write(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": media_type, "cache-control": "no-store"})
