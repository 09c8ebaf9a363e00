"""Turns a chat completion request into a generateContent request. Pure: request in, request out."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from limner.catalogue import ImageModel
from limner.translate.asked import AskedMessage, read_asked
from limner.translate.contents import Conversation, to_conversation
from limner.translate.dialogue import Dialogue
from limner.translate.messages import InputPicture
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
    dialogue: Dialogue,
    pictures: Sequence[InputPicture],
    *,
    upstream_stores: bool,
) -> Drawing:
    """Return what `request` buys, all of whose links have become pictures.

    `upstream_stores` leaves Google's default for keeping requests in place instead of opting out.
    """
    conversation = to_conversation(
        dialogue.turns, dialogue.system, pictures, model_turns_hold_pictures=not model.has_signatures
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
        notices=(*settings.notices, *dialogue.notices),
        messages=read_asked(request, pictures, dialogue.found) if request.store else None,
    )


def _find_safety_settings(request: ChatCompletionRequest) -> list[dict[str, Any]] | UnsetType:
    safety_settings: list[dict[str, Any]] | None = find_google_option(request, "safety_settings")[1]
    return UNSET if safety_settings is None else safety_settings


def _to_system(conversation: Conversation) -> RequestContent | UnsetType:
    if conversation.system is None:
        return UNSET
    return RequestContent(parts=[RequestPart(text=conversation.system)])
