"""`POST /v1/limner/keys/import`: takes in a CSV file of keys, for admin keys. Knows no column of it."""

import logging
import time
from asyncio import to_thread
from collections.abc import Callable
from functools import partial

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from limner.errors import UnsupportedMediaType
from limner.ledger.books import Books
from limner.ledger.database import Database
from limner.ledger.errors import KeyRefused
from limner.ledger.key_import import ON_CONFLICT, ImportRules, import_keys
from limner.ledger.key_reading import KeyFile, read_key_file
from limner.ledger.keys import KeyStore
from limner.web.auth import FindKey
from limner.web.body import check_length, limit
from limner.web.key_access import admit, ask_books, to_error, write_books
from limner.web.limner_entries import to_json
from limner.web.limner_query import read_choice, read_text
from limner.web.paging import read_flag
from limner.wire.limner_keys import KeyImport

_LOG = logging.getLogger("limner.keys")
_MAX_FILE_BYTES = 32 * 1024 * 1024


class KeyImportDoor:
    """The door that takes files of keys."""

    def __init__(self, books: Books, keys: KeyStore, find_key: FindKey) -> None:
        self._books = books
        self._keys = keys
        self._find_key = find_key

    async def take(self, request: Request) -> Response:
        """Import a file, all of it or nothing, and answer with what became of it. Raises GatewayError."""
        admin = await admit(request, self._find_key)
        rules, owner_from = _read_rules(request.query_params), read_text(request.query_params, "owner_from")
        data = await _read_file(request)
        now = int(time.time())
        read = partial(read_key_file, data, self._keys.digests, owner_from=owner_from, now=now)
        try:
            file: KeyFile = await to_thread(read)
        except KeyRefused as refused:
            raise to_error(refused) from None

        def store(database: Database) -> KeyImport:
            return import_keys(database, file, self._keys.digests, rules, now)

        if rules.is_dry_run:
            return to_json(await self._check(store))
        done = await write_books(self._books, store)
        _LOG.info(
            "%d keys were imported and %d updated by %r from columns of %s",
            done.created,
            done.updated,
            admin.name,
            done.format,
        )
        return to_json(done)

    async def _check(self, store: Callable[[Database], KeyImport]) -> KeyImport:
        try:
            return await ask_books(self._books, store)
        except KeyRefused as refused:
            raise to_error(refused) from None


def _read_rules(query: QueryParams) -> ImportRules:
    return ImportRules(
        on_conflict=read_choice(query, "on_conflict", ON_CONFLICT) or "refuse",
        is_dry_run=read_flag(query, "dry_run"),
        keeps_admin=True,
    )


async def _read_file(request: Request) -> bytes:
    kind = request.headers.get("content-type", "text/csv").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.startswith("multipart/"):
        raise UnsupportedMediaType(f"The body is {kind}; this door reads text/csv, the file as it is.")
    check_length(request, _MAX_FILE_BYTES)
    return b"".join([data async for data in limit(request.stream(), _MAX_FILE_BYTES)])
