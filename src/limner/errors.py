"""Every error a client can be shown. Knows no framework, no clock and no log.

Raised wherever the trouble is seen, turned into a body in one place (`limner.web.failures`).

    GatewayError
    ├ InvalidRequest        400  what was sent cannot be drawn; `code` says why
    ├ Unauthenticated       401  one text for absent, unknown, expired and revoked keys
    ├ PermissionDenied      403  the key is good, the thing is not for it
    ├ NotFound              404  model or door
    ├ MethodNotAllowed      405
    ├ RequestTimeout        408  headers or body did not come in time
    ├ Conflict              409  the call runs, and what is asked must wait for its end; it was taken back, or its outcome is known
    ├ RequestTooLarge       413
    ├ UnsupportedMediaType  415
    ├ RangeNotSatisfiable   416  nothing of the picture lies in the range asked for
    ├ IdempotencyKeyReused  422  the same Idempotency-Key came with another body
    ├ RateLimited           429  a limit of the key's, or the upstream's passed on
    ├ InsufficientQuota     429  the key's budget cannot hold this picture
    ├ HeadersTooLarge       431
    ├ InternalError         500  a fixed sentence
    ├ UpstreamFailure       502  the upstream broke; the picture may have been bought
    ├ UpstreamUnavailable   503  nothing was bought
    ├ GatewayUnavailable    503  this gateway cannot work now; nothing was bought
    └ UpstreamTimeout       504  a deadline passed; the picture may have been bought
"""

from typing import ClassVar

RETRY_PATIENCE_SECONDS = 60
"""A wait longer than this is not worth a client's automatic retry."""


class GatewayError(Exception):
    """Base of the tree; never raised itself.

    `message` says what was wrong, the value, and what would be accepted. `param` is the dotted path of the
    field at fault. `retry_after_seconds` is how long to wait where a wait helps.
    """

    status: ClassVar[int]
    type: ClassVar[str]
    codes: ClassVar[tuple[str, ...]]
    retried_codes: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.codes[0] if code is None else code
        if self.code not in self.codes:
            raise ValueError(f"{type(self).__name__} has no code {self.code!r}")
        self.param = param
        self.retry_after_seconds = retry_after_seconds
        if retry_after_seconds is None and self.status in {429, 503}:
            self.retry_after_seconds = 2.0

    @property
    def should_retry(self) -> bool:
        """Whether a client's automatic retry is free of harm and likely to help."""
        patient = (self.retry_after_seconds or 0) <= RETRY_PATIENCE_SECONDS
        return self.code in self.retried_codes and patient


class InvalidRequest(GatewayError):
    """The request cannot be drawn as it stands."""

    status = 400
    type = "invalid_request_error"
    codes = (
        "invalid_json",
        "invalid_type",
        "missing_required_parameter",
        "unsupported_value",
        "unsupported_parameter",
        "model_not_priced",
        "conflicting_input",
        "image_fetch_failed",
        "image_not_found",
        "invalid_image",
        "invalid_idempotency_key",
        "context_length_exceeded",
        "content_policy_violation",
        "no_image_generated",
        "upstream_rejected",
    )


class Unauthenticated(GatewayError):
    """No usable key came with the request."""

    status = 401
    type = "invalid_request_error"
    codes = ("invalid_api_key",)


class PermissionDenied(GatewayError):
    """The caller is known and may not do this."""

    status = 403
    type = "permission_error"
    codes = ("model_not_allowed", "host_not_allowed", "invalid_link", "admin_key_required")


class NotFound(GatewayError):
    """No such model or door."""

    status = 404
    type = "invalid_request_error"
    codes = ("not_found", "model_not_found")


class MethodNotAllowed(GatewayError):
    """The door is there and does not take this method."""

    status = 405
    type = "invalid_request_error"
    codes = ("method_not_allowed",)


class RequestTimeout(GatewayError):
    """The request did not come in time."""

    status = 408
    type = "invalid_request_error"
    codes = ("request_timeout",)


class Conflict(GatewayError):
    """The call is on its way, has ended, was taken back by its owner, or has an outcome that is known."""

    status = 409
    type = "invalid_request_error"
    codes = ("already_sent", "cancelled", "outcome_known")


class RequestTooLarge(GatewayError):
    """The body passes the configured size."""

    status = 413
    type = "invalid_request_error"
    codes = ("request_too_large",)


class UnsupportedMediaType(GatewayError):
    """The body is in a form this door does not read."""

    status = 415
    type = "invalid_request_error"
    codes = ("unsupported_media_type",)


class RangeNotSatisfiable(GatewayError):
    """The range asked for lies outside of what there is."""

    status = 416
    type = "invalid_request_error"
    codes = ("range_not_satisfiable",)


class IdempotencyKeyReused(GatewayError):
    """An Idempotency-Key stands for one call and came with another."""

    status = 422
    type = "invalid_request_error"
    codes = ("idempotency_key_reused",)


class InsufficientQuota(GatewayError):
    """The budget of the client's key cannot hold what the call may cost."""

    status = 429
    type = "insufficient_quota"
    codes = ("insufficient_quota",)


class RateLimited(GatewayError):
    """The key's limit per minute, or the upstream's quota, is used up for now."""

    status = 429
    type = "rate_limit_error"
    codes = ("rate_limit_exceeded",)
    retried_codes = codes


class HeadersTooLarge(GatewayError):
    """The headers pass what is read of them."""

    status = 431
    type = "invalid_request_error"
    codes = ("headers_too_large",)


class InternalError(GatewayError):
    """A fault of the gateway itself; the message is fixed, details are in its log."""

    status = 500
    type = "server_error"
    codes = ("internal_error",)

    def __init__(self) -> None:
        super().__init__("The gateway failed. The request id in x-request-id finds the cause in its log.")


class UpstreamFailure(GatewayError):
    """The upstream answered badly or not to the end."""

    status = 502
    type = "upstream_error"
    codes = ("upstream_unknown_outcome", "upstream_invalid_response", "upstream_error")


class UpstreamUnavailable(GatewayError):
    """The upstream would not take the call; nothing was bought."""

    status = 503
    type = "upstream_error"
    codes = ("upstream_overloaded", "upstream_unavailable", "upstream_auth")
    retried_codes = ("upstream_overloaded", "upstream_unavailable")


class GatewayUnavailable(GatewayError):
    """The gateway cannot take calls now; nothing was bought."""

    status = 503
    type = "server_error"
    codes = ("storage_unavailable", "shutting_down", "gateway_overloaded")
    retried_codes = codes


class UpstreamTimeout(GatewayError):
    """A deadline passed after the call was sent."""

    status = 504
    type = "upstream_error"
    codes = ("upstream_timeout",)


def no_storage() -> GatewayUnavailable:
    """Return the refusal of a call whose picture could not be stored."""
    return GatewayUnavailable(
        "The gateway cannot store pictures now; nothing was bought.", code="storage_unavailable"
    )


def restore(code: str, message: str, param: str | None = None) -> GatewayError:
    """Return the error that was kept as these; InternalError if this version knows no such code."""
    for kind in GatewayError.__subclasses__():
        if code in kind.codes and kind is not InternalError:
            return kind(message, code=code, param=param)
    return InternalError()


def locate(error: BaseException) -> str:
    """Return where an unexpected error came from, for the log: no message, which might quote a secret."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return type(error).__name__
    code = frame.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_qualname} ({code.co_filename}:{frame.tb_lineno})"
