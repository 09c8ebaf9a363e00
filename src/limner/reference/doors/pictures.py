"""The door to pictures by link, described."""

from limner.reference.doors.parameters import ETAG, RANGE
from limner.reference.operation import Answer, Content, Operation, Parameter, Rules, Tag, Words

TAGS = (
    Tag(
        "pictures",
        Words("Pictures", "图片"),
        Words(
            "Pictures by signed link, for whoever has the link.", "通过签名链接取得图片，持有链接者即可访问。"
        ),
    ),
)
PICTURE_ID = Parameter(
    name="picture_id",
    place="path",
    words=Words("The picture.", "图片 id。"),
    schema={"type": "string", "pattern": "^img_[0-9a-f]{32}$"},
)
_EXPIRY = Parameter(
    name="e",
    place="query",
    words=Words("When the link ends, as it was given out.", "链接失效时间，与给出的链接一致。"),
    schema={"type": "string"},
)
_SIGNATURE = Parameter(
    name="s",
    place="query",
    words=Words("The signature, as it was given out.", "签名，与给出的链接一致。"),
    schema={"type": "string"},
)
ETAG_HEADERS = ("etag", "cache-control")
_KEPT = (*ETAG_HEADERS, "accept-ranges")
_SHOWN = (*_KEPT, "content-disposition", "content-security-policy")
_BYTES = tuple(
    Content(media_type=mime_type, schema={"type": "string", "format": "binary"})
    for mime_type in ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
)
PICTURE_BYTES = (
    Answer(words=Words("The picture.", "图片。"), contents=_BYTES, headers=_SHOWN),
    Answer(
        status=206,
        words=Words("A part of it.", "图片的一部分。"),
        contents=_BYTES,
        headers=(*_SHOWN, "content-range"),
    ),
    Answer(status=304, words=Words("It is there already.", "已是最新。"), headers=_KEPT),
)
"""A picture, whole or a part of it, or that it is there already."""


def list_operations(_rules: Rules) -> tuple[Operation, ...]:
    """Return the door."""
    return (
        Operation(
            method="get",
            path="/images/{picture_id}",
            id="getPicture",
            tag="pictures",
            summary=Words("Show a picture", "查看图片"),
            description=Words(
                "Gemini's own bytes. Links are given out in answers; they need no key, and work as long as their picture is kept.",
                "Gemini 的原始字节。链接由答案给出，无需密钥，在图片保存期间有效。",
            ),
            parameters=(PICTURE_ID, _EXPIRY, _SIGNATURE, RANGE, ETAG),
            answers=PICTURE_BYTES,
            codes=("invalid_link", "not_found", "range_not_satisfiable", "storage_unavailable"),
            is_open=True,
        ),
    )
