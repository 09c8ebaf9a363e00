"""What is counted of the calls to Gemini: by credential, kind, model and outcome. Belongs to the event loop's thread.

A credential is known here by its name, as it stands in the configuration and the log; no key, no address.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from limner.generation.watching import Attempt
from limner.web.counting import Counts, LabelledReading, Readings, Times
from limner.web.metrics import label_model

Parked = tuple[str, str, str]
"""A credential's name, the model it rests for ('' for all) and why."""


def _list_none() -> Iterable[Parked]:
    return ()


class UpstreamMetrics(Collector):
    """The counts. `list_parked` may be set to what lists the credentials that rest now; it is asked at each scrape."""

    def __init__(self) -> None:
        self.list_parked: Callable[[], Iterable[Parked]] = _list_none
        self._calls = Counts(
            "limner_upstream_calls",
            "Calls to Gemini that are over, each attempt once.",
            ["upstream", "kind", "model", "outcome"],
        )
        self._times = Times(
            "limner_upstream_seconds",
            "From sending a call to Gemini to the end of its answer.",
            *("upstream", "kind", "model"),
        )
        parked = LabelledReading(
            "limner_upstream_parked",
            "1 for each credential that rests, with the model it rests for and why.",
            ("upstream", "model", "reason"),
            lambda: dict.fromkeys(self.list_parked(), 1.0),
        )
        self._collectors = (self._calls, self._times, Readings([parked]))

    def count_call(self, upstream: str, kind: str, model: str, outcome: str, seconds: float) -> None:
        """Count one call to Gemini that is over: `ok`, the code of the error it ended with, `unsent` or `stopped`."""
        model = label_model(model)
        self._calls.add(upstream, kind, model, outcome)
        self._times.add(upstream, kind, model, seconds=seconds)

    def watch(self, attempt: Attempt) -> Callable[[], None]:
        """Count a call when it is over; see `generation.watching`."""

        def count() -> None:
            outcome = attempt.outcome or "internal_error"
            self.count_call(attempt.upstream, attempt.kind, attempt.model, outcome, attempt.seconds)

        return count

    def collect(self) -> Iterator[Metric]:
        """Give what was counted, and who rests."""
        for collector in self._collectors:
            yield from collector.collect()
