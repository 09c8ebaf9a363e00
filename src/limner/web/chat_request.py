"""Reads what a chat request asks and makes of it what is bought: all of it before anything is claimed.

Checks in this order - model, types, settings, content - and what can be refused without asking anybody is refused first.
Knows no connection and nothing of how an answer is sent.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.datastructures import Headers

from limner.catalogue import (
    Model,
    find_fallbacks,
    find_model,
    find_model_and_suffixes,
    resolve_alias,
    strip_prefixes,
    to_unlisted,
)
from limner.errors import InvalidRequest, NotFound
from limner.generation.inputs import Inputs
from limner.generation.memory import Memory
from limner.generation.sources import Sources
from limner.ledger.keys import ApiKey
from limner.ledger.records import Scope
from limner.translate.body import read_model_name, to_record
from limner.translate.contents import KeptTurn
from limner.translate.dialogue import Dialogue, read_dialogue, resolve_links
from limner.translate.messages import read_system_texts
from limner.translate.metadata import read_metadata
from limner.translate.pieces import Turn
from limner.translate.request import Drawing, to_drawing
from limner.translate.settings import DrawSettings, SettingsRules, resolve_settings
from limner.translate.spellings import Given, find_given
from limner.translate.tasks import Task, find_task
from limner.web.auth import authorize_model
from limner.web.body import Body
from limner.wire.openai import ChatCompletionRequest


class ReadingRules(Struct, frozen=True, kw_only=True):
    """How requests are read."""

    image_output: str
    settings: SettingsRules
    public_url: str | None
    """The address that links begin with; None: the one a call came to."""
    upstream_stores: bool
    background_tasks: str
    """Who answers those of chat UIs: `local`, `draw`, or the id of a text model."""


class Asked(Struct, frozen=True, kw_only=True):
    """What a request asks, as far as it says so itself."""

    record: ChatCompletionRequest
    model: Model
    settings: DrawSettings
    task: Task | None = None
    """The background task that it is, if that is to be answered here."""
    alternatives: tuple[tuple[Model, DrawSettings], ...] = ()
    """The models that may draw in its place, and what is asked of each."""


class Order(Struct, frozen=True, kw_only=True):
    """What is to be bought."""

    drawing: Drawing
    conversation: str
    """What its answer is found by when the conversation goes on."""
    inputs: Inputs


class ChatReader:
    """Reads requests."""

    def __init__(
        self,
        sources: Sources,
        memory: Memory,
        rules: ReadingRules,
        *,
        is_served: Callable[[str], Awaitable[bool]],
    ) -> None:
        """`is_served` says whether the upstream has a model that the catalogue does not know."""
        self._sources = sources
        self._memory = memory
        self._rules = rules
        self._is_served = is_served

    async def read(self, body: Body, key: ApiKey, headers: Headers) -> Asked:
        """Return what is asked. Raises GatewayError."""
        model, suffixes = await self.choose_model(body.fields, key)
        record = to_record(body.fields, ChatCompletionRequest)
        if record.metadata is not None:
            record.metadata = read_metadata(record.metadata, body.pictures)
        given = find_given(body.fields, suffixes, read_system_texts(record.messages or ()))

        def resolve(model: Model, given: Iterable[Given]) -> DrawSettings:
            return resolve_settings(
                record,
                model,
                given=given,
                header_image_output=headers.get("x-limner-image-output"),
                default_image_output=key.image_output or self._rules.image_output,
                rules=self._rules.settings,
            )

        asked = Asked(
            record=record,
            model=model,
            settings=(settings := resolve(model, given)),
            alternatives=list_alternatives(model, settings, key, lambda each: resolve(each, given)),
        )
        if not model.draws or self._rules.background_tasks == "draw":
            return asked
        task = find_task(record.messages or ())
        substitute = find_model(self._rules.background_tasks) if task is not None else None
        if substitute is not None:  # of a picture's ratio and size a text model knows nothing
            return Asked(record=record, model=substitute, settings=resolve(substitute, ()))
        return replace(asked, task=task)

    async def choose_model(self, fields: dict[str, Any], key: ApiKey) -> tuple[Model, tuple[str, ...]]:
        """Return the model that a body names, and the settings in its name. Raises GatewayError."""
        name = read_model_name(fields)
        model, suffixes = find_model_and_suffixes(resolve_alias(name)) or await self._find_unlisted(name, key)
        authorize_model(key, model.id)
        return model, suffixes

    async def _find_unlisted(self, name: str, key: ApiKey) -> tuple[Model, tuple[str, ...]]:
        """Return a model that only the upstream knows; only a key without a budget may spend what nobody can tell."""
        model_id = strip_prefixes(name)
        if not await self._is_served(model_id):
            raise NotFound(
                f"There is no model {name!r} here; GET /v1/models lists those there are.",
                code="model_not_found",
                param="model",
            )
        authorize_model(key, model_id)
        if key.budget_micro_usd is not None:
            raise InvalidRequest(
                f"The model {model_id!r} has no price here, and this key has a budget; GET /v1/models lists the models it "
                "can use.",
                code="model_not_priced",
                param="model",
            )
        return to_unlisted(model_id), ()

    async def order(self, asked: Asked, body: Body, scope: Scope, link_base: str) -> Order:
        """Return what is to be bought for a caller; what it needs is added to the body's pictures.

        `link_base` is the address at which this gateway was reached. Raises GatewayError.
        """
        inputs = Inputs(body.pictures, body.spools)
        dialogue = read_dialogue(asked.record, inputs.pictures)
        return await self.order_dialogue(asked, dialogue, inputs, scope, link_base)

    async def order_dialogue(
        self, asked: Asked, dialogue: Dialogue, inputs: Inputs, scope: Scope, link_base: str
    ) -> Order:
        """Return the same for a dialogue that has been read already. Raises GatewayError."""
        dialogue, origins = await self._find_pictures(dialogue, inputs, scope, link_base)
        recalled = await self._memory.recall(dialogue.turns, inputs, scope, asked.model, origins)
        dialogue = replace(dialogue, notices=(*dialogue.notices, *recalled.notices))

        def draw(model: Model, settings: DrawSettings, turns: Sequence[Turn | KeptTurn]) -> Drawing:
            return to_drawing(
                asked.record,
                model,
                settings,
                dialogue,
                inputs.pictures,
                turns=turns,
                upstream_stores=self._rules.upstream_stores,
            )

        drawing = draw(asked.model, asked.settings, recalled.turns)
        bare = [turn.without_signatures() if isinstance(turn, KeptTurn) else turn for turn in recalled.turns]
        alternatives = tuple(draw(model, settings, bare) for model, settings in asked.alternatives)
        drawing = replace(drawing, alternatives=alternatives)
        return Order(drawing=drawing, conversation=recalled.conversation, inputs=inputs)

    async def _find_pictures(
        self, dialogue: Dialogue, inputs: Inputs, scope: Scope, link_base: str
    ) -> tuple[Dialogue, dict[int, str]]:
        links = list(dialogue.links)
        if not links:
            return dialogue, {}
        hosts = {base.partition("://")[2].partition("/")[0].lower() for base in self._list_bases(link_base)}
        gathered = await self._sources.gather(links, inputs, scope, hosts)
        return resolve_links(dialogue, gathered.numbers), dict(gathered.origins)

    def _list_bases(self, link_base: str) -> list[str]:
        return [link_base, *([self._rules.public_url] if self._rules.public_url else [])]


def list_alternatives(
    model: Model, settings: DrawSettings, key: ApiKey, resolve: Callable[[Model], DrawSettings]
) -> tuple[tuple[Model, DrawSettings], ...]:
    """Return the models that are configured to be asked in this one's place, and what is asked of each.

    Those are left out that the key may not use, or that cannot draw just what was asked: no other picture is sold for it.
    """
    found = []
    for fallback in find_fallbacks(model):
        if key.models is not None and fallback.id not in key.models:
            continue
        try:
            own = resolve(fallback)
        except InvalidRequest:
            continue
        if (own.aspect_ratio, own.image_size, own.n) == (
            settings.aspect_ratio,
            settings.image_size,
            settings.n,
        ):
            found.append((fallback, own))
    return tuple(found)
