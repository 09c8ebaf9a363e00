"""Sends a generation to one client as a whole answer, and holds what streams need as well. Knows ASGI.

What a client is sent is read from transcript and spools, whether the generation has just ended or was read
back from the store. One that leaves is sent nothing more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from starlette.types import Send

from limner.errors import UpstreamFailure
from limner.generation.record import Bill, Choice, Generation
from limner.pictures.links import PictureLinks
from limner.translate.answer import AnswerHead, encode_answer, to_limner_note
from limner.translate.composition import Composer, FindLink, Segment
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
    await send_encoded(generation, delivery, send, lambda: _encode(generation, links, metadata))


async def send_encoded(
    generation: Generation, delivery: Delivery, send: Send, encode: "Callable[[], Encoded]"
) -> None:
    """Wait for the end and send what `encode` makes of it.

    Raises what `encode` raises, or ClientDisconnect.
    """
    with generation.audience.join():
        await delivery.wait_until_over()
        encoded = encode()
        await send_start(
            send,
            [
                (b"content-type", b"application/json"),
                (b"content-length", str(encoded.count_bytes()).encode()),
            ],
        )
        if encoded.count_bytes() <= SMALL_ANSWER_BYTES:
            whole = encoded.pieces[0] + b"".join(
                bytes(generation.spools[picture.id].read_base64(0, picture.size_bytes)) + piece
                for picture, piece in zip(encoded.pictures, encoded.pieces[1:], strict=True)
            )
            await send({"type": "http.response.body", "body": whole, "more_body": False})
            delivery.mark(encoded.delivered)
        else:
            await _send_large(generation, delivery, encoded, send)
    await delivery.finish()


class Encoded(Struct, frozen=True, kw_only=True):
    """A whole answer; the base64 of each of `pictures` goes between two of `pieces`."""

    pieces: list[bytes]
    pictures: list[Picture]
    delivered: int
    """How many pictures it gives out, as links too."""

    def count_bytes(self) -> int:
        """Return the length of it all."""
        base64_bytes = sum(-(-picture.size_bytes // 3) * 4 for picture in self.pictures)
        return sum(map(len, self.pieces)) + base64_bytes


def _encode(generation: Generation, links: PictureLinks, metadata: Mapping[str, str] | None) -> Encoded:
    """Return the answer of a generation that is over. Raises the GatewayError it ended with."""
    bill = get_bill(generation)
    head = to_answer_head(generation)
    find_link = to_find_link(generation, links)
    composers = [compose(generation, choice, find_link) for choice in generation.choices]
    choices = [
        (list(take_rest(choice, composer)), get_outcome(choice))
        for choice, composer in zip(generation.choices, composers, strict=True)
    ]
    delivered = [picture for composer in composers for picture in composer.delivered]
    pieces, pictures = encode_answer(
        head,
        choices,
        to_usage(bill.tokens, bill.cost_micro_usd),
        write_note(generation, head, delivered, bill, find_link),
        form=generation.asked.image_output,
        metadata=metadata,
    )
    return Encoded(pieces=pieces, pictures=pictures, delivered=len(delivered))


async def _send_large(
    generation: Generation,
    delivery: Delivery,
    encoded: Encoded,
    send: Send,
) -> None:
    await send_body(send, encoded.pieces[0])
    between = zip(encoded.pictures, encoded.pieces[1:], strict=True)
    for number, (picture, piece) in enumerate(between, start=1):
        spool = generation.spools[picture.id]
        for offset in range(0, picture.size_bytes, SEND_BYTES):
            delivery.check_there()
            await send_body(send, bytes(spool.read_base64(offset, SEND_BYTES)))
        delivery.mark(number)
        await send_body(send, piece)
    if encoded.delivered > len(encoded.pictures):  # links, which stand in what was sent last
        delivery.mark(encoded.delivered)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def to_find_link(generation: Generation, links: PictureLinks) -> FindLink:
    """Return what finds the links to a generation's pictures, once it is over."""

    def find_link(picture_id: str) -> str | None:
        expires_at = generation.asked.links_expire_at
        if expires_at is None or generation.is_unstored:  # nothing is there that a link could lead to
            return None
        return generation.asked.link_base + links.sign(picture_id, expires_at)

    return find_link


def compose(generation: Generation, choice: Choice, find_link: FindLink) -> Composer:
    """Return what puts a choice's pieces in order, as the call asked for them."""
    asked = generation.asked
    return Composer(
        choice.transcript,
        form=asked.image_output,
        wants_thoughts=asked.wants_thoughts,
        draws=asked.draws,
        find_link=find_link,
    )


def take_rest(choice: Choice, composer: Composer) -> Iterator[Segment]:
    """Yield what is left of a choice once all is over; one that failed has nothing to give."""
    outcome = get_outcome(choice)
    return iter(()) if outcome.is_failed else composer.take_rest(outcome.refusal)


def get_outcome(choice: Choice) -> Outcome:
    """Return how a choice of an answer that is over ended."""
    if choice.outcome is None:
        raise UpstreamFailure("The generation has no outcome.")
    return choice.outcome


def get_bill(generation: Generation) -> Bill:
    """Return what a generation that is over used. Raises the GatewayError it ended with."""
    if generation.bill is None:
        raise generation.failure or UpstreamFailure("The generation has no outcome.")
    return generation.bill


def write_note(
    generation: Generation,
    head: AnswerHead,
    delivered: Sequence[Picture],
    bill: Bill,
    find_link: FindLink,
) -> LimnerNote:
    """Return what Limner says beside OpenAI's fields; `delivered` are all choices' pictures that are given out."""
    return to_limner_note(
        head,
        answered_by=generation.find_answerer(),
        cost_usd=None if bill.cost_micro_usd is None else bill.cost_micro_usd / 1_000_000,
        notices=generation.notices,
        pictures=delivered,
        find_link=find_link,
    )


async def send_start(send: Send, headers: list[tuple[bytes, bytes]]) -> None:
    """Begin a good answer."""
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def send_body(send: Send, body: bytes) -> None:
    """Send a piece of the body."""
    await send({"type": "http.response.body", "body": body, "more_body": True})
