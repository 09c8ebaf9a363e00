"""Builds the doors on the rooms behind them, and says which is where. Knows settings; below it nobody sees them."""

from collections.abc import Iterator
from functools import partial

from starlette.routing import Route

from limner import __version__
from limner.app_limner_doors import list_limner_routes
from limner.app_metrics import build_metrics
from limner.app_rooms import Rooms
from limner.config import Settings
from limner.ledger.books import Books
from limner.ledger.keys import KeyStore
from limner.pictures.spool import SpoolFolder
from limner.reference.document import write_document
from limner.reference.operation import Rules
from limner.translate.settings import SettingsRules
from limner.upstream.pool import Pool
from limner.web.auth import FindKey
from limner.web.calls import CallRules, Calls
from limner.web.chat import ChatDoor
from limner.web.chat_request import ChatReader, ReadingRules
from limner.web.completions import CompletionsDoor
from limner.web.health import HealthDoor
from limner.web.images import ImagesDoor
from limner.web.images_api import ImagesApiDoor
from limner.web.images_request import ImagesReader
from limner.web.metrics import MetricsDoor
from limner.web.models import ModelsDoor
from limner.web.native import NativeDoor, NativeRules, refuse_unserved
from limner.web.native_counting import Counter
from limner.web.native_models import NativeModelsDoor
from limner.web.ownership import Ownership
from limner.web.reference import ReferenceDoor
from limner.web.routing import AsgiDoor, ByMethod, answer_by
from limner.web.stored import StoredDoor
from limner.web.studio import StudioDoor

_HOUR_SECONDS = 3600


class Doors:
    """All doors of one gateway."""

    def __init__(
        self, settings: Settings, keys: KeyStore, find_key: FindKey, rooms: Rooms, emulator_url: str | None
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._find_key = find_key
        self._rooms = rooms
        self._emulator_url = emulator_url
        self.metrics = build_metrics(rooms)
        self._ownership = Ownership(rooms.ledger, find_key=find_key, end_user_header=settings.end_user_header)
        self._calls = Calls(
            rooms.generations,
            find_key=find_key,
            new_spool=rooms.new_spool,
            deliveries=rooms.deliveries,
            links=rooms.links,
            rules=_to_call_rules(settings),
        )
        self._reader = ChatReader(
            rooms.sources, rooms.memory, _to_reading_rules(settings), is_served=rooms.models.has
        )

    def list_routes(self) -> list[Route]:
        """Return where each door is."""
        return [
            *self._list_chat(),
            *self._list_images(),
            *self._list_pictures(),
            *self._list_models(),
            *list_limner_routes(self._settings, self._keys, self._find_key, self._rooms, self._ownership),
            *self._list_health(),
            *self._list_metrics(),
            *self._list_reference(),
            *self._list_studio(),
        ]

    def _list_chat(self) -> Iterator[Route]:
        rooms = self._rooms
        chat = ChatDoor(self._calls, self._reader)
        completions = CompletionsDoor(
            rooms.generations,
            rooms.ledger,
            self._ownership,
            deliveries=rooms.deliveries,
            links=rooms.links,
            fingerprint_key=rooms.fingerprint_key,
        )
        stored = StoredDoor(rooms.answers, self._ownership, new_spool=rooms.new_spool)
        path = "/v1/chat/completions"
        all_of_them = ByMethod(GET=answer_by(completions.list), POST=chat)
        yield Route(path, all_of_them)
        one = ByMethod(GET=completions.show, POST=answer_by(stored.update), DELETE=answer_by(stored.delete))
        yield Route(f"{path}/{{completion_id}}", one)
        yield Route(f"{path}/{{completion_id}}/messages", AsgiDoor(stored.list_messages), methods=["GET"])

    def _list_images(self) -> Iterator[Route]:
        reader = ImagesReader(self._reader, _to_reading_rules(self._settings).settings)
        for path, door in (("/v1/images/generations", "images"), ("/v1/images/edits", "edits")):
            yield Route(path, ImagesApiDoor(self._calls, reader, door=door), methods=["POST"])

    def _list_pictures(self) -> Iterator[Route]:
        rooms = self._rooms
        images = ImagesDoor(rooms.ledger, rooms.kept, rooms.links, now=rooms.foundation.clock)
        yield Route("/images/{picture_id:path}", AsgiDoor(images.show), methods=["GET"])

    def _list_models(self) -> Iterator[Route]:
        native_models = NativeModelsDoor(self._find_key)
        models = ModelsDoor(self._find_key, native_models)
        native = ByMethod(POST=self._build_native())
        yield Route("/v1/models", models.list, methods=["GET"])
        yield Route("/v1beta/models", ByMethod(GET=answer_by(native_models.list)))
        for path, show in (
            ("/v1/models", models.show),
            ("/v1beta/models", native_models.show),
            ("/v1beta/publishers/google/models", native_models.show),
        ):
            yield Route(f"{path}/{{name:path}}:{{method}}", native)
            yield Route(f"{path}/{{name:path}}", ByMethod(GET=answer_by(show)))
        every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        yield Route("/v1beta/{name:path}", AsgiDoor(refuse_unserved), methods=every)

    def _build_native(self) -> NativeDoor:
        settings, rooms = self._settings, self._rooms
        rules = NativeRules(
            upstream_stores=settings.upstream_store,
            is_served=rooms.models.has,
        )
        return NativeDoor(self._calls, Counter(rooms.inquiries.count_tokens), rules)

    def _list_metrics(self) -> Iterator[Route]:
        metrics = MetricsDoor(self.metrics, self._find_key)
        yield Route("/metrics", metrics.show, methods=["GET"])

    def _list_reference(self) -> Iterator[Route]:
        settings = self._settings
        rules = Rules(version=__version__, max_n=settings.max_n, end_user_header=settings.end_user_header)
        reference = ReferenceDoor(partial(write_document, rules))
        yield Route("/openapi.json", reference.show_document, methods=["GET"])
        yield Route("/docs", reference.show_page, methods=["GET"])
        yield Route("/docs/{file}", reference.show_file, methods=["GET"])

    def _list_studio(self) -> Iterator[Route]:
        studio = StudioDoor()
        yield Route("/", studio.show_page, methods=["GET"])
        yield Route("/studio/{file:path}", studio.show_file, methods=["GET"])

    def _list_health(self) -> Iterator[Route]:
        health = _build_health(self._keys, self._rooms, self._emulator_url)
        yield Route("/healthz", health.show_alive, methods=["GET"])
        yield Route("/readyz", health.show_ready, methods=["GET"])


def _to_reading_rules(settings: Settings) -> ReadingRules:
    return ReadingRules(
        image_output=settings.image_output,
        settings=SettingsRules(
            max_n=settings.max_n,
            prefers_links=settings.public_url is not None,
            has_links=settings.image_retention_hours > 0,
            can_choose_file=settings.has_vertex,
        ),
        public_url=settings.public_url,
        upstream_stores=settings.upstream_store,
        background_tasks=settings.background_tasks,
    )


def _to_call_rules(settings: Settings) -> CallRules:
    hours, linked_hours = settings.image_retention_hours, settings.linked_retention_hours
    return CallRules(
        max_body_bytes=settings.max_body_bytes,
        link_seconds=round(hours * _HOUR_SECONDS) if hours else None,
        linked_seconds=round(linked_hours * _HOUR_SECONDS) if hours else None,
        line_bytes=settings.stream_line_bytes,
        heartbeat_seconds=settings.heartbeat_seconds,
        end_user_header=settings.end_user_header,
        public_url=settings.public_url,
    )


def _build_health(keys: KeyStore, rooms: Rooms, emulator_url: str | None) -> HealthDoor:
    async def check_running() -> str | None:
        return "the gateway is shutting down" if rooms.generations.is_draining else None

    async def check_credential() -> str | None:
        return None if rooms.upstreams.pool.credentials else "no credential for Gemini is configured"

    return HealthDoor(
        version=__version__,
        emulator_url=emulator_url,
        checks={
            "database": lambda: _check_database(rooms.books, keys),
            "spool": lambda: _check_spool(rooms.spool_files),
            "running": check_running,
            "credential": check_credential,
        },
        describe_upstream=lambda: _describe_upstream(rooms.upstreams.pool),
    )


def _describe_upstream(pool: Pool) -> str | None:
    """Return how many credentials rest and why, if any does; no name, for this is told to anybody."""
    parked = list(pool.list_parked())
    if not parked:
        return None
    reasons = ", ".join(sorted({each.trouble for each in parked}))
    resting = len({each.upstream for each in parked})
    return f"{resting} of {len(pool.credentials)} credentials rest, for a model or for all ({reasons})"


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
