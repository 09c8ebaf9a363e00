"""Sends one call to Gemini, again where nothing was bought, and receives the answer.

Its generation is marked as sent by then. Another credential is asked before the same one, and another model only where
that is configured. Knows no door, no books and not what is done with the answer.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from msgspec import Struct
from msgspec.structs import replace

from limner.errors import GatewayError, NotFound
from limner.generation.patience import Patience, falls_back
from limner.generation.receiving import Receiver
from limner.generation.record import Choice, Generation, State
from limner.generation.upstreams import Errand, Refused, Upstreams
from limner.generation.watching import Attempt, watched
from limner.ledger.records import UpstreamCall
from limner.translate.events import AnsweredBy
from limner.translate.failure import (
    MAX_BODY_BYTES,
    clean,
    find_wait_seconds,
    is_about_signature,
    name_reason,
    read_error_body,
    to_gateway_error,
)
from limner.upstream.client import Answer
from limner.upstream.connection import CallUnwanted
from limner.upstream.credential import find_address, hide_key
from limner.upstream.pool import Lease, Spared
from limner.upstream.standing import Trouble, judge
from limner.wire.gemini import DEVELOPER

_LOG = logging.getLogger("limner.generation")

_FALLBACK_WAIT_SECONDS = 3.0
"""Where another model may be asked, no single wait for this one is longer."""


class ClientLeft(Exception):
    """Nobody waits for the answer any more, and nothing has been bought."""


class Terms(Struct, frozen=True, kw_only=True):
    """How a call is made."""

    is_stream: bool
    note_receiving: Callable[[], None]
    """Is told that the first answer of the generation begins."""
    is_wanted: Callable[[], bool]
    """Says whether anyone waits."""


async def call(
    generation: Generation,
    choice: Choice,
    upstreams: Upstreams,
    errands: Sequence[Errand],
    receiver: Receiver,
    terms: Terms,
) -> None:
    """Send until an answer comes, and receive it; `errands` are the model that was asked, then those in its place.

    Raises GatewayError, or ClientLeft as long as nothing was bought.
    """
    ends_at = asyncio.get_running_loop().time() + upstreams.client.timeout_seconds
    first: GatewayError | None = None
    for errand in errands:
        is_last = errand is errands[-1]
        caller = _Caller(generation, choice, upstreams, errand, receiver, terms, ends_at, is_last=is_last)
        try:
            await caller.call()
        except GatewayError as error:
            first = first or error
            if is_last or choice.transcript.has_begun or not falls_back(error):
                raise first if falls_back(error) else error from None
            _LOG.warning("generation %s: %s cannot be had (%s)", generation.id, errand.model_id, error.code)
        else:
            return


class _Caller:
    """The attempts at one model."""

    def __init__(
        self,
        generation: Generation,
        choice: Choice,
        upstreams: Upstreams,
        errand: Errand,
        receiver: Receiver,
        terms: Terms,
        ends_at: float,
        *,
        is_last: bool,
    ) -> None:
        self._generation = generation
        self._choice = choice
        self._upstreams = upstreams
        self._errand = errand
        self._receiver = receiver
        self._terms = terms
        self._ends_at = ends_at
        self._build = errand.build
        self._build_unsigned = errand.build_unsigned
        self._patience = Patience(ends_at, most_wait_seconds=None if is_last else _FALLBACK_WAIT_SECONDS)

    async def call(self) -> None:
        """Send until an answer comes, and receive it. Raises as `call` does."""
        while True:
            lease = await self._lease()
            try:
                await self._send(lease)
            except Refused as refused:
                if not self._drops_signatures(refused):
                    await self._take(lease.credential.id, refused, was_early=lease.is_early)
            else:
                return

    async def _lease(self) -> Lease:
        patience, errand = self._patience, self._errand
        while True:
            try:
                async with asyncio.timeout_at(self._ends_at):
                    lease = await self._upstreams.pool.lease(
                        errand.model_id,
                        failed=patience.failed,
                        avoided=patience.avoided,
                        kind=errand.kind,
                        may_try_parked=patience.may_try_parked,
                    )
            except TimeoutError:
                raise patience.find_error() from None
            except Spared as spared:
                if not isinstance(spared.failure, Refused):
                    raise spared.failure from None
                await self._take(spared.credential.id, spared.failure, was_early=True)
                continue
            if lease is not None and self._terms.is_wanted():
                return lease
            if lease is not None:
                lease.release()
                raise ClientLeft
            chief = patience.find_chief()
            if chief is None:
                raise _unserved(errand.model_id)
            await self._pause(chief)

    async def _take(self, credential_id: str, refused: Refused, *, was_early: bool) -> None:
        """Return when the next attempt may be made. Raises GatewayError or ClientLeft: there is none."""
        self._generation.is_assumed_free |= refused.error.code == "upstream_error"
        if not self._patience.note(credential_id, refused, was_early=was_early):
            await self._pause(refused)

    async def _pause(self, refused: Refused) -> None:
        await asyncio.sleep(self._patience.take_wait(refused))
        if not self._terms.is_wanted():
            raise ClientLeft

    def _drops_signatures(self, refused: Refused) -> bool:
        if self._build_unsigned is None or not is_about_signature(refused.error):
            return False
        _LOG.warning("generation %s: Gemini refuses a thought signature; none is sent", self._generation.id)
        self._build, self._build_unsigned = self._build_unsigned, None
        self._generation.is_unsigned = True
        return True

    async def _send(self, lease: Lease) -> None:
        """Send once, and receive the answer. Raises Refused where it may be sent again, GatewayError where not."""
        generation, terms = self._generation, self._terms
        attempt = self._begin(lease)
        try:
            with watched(attempt, self._upstreams.watchers):
                async with self._attempt(lease, attempt) as answer:
                    if generation.state is not State.RECEIVING:
                        generation.state = State.RECEIVING
                        terms.note_receiving()
                    self._name_answerer(lease)
                    await self._receiver.read(answer)
        except CallUnwanted:
            raise ClientLeft from None
        finally:
            lease.release()

    def _begin(self, lease: Lease) -> Attempt:
        credential, model_id = lease.credential, self._errand.model_id
        attempt = Attempt(
            self._generation.id,
            self._receiver.transcript,
            upstream=credential.name,
            kind=credential.kind,
            model=model_id,
            is_stream=self._terms.is_stream,
            draws=self._generation.asked.draws,
            address=find_address(credential),
        )
        self._generation.attempts.append(attempt)
        before = self._choice.upstream_call
        self._choice.upstream_call = UpstreamCall(
            choice=self._choice.index,
            upstream=credential.name,
            kind=credential.kind,
            model=model_id,
            attempts=1 if before is None else before.attempts + 1,
        )
        return attempt

    @asynccontextmanager
    async def _attempt(self, lease: Lease, attempt: Attempt) -> AsyncIterator[Answer]:
        """Send once and yield the answer. Raises as `_send` does."""
        has_answered = False
        try:
            async with self._upstreams.client.generate(
                lease.credential,
                self._errand.model_id,
                self._build(lease.credential.kind),
                is_stream=self._terms.is_stream,
                ends_at=self._ends_at,
                is_wanted_now=self._terms.is_wanted,
            ) as answer:
                attempt.status = answer.status
                self._note(answer.status, None)
                if answer.status != 200:
                    raise await self._read_refusal(lease, answer, attempt)
                has_answered = True
                lease.succeed()
                yield answer
        except Refused as refused:
            self._note(refused.status, refused.said)
            self._judge(lease, refused)
            raise
        except GatewayError as error:
            if has_answered:
                raise
            lost = Refused(error, trouble=_judge_failure(error))
            self._judge(lease, lost)
            raise lost from error

    async def _read_refusal(self, lease: Lease, answer: Answer, attempt: Attempt) -> Refused:
        head = read_error_body(hide_key(lease.credential, await _read_head(answer)))
        attempt.reason = name_reason(head)
        return Refused(
            to_gateway_error(answer.status, head, self._errand.model_id),
            trouble=judge(answer.status, head),
            told_seconds=find_wait_seconds(head),
            status=answer.status,
            said=clean(head.message) if head is not None and head.message else None,
        )

    def _judge(self, lease: Lease, refused: Refused) -> None:
        """Let the pool know what was found out of the credential."""
        if refused.trouble is not None:
            lease.fail(refused.trouble, refused.told_seconds, refused)
        elif refused.status is not None:
            lease.succeed()

    def _name_answerer(self, lease: Lease) -> None:
        kind, model_id = lease.credential.kind, self._errand.model_id
        if (kind, model_id) != (DEVELOPER, self._generation.asked.upstream_model):
            self._receiver.name_answerer(AnsweredBy(kind, model_id))

    def _note(self, status: int | None, said: str | None) -> None:
        """Keep what Gemini said to the attempt, for the books."""
        if self._choice.upstream_call is not None:
            self._choice.upstream_call = replace(self._choice.upstream_call, status=status, said=said)


def _judge_failure(error: GatewayError) -> Trouble | None:
    """Return what a failure without an answer says of the credential; a time-out says nothing."""
    if error.code == "upstream_auth":  # no token could be had
        return Trouble.ACCESS
    if error.code == "upstream_unavailable":
        return Trouble.UNREACHABLE
    return None if error.code == "upstream_timeout" else Trouble.BROKEN


def _unserved(model_id: str) -> NotFound:
    return NotFound(
        f"No upstream of this gateway serves the model {model_id!r}.", code="model_not_found", param="model"
    )


async def _read_head(answer: Answer) -> bytes:
    body = bytearray()
    async for data in answer.read():
        body += data
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body)
