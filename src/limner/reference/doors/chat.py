"""The chat door, described."""

from limner.reference.codes import BUYING
from limner.reference.doors.parameters import (
    IDEMPOTENCY_KEY,
    IMAGE_OUTPUT,
    REPEAT,
    RETRY_COUNT,
    link_to,
    list_callers,
)
from limner.reference.headers import GENERATION_ID, REPLAYED
from limner.reference.operation import Answer, Content, Example, Operation, Rules, Tag, Words
from limner.wire.openai import ChatCompletion, ChatCompletionChunk, ChatCompletionRequest

TAGS = (
    Tag(
        "chat",
        Words("Chat", "聊天"),
        Words("OpenAI's chat format in, a picture out.", "输入 OpenAI 聊天格式，输出图片。"),
    ),
)

_PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGNoYGjAihiGlgQAX1pgAeUtQDQAAAAASUVORK5CYII="
"""8x8 pixels of one colour."""

_BODIES = {
    "draw": Example(
        Words("Draw", "画图"),
        {
            "model": "nano-banana-2.1",
            "messages": [{"role": "user", "content": "A lighthouse at sunset"}],
            "image_config": {"aspect_ratio": "16:9", "image_size": "1K"},
        },
    ),
    "documented": Example(
        Words("The documented form, with every field", "文档所述格式，含全部字段"),
        {
            "model": "nano-banana-2.1",
            "stream": False,
            "messages": [{"role": "user", "content": "A lighthouse at sunset"}],
            "extra_body": {"google": {"image_config": {"aspect_ratio": "16:9", "image_size": "1K"}}},
            "contents": [],
        },
    ),
    "edit": Example(
        Words("Edit a picture", "修改图片"),
        {
            "model": "nano-banana-2.1",
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Make it blue"},
                        {"type": "image_url", "image_url": {"url": _PICTURE}},
                    ],
                }
            ],
        },
    ),
    "stream": Example(
        Words("As a stream, the picture in images", "流式返回，图片放在 images"),
        {
            "model": "nano-banana-2.1",
            "stream": True,
            "modalities": ["text", "image"],
            "messages": [{"role": "user", "content": "A lighthouse at sunset"}],
        },
    ),
}

_DESCRIPTION = Words(
    "Draws a picture, or edits the ones sent with it. A wrong setting is refused before it costs anything; what was changed or "
    "left out is named in `limner.notices`.\n\n"
    "Each picture is bought once: a repeat of a call that runs, or whose answer was not delivered, gets that answer. With an "
    "`Idempotency-Key` this is certain.\n\n"
    "A picture that Gemini declines to draw is no error: `message.refusal` says why, `finish_reason` how it ended.\n\n"
    "With `stream: true` every frame is `data:` and one chunk, the last is `data: [DONE]`. What fails after the stream has opened "
    'is one `data: {"error": …}` without `[DONE]`.',
    "画一张图，或修改随请求发来的图片。错误的设置会在产生费用之前被拒绝；被更改或省略的内容在 `limner.notices` 中说明。\n\n"
    "每张图片只购买一次：若重复的调用仍在进行，或其答案尚未送达，则得到同一个答案。使用 `Idempotency-Key` 可确保这一点。\n\n"
    "Gemini 拒绝画图不算错误：`message.refusal` 说明原因，`finish_reason` 说明如何结束。\n\n"
    '`stream: true` 时，每一帧是 `data:` 加一个块，最后是 `data: [DONE]`。流打开之后的失败是一帧 `data: {"error": …}`，其后没有 '
    "`[DONE]`。",
)


def list_operations(rules: Rules) -> tuple[Operation, ...]:
    """Return the door."""
    return (
        Operation(
            method="post",
            path="/v1/chat/completions",
            id="createChatCompletion",
            tag="chat",
            summary=Words("Draw in a chat", "在对话中画图"),
            description=_DESCRIPTION,
            parameters=(IDEMPOTENCY_KEY, REPEAT, IMAGE_OUTPUT, RETRY_COUNT, *list_callers(rules)),
            body=(Content(record=ChatCompletionRequest, examples=_BODIES),),
            answers=(
                Answer(
                    words=Words("The answer; as a stream if that was asked for.", "答案；若要求流式则为流。"),
                    contents=(
                        Content(record=ChatCompletion),
                        Content(
                            media_type="text/event-stream",
                            events=ChatCompletionChunk,
                            last_event="[DONE]",
                        ),
                    ),
                    headers=(GENERATION_ID, REPLAYED),
                    links=_LINKS,
                ),
            ),
            codes=(*BUYING, "conflicting_input"),
            names_generation=True,
        ),
    )


_LINKS = link_to("completion_id", "$response.body#/id", "getChatCompletion", "deleteChatCompletion")
