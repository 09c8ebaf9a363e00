"""The OpenAPI document: valid, whole, in both languages, and of exactly the doors there are."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from documents import RULES, write
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Match, Route

from limner.app_doors import Doors
from limner.app_rooms import Rooms
from limner.cli_keys import load_secret, open_books_database, open_key_store
from limner.config import load_settings
from limner.errors import GatewayError
from limner.reference.doors import TAGS, list_operations
from limner.reference.error_words import ERROR_WORDS
from limner.reference.field_words import FIELD_WORDS
from limner.reference.operation import Language
from limner.reference.records import find_records
from limner.web.routing import ByMethod
from limner.wire.completions import CompletionList, MessageList, MetadataUpdate
from limner.wire.images import ImageCompleted, ImagesRequest, ImagesResponse
from limner.wire.openai import ChatCompletion, ChatCompletionChunk, ChatCompletionRequest, ErrorAnswer

NOT_DESCRIBED = {
    "/v1beta/{name:path}": "what Gemini serves and this gateway does not: it refuses everything",
    "/v1beta/publishers/google/models/{name:path}:{method}": "the same doors, spelt as Vertex AI's clients do",
    "/v1beta/publishers/google/models/{name:path}": "the same",
}

EVERY_FIELD_HAS_WORDS = (
    *(ChatCompletionRequest, ChatCompletion, ChatCompletionChunk, ErrorAnswer),
    *(ImagesRequest, ImagesResponse, ImageCompleted),
    *(CompletionList, MessageList, MetadataUpdate),
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_valid(language: Language) -> None:
    """The document is OpenAPI 3.1, as a validator that others wrote finds."""
    OpenAPIV31SpecValidator(write(language)).validate()


def list_words(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what is said for people, and where."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name in {"description", "summary", "x-title"} and isinstance(value, str):
                yield (*path, name), value
            elif name not in {"examples", "example", "value"} or isinstance(value, dict):
                yield from list_words(value, (*path, name))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from list_words(value, (*path, str(index)))


def test_both_languages_say_the_same() -> None:
    """In Chinese the same places have words as in English, and nothing is left in English but names in code."""
    english, chinese = dict(list_words(write("en"))), dict(list_words(write("zh")))
    assert english.keys() == chinese.keys()
    left = {
        path: words
        for path, words in chinese.items()
        if re.search(r"[A-Za-z]{3,}", re.sub(r"`[^`]*`", "", words))
        and not re.search(r"[\u4e00-\u9fff]", words)
    }
    assert left == {}


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    """Where the gateway's doors are."""
    folder = tmp_path_factory.mktemp("routes")
    settings = load_settings({"GEMINI_API_KEY": "unused", "LIMNER_DATA_DIR": str(folder)}, env_file=None)
    secret = load_secret(settings)

    async def find_nothing(_secret: str) -> None:
        return None

    async def list_routes() -> list[Route]:
        with open_books_database(settings) as database:
            keys = open_key_store(database, settings)
            rooms = Rooms(settings, secret)
            async with rooms.open():
                return Doors(settings, keys, find_nothing, rooms, None).list_routes()

    return asyncio.run(list_routes())


def test_every_door_is_described(routes: list[Route]) -> None:
    """Each route is described with all its methods and nothing that is not there."""
    found: dict[str, set[str]] = {}
    for operation in list_operations(RULES):
        path, method = re.sub(r"\{[^}]*\}", "x", operation.path), operation.method.upper()
        scope = {"type": "http", "path": path, "method": method}
        there = [route.path for route in routes if route.matches(scope)[0] is Match.FULL]
        assert there, operation.path
        found.setdefault(there[0], set()).add(method)
    assert found == {
        route.path: list_methods(route) - {"HEAD"} for route in routes if route.path not in NOT_DESCRIBED
    }


def list_methods(route: Route) -> set[str]:
    """Return the methods that a route takes, or its doors do."""
    return set(route.endpoint.methods if isinstance(route.endpoint, ByMethod) else route.methods or ())


def test_what_is_not_described_is_there(routes: list[Route]) -> None:
    """What is left out with a reason is a route."""
    assert set(NOT_DESCRIBED) <= {route.path for route in routes}


def test_operations_are_told_apart() -> None:
    """No two doors have one name, and each belongs to a group that is there."""
    operations = list_operations(RULES)
    names = [operation.id for operation in operations]
    assert len(set(names)) == len(names)
    assert {operation.tag for operation in operations} == {tag.name for tag in TAGS}


def test_every_code_is_explained() -> None:
    """Each code of an error has words, and no other has; but for one that no described method meets, each is somewhere."""
    codes = {code for kind in GatewayError.__subclasses__() for code in kind.codes}
    assert set(ERROR_WORDS) == codes
    named = {
        code
        for path in write()["paths"].values()
        for operation in path.values()
        for answer in operation["responses"].values()
        for code in answer.get("x-codes", ())
    }
    assert codes - named == {"method_not_allowed"}


@pytest.mark.parametrize("record", find_records(EVERY_FIELD_HAS_WORDS), ids=lambda record: record.__name__)
def test_every_field_is_explained(record: type) -> None:
    """Each field of the chat and images doors has words in both languages."""
    fields = set(record.__struct_encode_fields__)  # type: ignore[attr-defined]  # every record has them
    assert fields - FIELD_WORDS.get(record, {}).keys() == set()
