"""Sends one generation to Gemini, again where nothing was bought, and receives the answer.

Knows the order of things: the books first, then the bytes. Knows no door and not what is done with the answer.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from limner.errors import GatewayError
from limner.generation.receiving import Receiver
from limner.generation.record import Generation, State
from limner.translate.failure import MAX_BODY_BYTES, find_wait_seconds, read_error_body, to_gateway_error
from limner.upstream.client import Answer, CallBody, CallUnwanted, GeminiClient
from limner.upstream.retry import choose_wait_seconds


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
    body: bytes | CallBody,
    receiver: Receiver,
    *,
    is_stream: bool,
    mark_sent: Callable[[], Awaitable[None]],
    note_receiving: Callable[[], None],
    is_wanted: Callable[[], bool],
) -> None:
    """Send until an answer comes, and receive it.

    `mark_sent` has put on disk, when it returns, that bytes may leave; `note_receiving` is told that an answer
    begins; `is_wanted` says whether anyone waits.
    Raises GatewayError, or ClientLeft as long as nothing was bought.
    """
    ends_at = asyncio.get_running_loop().time() + client.timeout_seconds
    if not is_wanted():
        raise ClientLeft
    await mark_sent()
    generation.state = State.SENT
    patience = _Patience(ends_at)
    while True:
        try:
            async with _attempt(
                generation.model.id, client, body, is_stream=is_stream, ends_at=ends_at, is_wanted=is_wanted
            ) as answer:
                generation.state = State.RECEIVING
                note_receiving()
                await receiver.read(answer)
        except CallUnwanted:
            raise ClientLeft from None
        except Refused as refused:
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


@asynccontextmanager
async def _attempt(
    model_id: str,
    client: GeminiClient,
    body: bytes | CallBody,
    *,
    is_stream: bool,
    ends_at: float,
    is_wanted: Callable[[], bool],
) -> AsyncIterator[Answer]:
    """Send once and yield the answer. Raises Refused where it may be sent again, GatewayError where not."""
    has_answered = False
    try:
        async with client.generate(
            model_id, body, is_stream=is_stream, ends_at=ends_at, is_wanted=is_wanted
        ) as answer:
            if answer.status != 200:
                head = read_error_body(await _read_head(answer))
                error = to_gateway_error(answer.status, head, model_id)
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
