"""Builds the gateway's doors on its rooms. With `app_rooms` and `app_foundation` the only modules that build things.

Below them nobody sees the settings.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from limner import __version__
from limner.app_rooms import Rooms, new_id
from limner.config import Settings
from limner.generation.generations import Generations
from limner.ledger.books import Books
from limner.ledger.keys import ApiKey, KeyStore
from limner.pictures.spool import SpoolFolder
from limner.translate.settings import SettingsRules
from limner.web.auth import FindKey
from limner.web.chat import ChatDoor, ChatRules
from limner.web.chat_request import ChatReader, ReadingRules
from limner.web.completions import CompletionsDoor
from limner.web.edge import Edge, EdgeRules
from limner.web.health import HealthDoor
from limner.web.images import ImagesDoor
from limner.web.models import ModelsDoor
from limner.web.ownership import Ownership
from limner.web.stored import StoredDoor

_HOUR_SECONDS = 3600


class Gateway(Struct, frozen=True):
    """The application, and what its server has to watch to end it well."""

    app: ASGIApp
    generations: Generations


def build_gateway(
    settings: Settings, *, keys: KeyStore, signing_secret: bytes, emulator_url: str | None
) -> Gateway:
    """Return the gateway.

    `keys` are those that may call. `emulator_url` is where the bundled emulator is if it is the upstream.
    Raises OSError or LedgerError: the data folder or the database cannot be used.
    """
    rooms = Rooms(settings, signing_secret)

    @asynccontextmanager
    async def live(_app: object) -> AsyncIterator[None]:
        async with rooms.open():
            yield

    async def find_key(secret: str) -> ApiKey | None:
        return keys.find_fixed(secret) or await rooms.books.ask(lambda books: keys.on(books).find(secret))

    routes = _list_routes(settings, keys, find_key, rooms, emulator_url)
    doors = Router(routes=routes, redirect_slashes=False, lifespan=live)
    app = Edge(doors, _to_edge_rules(settings, emulator_url), new_id=new_id)
    return Gateway(app, rooms.generations)


class _AsgiDoor:
    """A door that sends its answer itself; of a bare method Starlette would expect a Response."""

    def __init__(self, answer: ASGIApp) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)


class _ByMethod:
    """Several doors at one address; what else is asked there is refused naming all methods."""

    def __init__(self, **doors: ASGIApp) -> None:
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._doors.get(scope["method"], self._doors["GET"])(scope, receive, send)


def _list_routes(
    settings: Settings, keys: KeyStore, find_key: FindKey, rooms: Rooms, emulator_url: str | None
) -> list[Route]:
    chat = ChatDoor(
        rooms.generations,
        find_key=find_key,
        new_spool=rooms.new_spool,
        deliveries=rooms.deliveries,
        links=rooms.links,
        reader=ChatReader(
            rooms.sources, rooms.memory, _to_reading_rules(settings), is_served=rooms.models.has
        ),
        rules=_to_chat_rules(settings),
    )
    ownership = Ownership(rooms.ledger, find_key=find_key, end_user_header=settings.end_user_header)
    completions = CompletionsDoor(
        rooms.generations,
        rooms.ledger,
        ownership,
        deliveries=rooms.deliveries,
        links=rooms.links,
        fingerprint_key=rooms.fingerprint_key,
    )
    stored = StoredDoor(rooms.answers, ownership, new_spool=rooms.new_spool)
    images = ImagesDoor(rooms.ledger, rooms.kept, rooms.links, now=rooms.foundation.clock)
    models = ModelsDoor(find_key)
    health = _build_health(settings, keys, rooms, emulator_url)
    return [
        *_list_completion_routes(chat, completions, stored),
        Route("/v1/models", models.list, methods=["GET"]),
        Route("/v1/models/{name:path}", models.show, methods=["GET"]),
        Route("/images/{picture_id:path}", _AsgiDoor(images.show), methods=["GET"]),
        Route("/healthz", health.show_alive, methods=["GET"]),
        Route("/readyz", health.show_ready, methods=["GET"]),
    ]


def _list_completion_routes(
    chat: ChatDoor, completions: CompletionsDoor, stored: StoredDoor
) -> Iterator[Route]:
    path = "/v1/chat/completions"
    all_of_them = _ByMethod(GET=_answer_by(completions.list), POST=chat)
    yield Route(path, all_of_them, methods=["GET", "POST"])
    one = _ByMethod(GET=completions.show, POST=_answer_by(stored.update), DELETE=_answer_by(stored.delete))
    yield Route(f"{path}/{{completion_id}}", one, methods=["GET", "POST", "DELETE"])
    yield Route(f"{path}/{{completion_id}}/messages", _AsgiDoor(stored.list_messages), methods=["GET"])


def _answer_by(answer: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """Return a door that returns its answer as one that sends it."""

    async def send_answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (await answer(Request(scope, receive)))(scope, receive, send)

    return send_answer


def _to_reading_rules(settings: Settings) -> ReadingRules:
    return ReadingRules(
        image_output=settings.image_output,
        settings=SettingsRules(
            max_n=settings.max_n,
            prefers_links=settings.public_url is not None,
            has_links=settings.image_retention_hours > 0,
        ),
        public_url=settings.public_url,
        upstream_stores=settings.upstream_store,
        background_tasks=settings.background_tasks,
    )


def _to_chat_rules(settings: Settings) -> ChatRules:
    hours, linked_hours = settings.image_retention_hours, settings.linked_retention_hours
    return ChatRules(
        max_body_bytes=settings.max_body_bytes,
        reading=_to_reading_rules(settings),
        link_seconds=round(hours * _HOUR_SECONDS) if hours else None,
        linked_seconds=round(linked_hours * _HOUR_SECONDS) if hours else None,
        line_bytes=settings.stream_line_bytes,
        heartbeat_seconds=settings.heartbeat_seconds,
        end_user_header=settings.end_user_header,
    )


def _build_health(settings: Settings, keys: KeyStore, rooms: Rooms, emulator_url: str | None) -> HealthDoor:
    async def check_running() -> str | None:
        return "the gateway is shutting down" if rooms.generations.is_draining else None

    async def check_credential() -> str | None:
        return None if settings.gemini_api_keys else "no Gemini key is configured"

    return HealthDoor(
        version=__version__,
        emulator_url=emulator_url,
        checks={
            "database": lambda: _check_database(rooms.books, keys),
            "spool": lambda: _check_spool(rooms.spool_files),
            "running": check_running,
            "credential": check_credential,
        },
    )


def _to_edge_rules(settings: Settings, emulator_url: str | None) -> EdgeRules:
    public_host = urlsplit(settings.public_url).hostname if settings.public_url else None
    return EdgeRules(
        allowed_hosts=frozenset({*settings.allowed_hosts, *([public_host] if public_host else [])}),
        cors_origins=frozenset(settings.cors_origins),
        extra_headers=(("x-limner-emulator", "1"),) if emulator_url is not None else (),
    )


async def _check_database(books: Books, keys: KeyStore) -> str | None:
    try:
        await books.ask(lambda database: keys.on(database).has_usable_key())
    except Exception as error:  # noqa: BLE001 - whatever it is, the database does not work
        return f"the database cannot be read ({type(error).__name__})"
    return None


async def _check_spool(files: SpoolFolder) -> str | None:
    try:
        files.check()
    except OSError as error:
        return f"pictures cannot be stored ({error.strerror})"
    return None
