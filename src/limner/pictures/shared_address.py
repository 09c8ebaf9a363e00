"""Where the shared store is, as an operator writes it. Pure: must not know the library that goes there."""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

OPTION_PREFIXES = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
"""How the variables begin that say how a store is reached, by scheme."""

ACCEPTED = (
    "file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix, prefixes optional"
)

# Narrower than S3, GCS and Azure: what needs no escaping in an address, a console or a shell.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SEGMENT = re.compile(r"[A-Za-z0-9._=+-]+")


class StoreAddress(NamedTuple):
    """An address taken apart."""

    scheme: str
    """`file`, `s3`, `gs` or `az`."""
    bucket: str
    """The bucket or container; empty for `file`."""
    path: str
    """The prefix without slashes at its ends, which may be empty; for `file` the folder, absolute."""

    def __str__(self) -> str:
        """Return the address in the one form that equal addresses share."""
        if self.scheme == "file":
            return f"file://{quote(self.path)}"
        return f"{self.scheme}://{self.bucket}{'/' if self.path else ''}{self.path}"


def parse_store_url(value: str) -> StoreAddress:
    """Return the address that `value` is. Raises ValueError, which quotes nothing of it."""
    url = _split(value)
    if url.scheme == "file":
        return _parse_folder(value, url)
    if url.scheme not in OPTION_PREFIXES:
        raise ValueError("it does not begin with file://, s3://, gs:// or az://")
    if not url.netloc:
        raise ValueError("it names no bucket")
    if ":" in url.netloc:
        raise ValueError("it carries a port; where the store is belongs into a variable of its own")
    if _BUCKET.fullmatch(url.netloc) is None:
        raise ValueError("its bucket has characters that no bucket has")
    prefix = url.path.strip("/")
    _check_segments(prefix.split("/") if prefix else [])
    return StoreAddress(url.scheme, url.netloc, prefix)


def check_folder(folder: str) -> None:
    """Return if `folder` is the name of a folder, or of one in another. Raises ValueError."""
    _check_segments(folder.split("/"))


def _split(value: str) -> SplitResult:
    try:
        url = urlsplit(value)
    except ValueError:  # its text quotes the address, which may hold a password
        raise ValueError("it is not an address") from None
    if "@" in value:
        raise ValueError("it carries a user name or password, which belong into variables")
    if "?" in value or "#" in value:
        raise ValueError("it carries a query or fragment")
    return url


def _parse_folder(value: str, url: SplitResult) -> StoreAddress:
    path = unquote(url.path).rstrip("/")
    if not value.lower().startswith("file:///") or not path:
        raise ValueError("its folder is not absolute, with three slashes")
    if "\0" in path or ".." in path.split("/"):
        raise ValueError("its folder is not spelt out")
    return StoreAddress("file", "", path)


def _check_segments(segments: list[str]) -> None:
    for segment in segments:
        if _SEGMENT.fullmatch(segment) is None or segment in {".", ".."}:
            raise ValueError("its prefix is not of letters, digits and . _ = + - between single slashes")
