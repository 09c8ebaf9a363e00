"""One generate call, read and checked: everything an answer needs. It must not know how answers are made or sent."""

from dataclasses import dataclass
from typing import Any

from limner.emulator.contents import InputPicture, check_contents
from limner.emulator.directives import Directives, Scenes, read_directives
from limner.emulator.failures import invalid_argument
from limner.emulator.interfaces import Door
from limner.emulator.models import Model
from limner.emulator.settings import Settings, check_settings

_MOST_PROMPT_TOKENS = 1_048_575


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a call says, before anything of it is checked; the journal keeps it."""

    prompt: str
    empty: bool
    scenes: Scenes
    settings: dict[str, Any]
    signatures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call found good. `pictures` are those to be edited, `picture_count` counts all; `pixels` the width and height to be drawn."""

    door: Door
    model: Model
    prompt: str
    empty: bool
    directives: Directives
    settings: Settings
    system: str
    pictures: tuple[bytes, ...]
    picture_count: int
    pixels: tuple[int, int]
    text_tokens: int
    picture_tokens: int
    signature_characters: int


def describe_call(payload: dict[str, Any]) -> Description:
    """Find the last user text, its directives and the settings worth showing in a payload already read."""
    contents = payload.get("contents", [])
    spoken = [_text_of(content) for content in contents if content.get("role", "user") != "model"]
    last_text = next((text for text in reversed(spoken) if text), "")
    prompt, scenes = read_directives(last_text)
    parts = [part for content in contents for part in content.get("parts", [])]
    config = dict(payload.get("generationConfig", {}))
    shown: dict[str, Any] = {**config.pop("imageConfig", {}), **config.pop("thinkingConfig", {}), **config}
    for name in ("safetySettings", "serviceTier", "store", "tools"):
        if name in payload:
            shown[name] = payload[name]
    if "systemInstruction" in payload:
        shown["systemInstruction"] = _text_of(payload["systemInstruction"])
    shown["inputPictures"] = sum("inlineData" in part for part in parts)
    return Description(
        prompt=prompt,
        empty=not last_text,
        scenes=scenes,
        settings=shown,
        signatures=sum(bool(part.get("thoughtSignature")) for part in parts),
    )


def check_call(
    payload: dict[str, Any],
    description: Description,
    model: Model,
    door: Door,
    *,
    directives: Directives,
    accept_dummy_signature: bool,
    signature_characters: int,
) -> Call:
    """Check a payload against its model, settings first as Google does, or raise `GoogleError`."""
    settings = check_settings(payload, model, vertex=door.vertex)
    found = check_contents(
        payload.get("contents", []),
        model,
        demand_roles=door.vertex,
        # Vertex AI does not enforce signatures for images (its page on thought signatures, 2026).
        demand_signatures=model.draws and model.signs and not door.vertex,
        accept_dummy_signature=accept_dummy_signature,
    )
    text_tokens, picture_tokens = count_tokens(payload, model, len(found))
    _check_length(text_tokens + picture_tokens)
    edited = choose_edited(found)
    return Call(
        door=door,
        model=model,
        prompt=description.prompt,
        empty=description.empty and not edited and model.draws,
        directives=directives,
        settings=settings,
        system=description.settings.get("systemInstruction", ""),
        pictures=tuple(picture.data for picture in edited),
        picture_count=len(found),
        pixels=model.pixels(settings.ratio or _keep_ratio(edited, model), settings.size),
        text_tokens=text_tokens,
        picture_tokens=picture_tokens,
        signature_characters=directives.signature_characters or signature_characters,
    )


def _check_length(tokens: int) -> None:
    """Refuse what no model takes; the image models' own limits are not enforced on pictures (200 of them passed)."""
    if tokens > _MOST_PROMPT_TOKENS:
        raise invalid_argument(
            f"The input token count ({tokens}) exceeds the maximum number of tokens allowed ({_MOST_PROMPT_TOKENS}).",
        )


def _keep_ratio(edited: list[InputPicture], model: Model) -> str | None:
    """The ratio of an edit for which none was asked: the picture's own, as near as the model has it."""
    return model.nearest_ratio(*edited[0].pixels) if edited and model.draws else None


def choose_edited(found: list[InputPicture]) -> list[InputPicture]:
    """The pictures of the latest content that has any: in a conversation, the one drawn or shown last is changed."""
    if not found:
        return []
    latest = found[-1].content_index
    return [picture for picture in found if picture.content_index == latest]


def count_tokens(payload: dict[str, Any], model: Model, pictures: int) -> tuple[int, int]:
    """Prompt tokens of text (four characters each, about) and of pictures."""
    contents = [*payload.get("contents", []), payload.get("systemInstruction", {})]
    characters = sum(len(_text_of(content)) for content in contents)
    return max(1, round(characters / 4)), pictures * model.tokens_per_input_picture


def count_billable_characters(payload: dict[str, Any]) -> int:
    """Vertex AI's count of characters, in which white space is free."""
    contents = [*payload.get("contents", []), payload.get("systemInstruction", {})]
    return sum(len("".join(_text_of(content).split())) for content in contents)


def _text_of(content: dict[str, Any]) -> str:
    return "\n".join(part["text"] for part in content.get("parts", []) if part.get("text"))
