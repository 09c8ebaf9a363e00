"""What is said of one door, as records. No logic; knows no door."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

Language = Literal["en", "zh"]
Schema = dict[str, Any]
JSON = "application/json"


class Words(Struct, frozen=True):
    """The same in English and in Chinese; Markdown of paragraphs, lists, `code` and **bold**."""

    en: str
    zh: str

    def say(self, language: Language) -> str:
        """Return it in one language."""
        return self.zh if language == "zh" else self.en


class Rules(Struct, frozen=True, kw_only=True):
    """What of this gateway's settings can be seen at its doors."""

    version: str
    max_n: int = 4
    end_user_header: str | None = None


class Tag(Struct, frozen=True):
    """A group of doors."""

    name: str
    title: Words
    words: Words


class Example(Struct, frozen=True):
    """Something that can be sent as it stands, or that was answered so."""

    title: Words
    value: Any


class Content(Struct, frozen=True, kw_only=True):
    """A body of one media type; its schema is that of a record unless one is given."""

    media_type: str = JSON
    record: type[Struct] | None = None
    others: tuple[type[Struct], ...] = ()
    """Records that it may have instead."""
    schema: Schema | None = None
    other_schemas: tuple[Schema, ...] = ()
    """What it may hold instead of a record."""
    events: type[Struct] | None = None
    """Of a stream: what each `data:` holds, if not an error."""
    last_event: str | None = None
    """Of a stream that ends well: its last `data:`, which is no JSON."""
    examples: Mapping[str, Example] = {}
    """Bodies that can be sent as they stand."""
    samples: Mapping[str, Example] = {}
    """Bodies for people to fill in: `@name` stands for a file of that name."""


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter in path, query or header."""

    name: str
    place: Literal["path", "query", "header"]
    words: Words
    schema: Schema
    example: Any = None
    is_map: bool = False
    """Whether it is written `name[key]=value`."""


class Answer(Struct, frozen=True, kw_only=True):
    """One good answer."""

    words: Words
    status: int = 200
    contents: tuple[Content, ...] = ()
    headers: tuple[str, ...] = ()
    """Headers beside those of every answer, by their names in `headers.HEADERS`."""
    links: Mapping[str, Schema] = {}


class Operation(Struct, frozen=True, kw_only=True):
    """One method of one path."""

    method: Literal["get", "post", "patch", "delete"]
    path: str
    id: str
    tag: str
    summary: Words
    description: Words
    answers: tuple[Answer, ...]
    codes: tuple[str, ...] = ()
    """Codes of the errors it can answer, beside those that any door can."""
    parameters: tuple[Parameter, ...] = ()
    body: tuple[Content, ...] = ()
    is_body_required: bool = True
    is_open: bool = False
    """Whether it needs no key."""
    error_form: Literal["openai", "gemini", "either"] = "openai"
    """Whose errors it answers with; `either`: those of the API that the client speaks."""
    names_generation: bool = False
    """Whether answers and errors after the claim name their generation."""
