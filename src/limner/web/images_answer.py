"""Sends a generation to one client in the form of the images API, whole or as a stream. Knows ASGI.

What is given out is what the chat door would give out, without its texts. Nothing of it leaves before all pictures are safe,
so a stream differs from a whole answer in its form, and in that it opens early and fills the silence.
"""

from collections.abc import Mapping, Sequence

from msgspec import UNSET, Struct
from starlette.types import Send

from limner.errors import GatewayError
from limner.generation.record import Generation
from limner.pictures.links import PictureLinks
from limner.translate.composition import Composer, LinkSegment, PictureSegment
from limner.translate.images_answer import (
    HEARTBEAT,
    GivenPicture,
    ImagesHead,
    compare_format,
    encode_error,
    encode_event,
    encode_images,
    to_images_usage,
)
from limner.web.choice_stream import Outlet
from limner.web.delivery import Delivery
from limner.web.failures import to_error_body
from limner.web.sending import (
    SEND_BYTES,
    Encoded,
    get_bill,
    send_encoded,
    send_start,
    take_rest,
    to_answer_head,
    to_find_link,
    write_note,
)
from limner.web.streaming import STREAM_HEADERS, SendOptions, open_stream
from limner.wire.images import ImagesUsage
from limner.wire.openai import LimnerNote


class _Answer(Struct, frozen=True, kw_only=True):
    """What is given out."""

    head: ImagesHead
    given: Sequence[GivenPicture]
    usage: ImagesUsage
    note: LimnerNote


async def send_images(
    generation: Generation,
    delivery: Delivery,
    send: Send,
    *,
    links: PictureLinks,
    metadata: Mapping[str, str] | None = None,  # noqa: ARG001 - the images API has no place for it
) -> None:
    """Wait for the end and send the answer; `links` signs links to its pictures.

    Raises the GatewayError that the generation ended with, or ClientDisconnect.
    """

    def encode() -> Encoded:
        answer = _compose(generation, links)
        return Encoded(
            pieces=encode_images(answer.head, answer.given, answer.usage, answer.note),
            pictures=[each.picture for each in answer.given if each.link is None],
            delivered=len(answer.given),
        )

    await send_encoded(generation, delivery, send, encode)


async def send_images_stream(
    generation: Generation, delivery: Delivery, options: SendOptions, send: Send
) -> None:
    """Send an event for each picture once all are safe.

    Raises GatewayError as long as nothing has been sent, ClientDisconnect at any time.
    """
    with generation.audience.join():
        await open_stream(generation, delivery, waits=options.waits_for_opening)
        await send_start(send, [*STREAM_HEADERS])
        outlet = Outlet(
            generation,
            delivery,
            send,
            write_pieces=options.write_pieces,
            heartbeat=HEARTBEAT,
            heartbeat_seconds=options.heartbeat_seconds,
        )
        while not generation.is_over:
            await outlet.wait_or_beat()
        try:
            last = await _send_events(generation, outlet, options.links)
        except GatewayError as error:
            last = encode_error(to_error_body(error, generation.id))
        delivery.check_there()
        await send({"type": "http.response.body", "body": last, "more_body": False})
    await delivery.finish()


async def _send_events(generation: Generation, outlet: Outlet, links: PictureLinks) -> bytes:
    """Send all pictures, and return what comes behind the last. Raises the GatewayError it ended with."""
    answer = _compose(generation, links)
    nothing = to_images_usage(None, 0)
    rest = b""
    for number, each in enumerate(answer.given, start=1):
        is_last = number == len(answer.given)
        usage, note = (answer.usage, answer.note) if is_last else (nothing, UNSET)
        opening, *closing = encode_event(answer.head, each, usage, note)
        await outlet.write(rest, opening)
        if each.link is None:
            spool = generation.spools[each.picture.id]
            for offset in range(0, each.picture.size_bytes, SEND_BYTES):
                await outlet.write(*spool.read_base64_pieces(offset, SEND_BYTES))
        outlet.mark_picture()
        rest = b"".join(closing)
    return rest


def _compose(generation: Generation, links: PictureLinks) -> _Answer:
    """Return the answer of a generation that is over. Raises the GatewayError it ended with."""
    bill = get_bill(generation)
    asked = generation.asked
    find_link = to_find_link(generation, links)
    given: list[GivenPicture] = []
    for choice in generation.choices:
        composer = Composer(
            choice.transcript,
            form="url",  # in which no picture is given out before it is known whether it counts
            wants_thoughts=asked.wants_thoughts,
            find_link=find_link if asked.image_output == "url" else None,
        )
        for segment in take_rest(choice, composer):
            if isinstance(segment, LinkSegment):
                given.append(GivenPicture(segment.picture, find_link(segment.picture.id)))
            elif isinstance(segment, PictureSegment):
                given.append(GivenPicture(segment.picture, None))
    note = write_note(
        generation, to_answer_head(generation), [each.picture for each in given], bill, find_link
    )
    note.notices += compare_format(given, asked.output_format)
    return _Answer(
        head=ImagesHead(door=asked.door, created=asked.created, image_size=asked.image_size),
        given=given,
        usage=to_images_usage(bill.tokens, bill.cost_micro_usd),
        note=note,
    )
