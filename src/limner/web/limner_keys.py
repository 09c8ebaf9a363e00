"""`/v1/limner/keys`: makes, shows, changes and revokes client keys, for admin keys; and shows any key itself.

What may be said of a key, `ledger/key_rules.py` knows; here it is read from JSON, and a refusal named by its field.
A secret is in one answer, and in no log.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from limner.errors import InvalidRequest, NotFound
from limner.ledger.books import Books
from limner.ledger.database import Database
from limner.ledger.errors import DatabaseError, KeyRefused
from limner.ledger.key_accounts import describe_key
from limner.ledger.key_changes import change_key, check_admin_left, find_key, find_named_key, list_keys
from limner.ledger.keys import ApiKey, KeyStore
from limner.pictures.spool import FileSpool
from limner.web.auth import FindKey, authenticate, authenticate_admin
from limner.web.body import read_body
from limner.web.key_fields import name_field, read_changes, read_fields, read_order
from limner.web.limner_entries import to_json
from limner.web.ownership import no_books
from limner.web.paging import read_limit
from limner.wire.limner_keys import KeyEntry, KeyList, KeyOrder, KeyRevoked, KeyUpdate, NewKey

_LOG = logging.getLogger("limner.keys")
_MAX_BODY_BYTES = 64 * 1024

T = TypeVar("T")


class KeysDoor:
    """The doors to keys."""

    def __init__(
        self, books: Books, keys: KeyStore, find_key: FindKey, *, new_spool: Callable[[], FileSpool]
    ) -> None:
        self._books = books
        self._keys = keys
        self._find_key = find_key
        self._new_spool = new_spool

    async def show_self(self, request: Request) -> Response:
        """Answer with the key that asks, whichever it is. Raises GatewayError."""
        key = await authenticate(request.headers, self._find_key)
        request.scope["limner.key_name"] = key.name
        return to_json(await self._ask(lambda database: describe_key(database, key, _now_ms())))

    async def list(self, request: Request) -> Response:
        """Answer with a page of all keys, or with the one of a name. Raises GatewayError."""
        await self._admit(request)
        limit, after, name = (
            read_limit(request.query_params),
            request.query_params.get("after"),
            request.query_params.get("name"),
        )

        def find(database: Database) -> list[KeyEntry]:
            found = _find_page(database, after=after, name=name, limit=limit + 1)
            return [describe_key(database, key, _now_ms()) for key in found]

        entries = await self._ask(find)
        page = entries[:limit]
        return to_json(
            KeyList(
                data=page,
                first_id=page[0].id if page else None,
                last_id=page[-1].id if page else None,
                has_more=len(entries) > limit,
            )
        )

    async def create(self, request: Request) -> Response:
        """Make a key and answer with it and its secret. Raises GatewayError."""
        admin = await self._admit(request)
        order = read_fields(await self._read_body(request), KeyOrder)
        now = int(time.time())

        def make(database: Database) -> NewKey:
            key, secret = self._keys.on(database).create(order.name, **read_order(order, now))
            entry = describe_key(database, key, _now_ms())
            return NewKey(**msgspec.structs.asdict(entry), key=secret)

        made = await self._write(make)
        _LOG.info("key %r was created by %r", made.name, admin.name)
        return to_json(made)

    async def show(self, request: Request) -> Response:
        """Answer with one key. Raises GatewayError."""
        await self._admit(request)
        key_id = request.path_params["key_id"]

        def find(database: Database) -> KeyEntry:
            return describe_key(database, _find(database, key_id), _now_ms())

        return to_json(await self._ask(find))

    async def update(self, request: Request) -> Response:
        """Change a key, from its next request on, and answer with it. Raises GatewayError."""
        admin = await self._admit(request)
        given = read_fields(await self._read_body(request), KeyUpdate)
        key_id, now = request.path_params["key_id"], int(time.time())
        changes = read_changes(given, now)

        def change(database: Database) -> KeyEntry:
            database.lock("key", key_id)
            key = _find(database, key_id)
            if key.is_admin and changes.get("is_admin", True) is False:
                check_admin_left(database, key.id, self._keys.secret_id, now)
            return describe_key(database, change_key(database, key, changes, now), _now_ms())

        entry = await self._write(change)
        _LOG.info("key %r was changed by %r: %s", entry.name, admin.name, ", ".join(sorted(changes)))
        return to_json(entry)

    async def revoke(self, request: Request) -> Response:
        """Make a key useless at once. Raises GatewayError."""
        admin = await self._admit(request)
        key_id, now = request.path_params["key_id"], int(time.time())

        def end(database: Database) -> ApiKey:
            key = _find(database, key_id)
            if key.is_admin:
                check_admin_left(database, key.id, self._keys.secret_id, now)
            self._keys.on(database).revoke(key.name)
            return key

        key = await self._write(end)
        _LOG.info("key %r was revoked by %r", key.name, admin.name)
        return to_json(KeyRevoked(id=key.id))

    async def _admit(self, request: Request) -> ApiKey:
        key = await authenticate_admin(request.headers, self._find_key)
        request.scope["limner.key_name"] = key.name
        return key

    async def _read_body(self, request: Request) -> dict[str, Any]:
        body = await read_body(request, max_bytes=_MAX_BODY_BYTES, new_spool=self._new_spool)
        body.close()
        return body.fields

    async def _ask(self, question: Callable[[Database], T]) -> T:
        try:
            return await self._books.ask(question)
        except DatabaseError as error:
            raise no_books() from error

    async def _write(self, job: Callable[[Database], T]) -> T:
        try:
            return await self._books.submit(job)
        except DatabaseError as error:
            raise no_books() from error
        except KeyRefused as refused:
            message = str(refused)
            raise InvalidRequest(
                f"{message[0].upper()}{message[1:]}.",
                code="unsupported_value",
                param=name_field(refused.field),
            ) from None


def _find(database: Database, key_id: str) -> ApiKey:
    key = find_key(database, key_id)
    if key is None:
        raise NotFound(f"There is no key {key_id[:100]!r}; fixed keys and revoked ones are not here.")
    return key


def _find_page(database: Database, *, after: str | None, name: str | None, limit: int) -> list[ApiKey]:
    if name is not None:
        try:
            return [find_named_key(database, name)]
        except KeyRefused:
            return []
    place = None if after is None else find_key(database, after)
    return [] if after is not None and place is None else list_keys(database, after=place, limit=limit)


def _now_ms() -> int:
    return int(time.time() * 1000)
