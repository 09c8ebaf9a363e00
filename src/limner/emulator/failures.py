"""Google's error bodies, word for word.

Texts and details: facts recorded from live traffic and Google's pages between 2025-10 and 2026-11. This module knows
no request; whoever finds a fault raises `GoogleError` with the text made here.
"""

import math
from collections.abc import Mapping
from typing import Any

API_KEY_SERVICE = "generativelanguage.googleapis.com"
ANY_PROJECT = "123456789012"
"""The project of a key, which no caller names."""
RATE_LIMITS_PAGE = "https://ai.google.dev/gemini-api/docs/rate-limits"

STATUS_WORDS: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

UNREGISTERED_CALLER = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API consumer identity to call this API."
)
BAD_CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
BAD_PICTURE = (
    "Unable to process input image. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)
EXPIRED_KEY = "API key expired. Please renew the API key."
LEAKED_KEY = "Your API key was reported as leaked. Please use another API key."
NO_SUCH_REGION = "User location is not supported for the API use."
BODY_TOO_LARGE = "Request payload size exceeds the limit: 104857600 bytes."

# Messages about quota call a model by its internal name (live, 2026-09-02).
_QUOTA_NAMES: Mapping[str, str] = {"gemini-2.5-flash-image": "gemini-2.5-flash-preview-image"}


class GoogleError(Exception):
    """A refusal in Google's form: `{"error": {code, message, status, details?}}`."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        status: str | None = None,
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or STATUS_WORDS.get(code, "UNKNOWN")
        self.details = details

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}


class FrontEndError(GoogleError):
    """An HTTP error of the front end, which answers with a page in place of the service behind it."""

    def __init__(self, code: int, title: str, explanation: str) -> None:
        super().__init__(code, title)
        self.page = front_end_page(code, title, explanation)


def invalid_argument(message: str) -> GoogleError:
    """A plain 400."""
    return GoogleError(400, message)


def bad_key(service: str = API_KEY_SERVICE) -> GoogleError:
    """The refusal of an API key Google does not know, with its details (recorded)."""
    message = "API key not valid. Please pass a valid API key."
    reason = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": service},
    }
    localized = {
        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
        "locale": "en-US",
        "message": message,
    }
    return GoogleError(400, message, details=[reason, localized])


def unknown_model(model: str, version: str, method: str) -> GoogleError:
    """The Developer API's answer for a model it does not have (recorded)."""
    return GoogleError(
        404,
        f"models/{model} is not found for API version {version}, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods.",
    )


def unknown_publisher_model(name: str) -> GoogleError:
    """Vertex AI's answer for a model it does not have (recorded)."""
    return GoogleError(
        404,
        f"Publisher Model `{name}` was not found or your project does not have access to it. Please ensure you are "
        "using a valid model version. For more information, see: "
        "https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions",
    )


def bad_request(violations: list[tuple[str, str]]) -> GoogleError:
    """A 400 for fields that cannot be read: `(field path, description)` pairs, as `google.rpc.BadRequest` lists them."""
    listed = [
        {"field": field, "description": text} if field else {"description": text}
        for field, text in violations
    ]
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": listed}]
    return GoogleError(400, "\n".join(text for _, text in violations), details=details)


def over_quota(model: str, retry_seconds: float | None = None, limit: int = 500) -> GoogleError:
    """The paid per-minute quota refusal (live, 2026-09-02): the wait is in the body, there is no Retry-After header.

    Without `retry_seconds` it is the recorded wait, whose fraction the details leave out.
    """
    violated = [("generate_requests_per_model", "GenerateRequestsPerMinutePerProjectPerModel")]
    return _quota_error(model, violated, str(limit), retry_seconds)


def over_day_quota(model: str, retry_seconds: float | None = None) -> GoogleError:
    """The paid per-day quota refusal (public reports of 2026). Its wait is a minute's too: only its id tells."""
    violated = [("generate_requests_per_model_per_day", "GenerateRequestsPerDayPerProjectPerModel")]
    return _quota_error(model, violated, "1000", retry_seconds)


def over_free_quota(model: str, retry_seconds: float | None = None) -> GoogleError:
    """What a key without billing gets: image models have no free quota at all (facts of 2026; waiting is no help)."""
    requests = "generate_content_free_tier_requests"
    violated = [
        (
            "generate_content_free_tier_input_token_count",
            "GenerateContentInputTokensPerModelPerMinute-FreeTier",
        ),
        (requests, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
        (requests, "GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
    ]
    return _quota_error(model, violated, "0", retry_seconds)


def _quota_error(
    model: str, violated: list[tuple[str, str]], limit: str, retry_seconds: float | None
) -> GoogleError:
    """A 429 for quotas, `(metric, id)` each: text, page, quotas and wait, as recorded; no wait if that is infinite."""
    said, detailed = ("34.286670503s", "34s") if retry_seconds is None else (f"{retry_seconds:.9g}s",) * 2
    name = _QUOTA_NAMES.get(model, model)
    lines = [
        f"* Quota exceeded for metric: {API_KEY_SERVICE}/{metric}, limit: {limit}, model: {name}\n"
        for metric, _ in violated
    ]
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        f"error, head to: {RATE_LIMITS_PAGE}. To monitor your current usage, head to: https://ai.dev/rate-limit. \n"
        f"{''.join(lines)}"
    )
    help_links = {
        "@type": "type.googleapis.com/google.rpc.Help",
        "links": [{"description": "Learn more about Gemini API quotas", "url": RATE_LIMITS_PAGE}],
    }
    quota = {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [
            {
                "quotaMetric": f"{API_KEY_SERVICE}/{metric}",
                "quotaId": quota_id,
                "quotaDimensions": {"model": name, "location": "global"},
                "quotaValue": limit,
            }
            for metric, quota_id in violated
        ],
    }
    if retry_seconds == math.inf:
        return GoogleError(429, message, details=[help_links, quota])
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": detailed}
    return GoogleError(429, f"{message}Please retry in {said}.", details=[help_links, quota, retry])


def out_of_credits() -> GoogleError:
    """The other 429: prepaid credits are used up, and waiting does not help (live, 2026-09-02)."""
    return GoogleError(
        429,
        "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your "
        "project and billing.",
    )


def vertex_over_quota() -> GoogleError:
    """Vertex AI's 429, without details."""
    return GoogleError(
        429,
        "Resource exhausted. Please try again later. Please refer to "
        "https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.",
    )


def cancelled_midstream() -> GoogleError:
    """The error recorded in the middle of a stream."""
    detail = {
        "@type": "type.googleapis.com/google.rpc.DebugInfo",
        "detail": "[ORIGINAL ERROR] generic::cancelled: ",
    }
    return GoogleError(499, "The operation was cancelled.", details=[detail])


def front_end_page(code: int, title: str, explanation: str) -> str:
    """The HTML page of Google's front end, which answers in place of the service behind it."""
    return (
        "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n"
        '  <meta name=viewport content="initial-scale=1, minimum-scale=1, width=device-width">\n'
        f"  <title>Error {code} ({title})!!1</title>\n"
        f"  <p><b>{code}.</b> <ins>That\u2019s an error.</ins>\n"
        f"  <p>{explanation}  <ins>That\u2019s all we know.</ins>\n"
    )
