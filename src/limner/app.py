"""Builds the gateway: the only module that puts rooms together. Below it nobody sees the settings."""

import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from limner import __version__
from limner.config import Settings
from limner.generation.generations import Generations
from limner.generation.housekeeping import Housekeeping, HousekeepingRules
from limner.generation.recovery import recover
from limner.generation.storage import StorageGauge
from limner.ledger.clock import SteadyClock
from limner.ledger.generations import Ledger
from limner.ledger.keys import KeyStore
from limner.ledger.records import RepeatWindows, Retention
from limner.ledger.signing import derive
from limner.ledger.sqlite import Database
from limner.ledger.writer import Writer
from limner.pictures.spool import FileSpool, SpoolFolder
from limner.pictures.store import PictureStore
from limner.upstream.client import GeminiClient, Upstream
from limner.web.chat import ChatDoor, ChatRules
from limner.web.completions import CompletionRules, CompletionsDoor
from limner.web.delivery import Deliveries
from limner.web.edge import Edge, EdgeRules
from limner.web.health import HealthDoor
from limner.web.models import ModelsDoor

_STORE_THREADS = 8
"""Each waits for the disk most of its time."""

_HOUR_MS = 3_600_000
_GIB = 1024**3


class Gateway(Struct, frozen=True):
    """The application, and what its server has to watch to end it well."""

    app: ASGIApp
    generations: Generations


def build_gateway(
    settings: Settings,
    *,
    keys: KeyStore,
    database: Database,
    signing_secret: bytes,
    emulator_url: str | None,
) -> Gateway:
    """Return the gateway.

    `database` is read from; writing has a connection of its own. `emulator_url` is where the bundled emulator
    is if it is the upstream. Raises OSError or LedgerError: the data folder cannot be used.
    """
    rooms = _Rooms(settings, database, signing_secret)

    @asynccontextmanager
    async def live(_app: object) -> AsyncIterator[None]:
        async with rooms.open():
            yield

    routes = _list_routes(settings, keys, rooms, emulator_url)
    doors = Router(routes=routes, redirect_slashes=False, lifespan=live)
    app = Edge(doors, _to_edge_rules(settings, emulator_url), new_id=new_id)
    return Gateway(app, rooms.generations)


class _Rooms:
    """What stands behind the doors, and the order in which it is opened and closed."""

    def __init__(self, settings: Settings, database: Database, signing_secret: bytes) -> None:
        clock = SteadyClock()
        self.store = PictureStore(settings.data_dir)
        self.store.create()
        self.spool_files = SpoolFolder(self.store.spool_folder)
        self.threads = ThreadPoolExecutor(_STORE_THREADS, thread_name_prefix="limner-store")
        self.storage = StorageGauge(self.store.spool_folder, self.threads)
        self.client = GeminiClient(_to_upstream(settings))
        self.writer = Writer(settings.data_dir)
        self.ledger = Ledger(self.writer, database, now=clock, windows=_to_windows(settings))
        self.fingerprint_key = derive(signing_secret, "call fingerprint")
        self.generations = Generations(
            self.client,
            self.ledger,
            self.store,
            self.storage,
            threads=self.threads,
            fingerprint_key=self.fingerprint_key,
            new_id=new_id,
            now=clock,
        )
        self.housekeeping = Housekeeping(
            self.ledger,
            self.store,
            self.storage,
            threads=self.threads,
            rules=_to_housekeeping(settings),
            now=clock,
        )
        self.deliveries = Deliveries()
        self._drain_seconds = settings.drain_seconds

    def new_spool(self) -> FileSpool:
        """Return where an input picture is received."""
        return FileSpool(self.spool_files)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Recover, run, and in the end let what runs finish."""
        try:
            await recover(self.ledger, self.store)
            await self.client.open()
            self.housekeeping.start()
            yield
        finally:
            self.generations.begin_draining(self._drain_seconds)
            await self.generations.drain()
            await self.housekeeping.stop()
            await self.client.close()
            self.threads.shutdown()
            self.writer.close()
            self.spool_files.close()


def new_id(prefix: str) -> str:
    """Return an id of 128 random bits, such as `gen_…`."""
    return f"{prefix}_{secrets.token_hex(16)}"


class _AsgiDoor:
    """A door that sends its answer itself; of a bare method Starlette would expect a Response."""

    def __init__(self, answer: ASGIApp) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)


class _ByMethod:
    """Two doors at one address; what else is asked there is refused naming both methods."""

    def __init__(self, **doors: ASGIApp) -> None:
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._doors["POST" if scope["method"] == "POST" else "GET"](scope, receive, send)


def _list_routes(settings: Settings, keys: KeyStore, rooms: _Rooms, emulator_url: str | None) -> list[Route]:
    chat = ChatDoor(
        rooms.generations,
        find_key=keys.find,
        new_spool=rooms.new_spool,
        deliveries=rooms.deliveries,
        rules=_to_chat_rules(settings),
    )
    completions = CompletionsDoor(
        rooms.generations,
        rooms.ledger,
        find_key=keys.find,
        deliveries=rooms.deliveries,
        rules=CompletionRules(
            end_user_header=settings.end_user_header, fingerprint_key=rooms.fingerprint_key
        ),
    )
    list_completions = Route("/", completions.list).app
    models = ModelsDoor(keys.find)
    health = _build_health(settings, keys, rooms, emulator_url)
    return [
        Route("/v1/chat/completions", _ByMethod(GET=list_completions, POST=chat), methods=["GET", "POST"]),
        Route("/v1/chat/completions/{completion_id}", _AsgiDoor(completions.show), methods=["GET"]),
        Route("/v1/models", models.list, methods=["GET"]),
        Route("/v1/models/{name:path}", models.show, methods=["GET"]),
        Route("/healthz", health.show_alive, methods=["GET"]),
        Route("/readyz", health.show_ready, methods=["GET"]),
    ]


def _to_upstream(settings: Settings) -> Upstream:
    return Upstream(
        base_url=settings.gemini_base_url,
        api_keys=tuple(key.get_secret_value() for key in settings.gemini_api_keys),
        proxy=settings.upstream_proxy.get_secret_value() if settings.upstream_proxy else None,
        ca_file=str(settings.upstream_ca_file) if settings.upstream_ca_file else None,
        timeout_seconds=settings.upstream_timeout_seconds,
    )


def _to_chat_rules(settings: Settings) -> ChatRules:
    return ChatRules(
        max_body_bytes=settings.max_body_bytes,
        image_output=settings.image_output,
        line_bytes=settings.stream_line_bytes,
        heartbeat_seconds=settings.heartbeat_seconds,
        upstream_stores=settings.upstream_store,
        end_user_header=settings.end_user_header,
    )


def _to_windows(settings: Settings) -> RepeatWindows:
    return RepeatWindows(
        idempotency_ms=round(settings.idempotency_hours * _HOUR_MS),
        undelivered_ms=round(settings.undelivered_hours * _HOUR_MS),
    )


def _to_housekeeping(settings: Settings) -> HousekeepingRules:
    return HousekeepingRules(
        retention=Retention(
            retention_ms=round(settings.image_retention_hours * _HOUR_MS),
            linked_retention_ms=round(settings.linked_retention_hours * _HOUR_MS),
        ),
        max_bytes=None if settings.store_max_gib is None else round(settings.store_max_gib * _GIB),
        unknown_policy=settings.unknown_policy,
        unknown_ms=round(settings.unknown_hours * _HOUR_MS),
    )


def _build_health(settings: Settings, keys: KeyStore, rooms: _Rooms, emulator_url: str | None) -> HealthDoor:
    return HealthDoor(
        version=__version__,
        emulator_url=emulator_url,
        checks={
            "database": lambda: _check_database(keys),
            "spool": lambda: _check_spool(rooms.spool_files),
            "running": lambda: "the gateway is shutting down" if rooms.generations.is_draining else None,
            "credential": lambda: None if settings.gemini_api_keys else "no Gemini key is configured",
        },
    )


def _to_edge_rules(settings: Settings, emulator_url: str | None) -> EdgeRules:
    public_host = urlsplit(settings.public_url).hostname if settings.public_url else None
    return EdgeRules(
        allowed_hosts=frozenset({*settings.allowed_hosts, *([public_host] if public_host else [])}),
        cors_origins=frozenset(settings.cors_origins),
        extra_headers=(("x-limner-emulator", "1"),) if emulator_url is not None else (),
    )


def _check_database(keys: KeyStore) -> str | None:
    try:
        keys.has_usable_key()
    except Exception as error:  # noqa: BLE001 - whatever it is, the database does not work
        return f"the database cannot be read ({type(error).__name__})"
    return None


def _check_spool(files: SpoolFolder) -> str | None:
    try:
        files.check()
    except OSError as error:
        return f"pictures cannot be stored ({error.strerror})"
    return None
