"""What Gemini says in an answer, piece by piece. Records only.

Those that a journal keeps carry a tag, so that they can be written as JSON and read again.
"""

from msgspec import Struct

from limner.wire.gemini import UsageMetadata


class Text(Struct, frozen=True, tag="text"):
    """A text part, or a piece of one."""

    part: int
    text: str
    is_thought: bool


class PictureBegins(Struct, frozen=True, tag="picture_begins"):
    """A picture's base64 begins; the flags are those that stood before it."""

    part: int
    is_thought: bool
    mime_type: str | None


class PictureBytes(Struct, frozen=True):
    """A piece of the picture's base64, cut anywhere."""

    part: int
    base64: bytes


class PictureEnds(Struct, frozen=True, tag="picture_ends"):
    """The picture's base64 is complete."""

    part: int


class PictureSettled(Struct, frozen=True, tag="picture_settled"):
    """The picture's part has closed; the flags are now certain."""

    part: int
    is_thought: bool
    mime_type: str | None


class SignatureBytes(Struct, frozen=True):
    """A piece of the part's thought signature, base64, cut anywhere."""

    part: int
    base64: bytes


class SignatureEnds(Struct, frozen=True, tag="signature_ends"):
    """The part's thought signature is complete."""

    part: int


class Finish(Struct, frozen=True, tag="finish"):
    """Why the candidate ended."""

    reason: str
    message: str | None


class Usage(Struct, frozen=True, tag="usage"):
    """Tokens so far; the last one counts."""

    metadata: UsageMetadata


class Blocked(Struct, frozen=True, tag="blocked"):
    """The prompt was refused."""

    reason: str
    message: str | None


class AnsweredBy(Struct, frozen=True, tag="answered_by"):
    """Who answers, where that is not the Developer API with the model that was asked."""

    kind: str
    """`gemini` or `vertex`."""
    model: str
    """The id of the model."""


class ResponseNamed(Struct, frozen=True):
    """Gemini's own id of its answer."""

    id: str


class UpstreamError(Struct, frozen=True, tag="upstream_error"):
    """Gemini reported an error inside a good answer."""

    code: int
    status: str
    message: str


class Document(Struct, frozen=True, tag="document"):
    """One JSON document of the answer as Gemini wrote it, which is all of it or an event of a stream.

    Between each two of `pieces` went a long string: of `longs`, a letter for each, `p` is a picture's base64 and `s` a
    thought signature's. Pictures and signatures are those of the answer, in their order.
    """

    pieces: tuple[bytes, ...]
    longs: str
    is_last: bool
    """Whether it says that the answer is over: why it ended, or that the prompt was blocked."""


Event = (
    Text
    | PictureBegins
    | PictureBytes
    | PictureEnds
    | PictureSettled
    | SignatureBytes
    | SignatureEnds
    | Finish
    | Usage
    | Blocked
    | UpstreamError
    | Document
    | AnsweredBy
    | ResponseNamed
)
