"""Reads one part of a message, in whatever spelling: which pictures it names, and where. Pure.

What clients send (read in their sources and measured, 2026-11):

    text, input_text, output_text     `text`
    image_url, input_image            `image_url`, a string or an object with `url` and extras; `file_id`
    file, input_file                  `file` with `file_data` or `file_id`; the same without `file`; `file_url`
    image                             `image`, or `source` with `data`, `url` or `file_id` (Anthropic, AI SDK)
    inline_data, none                 `inline_data`, `file_data` and their camelCase (Gemini, AiHubMix)
    none                              `image_url`, `url`, `b64_json`: entries of `images` (OpenRouter, LiteLLM)
    thinking, reasoning               nothing that was said

A part of another type that names no picture is its text, or nothing. One that names a picture which cannot be read is
refused: a picture left out silently would be paid for and be wrong.
"""

import re
from collections.abc import Iterator, Sequence

from limner.errors import InvalidRequest
from limner.translate.pieces import InputPicture, Link, Piece, check_picture
from limner.translate.shown import shorten
from limner.translate.text_pictures import OWN_PATH, split_text
from limner.wire.parts import ContentPart, ImageUrl

_THOUGHT_TYPES = ("thinking", "redacted_thinking", "reasoning", "thought")
_PICTURE_WORDS = ("image", "file", "media", "inline", "document")
"""A type with one of these in its name is that of a picture, or of what a picture may be in."""

_DATA_URI = re.compile(r"data:[!-+\--~]*;base64,\0([0-9]{1,9})", re.IGNORECASE)
_MARK = re.compile(r"\0([0-9]{1,9})")
_LINK = re.compile(r"[a-z][a-z0-9+.-]*://|/", re.IGNORECASE)
_USER_INFO = re.compile(r"(//)[^/]*@")
_SHOWN_CHARACTERS = 40
_OWN_ID = re.compile(r"img_[0-9a-f]{32}")
_OWN_LINK = re.compile(rf"(?:[^\s?#:\0]*/)?{OWN_PATH}(?:[?#][^\s\0]*)?")


def read_part(
    part: ContentPart, param: str, pictures: Sequence[InputPicture], *, takes_links: bool = True
) -> Iterator[Piece]:
    """Yield the text of a part and the pictures it names. Raises InvalidRequest."""
    kind = (part.type or "").lower()
    if kind.startswith(_THOUGHT_TYPES):
        return
    if part.text:
        yield from split_text(part.text, f"{param}.text", pictures, takes_links=takes_links)
    named = list(_read_pictures(part, kind, param, pictures))
    yield from named
    if not (named or part.text) and any(word in kind for word in _PICTURE_WORDS):
        raise _refuse_part(part, param)


def read_entry(entry: str | ContentPart, param: str, pictures: Sequence[InputPicture]) -> list[int | Link]:
    """Return the pictures of one entry of `images`. Raises InvalidRequest."""
    if isinstance(entry, str):
        return [read_url(entry, param, pictures)]
    named = list(_read_pictures(entry, "image", param, pictures))
    if not named:
        raise _refuse_part(entry, param)
    return named


def read_url(value: str, param: str, pictures: Sequence[InputPicture]) -> int | Link:
    """Return the picture that a field names which holds nothing else. Raises InvalidRequest."""
    url = value.strip()
    found = _DATA_URI.fullmatch(url) or _MARK.fullmatch(url)
    if found is not None:
        return check_picture(int(found[1]), param, pictures)
    if url.lower().startswith(("http://", "https://")) or _OWN_LINK.fullmatch(url) or _OWN_ID.fullmatch(url):
        return Link(url, param)
    raise InvalidRequest(
        f"'{param}' is {_show(url)}; a picture must come as data:<type>;base64,<data>, as an https link, or as "
        "the link or id of a picture of this gateway.",
        code="invalid_image",
        param=param,
    )


def _show(url: str) -> str:
    """Return what a message shows of what is no picture: of a link neither user nor query, of bare base64 nothing."""
    shown = _USER_INFO.sub(r"\1…@", url.partition("?")[0])
    is_link = _LINK.match(shown) is not None and not shown.startswith("/9j/")  # how a JPEG's base64 begins
    is_text = is_link or len(shown) <= _SHOWN_CHARACTERS
    return shorten(shown) if is_text else f"a text of {len(url)} characters"


def _read_pictures(
    part: ContentPart, kind: str, param: str, pictures: Sequence[InputPicture]
) -> Iterator[int | Link]:
    is_named = False
    for field, value in _list_usual(part):
        is_named = True
        yield _read_field(field, value, param, pictures)
    if is_named or (kind and not any(word in kind for word in _PICTURE_WORDS)):
        return
    for field, value in _list_unusual(part):
        yield _read_field(field, value, param, pictures)
        return


def _list_usual(part: ContentPart) -> Iterator[tuple[str, str]]:
    """Yield the fields that mean a picture whatever the part's type is."""
    match part.image_url:
        case ImageUrl(url=url):
            yield "image_url.url", url
        case str(url):
            yield "image_url", url
    for name, blob in (("inlineData", part.inlineData), ("inline_data", part.inline_data)):
        if blob is not None and blob.data:
            yield f"{name}.data", blob.data
    uri = part.fileData and (part.fileData.fileUri or part.fileData.file_uri)
    if uri:
        yield "fileData.fileUri", uri
    if part.file is not None:
        for name, value in (("file_data", part.file.file_data), ("file_id", part.file.file_id)):
            if value is not None:
                yield f"file.{name}", value
                return


def _list_unusual(part: ContentPart) -> Iterator[tuple[str, str]]:
    """Yield the fields that mean one where the part is that of a picture; the first one counts."""
    source = part.source
    fields = {
        "image": part.image,
        "image.url": part.image.get("url") if isinstance(part.image, dict) else None,
        "source": source,
        **{
            f"source.{name}": source.get(name)
            for name in ("data", "url", "file_id")
            if isinstance(source, dict)
        },
        "url": part.url,
        "data": part.data,
        "b64_json": part.b64_json,
        "file_data": part.file_data,
        "file_data.file_uri": part.file_data.get("file_uri") if isinstance(part.file_data, dict) else None,
        "file_url": part.file_url,
        "file_id": part.file_id,
    }
    yield from ((name, value) for name, value in fields.items() if isinstance(value, str))


def _read_field(field: str, value: str, param: str, pictures: Sequence[InputPicture]) -> int | Link:
    if not field.endswith("file_id"):
        return read_url(value, f"{param}.{field}", pictures)
    if _OWN_ID.fullmatch(value.strip()):
        return Link(value.strip(), f"{param}.{field}")
    raise InvalidRequest(
        f"'{param}.{field}' is {shorten(value)}; uploaded files are not kept here. A picture must come as a data URI or "
        "an https link, and 'file_id' may be the id of a picture of this gateway (img_ and 32 digits).",
        code="invalid_image",
        param=f"{param}.{field}",
    )


def _refuse_part(part: ContentPart, param: str) -> InvalidRequest:
    kind = "" if part.type is None else f" of type {shorten(part.type)}"
    return InvalidRequest(
        f"'{param}' is a part{kind} without a picture that can be read; accepted: 'image_url', 'file', 'source', "
        "'inline_data', each with a data URI, base64 or a link.",
        code="invalid_image",
        param=param,
    )
