"""Finds the pictures that stand in a text: data URIs, and Markdown pictures that lead to this gateway. Pure.

A data URI is a picture wherever it stands, with the Markdown around it. A link is one only as a Markdown picture of
the form that this gateway gives out: what somebody else wrote into a text makes it fetch nothing.
"""

import re
from collections.abc import Iterator, Sequence
from heapq import merge

from msgspec import Struct
from msgspec.structs import replace

from limner.translate.pieces import InputPicture, Link, Piece, check_picture

OWN_PATH = r"images/img_[0-9a-f]{32}"
"""How the path of a link to a picture ends, as `pictures.links` writes it."""

_MARK_IN_TEXT = re.compile(r";base64,\0([0-9]{1,9})", re.IGNORECASE)
"""What a client writes itself never looks like this: after `;base64,` the body's reader leaves a mark."""
_OWN_IN_TEXT = re.compile(rf"{OWN_PATH}(?![0-9A-Za-z_/.-])")
_URI_HEAD = re.compile(r"data:[!-+\--~]*,", re.IGNORECASE)
_OPENING = r"!\[(?:[^\[\]\\\n]|\\.|\[[^\[\]\n]*\])*+\]\(\s*<?"
_PICTURE_HEAD = re.compile(_OPENING)
_OWN_HEAD = re.compile(rf"{_OPENING}(?!(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//\Z)((?:[^\s()<>?#\0]*/)?)")
"""Of `//images/…` the first part is a host."""
_CLOSING = r">?(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?\s*\)"
_PICTURE_TAIL = re.compile(_CLOSING)
_OWN_TAIL = re.compile(rf"((?:[?#][^\s()<>\0]*)?){_CLOSING}")


class _Found(Struct, frozen=True):
    """A picture and where it, with what belongs to it, begins and ends in the text."""

    begins: int
    ends: int
    piece: int | Link


def split_text(
    text: str, param: str, pictures: Sequence[InputPicture], *, takes_links: bool = True
) -> Iterator[Piece]:
    """Yield the text and the pictures in it, in their order; base64 never stays in the text.

    `takes_links` says whether links of this gateway's form are pictures. Raises InvalidRequest.
    """
    position = searched_to = 0
    kept = ""
    for sign in merge(_MARK_IN_TEXT.finditer(text), _OWN_IN_TEXT.finditer(text), key=re.Match.start):
        if sign.start() < position:
            continue
        if sign.re is _OWN_IN_TEXT:
            link = _find_link(text, searched_to, sign, param) if takes_links else None
            searched_to = sign.end()
            if link is None:
                continue
            found = link
        else:
            number, mark_at = int(sign[1]), sign.start(1) - 1
            if number >= len(pictures):
                continue
            begins, ends = _find_extent(text, searched_to, mark_at, sign.end())
            searched_to = ends
            if begins == mark_at or pictures[number].mime_type is None:
                kept += text[position:mark_at] + (pictures[number].text or "")
                position = sign.end()
                continue
            found = _Found(begins, ends, check_picture(number, param, pictures))
        kept += text[position : found.begins]
        position = searched_to = found.ends
        yield from _put_before(kept, found.piece)
        kept = ""
    kept += text[position:]
    if kept and (kept.strip() or not position):
        yield kept


def _put_before(kept: str, piece: int | Link) -> Iterator[Piece]:
    """Yield a picture and the text before it; white space alone counts only where the picture may be text again."""
    if kept.strip():
        yield kept
    elif isinstance(piece, Link):
        piece = replace(piece, text=f"{kept}{piece.text}")
    yield piece


def restore_text(text: str, pictures: Sequence[InputPicture]) -> str:
    """Return a text that is no place for pictures as it was sent; what was too long is left out."""

    def restore(found: re.Match[str]) -> str:
        number = int(found[1])
        kept = (pictures[number].text or "") if number < len(pictures) else f"\0{number}"
        return f"{found[0][: len(';base64,')]}{kept}"

    return _MARK_IN_TEXT.sub(restore, text)


def _find_link(text: str, searched_to: int, sign: re.Match[str], param: str) -> _Found | None:
    """Return the Markdown picture whose link has the path at `sign`, or None if it is not one."""
    head = text[searched_to : sign.start()]
    opening_at = head.rfind("![")
    opening = _OWN_HEAD.fullmatch(head, opening_at) if opening_at >= 0 else None
    closing = _OWN_TAIL.match(text, sign.end()) if opening else None
    if opening is None or closing is None:
        return None
    begins, ends = searched_to + opening_at, closing.end()
    url = f"{opening[1]}{sign[0]}{closing[1]}"
    return _Found(begins, ends, Link(url, param, text[begins:ends]))


def _find_extent(text: str, searched_to: int, mark_at: int, mark_ends: int) -> tuple[int, int]:
    """Return where the data URI that a mark ends, or the Markdown picture around it, begins and ends.

    It begins at the mark itself where there is none. Looks back from the mark: a search from the front would
    take quadratic time in texts that are full of `![`.
    """
    head = text[searched_to:mark_at]
    uri_at = head.lower().rfind("data:") - len(head.lower()) + len(head)
    if uri_at < 0 or _URI_HEAD.fullmatch(head, uri_at) is None:
        return mark_at, mark_ends
    link_at = head.rfind("![", 0, uri_at)
    tail = _PICTURE_TAIL.match(text, mark_ends)
    if link_at >= 0 and tail is not None and _PICTURE_HEAD.fullmatch(head, link_at, uri_at):
        return searched_to + link_at, tail.end()
    return searched_to + uri_at, mark_ends
