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

    def is_valid(self, picture_id: str, query: str, now_seconds: float) -> bool:
        """Return whether the query is the one signed for this picture, and its time is not over."""
        given = dict(parse_qsl(query))
        expires, signature = given.get("expires", ""), given.get("signature", "")
        if not compare_digest(signature.encode(), self._sign(picture_id, expires).encode()):
            return False
        return _DECIMAL.fullmatch(expires) is not None and int(expires) > now_seconds

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
        signature = digest(self._key, f"{picture_id}\n{expires}".encode("utf-8", "replace"), sha256)
        return urlsafe_b64encode(signature).decode().rstrip("=")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
