"""Sends one call to Gemini, again where nothing was bought, and receives the answer.

Its generation is marked as sent by then. Knows no door, no books and not what is done with the answer.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgspec import Struct

from limner.errors import GatewayError
from limner.generation.receiving import Receiver
from limner.generation.record import Generation, State
from limner.generation.watching import Attempt, watched
from limner.translate.failure import (
    MAX_BODY_BYTES,
    find_wait_seconds,
    is_about_signature,
    name_reason,
    read_error_body,
    to_gateway_error,
)
from limner.upstream.client import Answer, CallUnwanted, GeminiClient
from limner.upstream.connection import CallBody
from limner.upstream.retry import choose_wait_seconds

_LOG = logging.getLogger("limner.generation")


class Bodies(Struct, frozen=True, kw_only=True):
    """What is sent, and what is sent instead if Gemini refuses a thought signature; None: there is none in it."""

    signed: bytes | CallBody
    build_unsigned: Callable[[], bytes | CallBody] | None


class Refused(Exception):
    """An attempt failed before Gemini answered anything."""

    def __init__(self, error: GatewayError, told_seconds: float | None) -> None:
        super().__init__(error.message)
        self.error = error
        self.told_seconds = told_seconds


class ClientLeft(Exception):
    """Nobody waits for the answer any more, and nothing has been bought."""


async def call(
    generation: Generation,
    client: GeminiClient,
    bodies: Bodies,
    receiver: Receiver,
    *,
    is_stream: bool,
    note_receiving: Callable[[], None],
    is_wanted: Callable[[], bool],
) -> None:
    """Send until an answer comes, and receive it.

    `note_receiving` is told that the first answer of the generation begins; `is_wanted` says whether anyone waits.
    Raises GatewayError, or ClientLeft as long as nothing was bought.
    """
    ends_at = asyncio.get_running_loop().time() + client.timeout_seconds
    body, unsigned = bodies.signed, bodies.build_unsigned
    patience = _Patience(ends_at)
    while True:
        attempt = _begin(generation, client, receiver, is_stream=is_stream)
        try:
            async with _attempt(attempt, client, body, ends_at=ends_at, is_wanted=is_wanted) as answer:
                if generation.state is not State.RECEIVING:
                    generation.state = State.RECEIVING
                    note_receiving()
                await receiver.read(answer)
        except CallUnwanted:
            raise ClientLeft from None
        except Refused as refused:
            if unsigned is not None and is_about_signature(refused.error):
                _LOG.warning("generation %s: Gemini refuses a thought signature; none is sent", generation.id)
                body, unsigned, generation.is_unsigned = unsigned(), None, True
                continue
            generation.is_assumed_free |= refused.error.code == "upstream_error"
            await asyncio.sleep(patience.take(refused))
            if not is_wanted():
                raise ClientLeft from None
        else:
            return


class _Patience:
    """How often and how long one call has been tried again."""

    def __init__(self, ends_at: float) -> None:
        self._ends_at = ends_at
        self._clock = asyncio.get_running_loop().time
        self._failed_at = 0.0
        self._codes: list[str] = []

    def take(self, refused: Refused) -> float:
        """Return how long to wait before the next attempt. Raises the error if there is none."""
        self._failed_at = self._failed_at or self._clock()
        wait_seconds = choose_wait_seconds(
            refused.error,
            told_seconds=refused.told_seconds,
            earlier_codes=self._codes,
            failing_seconds=self._clock() - self._failed_at,
            jitter=random.random(),  # noqa: S311 - it spreads attempts, it hides nothing
        )
        if wait_seconds is None or self._clock() + wait_seconds >= self._ends_at:
            raise refused.error from None
        self._codes.append(refused.error.code)
        return wait_seconds


def _begin(generation: Generation, client: GeminiClient, receiver: Receiver, *, is_stream: bool) -> Attempt:
    attempt = Attempt(
        generation.id,
        receiver.transcript,
        upstream="gemini",
        kind="gemini",
        model=generation.model.id,
        is_stream=is_stream,
        draws=generation.asked.draws,
        address=client.address,
    )
    generation.attempts.append(attempt)
    return attempt


@asynccontextmanager
async def _attempt(
    attempt: Attempt,
    client: GeminiClient,
    body: bytes | CallBody,
    *,
    ends_at: float,
    is_wanted: Callable[[], bool],
) -> AsyncIterator[Answer]:
    """Send once and yield the answer. Raises Refused where it may be sent again, GatewayError where not."""
    has_answered = False
    with watched(attempt, client.watchers):
        try:
            async with client.generate(
                attempt.model, body, is_stream=attempt.is_stream, ends_at=ends_at, is_wanted=is_wanted
            ) as answer:
                attempt.status = answer.status
                if answer.status != 200:
                    head = read_error_body(client.hide_keys(await _read_head(answer)))
                    attempt.reason = name_reason(head)
                    error = to_gateway_error(answer.status, head, attempt.model)
                    raise Refused(error, find_wait_seconds(head))
                has_answered = True
                yield answer
        except GatewayError as error:
            if has_answered:
                raise
            raise Refused(error, None) from error


async def _read_head(answer: Answer) -> bytes:
    body = bytearray()
    async for data in answer.read():
        body += data
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body)
