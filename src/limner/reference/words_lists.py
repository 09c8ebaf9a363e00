"""What the fields of lists, stored completions, models and status mean. Words only."""

from msgspec import Struct

from limner.wire.completions import (
    CompletionDeleted,
    CompletionList,
    CompletionNote,
    ImagePart,
    MessageList,
    MetadataUpdate,
    NotedChoice,
    NotedMessage,
    Pending,
    StoredMessage,
    TextPart,
)
from limner.wire.models import Architecture, ModelEntry, ModelList, ModelNote, Pricing
from limner.wire.status import Alive, Readiness

_LIST = {
    "object": ("`list`.", "`list`。"),
    "data": ("The page.", "本页内容。"),
    "first_id": ("The first id of the page, or null.", "本页第一个 id，或 null。"),
    "last_id": ("The last id of the page: `after` for the next one.", "本页最后一个 id：下一页的 `after`。"),
    "has_more": ("Whether there is another page.", "是否还有下一页。"),
}
_ANSWER_ID = ("`chatcmpl-…`.", "`chatcmpl-…`。")

LIST_RECORDS: dict[type[Struct], tuple[str, str]] = {
    Pending: ("An answer that is not there yet.", "尚未完成的答案。"),
    CompletionList: ("A page of answers, without their pictures.", "一页答案，不含图片。"),
    CompletionNote: ("An answer, without its pictures.", "一个答案，不含图片。"),
    MessageList: ("A page of what was asked.", "一页请求内容。"),
    StoredMessage: ("One message of the request.", "请求中的一条消息。"),
    ModelList: ("The models a key may use, under all their names.", "密钥可用的模型，含全部别名。"),
    ModelNote: ("What this gateway adds.", "本网关附加的内容。"),
}

LIST_FIELDS: dict[type[Struct], dict[str, tuple[str, str]]] = {
    Pending: {"id": _ANSWER_ID, "status": ("`in_progress`.", "`in_progress`。")},
    CompletionList: _LIST,
    MessageList: _LIST,
    CompletionNote: {
        "id": _ANSWER_ID,
        "object": ("`chat.completion`.", "`chat.completion`。"),
        "created": ("Seconds since 1970.", "1970 年以来的秒数。"),
        "model": ("The name that was asked for.", "请求中的模型名。"),
        "choices": (
            "As in the answer, without pictures; empty while the call runs.",
            "同答案，不含图片；调用进行中时为空。",
        ),
        "usage": ("Tokens and cost; null where there is no answer.", "token 与费用；没有答案时为 null。"),
        "metadata": ("What was noted on it.", "写在其上的备注。"),
        "status": (
            "`in_progress`, `completed`, or `failed` for an error.",
            "`in_progress`、`completed`，出错为 `failed`。",
        ),
        "generation_id": ("`gen_…`.", "`gen_…`。"),
        "state": ("What became of the call in the books.", "调用在账目中的状态。"),
        "is_delivered": ("Whether it reached a client.", "是否已送达客户端。"),
        "cost_usd": (
            "Dollars; null while the call runs or if its outcome is unknown.",
            "美元；进行中或结果未知时为 null。",
        ),
        "received_bytes": (
            "How much of its pictures has come from Gemini; null: it does not run in this process, or not any more.",
            "已从 Gemini 收到的图片字节数；null 表示不在此进程中运行或已结束。",
        ),
    },
    NotedChoice: {
        "index": ("Counted from 0.", "从 0 开始。"),
        "message": ("The message, without pictures.", "消息，不含图片。"),
        "finish_reason": ("`stop`, `length` or `content_filter`.", "`stop`、`length` 或 `content_filter`。"),
        "logprobs": ("Always null.", "始终为 null。"),
    },
    NotedMessage: {
        "content": ("The text, or its first 2,000 characters.", "文字，或其前 2000 个字符。"),
        "refusal": ("Why no picture came, or null.", "没有图片的原因，或 null。"),
        "role": ("`assistant`.", "`assistant`。"),
    },
    MetadataUpdate: {
        "metadata": (
            "Takes the place of the old metadata; null takes them away.",
            "取代原有备注；null 则清除。",
        ),
    },
    CompletionDeleted: {
        "id": _ANSWER_ID,
        "object": ("`chat.completion.deleted`.", "`chat.completion.deleted`。"),
        "deleted": ("`true`.", "`true`。"),
    },
    StoredMessage: {
        "id": ("The answer's id and the message's number.", "答案 id 加消息序号。"),
        "role": ("As it was sent.", "与发送时一致。"),
        "content": (
            "The text, if the message was one; else null.",
            "若消息为纯文字则为该文字，否则为 null。",
        ),
        "name": ("As it was sent, or null.", "与发送时一致，或 null。"),
        "content_parts": (
            "Texts and pictures, if it came in parts; else null.",
            "若消息分部件，则为文字与图片，否则为 null。",
        ),
    },
    TextPart: {"text": ("The text.", "文字。")},
    ImagePart: {
        "image_url": ("The picture, with the very bytes that were sent.", "图片，与发送的字节完全一致。")
    },
    ModelList: {"object": ("`list`.", "`list`。"), "data": ("The models.", "模型。")},
    ModelEntry: {
        "id": ("The name to ask for.", "请求时使用的名称。"),
        "object": ("`model`.", "`model`。"),
        "created": ("Seconds since 1970.", "1970 年以来的秒数。"),
        "owned_by": ("`google`.", "`google`。"),
        "name": ("For people.", "供人阅读的名称。"),
        "architecture": ("What goes in and what comes out.", "输入与输出的形式。"),
        "pricing": ("Dollars for one token.", "每个 token 的美元价格。"),
        "limner": ("What this gateway adds.", "本网关附加的内容。"),
    },
    Architecture: {
        "input_modalities": ("`text`, `image`.", "`text`、`image`。"),
        "output_modalities": ("`text`, and `image` of models that draw.", "`text`，画图模型另有 `image`。"),
    },
    Pricing: {
        "prompt": ("Input.", "输入。"),
        "completion": ("Text out, and thoughts.", "输出文字与思考。"),
        "image_output": ("Pictures out.", "输出图片。"),
    },
    ModelNote: {
        "model": ("Gemini's id.", "Gemini 的模型 id。"),
        "ratios": ("Ratios it draws.", "可画的比例。"),
        "sizes": ("Sizes it draws.", "可画的尺寸。"),
        "pixels": ("Width and height by ratio and size.", "各比例与尺寸的像素宽高。"),
        "price_usd": ("What a picture costs, by size, in dollars.", "各尺寸一张图片的美元价格。"),
        "max_output_tokens": ("How much a text model may say.", "文本模型最多输出多少 token。"),
        "reserve_usd": (
            "What is set aside from a budget before a call, by size.",
            "调用前从预算中预留的美元，按尺寸。",
        ),
        "deprecated": ("Whether Google has announced its end.", "Google 是否已宣布停用。"),
    },
    Alive: {
        "version": ("This gateway's version.", "本网关的版本。"),
        "emulator": ("The bundled emulator's address, if that draws.", "若由内置模拟器绘制，为其地址。"),
        "status": ("`ok`.", "`ok`。"),
    },
    Readiness: {
        "status": ("`ready` or `not_ready`.", "`ready` 或 `not_ready`。"),
        "checks": ("What must work: `ok`, or what is wrong.", "必须可用的各项：`ok`，或问题所在。"),
        "upstream": (
            "How many credentials for Gemini rest and why, if any does; it decides nothing.",
            "若有 Gemini 凭据处于停用期，为其数量与原因；不影响就绪状态。",
        ),
    },
}
