"""Records of what the ledger keeps of a generation, and of what it is asked and answers. Records only.

Money is integers in micro-dollars, times are epoch milliseconds. What `asked` and `answer` hold is the affair
of whoever runs generations; here they are JSON.
"""

from msgspec import Struct

from limner.ledger.keys import ApiKey

MICRO_USD_PER_USD = 1_000_000


class Scope(Struct, frozen=True, kw_only=True):
    """Whose generations: an owner's, of one end user if `end_user` is not None ('' stands for unnamed)."""

    owner: str
    end_user: str | None


class Claim(Struct, frozen=True, kw_only=True):
    """A call that wants to be a generation."""

    generation_id: str
    """Its id, if it becomes a new one."""
    door: str
    key: ApiKey
    end_user: str
    fingerprint: bytes
    """32 bytes that equal calls of one owner share."""
    idempotency_digest: bytes | None
    model: str
    asked: bytes
    is_stream: bool
    store: bool | None
    metadata: bytes | None = None
    """JSON: the client's own words on the call."""
    prompt: str | None = None
    """What was asked for in words, to search by."""
    conversation: str | None = None
    """What the call's answer is found by when its conversation goes on."""
    is_linked: bool = False
    """Whether its pictures are given out as links."""
    pictures_asked: int = 1
    reserved_micro_usd: int
    is_retry: bool
    """Whether the client says that this is not its first attempt."""
    is_always_new: bool
    """Whether the client wants no repeat recognised."""
    has_waited: bool = False
    """Whether it has waited for the client of an equal running call to leave."""
    has_asked_around: bool = False
    """Whether it is known that gateways that answer equal calls live, or have been struck out."""
    may_buy: bool = True
    """False: only a repeat is answered, a new generation is refused with storage_unavailable."""
    is_admitted: bool = True
    """False: only a repeat is answered, a new generation comes back as Crowded; there is no place for it now."""


class Fresh(Struct, frozen=True):
    """The claim is a new generation: it is on disk, its money is reserved, and it has one client."""


class Found(Struct, frozen=True):
    """The claim is a repeat of this generation, which has one client more now."""

    generation_id: str


class Occupied(Struct, frozen=True):
    """An equal call has been running for over a second with its client there. Nothing was claimed.

    Its client may be about to be seen leaving: claim again shortly, with `has_waited`.
    """


class Doubtful(Struct, frozen=True):
    """Equal calls have clients at these other replicas, if those live. Nothing was claimed.

    Find out, and claim again with `has_asked_around`.
    """

    replica_ids: tuple[str, ...]


class Crowded(Struct, frozen=True):
    """The claim would be a new generation, for which there is no place. Nothing was claimed or counted.

    Wait for a place, and claim again.
    """


class StoredPicture(Struct, frozen=True, kw_only=True):
    """One picture of a stored generation."""

    id: str
    number: int
    is_thought: bool
    file_name: str
    sha256: str
    mime_type: str
    width: int | None
    height: int | None
    size_bytes: int


class UpstreamCall(Struct, frozen=True, kw_only=True):
    """What became of the call to Gemini for one choice: of the last attempt at it."""

    choice: int
    upstream: str
    """The name of the credential it went through."""
    kind: str
    model: str
    """Gemini's id of the model that was asked."""
    attempts: int
    status: int | None = None
    """Of Gemini's answer; None: none came."""
    response_id: str | None = None
    said: str | None = None
    """What Gemini said instead of answering, without secrets."""


class Ending(Struct, frozen=True, kw_only=True):
    """How a generation ended, to be written in one transaction."""

    generation_id: str
    state: str
    """settled, refused, failed or unknown."""
    cost_micro_usd: int | None
    """None holds the reservation (unknown); 0 without an answer voids it; anything else is posted."""
    answer: bytes | None = None
    error: bytes | None = None
    error_status: int | None = None
    is_replayable: bool
    is_assumed_free: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    pictures: tuple[StoredPicture, ...] = ()
    folder: str | None = None
    stored_bytes: int = 0
    upstream_calls: tuple[UpstreamCall, ...] = ()
    model: str | None = None
    """The id of the model that answered; None: that which was asked, as far as is known."""


class NewGeneration(Struct, frozen=True, kw_only=True):
    """A generation to be written: a new claim's, or one that only its files know."""

    generation_id: str
    door: str
    owner: str
    end_user: str
    key_id: str
    fingerprint: bytes
    idempotency_digest: bytes | None
    model: str
    asked: bytes
    is_stream: bool
    store: bool | None
    metadata: bytes | None = None
    prompt: str | None = None
    conversation: str | None = None
    is_linked: bool = False
    pictures_asked: int = 1
    reserved_micro_usd: int
    claimed_at_ms: int


class UsageRow(Struct, frozen=True, kw_only=True):
    """What one key made with one model, for one end user."""

    key_name: str
    """The beginning of its id where it is a fixed key."""
    end_user: str
    model: str
    generations: int
    pictures: int
    input_tokens: int
    output_tokens: int
    cost_micro_usd: int
    held_micro_usd: int
    """What is reserved for outcomes nobody knows."""


class GenerationRecord(Struct, frozen=True, kw_only=True):
    """One generation as the database has it."""

    id: str
    state: str
    door: str
    owner: str
    end_user: str
    key_id: str
    model: str
    asked: bytes
    is_stream: bool
    store: bool | None
    reserved_micro_usd: int
    claimed_at_ms: int
    sent_at_ms: int | None
    ended_at_ms: int | None
    delivered_at_ms: int | None
    cost_micro_usd: int | None
    answer: bytes | None
    error: bytes | None
    error_status: int | None
    is_keyed: bool
    """Whether it came with an Idempotency-Key."""
    metadata: bytes | None
    folder: str | None
    stored_bytes: int
    uploaded_at_ms: int | None
    """When its files were in the shared store as well."""
    replica_id: str
    """Whose call it was, and into whose folder its files came; '' where there is one server."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.ended_at_ms is not None


class RepeatWindows(Struct, frozen=True, kw_only=True):
    """How long repeats are recognised."""

    idempotency_ms: int = 24 * 3_600_000
    """After the end, for calls with an Idempotency-Key."""
    undelivered_ms: int = 24 * 3_600_000
    """After the claim, for answers that reached nobody."""


class Retention(Struct, frozen=True, kw_only=True):
    """How long files are kept after a generation's end."""

    retention_ms: int = 720 * 3_600_000
    """0: they go once delivered and no longer needed for repeats."""
    linked_retention_ms: int = 8760 * 3_600_000
    """For those asked with `store: true`, and those given out as links."""
