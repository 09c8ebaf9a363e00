"""What `/v1/limner/*` answers with: pictures, generations and usage. Limner's own shapes, records only.

Times are epoch seconds, money is dollars, days are UTC's.
"""

from typing import Literal

from msgspec import Struct

from limner.wire.limner_keys import KeyEntry


class PictureSettings(Struct, kw_only=True):
    """How a picture was asked for."""

    aspect_ratio: str | None
    """As asked; null: the model chose."""
    image_size: str
    image_output: str
    """How it was sent: `markdown`, `url` or `images`."""
    n: int
    """How many choices were asked for."""
    input_pictures: int
    """How many pictures it was made from."""


class PictureEntry(Struct, kw_only=True):
    """One picture in a list."""

    id: str
    object: Literal["picture"] = "picture"
    generation_id: str
    completion_id: str
    """The id of the answer it came in."""
    created: int
    model: str
    """As asked."""
    upstream_model: str
    prompt: str | None
    """The beginning of what was asked in words; null: it is not kept, or there were none."""
    aspect_ratio: str | None
    """What its pixels come nearest to, such as `16:9`; null: to none that a model draws."""
    image_size: str
    width: int | None
    height: int | None
    mime_type: str
    bytes: int
    sha256: str
    url: str
    """A signed link, for whoever has it; works as long as the picture is kept."""
    thumbnail_url: str
    """Where a small version is, for whoever has the key; a path."""
    cost_usd: float | None
    """What its whole generation cost; null: not known."""
    is_delivered: bool
    """Whether the answer it came in has reached a client."""
    door: str


class Picture(PictureEntry, kw_only=True):
    """One picture, with how it was asked for."""

    settings: PictureSettings
    picture_ids: list[str]
    """All pictures of its answer, itself included, in their order."""


class PictureList(Struct, kw_only=True):
    """A page of pictures."""

    object: Literal["list"] = "list"
    data: list[PictureEntry]
    first_id: str | None
    last_id: str | None
    has_more: bool


class PictureDeleted(Struct, kw_only=True):
    """A picture that is there no more, and what went with it: an answer is deleted as a whole."""

    id: str
    object: Literal["picture.deleted"] = "picture.deleted"
    deleted: Literal[True] = True
    generation_id: str
    picture_ids: list[str]


class GenerationError(Struct, kw_only=True):
    """What a generation ended with."""

    code: str
    message: str
    status: int


class UpstreamEntry(Struct, kw_only=True):
    """What became of the call to Gemini for one choice: of the last attempt at it."""

    choice: int
    upstream: str
    """The name of the credential."""
    kind: str
    model: str
    attempts: int
    status: int | None
    """Null: no answer came."""
    response_id: str | None
    said: str | None
    """What came instead of an answer."""


class UnknownEntry(Struct, kw_only=True):
    """What is to be decided on a call whose outcome nobody knows."""

    policy: Literal["hold", "post", "void"]
    decided: int | None
    """When the policy decides, epoch seconds; null: it waits for somebody."""
    leaning: Literal["post", "void", "open"]
    """What the evidence speaks for."""
    reasons: list[str]


class GenerationEntry(Struct, kw_only=True):
    """One generation: a call and what became of it."""

    id: str
    object: Literal["generation"] = "generation"
    completion_id: str
    state: str
    """`claimed`, `sent`, `receiving`; in the end `settled`, `refused`, `failed` or `unknown`."""
    door: str
    model: str
    """As asked."""
    upstream_model: str
    prompt: str | None
    created: int
    ended: int | None
    cost_usd: float | None
    """Null: it has not ended, or the cost is not known."""
    held_usd: float
    """What is set aside for it now: while it runs, and while its outcome is unknown."""
    error: GenerationError | None
    is_delivered: bool
    picture_ids: list[str]
    """Its pictures that are kept."""
    can_cancel: bool
    """Whether it is not sent yet."""
    received_bytes: int | None
    """How much of its pictures has come from Gemini; null: it does not run in this process, or not any more."""
    key: str | None = None
    """Whose it is, where an admin key asks for everybody's."""
    owner: str | None = None
    upstream_calls: list[UpstreamEntry] | None = None
    """By choice, for admins who ask for everybody's."""
    unknown: UnknownEntry | None = None
    """Likewise, if the outcome is unknown."""


class GenerationList(Struct, kw_only=True):
    """A page of generations."""

    object: Literal["list"] = "list"
    data: list[GenerationEntry]
    first_id: str | None
    last_id: str | None
    has_more: bool


class GenerationCancelled(Struct, kw_only=True):
    """A generation that was taken back before it was sent; nothing was bought."""

    id: str
    object: Literal["generation.cancelled"] = "generation.cancelled"
    cancelled: Literal[True] = True


class ResolveOrder(Struct, kw_only=True):
    """What is decided on a call whose outcome nobody knows."""

    outcome: Literal["post", "void"]


class ResolveAllOrder(ResolveOrder, kw_only=True):
    """What is decided on all of them that ended before a moment."""

    before: str
    """A day in UTC, a time, or seconds since 1970."""


class GenerationsResolved(Struct, kw_only=True):
    """A decision as it stands now."""

    object: Literal["generations.resolved"] = "generations.resolved"
    outcome: Literal["post", "void"]
    ids: list[str]
    amount_usd: float
    """Of them all."""
    was_resolved: bool
    """Whether it stood so before; then nothing was changed."""


class UsageSums(Struct, kw_only=True):
    """What was made, and for how much."""

    generations: int
    pictures: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    held_usd: float
    """What is reserved for outcomes nobody knows."""


class UsageEntry(UsageSums, kw_only=True):
    """The same of one group: what it is not grouped by is null."""

    day: str | None
    """Such as `2026-11-28`, in UTC."""
    model: str | None
    """The model that drew."""
    key: str | None
    """The key's name."""


class UsageReport(Struct, kw_only=True):
    """What was made from the first day to the last, both included."""

    object: Literal["usage"] = "usage"
    timezone: Literal["UTC"] = "UTC"
    first_day: str
    last_day: str
    data: list[UsageEntry]
    total: UsageSums
    key: KeyEntry
    """The key that asks, with what is left of its budget."""
    keys: list[KeyEntry] | None
    """All keys with theirs, where an admin key asks for everybody's; else null."""
