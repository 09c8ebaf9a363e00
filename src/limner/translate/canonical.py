"""Writes a body in the one form that all bodies share which ask the same. Pure.

Key order, white space and how a picture's base64 is written make no difference; nor do fields that say how
the answer is sent or filed and not what is drawn.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from limner.translate.messages import InputPicture

_NOT_ASKED = frozenset({"stream", "stream_options", "metadata", "store"})
_MARK = re.compile(rb"\\u0000([0-9]{1,9})")


def canonicalize(
    fields: Mapping[str, Any], pictures: Sequence[InputPicture], image_output: str | None
) -> bytes:
    """Return what equal calls have in common.

    `image_output` is what the header X-Limner-Image-Output or else the key asks. Pictures stand in the body as marks, numbered as
    they came; here their digests take the marks' places.
    """
    asked = {name: value for name, value in fields.items() if name not in _NOT_ASKED}
    text = msgspec.json.encode([asked, image_output], order="sorted")
    if not pictures:
        return text

    def name_picture(found: re.Match[bytes]) -> bytes:
        number = int(found[1])
        return pictures[number].sha256.encode() if number < len(pictures) else found[0]

    return _MARK.sub(name_picture, text)
