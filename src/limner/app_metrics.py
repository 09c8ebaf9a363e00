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

    rooms.settlement.call_when_written(count)
    return metrics


def _list_readings(rooms: Rooms) -> list[Reading]:
    return [
        Reading(
            "limner_draining",
            "1 while the gateway ends and takes no new call.",
            "gauge",
            lambda: rooms.generations.is_draining,
        ),
    ]
