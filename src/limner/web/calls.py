"""What all doors that buy have in common: who asks, how a call stands to others, its claim and its answer.

Knows keys, headers and generations; nothing of what a door reads and writes.
"""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from starlette.requests import ClientDisconnect, Request
from starlette.types import Scope, Send

from limner.generation.admission import Departed
from limner.generation.claiming import Call
from limner.generation.generations import Generations
from limner.generation.inputs import Inputs
from limner.generation.replaying import StoredFailure
from limner.generation.visit import Visit
from limner.ledger.keys import ApiKey
from limner.pictures.links import PictureLinks
from limner.pictures.spool import FileSpool
from limner.translate.request import Drawing
from limner.web.auth import FindKey, authenticate
from limner.web.body import Body, read_body
from limner.web.delivery import Deliveries
from limner.web.forms import SendOptions, find_form
from limner.web.link_base import find_link_base
from limner.web.repeats import (
    is_always_new,
    is_retry,
    note_generation,
    read_end_user,
    read_idempotency_key,
)


class ReadBody(Protocol):
    """Reads the body of a request."""

    async def __call__(self, request: Request, *, max_bytes: int, new_spool: Callable[[], FileSpool]) -> Body:
        """Return the body. Raises GatewayError; the spools are then closed."""


class CallRules(Struct, frozen=True, kw_only=True):
    """How calls are taken and answered, whatever their door."""

    max_body_bytes: int
    link_seconds: int | None
    """How long links to pictures are made to work; None: none are given out."""
    linked_seconds: int | None
    """The same where pictures are kept for their links' sake, or because the client asked to keep them."""
    line_bytes: int
    heartbeat_seconds: float
    end_user_header: str | None
    public_url: str | None
    """The address that links begin with; None: the one a call came to."""


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks, and what the headers say of the call beside that."""

    key: ApiKey
    idempotency_key: str | None
    is_retry: bool
    is_always_new: bool
    named_end_user: str | None
    """Who is behind the call, where a header says so."""

    def name_end_user(self, user: str | None) -> str:
        """Return who is behind the call; `user` is what its body says. '' if nobody is named."""
        return self.named_end_user if self.named_end_user is not None else read_end_user(None, user)


class Calls:
    """Takes calls."""

    def __init__(
        self,
        generations: Generations,
        *,
        find_key: FindKey,
        new_spool: Callable[[], FileSpool],
        deliveries: Deliveries,
        links: PictureLinks,
        rules: CallRules,
    ) -> None:
        self._generations = generations
        self._find_key = find_key
        self._new_spool = new_spool
        self._deliveries = deliveries
        self._links = links
        self._rules = rules

    async def identify(self, request: Request) -> Caller:
        """Return who asks. Raises GatewayError."""
        headers = request.headers
        key = await authenticate(headers, self._find_key)
        request.scope["limner.key_name"] = key.name
        header = self._rules.end_user_header
        named = headers.get(header) if header is not None else None
        return Caller(
            key=key,
            idempotency_key=read_idempotency_key(headers),
            is_retry=is_retry(headers),
            is_always_new=is_always_new(headers),
            named_end_user=read_end_user(named, None) if named else None,
        )

    async def read_body(self, request: Request, read: ReadBody = read_body) -> Body:
        """Return the body of a request, read as its door does; whoever takes it closes it. Raises GatewayError."""
        body = await read(request, max_bytes=self._rules.max_body_bytes, new_spool=self._new_spool)
        self._deliveries.check()  # what has arrived by now decides whether this call is a repeat
        return body

    def find_link_base(self, request: Request) -> str:
        """Return the address that links to a call's pictures begin with."""
        return find_link_base(request, self._rules.public_url)

    def find_link_seconds(self, *, is_linked: bool) -> int | None:
        """Return how long links to a call's pictures work; `is_linked` says that these are kept for their sake."""
        return self._rules.linked_seconds if is_linked else self._rules.link_seconds

    async def claim(self, call: Call, drawing: Drawing, inputs: Inputs, scope: Scope) -> Visit:
        """Return a visit at the generation that answers a call; the inputs are closed in any case.

        Raises GatewayError or ClientDisconnect; nothing was bought then.
        """
        scope["limner.model"] = drawing.model.id
        try:
            visit = await self._generations.claim(call, drawing, inputs.spools, scope.get("limner.share"))
        except Departed:
            raise ClientDisconnect from None
        except StoredFailure as stored:
            note_generation(scope, stored.generation_id, is_replayed=True)
            raise stored.error from None
        note_generation(scope, visit.generation.id, is_replayed=visit.is_replayed)
        scope["limner.generation"] = visit.generation
        scope["limner.is_repeat"] = not visit.is_first
        return visit

    async def answer(
        self,
        visit: Visit,
        scope: Scope,
        send: Send,
        *,
        is_stream: bool,
        includes_usage: bool = True,
        is_array: bool = False,
    ) -> None:
        """Answer a visitor in the form of its door; a stream as one array if `is_array`. Raises GatewayError as long as nothing has been sent."""
        delivery = self._deliveries.begin(visit, scope)
        form = find_form(visit.generation.asked.door)
        try:
            if is_stream:
                options = self._to_options(visit, scope, includes_usage=includes_usage, is_array=is_array)
                await form.send_stream(visit.generation, delivery, options, send)
            else:
                await form.send_whole(visit.generation, delivery, send, links=self._links)
        finally:
            delivery.close()

    def _to_options(self, visit: Visit, scope: Scope, *, includes_usage: bool, is_array: bool) -> SendOptions:
        connection = scope.get("limner.connection")
        return SendOptions(
            links=self._links,
            line_bytes=self._rules.line_bytes,
            heartbeat_seconds=self._rules.heartbeat_seconds,
            includes_usage=includes_usage,
            waits_for_opening=visit.is_first,
            write_pieces=None if connection is None else connection.write_pieces,
            is_array=is_array,
        )
