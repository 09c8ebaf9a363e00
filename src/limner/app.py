"""Builds the gateway: the only module that puts rooms together. Below it nobody sees the settings."""

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from starlette.routing import Route, Router
from starlette.types import ASGIApp

from limner import __version__
from limner.config import Settings
from limner.generation import Generations
from limner.ledger.keys import KeyStore
from limner.pictures.spool import FileSpool, PictureSpool, SpoolFolder
from limner.upstream.client import GeminiClient, Upstream
from limner.web.chat import ChatDoor, ChatRules
from limner.web.edge import Edge, EdgeRules
from limner.web.health import HealthDoor
from limner.web.models import ModelsDoor

DRAIN_SECONDS = 150.0
"""How long running calls may finish after the server has stopped; the longest pictures take 120."""


def build_app(
    settings: Settings,
    *,
    keys: KeyStore,
    emulator_url: str | None,
    new_spool: Callable[[], PictureSpool] | None = None,
) -> ASGIApp:
    """Return the gateway as an ASGI application.

    `emulator_url` is where the bundled emulator is if it is the upstream. `new_spool` replaces the files that
    pictures are received in.
    """
    spool_folder = settings.data_dir / "spool"
    spool_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    spool_files = SpoolFolder(spool_folder)
    make_spool = new_spool or (lambda: FileSpool(spool_files))
    client = GeminiClient(_to_upstream(settings))
    generations = Generations(client, new_spool=make_spool, new_id=new_id, now=time.time)

    @asynccontextmanager
    async def live(_app: object) -> AsyncIterator[None]:
        await client.open()
        try:
            yield
        finally:
            await generations.drain(DRAIN_SECONDS)
            await client.close()
            spool_files.close()

    chat = ChatDoor(generations, find_key=keys.find, new_spool=make_spool, rules=_to_chat_rules(settings))
    models = ModelsDoor(keys.find)
    health = _build_health(settings, keys, spool_files, emulator_url)
    routes = _list_routes(chat, models, health)
    doors = Router(routes=routes, redirect_slashes=False, lifespan=live)
    return Edge(doors, _to_edge_rules(settings, emulator_url), new_id=new_id)


def new_id(prefix: str) -> str:
    """Return an id of 128 random bits, such as `gen_…`."""
    return f"{prefix}_{secrets.token_hex(16)}"


def _list_routes(chat: ChatDoor, models: ModelsDoor, health: HealthDoor) -> list[Route]:
    return [
        Route("/v1/chat/completions", chat, methods=["POST"]),
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
    )


def _build_health(
    settings: Settings, keys: KeyStore, spool_files: SpoolFolder, emulator_url: str | None
) -> HealthDoor:
    return HealthDoor(
        version=__version__,
        emulator_url=emulator_url,
        checks={
            "database": lambda: _check_database(keys),
            "spool": lambda: _check_spool(spool_files),
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
