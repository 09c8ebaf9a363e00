"""OpenAI's stored completions, beyond reading them: metadata, what was asked, deletion. Knows no call.

What OpenAI keeps to those asked with `store: true` is so here; but any answer can be deleted.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from msgspec import UNSET
from msgspec.structs import replace
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from limner.errors import Conflict, InvalidRequest, MethodNotAllowed, NotFound
from limner.generation.stored_answers import StoredAnswers
from limner.generation.stored_request import open_picture
from limner.ledger.errors import DatabaseError
from limner.ledger.records import GenerationRecord
from limner.pictures.spool import FileSpool
from limner.pictures.stored import StoredSpool
from limner.translate.body import to_record
from limner.translate.metadata import read_metadata
from limner.web.body import read_body
from limner.web.completion_notes import encode_metadata, to_note
from limner.web.completions import to_json
from limner.web.message_pages import make_page
from limner.web.ownership import Ownership, no_books, not_found, to_completion_id
from limner.web.paging import read_limit, read_order
from limner.web.repeats import note_generation
from limner.web.sending import SEND_BYTES, send_body, send_start
from limner.wire.completions import CompletionDeleted, MetadataUpdate

_MAX_BODY_BYTES = 64 * 1024
"""The longest metadata there may be, with every character escaped, take 58 KB."""


class StoredDoor:
    """The doors to what is kept of a completion."""

    def __init__(
        self, answers: StoredAnswers, ownership: Ownership, *, new_spool: Callable[[], FileSpool]
    ) -> None:
        self._answers = answers
        self._ownership = ownership
        self._new_spool = new_spool

    async def update(self, request: Request) -> Response:
        """Put other metadata on a completion, and answer with it as lists show it. Raises GatewayError."""
        record = await self._find_stored(request)
        metadata = encode_metadata(await self._read_metadata(request))
        try:
            is_written = await self._answers.write_metadata(record.id, metadata)
        except DatabaseError as error:
            raise no_books() from error
        if not is_written:
            raise not_found(request.path_params["completion_id"])
        received_bytes = self._answers.measure_received(record.id)
        return to_json(to_note(replace(record, metadata=metadata), received_bytes))

    async def delete(self, request: Request) -> Response:
        """Delete an answer, whether it was asked with `store: true` or not. Raises GatewayError."""
        record = await self._find(request)
        if not record.is_over:
            raise Conflict("The call has not ended yet; its answer can be deleted when it has.")
        if record.error is not None:
            raise NotFound("The call ended with an error; there is no answer to delete.")
        try:
            await self._answers.delete(record)
        except DatabaseError as error:
            raise no_books() from error
        return to_json(CompletionDeleted(id=to_completion_id(record.id)))

    async def list_messages(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer with a page of what was asked, its pictures from their files. Raises GatewayError."""
        request = Request(scope, receive)
        if request.method == "HEAD":  # as for an answer: it would be read in vain
            raise MethodNotAllowed(f"{request.url.path} does not take HEAD.")
        record = await self._find_stored(request)
        if not record.is_over:
            raise NotFound("The call has not ended yet; what it asked can be read when it has.")
        query = request.query_params
        limit, is_newest_first = read_limit(query), read_order(query)
        async with self._answers.open_request(record) as asked:
            page = make_page(
                asked.messages,
                to_completion_id(record.id),
                after=query.get("after"),
                limit=limit,
                is_newest_first=is_newest_first,
            )
            with ExitStack() as files:
                # All of them before the first byte: what is missing is an error, what is deleted then is read on.
                spools = [open_picture(asked.folder, picture) for picture in page.pictures]
                for spool in spools:
                    files.callback(spool.close)
                await _send_page(page.pieces, spools, scope, send)

    async def _find(self, request: Request) -> GenerationRecord:
        record = await self._ownership.find(request)
        if record.is_over and record.answer is None and record.error is None:
            raise not_found(request.path_params["completion_id"])
        note_generation(request.scope, record.id, is_replayed=False)
        return record

    async def _find_stored(self, request: Request) -> GenerationRecord:
        record = await self._find(request)
        if record.store is not True:
            raise NotFound(
                "The chat completion was not asked with 'store': true; this is only there for such."
            )
        if record.error is not None:
            raise NotFound("The call ended with an error; there is no stored chat completion.")
        return record

    async def _read_metadata(self, request: Request) -> dict[str, str] | None:
        body = await read_body(request, max_bytes=_MAX_BODY_BYTES, new_spool=self._new_spool)
        try:
            given = to_record(body.fields, MetadataUpdate).metadata
            if given is UNSET:
                raise InvalidRequest(
                    "There is no 'metadata'; it is what can be changed, and null takes it away.",
                    code="missing_required_parameter",
                    param="metadata",
                )
            return None if given is None else read_metadata(given, body.pictures)
        finally:
            body.close()


async def _send_page(
    pieces: Sequence[bytes], spools: Sequence[StoredSpool], scope: AsgiScope, send: Send
) -> None:
    """Send a page in pieces, of which each slow client holds one: its pictures may be 140 MiB and more."""
    length = sum(map(len, pieces)) + sum(-(-spool.size_bytes // 3) * 4 for spool in spools)
    await send_start(
        send, [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    )
    connection = scope.get("limner.connection")
    await send_body(send, pieces[0])
    for spool, piece in zip(spools, pieces[1:], strict=True):
        for offset in range(0, spool.size_bytes, SEND_BYTES):
            if connection is not None and connection.is_lost:
                raise ClientDisconnect
            await send_body(send, bytes(spool.read_base64(offset, SEND_BYTES)))
        await send_body(send, piece)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
