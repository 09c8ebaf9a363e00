"""Reads a request's body that comes as multipart/form-data: texts into an object, files into spools as they come.

What comes out is as if the request had come as JSON, so no door has to know which it was. Knows no door.

Facts: RFC 7578 (2015-07); python-multipart 0.0.34 takes pieces in any cut and calls back with what they hold. It takes the end
of the input for the end of the form, so whether the last boundary came is noted here.
"""

import logging
from collections.abc import Callable

from msgspec import Struct
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from limner.errors import InvalidRequest, RequestTooLarge
from limner.pictures.spool import FileSpool
from limner.translate.body import MAX_TEXT_BYTES, BodyReader
from limner.translate.images_form import (
    PICTURE_FIELDS,
    Upload,
    find_field,
    place_uploads,
    to_fields,
    to_json,
)
from limner.web.body import Body, Incoming, check_length, limit, read_body

_MOST_PARTS = 1000
_NO_LOG = logging.getLogger("limner.web.multipart.parser")
"""For the parser: what it would say of a malformed body quotes it."""
_NO_LOG.disabled = True


async def read_json_or_form(request: Request, *, max_bytes: int, new_spool: Callable[[], FileSpool]) -> Body:
    """Return the body of `request`, as which of both it comes. Raises GatewayError; the spools are then closed."""
    is_form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    read = read_multipart if is_form else read_body
    return await read(request, max_bytes=max_bytes, new_spool=new_spool)


async def read_multipart(request: Request, *, max_bytes: int, new_spool: Callable[[], FileSpool]) -> Body:
    """Return the body of `request`, which is a form. Raises GatewayError; the spools are then closed."""
    check_length(request, max_bytes)
    files, texts = Incoming(new_spool), Incoming(new_spool)
    try:
        form = _Form(_read_boundary(request), files)
        async for data in limit(request.stream(), max_bytes):
            form.feed(data)
        fields = to_fields(form.close())
        reader = BodyReader()  # base64 in a text, and what only looks like a picture, is what it is in JSON
        for token in reader.feed(to_json(fields)):
            texts.take(token)
        return Body(
            place_uploads(fields, reader.close(), len(texts.pictures)),
            [*texts.pictures, *files.pictures],
            [*texts.spools, *files.spools],
        )
    except BaseException:
        files.close()
        texts.close()
        raise


class _Part(Struct):
    """What is known of a part by its headers, and of a text all that has come of it."""

    name: str
    is_file: bool
    is_named_file: bool
    """Whether it names a file; a form's field that nobody has filled in names an empty one."""
    is_left_out: bool
    has_begun: bool = False
    text: bytearray = bytearray()


class _Form:
    """The parts of one form as they come; its files go to `files`."""

    def __init__(self, boundary: bytes, files: Incoming) -> None:
        self._files = files
        self._entries: list[tuple[str, str | Upload]] = []
        self._text_bytes = 0
        self._parts = 0
        self._part: _Part | None = None
        self._header = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._is_over = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._take_header,
                    "on_header_value": self._take_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open_part,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _malformed("its boundary is too long") from error
        self._parser.logger = _NO_LOG

    def feed(self, data: bytes) -> None:
        """Take the next piece. Raises GatewayError."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _malformed("its boundaries or the headers of its parts are not as they must be") from error

    def close(self) -> list[tuple[str, str | Upload]]:
        """Return names and values of the parts in their order. Raises InvalidRequest."""
        if not self._is_over:
            raise _malformed("it stops before its last boundary")
        return self._entries

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _malformed(f"it has more than {_MOST_PARTS} parts")
        self._headers.clear()

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _open_part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if not name:
            raise _malformed("a part of it has no name")
        kind, _ = parse_options_header(self._headers.get(b"content-type"))
        file_name = options.get(b"filename")
        is_text = not kind or kind.startswith(b"text/") or kind == b"application/json"
        is_picture = find_field(name) in PICTURE_FIELDS
        self._part = _Part(
            name=name,
            is_file=is_picture and (file_name is not None or not is_text),
            is_named_file=file_name != b"",
            is_left_out=not (is_picture or is_text),
            text=bytearray(),
        )

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        part = self._get_part()
        if part.is_left_out:
            return
        if part.is_file:
            self._begin_file(part)
            self._files.append_bytes(data[start:end])
            return
        self._text_bytes += end - start
        if self._text_bytes > MAX_TEXT_BYTES:
            raise RequestTooLarge(
                f"The form holds more than {MAX_TEXT_BYTES} bytes of text; pictures come as files."
            )
        part.text += data[start:end]

    def _end_part(self) -> None:
        part, self._part = self._get_part(), None
        if part.is_file:
            if part.has_begun or part.is_named_file:
                self._begin_file(part)
                self._files.end_bytes()
                self._entries.append((part.name, Upload(len(self._files.spools) - 1)))
        elif not part.is_left_out:
            self._entries.append((part.name, _decode(part)))

    def _end(self) -> None:
        self._is_over = True

    def _begin_file(self, part: _Part) -> None:
        if not part.has_begun:
            part.has_begun = True
            self._files.begin()

    def _get_part(self) -> _Part:
        if self._part is None:
            raise _malformed("a part of it has no headers")
        return self._part


def _read_boundary(request: Request) -> bytes:
    _, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise _malformed("its Content-Type names no boundary")
    return boundary


def _decode(part: _Part) -> str:
    try:
        return part.text.decode()
    except UnicodeDecodeError as error:
        raise _malformed(f"the text of {part.name[:80]!r} is not UTF-8") from error


def _malformed(told: str) -> InvalidRequest:
    return InvalidRequest(f"The request body is not valid multipart/form-data: {told}.")
