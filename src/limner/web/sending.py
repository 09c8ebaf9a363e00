"""Sends a generation to one client as a whole answer, and holds what streams need as well. Knows ASGI.

What a client is sent is read from transcript and spools, whether the generation has just ended or was read
back from the store. One that leaves is sent nothing more.
"""

from collections.abc import Mapping, Sequence

from starlette.types import Send

from limner.errors import UpstreamFailure
from limner.generation.record import Bill, Generation
from limner.translate.answer import AnswerHead, encode_answer, to_limner_note
from limner.translate.composition import Composer
from limner.translate.outcome import Outcome
from limner.translate.transcript import Picture
from limner.translate.usage import to_usage
from limner.web.delivery import Delivery
from limner.wire.openai import LimnerNote

SEND_BYTES = 384 * 1024
"""Picture bytes read and sent at a time, 512 KiB of base64; a multiple of 3.

Fewer and larger pieces cost less (a tenth of a streamed 20 MB, measured 2026-11); each slow client holds one.
"""

SMALL_ANSWER_BYTES = 64 * 1024
"""An answer up to this size is written at once."""


def to_answer_head(generation: Generation) -> AnswerHead:
    """Return what every chunk and answer from `generation` carries, whoever asks."""
    return AnswerHead(
        id=f"chatcmpl-{generation.id.removeprefix('gen_')}",
        created=generation.asked.created,
        model=generation.asked.model,
        generation_id=generation.id,
    )


async def send_whole(
    generation: Generation, delivery: Delivery, send: Send, *, metadata: Mapping[str, str] | None = None
) -> None:
    """Wait for the end and send the answer, with `metadata` if there is any.

    Raises the GatewayError that the generation ended with, or ClientDisconnect.
    """
    head = to_answer_head(generation)
    with generation.audience.join():
        await delivery.wait_until_over()
        outcome, bill = get_result(generation)
        is_markdown = generation.asked.image_output == "markdown"
        composer = compose(generation)
        segments = list(composer.take_rest(outcome.refusal))
        usage = to_usage(bill.tokens, bill.cost_micro_usd)
        note = write_note(generation, head, composer, bill)
        pieces, pictures = encode_answer(
            head, segments, outcome, usage, note, is_markdown=is_markdown, metadata=metadata
        )
        length = sum(map(len, pieces)) + sum(-(-picture.size_bytes // 3) * 4 for picture in pictures)
        await send_start(
            send, [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
        )
        if length <= SMALL_ANSWER_BYTES:
            whole = pieces[0] + b"".join(
                bytes(generation.spools[picture.id].read_base64(0, picture.size_bytes)) + piece
                for picture, piece in zip(pictures, pieces[1:], strict=True)
            )
            await send({"type": "http.response.body", "body": whole, "more_body": False})
            delivery.mark(len(pictures))
        else:
            await _send_large(generation, delivery, pieces, pictures, send)
    await delivery.finish()


async def _send_large(
    generation: Generation,
    delivery: Delivery,
    pieces: Sequence[bytes],
    pictures: Sequence[Picture],
    send: Send,
) -> None:
    await send_body(send, pieces[0])
    for number, (picture, piece) in enumerate(zip(pictures, pieces[1:], strict=True), start=1):
        spool = generation.spools[picture.id]
        for offset in range(0, picture.size_bytes, SEND_BYTES):
            delivery.check_there()
            await send_body(send, bytes(spool.read_base64(offset, SEND_BYTES)))
        delivery.mark(number)
        await send_body(send, piece)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def compose(generation: Generation) -> Composer:
    """Return what puts a generation's pieces in order, as the call asked for them."""
    return Composer(
        generation.transcript,
        is_markdown=generation.asked.image_output == "markdown",
        wants_thoughts=generation.asked.wants_thoughts,
    )


def get_result(generation: Generation) -> tuple[Outcome, Bill]:
    """Return how a generation that is over ended. Raises the GatewayError it ended with."""
    if generation.outcome is None or generation.bill is None:
        raise generation.failure or UpstreamFailure("The generation has no outcome.")
    return generation.outcome, generation.bill


def write_note(generation: Generation, head: AnswerHead, composer: Composer, bill: Bill) -> LimnerNote:
    """Return what Limner says beside OpenAI's fields."""
    return to_limner_note(
        head,
        upstream_model=generation.asked.upstream_model,
        cost_usd=None if bill.cost_micro_usd is None else bill.cost_micro_usd / 1_000_000,
        notices=generation.notices,
        pictures=composer.delivered,
    )


async def send_start(send: Send, headers: list[tuple[bytes, bytes]]) -> None:
    """Begin a good answer."""
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def send_body(send: Send, body: bytes) -> None:
    """Send a piece of the body."""
    await send({"type": "http.response.body", "body": body, "more_body": True})
