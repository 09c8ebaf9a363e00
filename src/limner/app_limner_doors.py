"""Builds Limner's own doors, `/v1/limner/*`, on the rooms behind them, and says which is where. Knows settings."""

from collections.abc import Iterator

from starlette.routing import Route

from limner.app_rooms import Rooms
from limner.config import Settings
from limner.generation.evidence import Terms
from limner.ledger.keys import KeyStore
from limner.ledger.overview import Overview
from limner.web.auth import FindKey
from limner.web.limner_generations import GenerationsDoor
from limner.web.limner_key_import import KeyImportDoor
from limner.web.limner_keys import KeysDoor
from limner.web.limner_pictures import PICTURES_PATH, PicturesDoor
from limner.web.limner_resolutions import ResolutionsDoor
from limner.web.limner_usage import UsageDoor
from limner.web.ownership import Ownership
from limner.web.routing import AsgiDoor, ByMethod, answer_by

_GENERATIONS_PATH = "/v1/limner/generations"


def list_limner_routes(
    settings: Settings, keys: KeyStore, find_key: FindKey, rooms: Rooms, ownership: Ownership
) -> list[Route]:
    """Return where each of these doors is."""
    overview = Overview(rooms.books, now=rooms.foundation.clock)
    usage = UsageDoor(overview, ownership, now=rooms.foundation.clock)
    return [
        *_list_keys(
            KeysDoor(rooms.books, keys, find_key, new_spool=rooms.new_spool),
            KeyImportDoor(rooms.books, keys, find_key),
        ),
        *_list_pictures(settings, rooms, overview, ownership),
        *_list_resolutions(ResolutionsDoor(rooms.books, find_key, new_spool=rooms.new_spool)),
        *_list_generations(settings, rooms, overview, ownership),
        Route("/v1/limner/usage", usage.show, methods=["GET"]),
    ]


def _list_keys(keys: KeysDoor, importing: KeyImportDoor) -> Iterator[Route]:
    path = "/v1/limner/keys"
    every = ByMethod(GET=answer_by(keys.list), POST=answer_by(keys.create))
    yield Route(path, every)
    yield Route(f"{path}/self", ByMethod(GET=answer_by(keys.show_self)))
    yield Route(f"{path}/import", ByMethod(POST=answer_by(importing.take)))
    change = answer_by(keys.update)
    one = ByMethod(GET=answer_by(keys.show), POST=change, PATCH=change, DELETE=answer_by(keys.revoke))
    yield Route(f"{path}/{{key_id}}", one)
    yield Route(f"{path}/{{key_id}}/rotate", ByMethod(POST=answer_by(keys.rotate)))


def _list_pictures(
    settings: Settings, rooms: Rooms, overview: Overview, ownership: Ownership
) -> Iterator[Route]:
    pictures = PicturesDoor(
        overview,
        ownership,
        rooms.kept,
        rooms.thumbnails,
        rooms.answers,
        links=rooms.links,
        public_url=settings.public_url,
        now=rooms.foundation.clock,
    )
    path = f"{PICTURES_PATH}/{{picture_id}}"
    yield Route(PICTURES_PATH, pictures.list, methods=["GET"])
    one = ByMethod(GET=answer_by(pictures.show), DELETE=answer_by(pictures.delete))
    yield Route(path, one)
    yield Route(f"{path}/content", AsgiDoor(pictures.show_content), methods=["GET"])
    yield Route(f"{path}/thumbnail", pictures.show_thumbnail, methods=["GET"])


def _list_generations(
    settings: Settings, rooms: Rooms, overview: Overview, ownership: Ownership
) -> Iterator[Route]:
    generations = GenerationsDoor(
        overview,
        rooms.ledger,
        ownership,
        rooms.deliveries,
        store=rooms.foundation.store,
        terms=Terms(policy=settings.unknown_policy, unknown_ms=rooms.foundation.rules.unknown_ms),
        measure_received=rooms.generations.measure_received,
    )
    yield Route(_GENERATIONS_PATH, generations.list, methods=["GET"])
    one = ByMethod(GET=answer_by(generations.show), DELETE=answer_by(generations.cancel))
    yield Route(f"{_GENERATIONS_PATH}/{{generation_id}}", one)


def _list_resolutions(resolutions: ResolutionsDoor) -> Iterator[Route]:
    every = ByMethod(POST=answer_by(resolutions.resolve_all))
    yield Route(f"{_GENERATIONS_PATH}/resolve", every)
    yield Route(f"{_GENERATIONS_PATH}/{{generation_id}}/resolve", resolutions.resolve, methods=["POST"])
