"""Chat requests on their way through the core, as a door leads them, for the tests of this folder."""

import json
from collections.abc import Iterable
from typing import Any

from limner.catalogue import Model, find_model, find_model_and_suffixes
from limner.errors import NotFound
from limner.translate.body import BodyReader, read_model_name, to_record
from limner.translate.dialogue import read_dialogue
from limner.translate.messages import InputPicture, read_system_texts
from limner.translate.request import Drawing, to_drawing
from limner.translate.scanner import LongBegins, LongBytes, LongEnds
from limner.translate.settings import DrawSettings, SettingsRules, resolve_settings
from limner.translate.spellings import find_given
from limner.wire.gemini import GenerateContentRequest
from limner.wire.openai import ChatCompletionRequest

PNG_HEAD = "iVBORw0KGgo"
"""What the base64 of a PNG begins with."""

MIME_TYPES = {PNG_HEAD: "image/png", "/9j/": "image/jpeg", "R0lGOD": "image/gif"}

PRO = "gemini-3-pro-image"


def find(name: str) -> Model:
    model = find_model(name)
    if model is None:
        raise NotFound(f"no {name}", code="model_not_found")
    return model


def describe(base64: str) -> InputPicture:
    """Return what a door would say of a string that passed; its type is told by its head alone."""
    mime_type = next((mime for head, mime in MIME_TYPES.items() if base64.startswith(head)), None)
    return InputPicture(mime_type=mime_type, sha256=base64, size_bytes=len(base64) * 3 // 4, text=base64)


def read_body(pieces: Iterable[bytes]) -> tuple[dict[str, Any], list[InputPicture]]:
    reader = BodyReader()
    passed: list[str] = []
    ended = 0
    for piece in pieces:
        for token in reader.feed(piece):
            match token:
                case LongBegins(mark):
                    assert mark == len(passed) == ended
                    passed.append("")
                case LongBytes(base64):
                    passed[-1] += base64.decode("utf-8", "replace")
                case LongEnds():
                    ended += 1
    fields = reader.close()
    assert ended == len(passed)
    return fields, [describe(base64) for base64 in passed]


def prepare(pieces: Iterable[bytes], image_output: str | None = None) -> Drawing:
    """Return what a body buys. Raises GatewayError."""
    fields, pictures = read_body(pieces)
    found = find_model_and_suffixes(read_model_name(fields))
    if found is None:
        raise NotFound("no such model", code="model_not_found", param="model")
    model, suffixes = found
    asked = to_record(fields, ChatCompletionRequest)
    settings = resolve_settings(
        asked,
        model,
        given=find_given(fields, suffixes, read_system_texts(asked.messages or ())),
        header_image_output=image_output,
        default_image_output="auto",
    )
    return to_drawing(asked, model, settings, read_dialogue(asked, pictures), pictures, upstream_stores=False)


def draw(model: str = PRO, **fields: Any) -> Drawing:
    """Return what a request of `fields` buys; a prompt is put in where there is none."""
    if not {"messages", "contents"} & fields.keys():
        fields["messages"] = [{"role": "user", "content": "a lighthouse"}]
    return prepare([json.dumps({"model": model, **fields}).encode()])


def resolve(
    model: str = PRO,
    *,
    header: str | None = None,
    default: str = "auto",
    rules: SettingsRules = SettingsRules(),  # noqa: B008 - it is frozen
    **fields: Any,
) -> DrawSettings:
    """Return the settings that a request of `fields` asks."""
    return resolve_settings(
        to_record({"model": model, **fields}, ChatCompletionRequest),
        find(model),
        given=find_given(fields, (), ()),
        header_image_output=header,
        default_image_output=default,
        rules=rules,
    )


def get_request(drawing: Drawing) -> GenerateContentRequest:
    """Return what is sent for a chat, which is always made from the record."""
    assert isinstance(drawing.request, GenerateContentRequest)
    return drawing.request
