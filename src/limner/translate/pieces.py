"""What turns of a conversation are made of: texts, pictures by their numbers, links that are to become pictures. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from limner.errors import InvalidRequest

PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif")
"""What Gemini takes as input (its image-generation page, 2026-09)."""

MAX_PIXELS = 100_000_000


class InputPicture(Struct, frozen=True, kw_only=True):
    """A base64 string that a client sent, by what its bytes turned out to be."""

    mime_type: str | None
    sha256: str
    size_bytes: int
    text: str | None
    """The string itself where it is short, for text that only looks like a picture."""
    pixels: tuple[int, int] | None = None
    """Width and height where the header says them."""


class Link(Struct, frozen=True):
    """A picture that is named and not there yet."""

    url: str
    """A URL, a path of this gateway's, or a picture's bare id."""
    param: str
    """Where it stands."""
    text: str | None = None
    """The Markdown it was read from: what it stays if it turns out to be no picture of ours."""

    @property
    def is_from_text(self) -> bool:
        """Whether it stood in a text, where a picture is only what this gateway gave out."""
        return self.text is not None


Piece = str | int | Link
"""Text, the number of a picture, or a picture that has to be found first."""


class Turn(Struct, kw_only=True):
    """What was said at one time."""

    role: str
    """Gemini's: `user` or `model`."""
    pieces: list[Piece]
    references: tuple[str, ...] = ()
    """Generations that a model's turn says it came from, by `reasoning_details`: id, or id, slash, choice's index."""


def check_picture(number: int, param: str, pictures: Sequence[InputPicture]) -> int:
    """Return `number` if it is that of a picture which Gemini takes. Raises InvalidRequest."""
    picture = pictures[number] if 0 <= number < len(pictures) else None
    if picture is None or picture.mime_type not in PICTURE_TYPES:
        found = (picture and picture.mime_type) or "no picture that is known here"
        raise InvalidRequest(
            f"The bytes of '{param}' are {found}; PNG, JPEG, WebP, HEIC and HEIF are taken.",
            code="invalid_image",
            param=param,
        )
    if picture.pixels is not None and picture.pixels[0] * picture.pixels[1] > MAX_PIXELS:
        raise InvalidRequest(
            f"The picture of '{param}' has {picture.pixels[0]}x{picture.pixels[1]} pixels; up to "
            f"{MAX_PIXELS // 1_000_000} megapixels are taken.",
            code="invalid_image",
            param=param,
        )
    return number


def resolve_link(piece: Piece, found: Mapping[str, int | None]) -> str | int:
    """Return what a piece has become; `found` has pictures' numbers by URL, no number for links that stay text."""
    if not isinstance(piece, Link):
        return piece
    number = found.get(piece.url)
    return (piece.text or piece.url) if number is None else number


def resolve_links(pieces: Iterable[Piece], found: Mapping[str, int | None]) -> list[str | int]:
    """Return what `pieces` have become; a link that stays text is one with the text around it."""
    resolved: list[str | int] = []
    was_link = False
    for piece in pieces:
        is_link = isinstance(piece, Link)
        now = resolve_link(piece, found)
        last = resolved[-1] if resolved else None
        if (is_link or was_link) and isinstance(now, str) and isinstance(last, str):
            resolved[-1] = last + now
        else:
            resolved.append(now)
        was_link = is_link
    return resolved
