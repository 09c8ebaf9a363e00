"""Sends a generation to one client as a whole answer, and holds what streams need as well. Knows ASGI.

What a client is sent is read from transcript and spools, whether the generation has just ended or was read
back from the store. One that leaves is sent nothing more.
"""

from collections.abc import Mapping, Sequence

from starlette.types import Send

from limner.errors import UpstreamFailure
from limner.generation.record import Bill, Generation
from limner.pictures.links import PictureLinks
from limner.translate.answer import AnswerHead, encode_answer, to_limner_note
from limner.translate.composition import Composer, FindLink
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
    generation: Generation,
    delivery: Delivery,
    send: Send,
    *,
    links: PictureLinks,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Wait for the end and send the answer, with `metadata` if there is any; `links` signs links to its pictures.

    Raises the GatewayError that the generation ended with, or ClientDisconnect.
    """
    head = to_answer_head(generation)
    with generation.audience.join():
        await delivery.wait_until_over()
        outcome, bill = get_result(generation)
        find_link = to_find_link(generation, links)
        composer = compose(generation, find_link)
        segments = list(composer.take_rest(outcome.refusal))
        usage = to_usage(bill.tokens, bill.cost_micro_usd)
        note = write_note(generation, head, composer, bill, find_link)
        pieces, pictures = encode_answer(
            head, segments, outcome, usage, note, form=generation.asked.image_output, metadata=metadata
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
            delivery.mark(len(composer.delivered))
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


def to_find_link(generation: Generation, links: PictureLinks) -> FindLink:
    """Return what finds the links to a generation's pictures, once it is over."""

    def find_link(picture_id: str) -> str | None:
        expires_at = generation.asked.links_expire_at
        if expires_at is None or generation.is_unstored:  # nothing is there that a link could lead to
            return None
        return generation.asked.link_base + links.sign(picture_id, expires_at)

    return find_link


def compose(generation: Generation, find_link: FindLink) -> Composer:
    """Return what puts a generation's pieces in order, as the call asked for them."""
    asked = generation.asked
    return Composer(
        generation.transcript,
        form=asked.image_output,
        wants_thoughts=asked.wants_thoughts,
        draws=asked.draws,
        find_link=find_link,
    )


def get_result(generation: Generation) -> tuple[Outcome, Bill]:
    """Return how a generation that is over ended. Raises the GatewayError it ended with."""
    if generation.outcome is None or generation.bill is None:
        raise generation.failure or UpstreamFailure("The generation has no outcome.")
    return generation.outcome, generation.bill


def write_note(
    generation: Generation, head: AnswerHead, composer: Composer, bill: Bill, find_link: FindLink
) -> LimnerNote:
    """Return what Limner says beside OpenAI's fields."""
    return to_limner_note(
        head,
        upstream_model=generation.asked.upstream_model,
        cost_usd=None if bill.cost_micro_usd is None else bill.cost_micro_usd / 1_000_000,
        notices=generation.notices,
        pictures=composer.delivered,
        find_link=find_link,
    )


async def send_start(send: Send, headers: list[tuple[bytes, bytes]]) -> None:
    """Begin a good answer."""
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def send_body(send: Send, body: bytes) -> None:
    """Send a piece of the body."""
    await send({"type": "http.response.body", "body": body, "more_body": True})
