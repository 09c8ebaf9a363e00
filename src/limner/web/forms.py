"""How an answer is sent, by the door whose form it has. Knows the forms there are, not what they look like."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct
from starlette.types import Send

from limner.generation.record import Generation
from limner.pictures.links import PictureLinks
from limner.web.delivery import Delivery
from limner.web.images_answer import send_images, send_images_stream
from limner.web.native_sending import send_native, send_native_stream
from limner.web.sending import send_whole
from limner.web.streaming import SendOptions, send_stream

__all__ = ["AnswerForm", "SendOptions", "find_form"]


class SendWhole(Protocol):
    """Sends a whole answer."""

    async def __call__(
        self,
        generation: Generation,
        delivery: Delivery,
        send: Send,
        *,
        links: PictureLinks,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Wait for the end and send. Raises the GatewayError the generation ended with, or ClientDisconnect."""


class SendStream(Protocol):
    """Sends an answer as a stream."""

    async def __call__(
        self, generation: Generation, delivery: Delivery, options: SendOptions, send: Send
    ) -> None:
        """Send as it comes. Raises GatewayError as long as nothing has been sent, or ClientDisconnect."""


class AnswerForm(Struct, frozen=True):
    """Both ways of sending one form."""

    send_whole: SendWhole
    send_stream: SendStream


_IMAGES = AnswerForm(send_images, send_images_stream)
_FORMS = {
    "chat": AnswerForm(send_whole, send_stream),
    "images": _IMAGES,
    "edits": _IMAGES,
    "native": AnswerForm(send_native, send_native_stream),
}


def find_form(door: str) -> AnswerForm:
    """Return the form of a door's answers."""
    return _FORMS[door]
