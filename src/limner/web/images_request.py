"""Reads what a request of the images API asks and makes of it what is bought, before anything is claimed.

Checks in the chat door's order - model, types, settings, content - and by the chat door's reader where both ask the same.
Knows no connection and nothing of how an answer is sent.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from limner.catalogue import Model
from limner.generation.inputs import Inputs
from limner.ledger.keys import ApiKey
from limner.ledger.records import Scope
from limner.translate.body import to_record
from limner.translate.images_options import (
    MAX_N,
    check_model,
    check_options,
    find_format,
    find_output_options,
    list_useless,
)
from limner.translate.images_request import (
    Depiction,
    identify,
    read_depiction,
    to_chat,
    to_dialogue,
    to_message,
)
from limner.translate.metadata import read_metadata
from limner.translate.settings import DrawSettings, SettingsRules, resolve_settings
from limner.translate.spellings import Given, find_given
from limner.web.body import Body
from limner.web.chat_request import Asked, ChatReader, Order, list_alternatives
from limner.wire.images import ImagesRequest
from limner.wire.openai import ChatCompletionRequest


class AskedImages(Struct, frozen=True, kw_only=True):
    """What a request asks, as far as it says so itself."""

    record: ImagesRequest
    depiction: Depiction
    chat: Asked
    """The same as the chat door would be asked."""
    identity: dict[str, Any]
    """Its fields as all equal requests have them, whether they came as JSON or as a form."""


class ImagesReader:
    """Reads requests."""

    def __init__(self, reader: ChatReader, rules: SettingsRules) -> None:
        self._reader = reader
        self._rules = replace(rules, max_n=MAX_N)

    async def read(self, body: Body, key: ApiKey, *, is_edit: bool) -> AskedImages:
        """Return what is asked. Raises GatewayError."""
        model, suffixes = await self._reader.choose_model(body.fields, key)
        check_model(model)
        record = to_record(body.fields, ImagesRequest)
        if record.metadata is not None:
            record.metadata = read_metadata(record.metadata, body.pictures)
        check_options(record, has_links=self._rules.has_links)
        chat = to_chat(record)
        given = list(find_given(body.fields, suffixes, ()))
        quality = body.fields.get("quality")

        def resolve(each: Model) -> DrawSettings:
            return self._resolve(each, chat, record, given, quality)

        settings = resolve(model)
        depiction = read_depiction(record, body.pictures, is_edit=is_edit)
        chat.messages = [to_message(record, depiction)]
        return AskedImages(
            record=record,
            depiction=depiction,
            chat=Asked(
                record=chat,
                model=model,
                settings=settings,
                alternatives=list_alternatives(model, settings, key, resolve),
            ),
            identity=identify(body.fields, depiction),
        )

    def _resolve(
        self,
        model: Model,
        chat: ChatCompletionRequest,
        record: ImagesRequest,
        given: Sequence[Given],
        quality: Any,
    ) -> DrawSettings:
        """Return what is asked of a model, with what only this API asks; a picture is due, whatever is known of it."""
        settings = resolve_settings(
            chat,
            model,
            given=given,
            header_image_output=None,
            default_image_output="images",
            rules=self._rules,
        )
        useless = list_useless(record, quality, can_choose_file=self._rules.can_choose_file)
        return replace(
            settings,
            draws=True,
            output_format=find_format(record),
            output_options=find_output_options(record),
            notices=(*settings.notices, *useless),
        )

    async def order(self, asked: AskedImages, body: Body, scope: Scope, link_base: str) -> Order:
        """Return what is to be bought for a caller; what it needs is added to the body's pictures.

        `link_base` is the address at which this gateway was reached. Raises GatewayError.
        """
        inputs = Inputs(body.pictures, body.spools)
        dialogue = to_dialogue(asked.depiction)
        order = await self._reader.order_dialogue(asked.chat, dialogue, inputs, scope, link_base)
        return replace(order, drawing=replace(order.drawing, prompt=asked.depiction.prompt))
