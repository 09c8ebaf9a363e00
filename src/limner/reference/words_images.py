"""What the fields of the images API mean. Words only."""

from msgspec import Struct

from limner.reference.exact import SETTING_WORDS
from limner.wire.images import (
    ImageCompleted,
    ImageData,
    ImagesRequest,
    ImagesResponse,
    ImagesTokensDetails,
    ImagesUsage,
)

_SETTINGS = {name: (words.en, words.zh) for name, words in SETTING_WORDS.items()}
_USELESS = ("Has no meaning for Gemini; named in a notice.", "对 Gemini 没有意义；会给出提示。")
_NAMED = (
    "A data URI, base64, an https link, a link or id of this gateway, or an object with `image_url` or `file_id`; or a list of them.",
    "data URI、base64、https 链接、本网关的链接或 id，或带 `image_url`、`file_id` 的对象；也可以是列表。",
)
_AS_DRAWN = ("As it was drawn.", "以实际画出的为准。")
_BYTES = ("The picture's base64: Gemini's own bytes.", "图片的 base64：Gemini 的原始字节。")
_LINK = ("A signed link, where `response_format` is `url`.", "签名链接（`response_format` 为 `url` 时）。")

IMAGES_RECORDS: dict[type[Struct], tuple[str, str]] = {
    ImagesRequest: (
        "OpenAI's images API. Fields that are not named here are ignored; null means absent.",
        "OpenAI 图片接口的请求。未列出的字段会被忽略；null 等于未给出。",
    ),
    ImagesResponse: ("A whole answer.", "完整的答案。"),
    ImageCompleted: ("The event that brings one picture.", "带来一张图片的事件。"),
    ImagesUsage: ("Tokens, and what they cost.", "token 及其费用。"),
}

IMAGES_FIELDS: dict[type[Struct], dict[str, tuple[str, str]]] = {
    ImagesRequest: {
        "model": (
            "Gemini's id or a nickname such as `nano-banana-2.1`; `GET /v1/models` lists what a key may use.",
            "Gemini 的模型 id 或别名（如 `nano-banana-2.1`）；`GET /v1/models` 列出密钥可用的模型。",
        ),
        "prompt": ("What is drawn, in words.", "用文字描述要画的内容。"),
        "image": _NAMED,
        "images": _NAMED,
        "mask": (
            "A picture that says where to change: its transparent parts.",
            "蒙版图片：透明处为要修改的部分。",
        ),
        "markup": ("The picture with marks drawn on it.", "带标记的图片。"),
        "n": (
            "So many pictures, each a call to Gemini, under one bill.",
            "画多少张；每张都是一次 Gemini 调用，合并计费。",
        ),
        "response_format": ("`b64_json`, or `url` for signed links.", "`b64_json`，或 `url` 返回签名链接。"),
        "output_format": (
            "`png`, `jpeg` or `webp`. Gemini chooses itself; another type than asked is named in a notice.",
            "`png`、`jpeg` 或 `webp`。由 Gemini 自行决定；与请求不同时给出提示。",
        ),
        "output_compression": _USELESS,
        "background": (
            "`opaque` or `auto`: Gemini draws no transparency.",
            "`opaque` 或 `auto`：Gemini 不画透明背景。",
        ),
        "style": _USELESS,
        "moderation": _USELESS,
        "input_fidelity": _USELESS,
        "complexity": _USELESS,
        "frame_count": _USELESS,
        "frame_duration_ms": _USELESS,
        "svg": _USELESS,
        "stream": ("`true` answers as a stream of events.", "`true` 以事件流返回。"),
        "partial_images": (
            "0 to 3; Gemini gives out whole pictures only.",
            "0 到 3；Gemini 只给出完整图片。",
        ),
        "user": ("Who is behind the call.", "调用背后的用户。"),
        "safety_identifier": ("Ignored.", "忽略。"),
        "store": (
            "`true` keeps the answer longer; `false` deletes it once it is delivered and its repeats are over.",
            "`true` 更久地保存答案；`false` 在送达且重复窗口结束后删除。",
        ),
        "metadata": ("The client's own words on the answer.", "客户端写在答案上的备注。"),
        "extra_body": ("As on the chat door.", "同聊天接口。"),
        "google": ("As on the chat door.", "同聊天接口。"),
        "temperature": ("0 to 2.", "0 到 2。"),
        "top_p": ("0 to 1.", "0 到 1。"),
        "seed": ("Passed on if it fits 32 bits.", "32 位以内会传给 Gemini。"),
        **_SETTINGS,
    },
    ImagesResponse: {
        "created": ("Seconds since 1970.", "1970 年以来的秒数。"),
        "data": ("The pictures.", "图片。"),
        "background": ("`opaque`.", "`opaque`。"),
        "output_format": _AS_DRAWN,
        "quality": _AS_DRAWN,
        "size": _AS_DRAWN,
        "usage": ("Tokens and cost of all pictures.", "所有图片的 token 与费用。"),
        "limner": ("What this gateway adds.", "本网关附加的内容。"),
    },
    ImageData: {"b64_json": _BYTES, "url": _LINK},
    ImageCompleted: {
        "type": (
            "`image_generation.completed` or `image_edit.completed`.",
            "`image_generation.completed` 或 `image_edit.completed`。",
        ),
        "b64_json": _BYTES,
        "url": _LINK,
        "background": ("`opaque`.", "`opaque`。"),
        "created_at": ("Seconds since 1970.", "1970 年以来的秒数。"),
        "output_format": _AS_DRAWN,
        "quality": _AS_DRAWN,
        "size": _AS_DRAWN,
        "usage": ("Tokens and cost.", "token 与费用。"),
        "limner": ("With the last picture.", "随最后一张图片给出。"),
    },
    ImagesUsage: {
        "input_tokens": ("Input.", "输入。"),
        "input_tokens_details": ("Input by kind.", "输入的分类。"),
        "output_tokens": ("Output, thoughts included.", "输出，含思考。"),
        "output_tokens_details": ("Output by kind.", "输出的分类。"),
        "total_tokens": ("Both.", "两者之和。"),
        "cost": ("Dollars; null where no price is known.", "美元；价格未知时为 null。"),
    },
    ImagesTokensDetails: {
        "image_tokens": ("Of pictures.", "图片。"),
        "text_tokens": ("Of texts; of an answer thoughts too.", "文字；答案中含思考。"),
    },
}
