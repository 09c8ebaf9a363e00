"""The doors of OpenAI's images API, described."""

from limner.reference.codes import BUYING
from limner.reference.doors.parameters import IDEMPOTENCY_KEY, REPEAT, RETRY_COUNT, list_callers
from limner.reference.headers import GENERATION_ID, REPLAYED
from limner.reference.operation import Answer, Content, Example, Operation, Rules, Schema, Tag, Words
from limner.wire.images import ImageCompleted, ImagesRequest, ImagesResponse

TAGS = (
    Tag(
        "images",
        Words("Images", "图片接口"),
        Words("OpenAI's images API, as JSON or as a form.", "OpenAI 图片接口，JSON 或表单。"),
    ),
)
_FORM = "multipart/form-data"
_PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGNoYGjAihiGlgQAX1pgAeUtQDQAAAAASUVORK5CYII="
"""8x8 pixels of one colour."""

_DRAW = {
    "draw": Example(
        Words("Draw", "画图"),
        {"model": "nano-banana-2.1", "prompt": "A lighthouse at sunset", "size": "1536x1024"},
    ),
    "stream": Example(
        Words("As a stream", "流式返回"),
        {"model": "nano-banana-2.1", "prompt": "A lighthouse at sunset", "stream": True},
    ),
}
_EDIT = {
    "edit": Example(
        Words("Edit, as JSON", "修改图片，JSON"),
        {"model": "nano-banana-2.1", "prompt": "Make it blue", "image": _PICTURE},
    )
}
_EDIT_FORM = {
    "form": Example(
        Words("Edit a file", "修改文件中的图片"),
        {"model": "nano-banana-2.1", "prompt": "Make it blue", "image": "@picture.png"},
    )
}
_NEEDS_PICTURE: Schema = {
    "allOf": [{"$ref": "#/components/schemas/ImagesRequest"}],
    "anyOf": [{"required": ["image"]}, {"required": ["images"]}],
}
_SAID = Words(
    "Each picture is bought once: a repeat of a call that runs, or whose answer was not delivered, gets that answer. A picture "
    "that Gemini does not draw is an error here, `content_policy_violation` or `no_image_generated`; its tokens are billed.\n\n"
    "With `stream: true` each picture is one event `…completed`, sent when it is whole.",
    "每张图片只购买一次：若重复的调用仍在进行，或其答案尚未送达，则得到同一个答案。Gemini 没有画出图片在此是错误："
    "`content_policy_violation` 或 `no_image_generated`，其 token 照常计费。\n\n"
    "`stream: true` 时每张图片是一个 `…completed` 事件，在图片完整后发送。",
)


def list_operations(rules: Rules) -> tuple[Operation, ...]:
    """Return the doors."""
    return (
        _describe(
            rules,
            path="/v1/images/generations",
            operation_id="createImage",
            summary=Words("Draw a picture", "画一张图"),
            lead=Words("Draws pictures from words.", "根据文字画图。"),
            body=(
                Content(record=ImagesRequest, examples=_DRAW),
                Content(media_type=_FORM, schema=_write_form(needs_picture=False)),
            ),
        ),
        _describe(
            rules,
            path="/v1/images/edits",
            operation_id="createImageEdit",
            summary=Words("Edit pictures", "修改图片"),
            lead=Words("Changes the pictures that come with it.", "修改随请求发来的图片。"),
            body=(
                Content(record=ImagesRequest, schema=_NEEDS_PICTURE, examples=_EDIT),
                Content(media_type=_FORM, schema=_write_form(needs_picture=True), samples=_EDIT_FORM),
            ),
        ),
    )


def _describe(
    rules: Rules,
    *,
    path: str,
    operation_id: str,
    summary: Words,
    lead: Words,
    body: tuple[Content, ...],
) -> Operation:
    return Operation(
        method="post",
        path=path,
        id=operation_id,
        tag="images",
        summary=summary,
        description=Words(f"{lead.en} {_SAID.en}", f"{lead.zh}{_SAID.zh}"),
        parameters=(IDEMPOTENCY_KEY, REPEAT, RETRY_COUNT, *list_callers(rules)),
        body=body,
        answers=(
            Answer(
                words=Words("The pictures; as a stream if that was asked for.", "图片；若要求流式则为流。"),
                contents=(
                    Content(record=ImagesResponse),
                    Content(media_type="text/event-stream", events=ImageCompleted),
                ),
                headers=(GENERATION_ID, REPLAYED),
            ),
        ),
        codes=(*BUYING, "no_image_generated"),
        names_generation=True,
    )


def _write_form(*, needs_picture: bool) -> Schema:
    """Return what a form has; its other fields are those of the JSON, written as text."""
    file: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
    return {
        "type": "object",
        "properties": {
            "model": {"type": "string", "minLength": 1, "examples": ["nano-banana-2.1"]},
            "prompt": {"type": "string", "minLength": 1, "pattern": "\\S"},
            "image": {"type": "array", "items": file, "maxItems": 14},
            "mask": file,
        },
        "required": ["model", "prompt", *(["image"] if needs_picture else [])],
    }
