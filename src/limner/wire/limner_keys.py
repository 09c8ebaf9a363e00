"""Client keys as `/v1/limner/keys` takes and gives them. Records only: what is accepted of a value, the books say.

Money is dollars, to the micro-dollar; moments are epoch seconds.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Period = Annotated[str, Meta(extra_json_schema={"enum": ["day", "month", "total"]})]
Output = Annotated[str, Meta(extra_json_schema={"enum": ["auto", "markdown", "url", "images"]})]
Lifetime = Annotated[str, Meta(description="Hours, days or weeks from now.", examples=["12h", "30d", "8w"])]

Overlap = Annotated[
    str, Meta(description="Hours, days or weeks from now; 0: it ends at once.", examples=["24h", "7d", "0"])
]


class KeyOrder(Struct, kw_only=True):
    """The body that creates a key. What is absent or null is no limit."""

    name: str
    """1 to 100 characters; no other key may have it."""
    owner: str | None = None
    """Whom the pictures belong to; keys may share an owner. Absent: the key itself."""
    is_admin: bool | None = None
    """Whether it may manage keys and read metrics."""
    admin: bool | None = None
    """The same, as the command's option is called."""
    models: list[str] | None = None
    """The models it may use, by any of their names. Absent: all."""
    image_output: Output | None = None
    """Where pictures stand in its answers. Absent: the gateway's setting."""
    budget_usd: float | str | None = None
    """Dollars it may spend in a period, with at most 6 decimals."""
    budget_period: Period | None = None
    """The budget's period, in UTC. Absent: `total`, all time."""
    images_per_minute: int | None = None
    """Pictures it may begin in any sixty seconds."""
    requests_per_minute: int | None = None
    """Requests it may make in any sixty seconds."""
    expires: Lifetime | None = None
    """How long it lives. Absent, with `expires_at`: for ever."""
    expires_at: int | None = None
    """When it ends; instead of `expires`."""
    key: str | None = None
    """A secret of your own: `sk-` and more, 20 to 512 visible ASCII characters. Absent: one is made."""


class KeyUpdate(Struct, kw_only=True):
    """The body that changes a key. What is absent stays; null takes a limit away."""

    name: str | UnsetType = UNSET
    owner: str | UnsetType | None = UNSET
    """Null: the key itself. What was made before stays with its owner."""
    is_admin: bool | UnsetType = UNSET
    admin: bool | UnsetType = UNSET
    models: list[str] | UnsetType | None = UNSET
    image_output: Output | UnsetType | None = UNSET
    budget_usd: float | str | UnsetType | None = UNSET
    budget_period: Period | UnsetType = UNSET
    images_per_minute: int | UnsetType | None = UNSET
    requests_per_minute: int | UnsetType | None = UNSET
    expires: Lifetime | UnsetType | None = UNSET
    expires_at: int | UnsetType | None = UNSET


class KeyRotation(Struct, kw_only=True):
    """The body that gives a key another secret. It may be empty."""

    overlap: Overlap = "24h"
    """How long what opened it before still does."""
    key: str | None = None
    """A secret of your own, as at creation. Absent: one is made."""


class KeyEntry(Struct, kw_only=True):
    """A key, without its secret, and what it has spent in the current period of its budget."""

    id: str
    object: Literal["limner.key"] = "limner.key"
    name: str
    owner: str
    is_admin: bool
    models: list[str] | None
    image_output: str | None
    budget_usd: float | None
    budget_period: str
    period_ends_at: int | None
    """When the budget's day or month ends; null where it is for all time."""
    spent_usd: float
    reserved_usd: float
    """Set aside for calls under way, and held for unknown outcomes."""
    left_usd: float | None
    """What of the budget can still be set aside; null without a budget."""
    images_per_minute: int | None
    requests_per_minute: int | None
    expires_at: int | None
    created_at: int
    previous_secret_ends_at: int | None
    """Until when a secret it had before still opens it; null: none does."""
    revoked_at: int | None


class NewKey(KeyEntry, kw_only=True):
    """A key that was just created or has just got another secret, with that secret, which is never shown again."""

    key: str


class KeyList(Struct, kw_only=True):
    """A page of keys, the oldest first."""

    object: Literal["list"] = "list"
    data: list[KeyEntry]
    first_id: str | None
    last_id: str | None
    has_more: bool


class KeyRevoked(Struct, kw_only=True):
    """A key that opens nothing more."""

    id: str
    object: Literal["limner.key.revoked"] = "limner.key.revoked"
    deleted: Literal[True] = True


class ImportNote(Struct, kw_only=True):
    """Something that is to be known of some rows."""

    message: str
    count: int
    lines: list[int]
    """The first of them."""


class MadeKey(Struct, kw_only=True):
    """A key that the file brought no secret for, and the secret that was made, which is never shown again."""

    line: int
    name: str
    key: str


class KeyImport(Struct, kw_only=True):
    """What became of a file of keys."""

    object: Literal["limner.key.import"] = "limner.key.import"
    format: str
    """Whose columns the file has: `limner`, `new-api` or `litellm`."""
    dry_run: bool
    """Whether nothing was written."""
    created: int
    updated: int
    skipped: int
    """Rows of keys that are there already."""
    left_out: int
    """Rows that are no keys here; `notes` says why."""
    notes: list[ImportNote]
    keys: list[MadeKey]
