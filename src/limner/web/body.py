"""Reads a request's body: JSON into an object, pictures into spools as they come. Knows no door."""

from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Any

from msgspec import Struct
from starlette.requests import Request

from limner.errors import InvalidRequest, RequestTooLarge, UnsupportedMediaType, no_storage
from limner.generation.inputs import MAX_PICTURES, describe
from limner.pictures.spool import FileSpool, InvalidBase64, PictureSpool
from limner.translate.body import BodyReader
from limner.translate.messages import InputPicture
from limner.translate.scanner import LongBegins, LongBytes, LongEnds

_KEPT_TEXT_BYTES = 4096
_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")
_WHITE_SPACE = b" \t\r\n"


class Body(Struct, frozen=True):
    """A request's JSON object and the pictures that came in it, by their marks' numbers."""

    fields: dict[str, Any]
    pictures: list[InputPicture]
    spools: list[PictureSpool]

    def close(self) -> None:
        """Let the pictures go."""
        for spool in self.spools:
            spool.close()


async def read_body(request: Request, *, max_bytes: int, new_spool: Callable[[], FileSpool]) -> Body:
    """Return the body of `request`. Raises GatewayError; the spools are then closed."""
    _check_headers(request, max_bytes)
    reader = BodyReader()
    incoming = Incoming(new_spool)
    try:
        async for data in limit(request.stream(), max_bytes):
            for token in reader.feed(data):
                incoming.take(token)
        return Body(reader.close(), incoming.pictures, [*incoming.spools])
    except BaseException:
        incoming.close()
        raise


async def limit(stream: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    """Yield what comes of a body, up to `max_bytes`. Raises RequestTooLarge."""
    received_bytes = 0
    async for data in stream:
        received_bytes += len(data)
        if received_bytes > max_bytes:
            raise _too_large(max_bytes)
        yield data


class Incoming:
    """The pictures of one body as they come."""

    def __init__(self, new_spool: Callable[[], FileSpool]) -> None:
        self._new_spool = new_spool
        self._is_valid = True
        self._text = b""
        self.spools: list[FileSpool] = []
        self.pictures: list[InputPicture] = []

    def take(self, token: LongBegins | LongBytes | LongEnds) -> None:
        """Take base64 as it stands in a JSON string. Raises GatewayError."""
        match token:
            case LongBegins():
                self.begin()
                self._is_valid, self._text = True, b""
            case LongBytes(base64):
                if len(self._text) <= _KEPT_TEXT_BYTES:
                    self._text += base64[: _KEPT_TEXT_BYTES + 1]
                self._append(base64)
            case LongEnds():
                self.pictures.append(self._finish(self.spools[-1]))

    def begin(self) -> None:
        """Take the beginning of a picture. Raises InvalidRequest."""
        if len(self.spools) == MAX_PICTURES:
            raise InvalidRequest(
                f"The request holds more than {MAX_PICTURES} pictures.", code="invalid_image"
            )
        self.spools.append(self._new_spool())

    def append_bytes(self, data: bytes) -> None:
        """Take the next bytes of a picture that does not come as base64. Raises GatewayUnavailable."""
        self.spools[-1].append_bytes(data)
        self._check_disk()

    def end_bytes(self) -> None:
        """Take the end of such a picture. Raises GatewayUnavailable."""
        spool = self.spools[-1]
        spool.finish()
        self._check_disk()
        self.pictures.append(describe(spool))

    def close(self) -> None:
        """Let the pictures go."""
        for spool in self.spools:
            spool.close()

    def _append(self, base64: bytes) -> None:
        if not self._is_valid:
            return
        try:
            self.spools[-1].append(base64.translate(_STANDARD_ALPHABET, _WHITE_SPACE))
        except InvalidBase64:
            self._is_valid = False
        self._check_disk()

    def _check_disk(self) -> None:
        if self.spools[-1].is_held:
            raise no_storage()

    def _finish(self, spool: PictureSpool) -> InputPicture:
        try:
            spool.finish()
        except InvalidBase64:
            self._is_valid = False
        self._check_disk()
        is_picture = self._is_valid and spool.mime_type is not None
        is_short = len(self._text) <= _KEPT_TEXT_BYTES
        text = self._text[: _KEPT_TEXT_BYTES + 1]  # more is kept or not as the pieces were cut
        return InputPicture(
            mime_type=spool.mime_type if is_picture else None,
            # What is no picture is text: two texts are not one because they decode to the same, or not at all.
            sha256=spool.sha256 if is_picture else f"text:{sha256(text).hexdigest()}",
            size_bytes=spool.size_bytes,
            text=text.decode("utf-8", "replace") if is_short else None,
            pixels=spool.pixels if is_picture else None,
        )


def _check_headers(request: Request, max_bytes: int) -> None:
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise UnsupportedMediaType("The body is multipart; this door reads application/json.")
    check_length(request, max_bytes)


def check_length(request: Request, max_bytes: int) -> None:
    """Return if a body comes as it is and does not say that it is too long. Raises GatewayError."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("The body is compressed; send it as it is.")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise _too_large(max_bytes)


def _too_large(max_bytes: int) -> RequestTooLarge:
    return RequestTooLarge(f"The body is larger than {max_bytes} bytes, the most this gateway takes.")
