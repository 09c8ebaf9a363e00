"""Reads the body of a request in Gemini's own format: base64 into spools as it comes, all else into an object. Knows no door."""

from collections.abc import Callable

from starlette.requests import Request

from limner.errors import InvalidRequest, no_storage
from limner.generation.inputs import MAX_PICTURES, describe
from limner.pictures.spool import FileSpool, InvalidBase64
from limner.translate.body import BodyReader
from limner.translate.native_contents import to_snake_case
from limner.translate.native_places import choose_passing
from limner.translate.pieces import InputPicture
from limner.translate.tokens import ARRAY, LongBegins, LongBytes, LongEnds
from limner.web.body import Body, check_length, limit

_MOST_STRINGS = 3 * MAX_PICTURES
"""Pictures, and thought signatures of as many parts again and more."""

_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")
_WHITE_SPACE = b" \t\r\n"
_SHOWN_BYTES = 16
"""Of what should be base64: the beginning of a file of any picture, which is its type."""


async def read_native_body(request: Request, *, max_bytes: int, new_spool: Callable[[], FileSpool]) -> Body:
    """Return the body of `request`; its `pictures` are all that is base64. Raises GatewayError; the spools are then closed."""
    check_length(request, max_bytes)
    reader = BodyReader(choose_passing)
    incoming = _Incoming(new_spool)
    try:
        async for data in limit(request.stream(), max_bytes):
            for token in reader.feed(data):
                incoming.take(token)
        return Body(reader.close(), incoming.pictures, [*incoming.spools])
    except BaseException:
        incoming.close()
        raise


class _Incoming:
    """The base64 of one body as it comes."""

    def __init__(self, new_spool: Callable[[], FileSpool]) -> None:
        self._new_spool = new_spool
        self._path: tuple[str, ...] = ()
        self._begins = b""
        self._data_strings = 0
        self.spools: list[FileSpool] = []
        self.pictures: list[InputPicture] = []

    def take(self, token: LongBegins | LongBytes | LongEnds) -> None:
        match token:
            case LongBegins(_, path):
                self._begin(path)
            case LongBytes(base64):
                if len(self._begins) <= _SHOWN_BYTES:
                    self._begins += base64[: _SHOWN_BYTES + 1]
                self._try(lambda spool: spool.append(base64.translate(_STANDARD_ALPHABET, _WHITE_SPACE)))
            case LongEnds():
                self._try(FileSpool.finish)
                self.pictures.append(describe(self.spools[-1]))

    def close(self) -> None:
        for spool in self.spools:
            spool.close()

    def _begin(self, path: tuple[str, ...]) -> None:
        self._path, self._begins = path, b""
        self._data_strings += path[-1] == "data"
        if self._data_strings > MAX_PICTURES or len(self.spools) == _MOST_STRINGS:
            raise InvalidRequest(
                f"The request holds more than {MAX_PICTURES} pictures, or {_MOST_STRINGS} of these and thought signatures.",
                code="invalid_image",
            )
        self.spools.append(self._new_spool())

    def _try(self, step: Callable[[FileSpool], None]) -> None:
        spool = self.spools[-1]
        try:
            step(spool)
        except InvalidBase64 as error:
            names = ".".join(to_snake_case(name) for name in self._path).replace(f".{ARRAY}", ARRAY)
            shown = self._begins[:_SHOWN_BYTES].decode("utf-8", "replace") + "…" * (
                len(self._begins) > _SHOWN_BYTES
            )
            raise InvalidRequest(
                f"Invalid value at '{names}' (TYPE_BYTES), Base64 decoding failed for \"{shown}\"",
                code="invalid_image",
                param=names,
            ) from error
        if spool.is_held:
            raise no_storage()
