"""Builds what a gateway counts, and says what of its rooms is looked at. Knows rooms; no door but the one to metrics."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress

from limner import __version__
from limner.app_rooms import Rooms
from limner.generation.record import Generation, State
from limner.ledger.errors import LedgerError
from limner.ledger.standing import OpenSum, Standing
from limner.pictures.disk import measure_free_bytes, measure_tree_bytes
from limner.web.counting import LabelledReading, Reading
from limner.web.metrics import Ended, Metrics, label_model
from limner.web.upstream_metrics import UpstreamMetrics

_LOG = logging.getLogger("limner.generation")

_PATIENCE_SECONDS = 2.0
"""How long a scrape waits for books and disk; then what was last seen of them is told."""


def build_metrics(rooms: Rooms) -> Metrics:
    """Return what is counted in the gateway that stands on these rooms."""
    sight, upstream = _Sight(rooms), UpstreamMetrics()
    rooms.upstreams.watchers.append(upstream.watch)
    upstream.list_parked = lambda: (
        (parked.upstream, parked.model and label_model(parked.model), parked.trouble)
        for parked in rooms.upstreams.pool.list_parked()
    )
    metrics = Metrics(
        version=__version__,
        readings=[*_list_readings(rooms), *_list_stored(rooms, sight), *_list_standing(sight)],
        others=[upstream],
        refresh=sight.refresh,
    )

    def count(generation: Generation) -> None:
        metrics.count_generation(_to_ended(generation))
        _tell(generation)

    def count_when_over(generation: Generation) -> None:
        # Written before it is over, if all went well; only then has it its last state.
        if generation.is_over:
            count(generation)
        else:
            generation.call_when_over(lambda: count(generation))

    rooms.settlement.call_when_written(count_when_over)
    return metrics


def _to_ended(generation: Generation) -> Ended:
    first_at, tokens = (
        generation.first_picture_at,
        None if generation.bill is None else generation.bill.tokens,
    )
    return Ended(
        door=generation.asked.door,
        state=generation.state,
        model=generation.model.id,
        seconds=time.monotonic() - generation.began_at,
        first_picture_seconds=None if first_at is None else first_at - generation.began_at,
        pictures=generation.count_due(),
        posted_usd=generation.posted_micro_usd / 1_000_000,
        input_tokens=0 if tokens is None else tokens.input_text + tokens.input_image,
        output_tokens=0 if tokens is None else tokens.output_image + tokens.output_text + tokens.thoughts,
    )


def _tell(generation: Generation) -> None:
    """Log an end without an answer: whoever asked may have left, and then no request's line says it."""
    if generation.state is State.SETTLED:
        return
    failure = generation.failure
    _LOG.log(
        logging.WARNING if generation.state is State.UNKNOWN else logging.INFO,
        "generation %s ended %s%s in %.1f s model=%s upstream=%s",
        generation.id,
        generation.state,
        "" if failure is None else f" {failure.code}",
        time.monotonic() - generation.began_at,
        label_model(generation.model.id),
        ",".join(attempt.label for attempt in generation.attempts) or "-",
    )


class _Sight:
    """What was last seen of the books and the disk, which cannot be looked at in passing."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.standing: Standing | None = None
        self.database_seconds: float | None = None
        """How long the books took to answer; None: they did not, the last time."""
        self.spool_bytes: int | None = None
        self.free_bytes: int | None = None

    async def refresh(self) -> None:
        """Look again."""
        await asyncio.gather(self._look_at_books(), self._look_at_disk())

    async def _look_at_books(self) -> None:
        foundation = self._rooms.foundation
        since_ms = round(foundation.clock() * 1000) - foundation.windows.undelivered_ms
        began_at = time.perf_counter()
        self.database_seconds = None
        with suppress(TimeoutError, LedgerError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                self.standing = await foundation.upkeep.read_standing(since_ms)
            self.database_seconds = time.perf_counter() - began_at

    async def _look_at_disk(self) -> None:
        foundation = self._rooms.foundation
        folder = foundation.store.spool_folder
        run = asyncio.get_running_loop().run_in_executor
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                self.spool_bytes = await run(foundation.threads, measure_tree_bytes, folder)
                self.free_bytes = await run(foundation.threads, measure_free_bytes, folder)


def _list_readings(rooms: Rooms) -> list[Reading | LabelledReading]:
    admission = rooms.admission
    return [
        Reading("limner_calls_running", "Calls that have a slot.", "gauge", lambda: admission.running),
        Reading("limner_calls_waiting", "Calls that wait for room.", "gauge", lambda: admission.waiting),
        Reading(
            "limner_calls_refused", "Calls refused for want of room.", "counter", lambda: admission.refused
        ),
        Reading("limner_request_bytes", "Held of requests.", "gauge", lambda: admission.request_bytes),
        Reading(
            "limner_answer_bytes", "Held of answers, or for them.", "gauge", lambda: admission.answer_bytes
        ),
        Reading(
            "limner_draining",
            "1 while the gateway ends and takes no new call.",
            "gauge",
            lambda: rooms.generations.is_draining,
        ),
    ]


def _list_stored(rooms: Rooms, sight: _Sight) -> list[Reading | LabelledReading]:
    housekeeping, storage = rooms.foundation.housekeeping, rooms.foundation.storage

    def find_limit() -> float | None:
        with suppress(OSError):
            return housekeeping.find_max_bytes()
        return None

    def list_removals() -> Mapping[tuple[str, ...], float]:
        return {("expired",): housekeeping.expired, ("evicted",): housekeeping.evicted}

    return [
        Reading("limner_spool_bytes", "On disk of answers on their way.", "gauge", lambda: sight.spool_bytes),
        Reading("limner_store_bytes", "All that is kept.", "gauge", lambda: housekeeping.stored_bytes),
        Reading("limner_store_limit_bytes", "The most that may be kept.", "gauge", find_limit),
        Reading(
            "limner_store_free_bytes",
            "Left on the volume of the data folder.",
            "gauge",
            lambda: sight.free_bytes,
        ),
        Reading(
            "limner_store_full",
            "1 while the store is full of what may not go: nothing new is bought.",
            "gauge",
            lambda: storage.is_full,
        ),
        LabelledReading(
            "limner_store_removals",
            "Answers whose files were deleted.",
            ("reason",),
            list_removals,
            kind="counter",
        ),
    ]


def _list_standing(sight: _Sight) -> list[Reading | LabelledReading]:
    def read(find: str, *, in_dollars: bool) -> Mapping[tuple[str, ...], float]:
        sums: dict[str, OpenSum] = getattr(sight.standing, find, {})
        found: dict[tuple[str, ...], float] = {}
        for model, open_sum in sums.items():
            value = open_sum.reserved_micro_usd / 1_000_000 if in_dollars else open_sum.generations
            label = (label_model(model),)
            found[label] = found.get(label, 0) + value
        return found

    def gauge(name: str, description: str, find: str, *, in_dollars: bool) -> LabelledReading:
        return LabelledReading(name, description, ("model",), lambda: read(find, in_dollars=in_dollars))

    return [
        gauge("limner_open_generations", "Claimed and not ended.", "running", in_dollars=False),
        gauge("limner_reserved_usd", "Dollars reserved for these.", "running", in_dollars=True),
        gauge("limner_unknown_generations", "Outcomes that nobody knows.", "unknown", in_dollars=False),
        gauge("limner_unknown_usd", "Dollars held for these.", "unknown", in_dollars=True),
        Reading(
            "limner_undelivered_answers",
            "Answers of late that reached nobody.",
            "gauge",
            lambda: None if sight.standing is None else sight.standing.undelivered,
        ),
        Reading(
            "limner_database_up",
            "1 if the books answered this question in time.",
            "gauge",
            lambda: sight.database_seconds is not None,
        ),
        Reading(
            "limner_database_seconds",
            "How long the books took to answer this question.",
            "gauge",
            lambda: sight.database_seconds,
        ),
    ]
