"""Links to kept pictures: made, recognised and checked. Knows no door, no books and not who asks.

A link is `/images/<picture id>?expires=<epoch seconds>&signature=<43 characters>`, below whatever address the
gateway is reached at. Its signature is over id and expiry. So a link can be checked by every gateway with the same
secret, and neither be guessed nor prolonged.
"""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest, digest
from urllib.parse import SplitResult, parse_qsl, urlsplit

_PATH = re.compile(r"(?:.*/)?images/(img_[0-9a-f]{32})")
_ID = re.compile(r"img_[0-9a-f]{32}")
_DECIMAL = re.compile(r"[0-9]{1,12}")
_PARAMETERS = ("expires", "signature")
_LONGEST_CHARACTERS = 4096
"""No link is longer by far, whatever was added to it; what is longer is not taken apart."""


def find_picture_id(url: str) -> str | None:
    """Return the picture that a URL of this form, a path or a bare id names; None if it names none."""
    if _ID.fullmatch(url):
        return url
    parts = _split(url)
    found = None if parts is None else _PATH.fullmatch(parts.path)
    return found[1] if found else None


class PictureLinks:
    """Signs links and knows its own again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, picture_id: str, expires_at: int) -> str:
        """Return path and query of the link to a picture that works until `expires_at`, epoch seconds."""
        return (
            f"/images/{picture_id}?expires={expires_at}&signature={self._sign(picture_id, str(expires_at))}"
        )

    def read_expiry(self, picture_id: str, query: str, now_seconds: float) -> int | None:
        """Return when the link to this picture ends, epoch seconds.

        None: the query is not the one signed for it, or its time is over.
        """
        if len(query) > _LONGEST_CHARACTERS:
            return None
        given = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
        expires, signature = ([value for key, value in given if key == name] for name in _PARAMETERS)
        if len(expires) != 1 or len(signature) != 1:
            return None
        signed = self._sign(picture_id, expires[0])
        if not compare_digest(signature[0].encode("utf-8", "surrogatepass"), signed.encode()):
            return None
        ends_at = int(expires[0]) if _DECIMAL.fullmatch(expires[0]) else 0
        return ends_at if ends_at > now_seconds else None

    def is_valid(self, picture_id: str, query: str, now_seconds: float) -> bool:
        """Return whether the query is the one signed for this picture, and its time is not over."""
        return self.read_expiry(picture_id, query, now_seconds) is not None

    def is_valid_url(self, url: str, now_seconds: float) -> bool:
        """Return whether a URL, wherever it leads, was signed here and its time is not over."""
        picture_id, parts = find_picture_id(url), _split(url)
        return (
            picture_id is not None
            and parts is not None
            and self.is_valid(picture_id, parts.query, now_seconds)
        )

    def was_signed(self, url: str) -> bool:
        """Return whether a URL was signed here, however long ago: whoever sends it was given it."""
        return self.is_valid_url(url, float("-inf"))

    def _sign(self, picture_id: str, expires: str) -> str:
        signature = digest(self._key, f"{picture_id}\n{expires}".encode("utf-8", "surrogatepass"), sha256)
        return urlsafe_b64encode(signature).decode().rstrip("=")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url) if len(url) <= _LONGEST_CHARACTERS else None
    except ValueError:
        return None
