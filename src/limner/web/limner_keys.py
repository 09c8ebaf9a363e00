"""`/v1/limner/keys`: makes, shows, changes, rotates and revokes client keys, for admins; and shows any key itself.

What may be said of a key, `ledger/key_rules.py` knows; here it is read from JSON, and a refusal named by its field.
A secret is in one answer, and in no log.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from limner.errors import NotFound
from limner.ledger.books import Books
from limner.ledger.database import Database
from limner.ledger.key_accounts import describe_key, describe_keys
from limner.ledger.key_changes import (
    KEY_STATES,
    KeyChoice,
    change_key,
    check_admin_left,
    find_key,
    list_keys,
)
from limner.ledger.keys import ApiKey, KeyStore
from limner.pictures.spool import FileSpool
from limner.web.auth import FindKey, authenticate
from limner.web.body import read_body
from limner.web.key_access import admit, ask_books, write_books
from limner.web.key_fields import read_changes, read_fields, read_order, read_overlap
from limner.web.limner_entries import to_json
from limner.web.limner_query import read_choice, read_text
from limner.web.paging import read_limit
from limner.wire.limner_keys import KeyEntry, KeyList, KeyOrder, KeyRevoked, KeyRotation, KeyUpdate, NewKey

_LOG = logging.getLogger("limner.keys")
_MAX_BODY_BYTES = 64 * 1024


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
        return to_json(await ask_books(self._books, lambda database: describe_key(database, key, _now_ms())))

    async def list(self, request: Request) -> Response:
        """Answer with a page of keys: all, or those that the query chooses. Raises GatewayError."""
        await admit(request, self._find_key)
        query = request.query_params
        limit, after, choice = read_limit(query), query.get("after"), _read_choice(query)

        def find(database: Database) -> list[KeyEntry]:
            now_ms = _now_ms()
            found = list_keys(database, after=after, limit=limit + 1, choice=choice, now=now_ms // 1000)
            return describe_keys(database, found, now_ms)

        entries = await ask_books(self._books, find)
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
        admin = await admit(request, self._find_key)
        order = read_fields(await self._read_body(request), KeyOrder)
        now = int(time.time())

        def make(database: Database) -> NewKey:
            key, secret = self._keys.on(database).create(order.name, **read_order(order, now))
            entry = describe_key(database, key, _now_ms())
            return NewKey(**msgspec.structs.asdict(entry), key=secret)

        made = await write_books(self._books, make)
        _LOG.info("key %r was created by %r", made.name, admin.name)
        return to_json(made)

    async def show(self, request: Request) -> Response:
        """Answer with one key. Raises GatewayError."""
        await admit(request, self._find_key)
        key_id = request.path_params["key_id"]

        def find(database: Database) -> KeyEntry:
            return describe_key(database, _find(database, key_id), _now_ms())

        return to_json(await ask_books(self._books, find))

    async def update(self, request: Request) -> Response:
        """Change a key, from its next request on, and answer with it. Raises GatewayError."""
        admin = await admit(request, self._find_key)
        given = read_fields(await self._read_body(request), KeyUpdate)
        key_id, now = request.path_params["key_id"], int(time.time())
        changes = read_changes(given, now)

        def change(database: Database) -> KeyEntry:
            database.lock("key", key_id)
            key = _find(database, key_id)
            if key.is_admin and changes.get("is_admin", True) is False:
                check_admin_left(database, key.id, self._keys.secret_id, now)
            return describe_key(database, change_key(database, key, changes, now), _now_ms())

        entry = await write_books(self._books, change)
        _LOG.info("key %r was changed by %r: %s", entry.name, admin.name, ", ".join(sorted(changes)))
        return to_json(entry)

    async def rotate(self, request: Request) -> Response:
        """Give a key another secret and answer with it; the old one works until the overlap ends. Raises GatewayError."""
        admin = await admit(request, self._find_key)
        given = read_fields(await self._read_body(request), KeyRotation)
        overlap_seconds = read_overlap(given.overlap)
        key_id = request.path_params["key_id"]

        def exchange(database: Database) -> NewKey:
            database.lock("key", key_id)
            key = _find(database, key_id)
            secret = self._keys.on(database).rotate(key, overlap_seconds=overlap_seconds, secret=given.key)
            return NewKey(**msgspec.structs.asdict(describe_key(database, key, _now_ms())), key=secret)

        rotated = await write_books(self._books, exchange)
        _LOG.info("key %r got another secret from %r", rotated.name, admin.name)
        return to_json(rotated)

    async def revoke(self, request: Request) -> Response:
        """Make a key useless at once. Raises GatewayError."""
        admin = await admit(request, self._find_key)
        key_id, now = request.path_params["key_id"], int(time.time())

        def end(database: Database) -> ApiKey:
            key = _find(database, key_id)
            if key.is_admin:
                check_admin_left(database, key.id, self._keys.secret_id, now)
            self._keys.on(database).revoke(key.name)
            return key

        key = await write_books(self._books, end)
        _LOG.info("key %r was revoked by %r", key.name, admin.name)
        return to_json(KeyRevoked(id=key.id))

    async def _read_body(self, request: Request) -> dict[str, Any]:
        body = await read_body(request, max_bytes=_MAX_BODY_BYTES, new_spool=self._new_spool)
        body.close()
        return body.fields


def _find(database: Database, key_id: str) -> ApiKey:
    key = find_key(database, key_id)
    if key is None:
        raise NotFound(f"There is no key {key_id[:100]!r}; fixed keys and revoked ones are not here.")
    return key


def _read_choice(query: QueryParams) -> KeyChoice:
    return KeyChoice(
        name=read_text(query, "name"),
        owner=read_text(query, "owner"),
        search=read_text(query, "search"),
        state=read_choice(query, "state", KEY_STATES),
    )


def _now_ms() -> int:
    return int(time.time() * 1000)
