"""What scanning a JSON document gives, and what may be wrong with it. Records only."""

import msgspec

ARRAY = "[]"
"""Stands for any index in a path."""


class MalformedJson(Exception):
    """The bytes are not one JSON document within the limits; the message says what is wrong."""


class SkeletonTooLarge(MalformedJson):
    """There is more besides pictures than is held."""


class LongBegins(msgspec.Struct, frozen=True):
    """A base64 string begins; `mark` is its number in this document, `path` where it stands."""

    mark: int
    path: tuple[str, ...]


class LongBytes(msgspec.Struct, frozen=True):
    """A piece of the base64 string that began last, unescaped; cut anywhere."""

    base64: bytes


class LongEnds(msgspec.Struct, frozen=True):
    """The base64 string that began last is complete."""

    mark: int


class ObjectEnds(msgspec.Struct, frozen=True):
    """An object that was asked for has closed; `skeleton` is its JSON."""

    path: tuple[str, ...]
    skeleton: bytes


class DocumentEnds(msgspec.Struct, frozen=True):
    """The document has closed; objects handed out before stand in it as `{}`, unless they stay."""

    skeleton: bytes


Token = LongBegins | LongBytes | LongEnds | ObjectEnds | DocumentEnds


def mark(number: int) -> str:
    """Return what stands in the decoded skeleton for the long string `number`."""
    return f"\0{number}"


def encode_mark(number: int) -> bytes:
    """Return the same as it stands in the skeleton itself, between the quotes."""
    return b"\\u0000%d" % number
