"""Whose answers a request is about: the owner of its key, and the end user it names. Knows headers, ids and books.

To everybody else an answer is as one that was never there.
"""

import re

from starlette.requests import Request

from limner.errors import GatewayUnavailable, NotFound
from limner.ledger.errors import DatabaseError
from limner.ledger.generations import Ledger
from limner.ledger.keys import ApiKey
from limner.ledger.records import GenerationRecord, Scope
from limner.web.auth import FindKey, authenticate
from limner.web.repeats import read_end_user

_ID = re.compile(r"(?:chatcmpl-|gen_)([0-9a-f]{32})")


class Ownership:
    """Finds out what is whose."""

    def __init__(self, ledger: Ledger, *, find_key: FindKey, end_user_header: str | None) -> None:
        self._ledger = ledger
        self._find_key = find_key
        self._end_user_header = end_user_header

    async def identify(self, request: Request) -> Scope:
        """Return whose answers are asked for: the owner's, or one end user's where the header names one.

        Raises GatewayError.
        """
        return (await self.identify_key(request))[1]

    async def identify_key(self, request: Request) -> tuple[ApiKey, Scope]:
        """Return who asks, and whose answers are asked for. Raises GatewayError."""
        key = await authenticate(request.headers, self._find_key)
        request.scope["limner.key_name"] = key.name
        header = self._end_user_header
        is_named = header is not None and header in request.headers
        end_user = read_end_user(request.headers.get(header or ""), None) if is_named else None
        return key, Scope(owner=key.owner, end_user=end_user)

    async def find(self, request: Request) -> GenerationRecord:
        """Return the generation that the path names, by its own id or its answer's. Raises GatewayError."""
        scope = await self.identify(request)
        completion_id = request.path_params["completion_id"]
        generation_id = to_generation_id(completion_id)
        try:
            record = await self._ledger.find(generation_id, scope) if generation_id else None
        except DatabaseError as error:
            raise no_books() from error
        if record is None:
            raise not_found(completion_id)
        return record


def to_generation_id(completion_id: str) -> str:
    """Return the id of the generation that an id names, '' if it names none."""
    match = _ID.fullmatch(completion_id)
    return f"gen_{match[1]}" if match else ""


def to_completion_id(generation_id: str) -> str:
    """Return the id of a generation's answer."""
    return f"chatcmpl-{generation_id.removeprefix('gen_')}"


def not_found(completion_id: str) -> NotFound:
    """Return what is said of an answer that is not there."""
    return NotFound(f"There is no chat completion {completion_id[:100]!r}.")


def no_books() -> GatewayUnavailable:
    """Return what is said when the books cannot be read."""
    return GatewayUnavailable("The gateway cannot read its books now.", code="storage_unavailable")
