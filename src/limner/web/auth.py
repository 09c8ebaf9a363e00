"""Who is calling: the one function that all doors ask. Knows headers and keys, nothing of what is wanted."""

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers

from limner.errors import GatewayUnavailable, PermissionDenied, Unauthenticated
from limner.ledger.errors import DatabaseError
from limner.ledger.keys import ApiKey

FindKey = Callable[[str], Awaitable[ApiKey | None]]


async def authenticate(headers: Headers, find_key: FindKey) -> ApiKey:
    """Return the key that came with a request.

    Raises Unauthenticated, with one text for every cause, or GatewayUnavailable.
    """
    secret = _find_secret(headers)
    key = None
    if secret:
        try:
            key = await find_key(secret)
        except DatabaseError as error:
            raise GatewayUnavailable(
                "The gateway cannot read its keys now; nothing was bought.", code="storage_unavailable"
            ) from error
    if key is None:
        raise Unauthenticated(
            "No valid API key came with this request. Send it as 'Authorization: Bearer sk-…'."
        )
    return key


async def authenticate_admin(headers: Headers, find_key: FindKey) -> ApiKey:
    """Return the key that came with a request, if it may manage the gateway. Raises GatewayError."""
    key = await authenticate(headers, find_key)
    if not key.is_admin:
        raise PermissionDenied(
            f"The key {key.name!r} is no admin key; `limner keys create NAME --admin` makes one.",
            code="admin_key_required",
        )
    return key


def _find_secret(headers: Headers) -> str:
    """Return the one key that was given, as a bearer's token or in Google's header; '' if there is none."""
    given = headers.getlist("authorization")
    if not given:
        own = headers.getlist("x-goog-api-key")
        return own[0].strip() if len(own) == 1 else ""
    scheme, _, secret = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return secret.strip() if scheme.lower() == "bearer" else ""


def authorize_model(key: ApiKey, model_id: str) -> None:
    """Return if `key` may use the model. Raises PermissionDenied."""
    if key.models is not None and model_id not in key.models:
        raise PermissionDenied(
            f"This key may not use {model_id}; it may use {', '.join(sorted(key.models)) or 'no model'}.",
            param="model",
        )
