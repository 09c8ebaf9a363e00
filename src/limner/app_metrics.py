"""Builds what a gateway counts, and says what of its rooms is looked at. Knows rooms; no door but the one to metrics."""

from limner import __version__
from limner.app_rooms import Rooms
from limner.generation.record import Generation
from limner.web.metrics import Metrics, Reading


def build_metrics(rooms: Rooms) -> Metrics:
    """Return what is counted in the gateway that stands on these rooms."""
    metrics = Metrics(version=__version__, readings=_list_readings(rooms))

    def count(generation: Generation) -> None:
        metrics.count_generation(generation.asked.door, generation.state)

    def count_when_over(generation: Generation) -> None:
        # Written before it is over, if all went well; only then has it its last state.
        if generation.is_over:
            count(generation)
        else:
            generation.call_when_over(lambda: count(generation))

    rooms.settlement.call_when_written(count_when_over)
    return metrics


def _list_readings(rooms: Rooms) -> list[Reading]:
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
