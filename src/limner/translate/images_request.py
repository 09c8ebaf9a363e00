"""Turns a request of the images API into a conversation of one message. Pure; pictures are numbers here.

What only the images API has is `images_options`' to check; ratio, size and what Gemini takes besides are read as the chat
door reads them.

Facts (Google's image-generation page, 2026-09): a picture model takes up to 14 pictures and knows no mask. What a picture is
there for has to be said in words, before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from limner.errors import InvalidRequest
from limner.translate.dialogue import Dialogue
from limner.translate.parts import read_entry
from limner.translate.pieces import InputPicture, Link, Piece, Turn
from limner.translate.scanner import mark
from limner.translate.text_pictures import split_text
from limner.wire.images import ImagesRequest, Named
from limner.wire.openai import ChatCompletionRequest, ExtraBody, LimnerOptions, Message
from limner.wire.parts import ContentPart, ImageUrl

MAX_INPUTS = 14
"""Pictures of a request, mask and markup among them."""

_NOT_ASKED = frozenset({"image", "images", "mask", "markup", "partial_images"})
"""What equal requests may write in several ways, or says how a stream is sent."""

_OVERLAYS = {
    "mask": (
        "The next picture is a mask for the first one: where it is fully transparent, the first picture is to be changed; "
        "everything else of it stays as it is. The mask itself is not to be seen."
    ),
    "markup": (
        "The next picture lies over the first one, of the same size, and shows what is to be changed and where. Its marks "
        "themselves are not to be seen."
    ),
}


class Depiction(Struct, frozen=True, kw_only=True):
    """What a request says and shows."""

    pictures: Mapping[str, Sequence[int | Link]]
    """The pictures that are named, by `image`, `mask` and `markup`."""
    said: Sequence[Piece]
    """The prompt, with the pictures in it."""

    @property
    def prompt(self) -> str:
        """The words of the prompt."""
        return "\n".join(piece.strip() for piece in self.said if isinstance(piece, str)).strip()

    def list_pieces(self) -> Iterator[Piece]:
        """Yield what the model is told: the pictures, what the last of them are there for, and the prompt."""
        for field, pictures in self.pictures.items():
            if pictures and field in _OVERLAYS:
                yield _OVERLAYS[field]
            yield from pictures
        yield from self.said


def read_depiction(request: ImagesRequest, pictures: Sequence[InputPicture], *, is_edit: bool) -> Depiction:
    """Return what a request says and shows; `is_edit` says that it needs a picture. Raises InvalidRequest."""
    if not (request.prompt and request.prompt.strip()):
        raise _missing("prompt", "The request has no 'prompt'; it is what is drawn, in words.")
    depiction = Depiction(
        pictures={
            "image": [
                *_read_list("image", request.image, pictures),
                *_read_list("images", request.images, pictures),
            ],
            "mask": [*_read_list("mask", request.mask, pictures)],
            "markup": [*_read_list("markup", request.markup, pictures)],
        },
        said=[*split_text(request.prompt, "prompt", pictures)],
    )
    shown = [piece for piece in depiction.list_pieces() if not isinstance(piece, str)]
    if len(shown) > MAX_INPUTS:
        raise InvalidRequest(
            f"The request holds or names {len(shown)} pictures; up to {MAX_INPUTS} are taken, masks among them.",
            code="invalid_image",
            param="image",
        )
    for field in _OVERLAYS:
        if depiction.pictures[field] and not depiction.pictures["image"]:
            raise _missing("image", f"There is a {field!r} and no 'image' that it is for.")
    if is_edit and not shown:
        raise _missing("image", "The request has no 'image'; it is what is changed.")
    return depiction


def to_dialogue(depiction: Depiction) -> Dialogue:
    """Return the conversation that Gemini is sent."""
    return Dialogue(turns=[Turn(role="user", pieces=[*depiction.list_pieces()])], system=[], notices=())


def to_chat(request: ImagesRequest) -> ChatCompletionRequest:
    """Return a request of the chat door that sets the same and says nothing yet, pictures as links or in `images`."""
    by_link = request.response_format == "url"
    return ChatCompletionRequest(
        model=request.model,
        store=request.store,
        extra_body=ExtraBody(google=request.extra_body.google) if request.extra_body else None,
        google=request.google,
        limner=LimnerOptions(image_output="url" if by_link else "images"),
        modalities=["text", "image"],
        n=request.n,
        temperature=request.temperature,
        top_p=request.top_p,
        seed=request.seed,
    )


def to_message(request: ImagesRequest, depiction: Depiction) -> Message:
    """Return what the chat door would be told: the pictures and the prompt as they were given."""
    named = [piece for pictures in depiction.pictures.values() for piece in pictures]
    return Message(
        role="user",
        content=[
            *(ContentPart(type="image_url", image_url=ImageUrl(_to_url(piece))) for piece in named),
            ContentPart(type="text", text=request.prompt),
        ],
    )


def identify(fields: Mapping[str, Any], depiction: Depiction) -> dict[str, Any]:
    """Return the fields of a request as all have them that ask the same, as JSON or as a form.

    Pictures that came stand in it as marks.
    """
    same = {name: value for name, value in fields.items() if name not in _NOT_ASKED}
    for field, pictures in depiction.pictures.items():
        if pictures:
            same[field] = [_to_url(piece) for piece in pictures]
    return same


def _read_list(
    field: str, named: Named | Sequence[Named | None] | None, pictures: Sequence[InputPicture]
) -> Iterator[int | Link]:
    if named is None or named == "":
        return
    if isinstance(named, str | ContentPart):
        yield from read_entry(named, field, pictures)
        return
    for index, entry in enumerate(named):
        if entry is not None:
            yield from read_entry(entry, f"{field}[{index}]", pictures)


def _to_url(piece: int | Link) -> str:
    return piece.url if isinstance(piece, Link) else mark(piece)


def _missing(param: str, message: str) -> InvalidRequest:
    return InvalidRequest(message, code="missing_required_parameter", param=param)
