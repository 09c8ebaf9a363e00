"""A generation as its listeners see it, whether it runs or was read back from the store.

What it said stands in its transcript, its pictures in spools; both stay until it is over and nobody listens.
Knows no door, no database and no network.
"""

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum

import msgspec
from msgspec import Struct

from limner.catalogue import Model
from limner.errors import GatewayError
from limner.generation.watching import Attempt
from limner.ledger.records import UpstreamCall
from limner.pictures.spool import PictureSpool
from limner.subscriptions import Audience
from limner.translate.events import AnsweredBy
from limner.translate.outcome import Outcome
from limner.translate.request import Drawing
from limner.translate.transcript import Transcript, count_due
from limner.translate.usage import TokenCount
from limner.wire.gemini import DEVELOPER
from limner.wire.openai import Notice

DOORS = ("chat", "images", "edits", "native")
"""Where pictures are bought, and what form an answer has."""


class State(StrEnum):
    """Where a generation is.

    `claimed`: on disk, nothing sent. `sent`: bytes may have left. `receiving`: Gemini answers. `stored`: its
    answer is on disk, the books are not closed. Ends: `settled`, there is an answer; `refused`, Gemini would
    not; `failed`, nothing was bought; `unknown`, it may have been, and is never asked for again by itself.
    """

    CLAIMED = "claimed"
    SENT = "sent"
    RECEIVING = "receiving"
    STORED = "stored"
    SETTLED = "settled"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Bill(Struct, frozen=True, kw_only=True):
    """What a settled generation used."""

    tokens: TokenCount
    cost_micro_usd: int | None
    """None for a model whose prices are not known."""


class Asked(Struct, frozen=True, kw_only=True):
    """How a call was asked: what is needed, later and elsewhere, to bill it and to answer it again.

    It holds no prompt.
    """

    model: str
    """As asked."""
    upstream_model: str
    image_output: str
    wants_thoughts: bool
    aspect_ratio: str | None
    image_size: str
    text_bytes: int
    input_pictures: int
    created: int
    """Epoch seconds."""
    notices: tuple[Notice, ...]
    n: int = 1
    """How many choices were asked for."""
    draws: bool = True
    """Whether a picture is due; False for text models."""
    link_base: str = ""
    """The address that links to its pictures begin with, without a slash at its end."""
    door: str = "chat"
    """Whose form the answer has: `chat`, `images`, `edits` or `native`."""
    output_format: str | None = None
    """The type of file that was asked for."""
    links_expire_at: int | None = None
    """Until when links to its pictures work, epoch seconds; None: none are given out."""

    @property
    def needs_picture(self) -> bool:
        """Whether an answer without a picture is an error, as in OpenAI's images API."""
        return self.door in {"images", "edits"}

    @property
    def is_native(self) -> bool:
        """Whether what Gemini says is given out as it is, a block of the prompt too."""
        return self.door == "native"


def to_asked(
    drawing: Drawing, created: int, *, door: str, link_base: str, links_expire_at: int | None
) -> Asked:
    """Return what is kept of `drawing`."""
    return Asked(
        model=drawing.asked_model,
        upstream_model=drawing.model.id,
        image_output=drawing.settings.image_output,
        wants_thoughts=drawing.settings.wants_thoughts,
        aspect_ratio=drawing.settings.aspect_ratio,
        image_size=drawing.settings.image_size,
        text_bytes=drawing.text_bytes,
        input_pictures=len(drawing.pictures),
        created=created,
        notices=drawing.notices,
        n=drawing.settings.n,
        draws=drawing.settings.draws,
        link_base=link_base,
        door=door,
        output_format=drawing.settings.output_format,
        links_expire_at=links_expire_at,
    )


def begin_asked(model: str) -> str:
    """Return how the JSON of all `Asked` of a model, as asked for, begins."""
    return msgspec.json.encode({"model": model})[:-1].decode() + ","


class Choice:
    """One of the answers that a call asked for: what Gemini says in one upstream call, and how that ended."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.transcript = Transcript()
        self.failure: GatewayError | None = None
        """What ended its receiving before its time."""
        self.outcome: Outcome | None = None
        self.upstream_call: UpstreamCall | None = None
        """What became of the last attempt at it."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it, and it is known what came."""
        return self.outcome is not None

    @property
    def is_answered(self) -> bool:
        """Whether it is over and has something to give."""
        return self.outcome is not None and not self.outcome.is_failed


class Generation:
    """One call and what came of it. `bill` or `failure` is set once it is over."""

    def __init__(self, generation_id: str, asked: Asked, model: Model, *, fingerprint: bytes = b"") -> None:
        self.id = generation_id
        self.asked = asked
        self.model = model
        self.fingerprint = fingerprint
        self.state = State.CLAIMED
        self.choices = [Choice(index) for index in range(asked.n)]
        self.spools: dict[str, PictureSpool] = {}
        self.file_names: dict[str, str] = {}
        """What each picture's file is called in the store, by its id."""
        self.bill: Bill | None = None
        """None if there is no answer."""
        self.notices: list[Notice] = list(asked.notices)
        self.failure: GatewayError | None = None
        self.clients = 0
        """How many are being answered from it, seen from this process."""
        self.is_given_up = False
        """Whether it ends unsent because its clients have left."""
        self.is_wanted_elsewhere = False
        """Whether a client of another gateway waits for it."""
        self.is_unstored = False
        """Whether its answer comes from memory, because it could not be stored."""
        self.is_assumed_free = False
        """Whether an answer of 500 on the way was taken to cost nothing."""
        self.is_unsigned = False
        """Whether it was sent once more without thought signatures, for one was refused."""
        self.began_at = time.monotonic()
        self.first_picture_at: float | None = None
        """When the first byte of a picture came."""
        self.posted_micro_usd = 0
        """What the books say it cost; also where an error came of it."""
        self.attempts: list[Attempt] = []
        """The calls to Gemini for it that were made by this process, in their order."""
        self.audience = Audience(self._let_go)
        self._over = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._let_go_callbacks: list[Callable[[], None]] = []

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self._over.is_set()

    @property
    def has_begun(self) -> bool:
        """Whether Gemini has said anything beside an error or a block."""
        return any(choice.transcript.has_begun for choice in self.choices)

    @property
    def received_bytes(self) -> int:
        """How much of its pictures has come from Gemini, those that are thoughts included."""
        return sum(picture.size_bytes for choice in self.choices for picture in choice.transcript.pictures)

    def find_answerer(self) -> AnsweredBy:
        """Return who has answered: of several choices, the first that is answered by anybody."""
        named = (choice.transcript.answered_by for choice in self.choices if choice.is_answered)
        usual = AnsweredBy(DEVELOPER, self.asked.upstream_model)
        return next((each or usual for each in named), usual)

    def count_due(self) -> int:
        """Return how many pictures one that is over has to deliver."""
        return sum(count_due(choice.transcript) for choice in self.choices if choice.is_answered)

    async def wait_until_over(self) -> None:
        """Return when nothing more will come."""
        await self._over.wait()

    def call_when_over(self, callback: Callable[[], None]) -> None:
        """Call back once when nothing more will come; not at all if that is so already."""
        self._callbacks.append(callback)

    def call_when_let_go(self, callback: Callable[[], None]) -> None:
        """Call back once when it is over and nobody listens: its spools are gone then."""
        self._let_go_callbacks.append(callback)

    def end(self, state: State, *, is_awaited: bool = False) -> None:
        """Be over; without listeners the spools are let go, unless some are about to come."""
        self.restore(state)
        for callback in self._callbacks:
            callback()
        self._callbacks.clear()
        self.audience.notify()
        if not is_awaited:
            self._let_go()

    def restore(self, state: State) -> None:
        """Be over as one that was read back; listeners are still to come."""
        self.state = state
        self._over.set()

    def _let_go(self) -> None:
        if self.is_over and self.audience.is_empty:
            for spool in self.spools.values():
                spool.close()
            self.spools.clear()
            for callback in self._let_go_callbacks:
                callback()
            self._let_go_callbacks.clear()
