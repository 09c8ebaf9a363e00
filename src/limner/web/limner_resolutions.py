"""`POST /v1/limner/generations/…/resolve`: an admin's decision on outcomes that nobody knows. Knows no answer.

The same decision made again is answered as the first was, and changes nothing.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from limner.errors import Conflict, InvalidRequest, NotFound
from limner.ledger.books import Books
from limner.ledger.database import Database
from limner.ledger.decisions import Decided, NoGeneration, Outcome, OutcomeKnown, decide, decide_all
from limner.ledger.errors import DatabaseError
from limner.ledger.records import MICRO_USD_PER_USD
from limner.pictures.spool import FileSpool
from limner.translate.body import to_record
from limner.web.auth import FindKey, authenticate_admin
from limner.web.body import read_body
from limner.web.limner_entries import to_json
from limner.web.limner_query import parse_moment_ms, refuse
from limner.web.ownership import no_books, to_generation_id
from limner.wire.limner import GenerationsResolved, ResolveAllOrder, ResolveOrder

_LOG = logging.getLogger("limner.generation")
_MAX_BODY_BYTES = 64 * 1024

Order = TypeVar("Order", bound=Struct)


class ResolutionsDoor:
    """The doors to decisions."""

    def __init__(self, books: Books, find_key: FindKey, *, new_spool: Callable[[], FileSpool]) -> None:
        self._books = books
        self._find_key = find_key
        self._new_spool = new_spool

    async def resolve(self, request: Request) -> Response:
        """Decide on one generation. Raises GatewayError."""
        admin_name = await self._admit(request)
        given = request.path_params["generation_id"]
        order = await self._read(request, ResolveOrder)
        generation_id = to_generation_id(given)
        if not generation_id:
            raise _not_there(given)
        try:
            decided = await self._write(
                lambda database: [decide(database, generation_id, order.outcome, _now_ms())]
            )
        except NoGeneration:
            raise _not_there(given) from None
        except OutcomeKnown as known:
            message = str(known)
            raise Conflict(f"{message[0].upper()}{message[1:]}.", code="outcome_known") from None
        return _answer(decided, order.outcome, admin_name)

    async def resolve_all(self, request: Request) -> Response:
        """Decide alike on all that ended before a moment. Raises GatewayError."""
        admin_name = await self._admit(request)
        order = await self._read(request, ResolveAllOrder)
        try:
            before_ms = parse_moment_ms(order.before, is_end=False)
        except (ValueError, OverflowError):
            raise refuse("before", order.before, "a day in UTC, a time, or seconds since 1970") from None
        decided = await self._write(
            lambda database: decide_all(database, order.outcome, before_ms=before_ms, now_ms=_now_ms())
        )
        return _answer(decided, order.outcome, admin_name)

    async def _admit(self, request: Request) -> str:
        """Return the name of the admin key that asks. Raises GatewayError."""
        key = await authenticate_admin(request.headers, self._find_key)
        request.scope["limner.key_name"] = key.name
        return key.name

    async def _read(self, request: Request, kind: type[Order]) -> Order:
        body = await read_body(request, max_bytes=_MAX_BODY_BYTES, new_spool=self._new_spool)
        body.close()
        for name in kind.__struct_fields__:
            if name not in body.fields:
                raise InvalidRequest(f"There is no {name!r}.", code="missing_required_parameter", param=name)
        outcome = body.fields["outcome"]
        if isinstance(outcome, str) and outcome not in ("post", "void"):
            raise refuse("outcome", outcome, "post (the money is spent), void (it is given back)")
        return to_record(body.fields, kind)

    async def _write(self, job: Callable[[Database], Sequence[Decided]]) -> Sequence[Decided]:
        try:
            return await self._books.submit(job)
        except DatabaseError as error:
            raise no_books() from error


def _answer(decided: Sequence[Decided], outcome: Outcome, admin_name: str) -> Response:
    was_resolved = any(one.was_decided for one in decided)
    if not was_resolved:
        _LOG.info("%d unknown outcomes were resolved by %r: %s", len(decided), admin_name, outcome)
    return to_json(
        GenerationsResolved(
            outcome=outcome,
            ids=[one.generation_id for one in decided],
            amount_usd=sum(one.micro_usd for one in decided) / MICRO_USD_PER_USD,
            was_resolved=was_resolved,
        )
    )


def _not_there(generation_id: str) -> NotFound:
    return NotFound(f"There is no generation {generation_id[:100]!r}.")


def _now_ms() -> int:
    return int(time.time() * 1000)
