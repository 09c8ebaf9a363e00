"""Builds the gateway. With `app_doors`, `app_rooms` and `app_foundation` the only modules that build things."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.routing import Router
from starlette.types import ASGIApp

from limner.app_doors import Doors
from limner.app_rooms import Rooms, new_id
from limner.app_tracing import build_tracing
from limner.config import Settings
from limner.generation.generations import Generations
from limner.ledger.keys import ApiKey, KeyStore
from limner.web.edge import Edge, EdgeRules
from limner.web.intake import Intake


class Gateway(Struct, frozen=True):
    """The application, and what its server has to watch to end it well."""

    app: ASGIApp
    generations: Generations
    exchange_credentials: Callable[[Settings], None]
    """Have the credentials of other settings from now on. Raises NoCredentials."""


def build_gateway(
    settings: Settings, *, keys: KeyStore, signing_secret: bytes, emulator_url: str | None
) -> Gateway:
    """Return the gateway.

    `keys` are those that may call. `emulator_url` is where the bundled emulator is if it is the upstream.
    Raises OSError or LedgerError: the data folder or the database cannot be used; NoCredentials: Google's own cannot be had.
    """
    rooms = Rooms(settings, signing_secret)

    tracing = build_tracing()
    if tracing is not None:
        rooms.upstreams.watchers.append(tracing.watch)

    @asynccontextmanager
    async def live(_app: object) -> AsyncIterator[None]:
        try:
            async with rooms.open():
                yield
        finally:
            if tracing is not None:
                await asyncio.to_thread(tracing.close)

    async def find_key(secret: str) -> ApiKey | None:
        return keys.find_fixed(secret) or await rooms.books.ask(lambda books: keys.on(books).find(secret))

    doors = Doors(settings, keys, find_key, rooms, emulator_url)
    router = Router(routes=doors.list_routes(), redirect_slashes=False, lifespan=live)
    app = Edge(
        Intake(router, rooms.admission),
        _to_edge_rules(settings, emulator_url),
        metrics=doors.metrics,
        new_id=new_id,
        traces=None if tracing is None else tracing.requests,
    )

    def exchange_credentials(changed: Settings) -> None:
        rooms.exchange_credentials(changed, signing_secret)

    return Gateway(app, rooms.generations, exchange_credentials)


def _to_edge_rules(settings: Settings, emulator_url: str | None) -> EdgeRules:
    public_host = urlsplit(settings.public_url).hostname if settings.public_url else None
    return EdgeRules(
        allowed_hosts=frozenset({*settings.allowed_hosts, *([public_host] if public_host else [])}),
        cors_origins=frozenset(settings.cors_origins),
        trusted_proxies=settings.trusted_proxies,
        allow_query_key=settings.allow_query_key,
        extra_headers=(("x-limner-emulator", "1"),) if emulator_url is not None else (),
    )
