"""Turns a chat completion request into a generateContent request. Pure: request in, request out."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from limner.catalogue import Model
from limner.translate.asked import AskedMessage, read_asked
from limner.translate.contents import Insert, KeptTurn, list_texts, to_contents
from limner.translate.dialogue import Dialogue
from limner.translate.generation_options import find_google_option
from limner.translate.pieces import InputPicture, Turn
from limner.translate.settings import DrawSettings
from limner.wire.gemini import (
    VERTEX,
    GenerateContentRequest,
    ImageOutputOptions,
    RequestContent,
    RequestPart,
)
from limner.wire.openai import ChatCompletionRequest, Notice


class Unsigned(Struct, frozen=True, kw_only=True):
    """The same call without thought signatures, for an upstream that refuses one of them."""

    request: GenerateContentRequest
    inserts: tuple[Insert, ...]


class Drawing(Struct, frozen=True, kw_only=True):
    """What is to be bought: what is sent, and what its answer will be read with."""

    model: Model
    asked_model: str
    settings: DrawSettings
    request: GenerateContentRequest | dict[str, Any]
    """A dictionary where it goes out as a client wrote it."""
    inserts: tuple[Insert, ...]
    """What goes into the places of the encoded request, in their order."""
    unsigned: Unsigned | None = None
    """None where no signature is sent."""
    text_bytes: int
    """UTF-8 bytes of all text sent."""
    notices: tuple[Notice, ...]
    prompt: str = ""
    """What was asked for in words, to search by."""
    messages: tuple[AskedMessage, ...] | None = None
    """What was asked, if that is to be kept."""
    preferred_kind: str | None = None
    """The kind of upstream that is asked rather: whose signatures it holds, or that alone can do what is asked."""
    output_options: ImageOutputOptions | None = None
    """What file is asked for, where the upstream can be asked for any."""
    alternatives: tuple["Drawing", ...] = ()
    """What other models are asked, in this order, if this one cannot be had."""

    @property
    def pictures(self) -> list[int]:
        """Numbers of the input pictures in the order in which the request holds them."""
        return [insert for insert in self.inserts if isinstance(insert, int)]


def to_drawing(
    request: ChatCompletionRequest,
    model: Model,
    settings: DrawSettings,
    dialogue: Dialogue,
    pictures: Sequence[InputPicture],
    *,
    turns: Sequence[Turn | KeptTurn] | None = None,
    upstream_stores: bool,
) -> Drawing:
    """Return what `request` buys, all of whose links have become pictures.

    `turns` stand for the dialogue's own where earlier answers were put back. `upstream_stores` leaves Google's default
    for keeping requests in place instead of opting out.
    """
    turns = dialogue.turns if turns is None else turns
    system = "\n\n".join(dialogue.system)
    signed = to_contents(turns, pictures, model_turns_hold_pictures=not model.has_signatures)
    to_send = GenerateContentRequest(
        contents=signed.contents,
        generation_config=settings.generation_config,
        system_instruction=RequestContent(parts=[RequestPart(text=system)]) if system else UNSET,
        safety_settings=_find_safety_settings(request),
        store=UNSET if upstream_stores else False,
    )
    return Drawing(
        model=model,
        asked_model=request.model,
        settings=settings,
        request=to_send,
        inserts=signed.inserts,
        unsigned=_to_unsigned(to_send, turns, pictures),
        text_bytes=sum(len(text.encode()) for text in (*list_texts(turns), system)),
        notices=(*settings.notices, *dialogue.notices),
        prompt=find_prompt(dialogue.turns),
        messages=read_asked(request, pictures, dialogue.found) if request.store else None,
        preferred_kind=_find_kind(turns, settings.output_options),
        output_options=settings.output_options,
    )


def _find_kind(turns: Sequence[Turn | KeptTurn], options: ImageOutputOptions | None) -> str | None:
    """Return the kind of upstream that is asked rather: that which signed the last of the answers put back."""
    signed = [turn.kind for turn in turns if isinstance(turn, KeptTurn)]
    return signed[-1] if signed else (None if options is None else VERTEX)


def find_prompt(turns: Sequence[Turn]) -> str:
    """Return the words of the last turn of the user's that has any."""
    for turn in reversed(turns):
        words = "\n".join(piece.strip() for piece in turn.pieces if isinstance(piece, str)).strip()
        if words and turn.role == "user":
            return words
    return ""


def _to_unsigned(
    signed: GenerateContentRequest, turns: Sequence[Turn | KeptTurn], pictures: Sequence[InputPicture]
) -> Unsigned | None:
    if not any(isinstance(turn, KeptTurn) for turn in turns):
        return None
    bare = [turn.without_signatures() if isinstance(turn, KeptTurn) else turn for turn in turns]
    conversation = to_contents(bare, pictures, model_turns_hold_pictures=False)
    return Unsigned(request=replace(signed, contents=conversation.contents), inserts=conversation.inserts)


def _find_safety_settings(request: ChatCompletionRequest) -> list[dict[str, Any]] | UnsetType:
    safety_settings: list[dict[str, Any]] | None = find_google_option(request, "safety_settings")[1]
    return UNSET if safety_settings is None else safety_settings
