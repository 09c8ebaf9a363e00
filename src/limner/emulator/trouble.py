"""Which error directives ask for, and its words at the interface that was called. It must not know requests or answers."""

from limner.emulator import failures
from limner.emulator.directives import Directives
from limner.emulator.failures import FrontEndError, GoogleError
from limner.emulator.interfaces import Door
from limner.emulator.reasons import REASONS
from limner.emulator.scripted import FRONT_END_PAGES, NAMED_ERRORS, error_of_status


def find_trouble(directives: Directives, door: Door, model: str, method: str) -> GoogleError | None:
    """The error a scenario asked for by reason, name or status; None where it asked for none."""
    if directives.reason is not None:
        return REASONS[directives.reason](model, door)
    if directives.error is not None:
        return NAMED_ERRORS[directives.error](model)
    return (
        None
        if directives.status is None
        else _find_by_status(directives.status, directives, door, model, method)
    )


def _find_by_status(code: int, directives: Directives, door: Door, model: str, method: str) -> GoogleError:
    if code in FRONT_END_PAGES:
        return FrontEndError(code, *FRONT_END_PAGES[code])
    if code == 404:
        return door.refuse_model(model, method)
    if code == 429:
        return _over_quota(directives, door, model)
    return error_of_status(code, model)


def _over_quota(directives: Directives, door: Door, model: str) -> GoogleError:
    """The 429 of a kind of quota, the minute's if none is named; Vertex AI has one text without details for all its own."""
    if directives.quota == "credits":
        return failures.out_of_credits()
    if directives.quota == "free":
        return failures.over_free_quota(model, directives.retry_seconds)
    if door.vertex:
        return failures.vertex_over_quota()
    if directives.quota == "day":
        return failures.over_day_quota(model, directives.retry_seconds)
    return failures.over_quota(model, directives.retry_seconds)
