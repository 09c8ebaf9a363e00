"""Turns a chat completion request into a generateContent request. Pure: request in, request out."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from limner.catalogue import ImageModel
from limner.errors import InvalidRequest
from limner.translate.asked import AskedMessage, read_asked
from limner.translate.messages import (
    Conversation,
    InputPicture,
    Turn,
    read_contents,
    read_messages,
    to_conversation,
)
from limner.translate.settings import DrawSettings, find_google_option
from limner.wire.gemini import GenerateContentRequest, RequestContent, RequestPart
from limner.wire.openai import ChatCompletionRequest, Notice


class Drawing(Struct, frozen=True, kw_only=True):
    """One picture to be bought: what is sent, and what its answer will be read with."""

    model: ImageModel
    asked_model: str
    settings: DrawSettings
    request: GenerateContentRequest
    pictures: tuple[int, ...]
    """Numbers of the input pictures in the order in which the request holds them."""
    text_bytes: int
    """UTF-8 bytes of all text sent."""
    notices: tuple[Notice, ...]
    messages: tuple[AskedMessage, ...] | None = None
    """What was asked, if that is to be kept."""


def to_drawing(
    request: ChatCompletionRequest,
    model: ImageModel,
    settings: DrawSettings,
    pictures: Sequence[InputPicture],
    *,
    upstream_stores: bool,
) -> Drawing:
    """Return what `request` buys. Raises InvalidRequest where there is nothing to draw or no telling what.

    `upstream_stores` leaves Google's default for keeping requests in place instead of opting out.
    """
    said, system = read_messages(request.messages or (), pictures)
    own = read_contents(request.contents or (), pictures)
    if own and _is_blank(said):
        said = []
    if not (said or own):
        raise _nothing_to_draw()
    conversation = to_conversation(
        said or own, system, pictures, model_turns_hold_pictures=not model.has_signatures
    )
    return Drawing(
        model=model,
        asked_model=request.model,
        settings=settings,
        request=GenerateContentRequest(
            contents=conversation.contents,
            generation_config=settings.generation_config,
            system_instruction=_to_system(conversation),
            safety_settings=_find_safety_settings(request),
            store=UNSET if upstream_stores else False,
        ),
        pictures=conversation.pictures,
        text_bytes=sum(len(text.encode()) for text in (*conversation.texts, conversation.system or "")),
        notices=(*settings.notices, *_compare(said, own, pictures)),
        messages=read_asked(request, pictures) if request.store else None,
    )


def _nothing_to_draw() -> InvalidRequest:
    return InvalidRequest(
        "There is nothing to draw: no message but system ones has text or a picture.",
        code="missing_required_parameter",
        param="messages",
    )


def _find_safety_settings(request: ChatCompletionRequest) -> list[dict[str, Any]] | UnsetType:
    safety_settings: list[dict[str, Any]] | None = find_google_option(request, "safety_settings")[1]
    return UNSET if safety_settings is None else safety_settings


def _to_system(conversation: Conversation) -> RequestContent | UnsetType:
    if conversation.system is None:
        return UNSET
    return RequestContent(parts=[RequestPart(text=conversation.system)])


def _compare(said: Sequence[Turn], own: Sequence[Turn], pictures: Sequence[InputPicture]) -> list[Notice]:
    """Return a notice where `contents` says something else than `messages`, which count."""
    if not (said and own):
        return []
    in_messages = {pictures[piece].sha256 for _, pieces in said for piece in pieces if isinstance(piece, int)}
    for _, pieces in own:
        for piece in pieces:
            if isinstance(piece, int) and pictures[piece].sha256 not in in_messages:
                raise InvalidRequest(
                    "'contents' holds a picture that 'messages' lacks, and only one of the two can count.",
                    code="conflicting_input",
                    param="contents",
                )
    if _texts(said) == _texts(own):
        return []
    return [Notice("contents_ignored", "'messages' and 'contents' differ; 'messages' counts.")]


def _is_blank(turns: Sequence[Turn]) -> bool:
    return not any(isinstance(piece, int) or piece.strip() for _, pieces in turns for piece in pieces)


def _texts(turns: Sequence[Turn]) -> list[str]:
    return [piece for _, pieces in turns for piece in pieces if isinstance(piece, str)]
