"""The errors a scenario asks for, by HTTP status or by name: those no bad request can bring about, and all others too.

Texts: facts recorded from live traffic and Google's pages between 2025-10 and 2026-11; where a fact gives a text's
beginning only, the rest is from Google's public error pages and reports. This module must not know requests.
"""

from collections.abc import Callable, Mapping

from limner.emulator import failures
from limner.emulator.failures import GoogleError, invalid_argument
from limner.emulator.interfaces import Door
from limner.emulator.reasons import (
    refuse_billing_disabled,
    refuse_permission,
    refuse_service_disabled,
)

_DEVELOPER_API = Door(version="v1beta")


def _plain(code: int, message: str, status: str | None = None) -> Callable[[str], GoogleError]:
    return lambda _model: GoogleError(code, message, status=status)


def _retired(model: str) -> GoogleError:
    text = (
        f"This model models/{model} is no longer available to new users. Please update your code to use a newer "
        "model for the latest features and improvements."
    )
    return GoogleError(404, text)


NAMED_ERRORS: Mapping[str, Callable[[str], GoogleError]] = {
    "key-missing": _plain(403, failures.UNREGISTERED_CALLER),
    "key-invalid": lambda _model: failures.bad_key(),
    "key-expired": _plain(400, failures.EXPIRED_KEY),
    "key-leaked": _plain(403, failures.LEAKED_KEY),
    "api-disabled": lambda _model: refuse_service_disabled(_DEVELOPER_API),
    "billing-disabled": lambda _model: refuse_billing_disabled(_DEVELOPER_API),
    "permission": lambda model: refuse_permission(model, _DEVELOPER_API),
    "token": _plain(401, failures.BAD_CREDENTIALS),
    "region": _plain(400, failures.NO_SUCH_REGION, "FAILED_PRECONDITION"),
    "model-retired": _retired,
    "ratio-not-enabled": _plain(400, "Aspect ratio is not enabled for this model"),
    "invalid": _plain(400, "Request contains an invalid argument."),
    "signature-missing": lambda _model: invalid_argument(
        "Image part is missing a thought_signature in content position 2, part position 1. Please refer to "
        "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
    ),
    "signature-invalid": _plain(400, "Invalid thought signature."),
    "signature-corrupted": _plain(400, "Corrupted thought signature."),
    "signature-not-valid": _plain(400, "Thought signature is not valid"),
    "quota": failures.over_quota,
    "quota-free": failures.over_free_quota,
    "quota-vertex": lambda _model: failures.vertex_over_quota(),
    "credits": lambda _model: failures.out_of_credits(),
    "cancelled": _plain(499, "The operation was cancelled."),
    "internal": _plain(500, "Internal error encountered."),
    "internal-report": _plain(
        500,
        "An internal error has occurred. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting",
    ),
    "overloaded": _plain(503, "The model is overloaded. Please try again later."),
    "high-demand": _plain(
        503,
        "This model is currently experiencing high demand. Spikes in demand are usually temporary. Please try again "
        "later.",
    ),
    "unavailable": _plain(503, "The service is currently unavailable."),
    "deadline": _plain(504, "Deadline expired before operation could complete."),
    "timeout": _plain(504, "The request timed out. Please try again."),
}

_NAMES_BY_STATUS: Mapping[int, str] = {
    400: "invalid",
    401: "token",
    403: "key-leaked",
    499: "cancelled",
    500: "internal",
    503: "high-demand",
    504: "deadline",
}

# Google's front end answers these in place of the service behind it, with a page: title and explanation.
FRONT_END_PAGES: Mapping[int, tuple[str, str]] = {
    413: (
        "Request Entity Too Large",
        "Your client issued a request that was too large.",
    ),
    502: (
        "Server Error",
        (
            "The server encountered a temporary error and could not complete your request.<p>Please try again in 30 "
            "seconds."
        ),
    ),
}


def error_of_status(code: int, model: str) -> GoogleError:
    """The usual error of an HTTP status."""
    name = _NAMES_BY_STATUS.get(code)
    return NAMED_ERRORS[name](model) if name else GoogleError(code, "Unknown Error.")
