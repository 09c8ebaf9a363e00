"""What the fields of Limner's own doors mean: pictures, generations, usage, keys. Words only."""

from msgspec import Struct

from limner.wire.limner import (
    GenerationCancelled,
    GenerationEntry,
    GenerationError,
    GenerationList,
    GenerationsResolved,
    Picture,
    PictureDeleted,
    PictureEntry,
    PictureList,
    PictureSettings,
    ResolveAllOrder,
    ResolveOrder,
    UnknownEntry,
    UpstreamEntry,
    UsageEntry,
    UsageReport,
    UsageSums,
)
from limner.wire.limner_keys import KeyEntry, KeyList, KeyOrder, KeyRevoked, KeyUpdate, NewKey

_Said = tuple[str, str]

_LIST: dict[str, _Said] = {
    "object": ("`list`.", "`list`。"),
    "data": ("The page.", "本页内容。"),
    "first_id": ("The first id of the page, or null.", "本页第一个 id，或 null。"),
    "last_id": ("The last id of the page: `after` for the next one.", "本页最后一个 id：下一页的 `after`。"),
    "has_more": ("Whether there is another page.", "是否还有下一页。"),
}
_DELIVERED: _Said = ("Whether the answer has reached a client.", "答案是否已送达客户端。")
_DOOR: _Said = (
    "Where it was asked: `chat`, `images`, `edits` or `native`.",
    "请求所用的接口：`chat`、`images`、`edits` 或 `native`。",
)
_ASKED_MODEL: _Said = ("The name that was asked for.", "请求中的模型名。")
_PROMPT: _Said = (
    "The beginning of what was asked in words; null: it is not kept, or there were none.",
    "提示词的开头；null 表示未保存或没有文字。",
)
_GENERATION: _Said = ("`gen_…`.", "`gen_…`。")
_COMPLETION: _Said = ("The id of the answer: `chatcmpl-…`.", "答案的 id：`chatcmpl-…`。")

_PICTURE: dict[str, _Said] = {
    "id": ("`img_…`.", "`img_…`。"),
    "object": ("`picture`.", "`picture`。"),
    "generation_id": _GENERATION,
    "completion_id": _COMPLETION,
    "created": ("Seconds since 1970.", "1970 年以来的秒数。"),
    "model": _ASKED_MODEL,
    "upstream_model": ("The model that drew.", "实际作画的模型。"),
    "prompt": _PROMPT,
    "aspect_ratio": ("What its pixels come nearest to.", "与像素最接近的比例。"),
    "image_size": ("The size it was paid as.", "计费所依据的尺寸。"),
    "width": ("Pixels.", "像素。"),
    "height": ("Pixels.", "像素。"),
    "mime_type": ("By its bytes.", "依字节判断的类型。"),
    "bytes": ("Its length.", "字节长度。"),
    "sha256": ("Of its bytes.", "字节的摘要。"),
    "url": ("A signed link, for whoever has it.", "签名链接，持有者即可访问。"),
    "thumbnail_url": ("A small version, with the key; a path.", "缩略图的路径，需要密钥。"),
    "cost_usd": ("What its whole generation cost; null: not known.", "整次生成的费用；null 表示未知。"),
    "is_delivered": _DELIVERED,
    "door": _DOOR,
}
_KEY: dict[str, _Said] = {
    "id": ("`key_…`.", "`key_…`。"),
    "object": ("`limner.key`.", "`limner.key`。"),
    "name": ("1 to 100 characters; no other key has it.", "1 到 100 个字符，不与其他密钥重名。"),
    "owner": ("Whom the pictures belong to.", "图片归谁所有。"),
    "is_admin": ("Whether it may manage keys and read metrics.", "能否管理密钥、读取指标。"),
    "models": ("The models it may use; null: all.", "可用的模型；null 表示全部。"),
    "image_output": (
        "Where pictures stand in its answers; null: as set.",
        "图片在答案中的位置；null 表示按设置。",
    ),
    "budget_usd": ("Dollars for a period; null: no limit.", "每个周期的美元预算；null 表示不限。"),
    "budget_period": ("`day`, `month` or `total`, in UTC.", "`day`、`month` 或 `total`，按 UTC。"),
    "images_per_minute": ("Pictures it may begin in sixty seconds.", "六十秒内可开始的图片数。"),
    "requests_per_minute": ("Requests it may make in sixty seconds.", "六十秒内可发出的请求数。"),
    "expires_at": (
        "When it ends, seconds since 1970; null: never.",
        "失效时间，1970 年以来的秒数；null 表示永不。",
    ),
}
_KEY_ENTRY: dict[str, _Said] = {
    **_KEY,
    "period_ends_at": (
        "When the budget's period ends; null: all time.",
        "预算周期的结束时间；null 表示不分周期。",
    ),
    "spent_usd": ("In the current period.", "本周期已花费。"),
    "reserved_usd": ("Set aside for calls under way and unknown outcomes.", "为进行中和结果未知的调用预留。"),
    "left_usd": ("What of the budget is left; null without one.", "预算余额；无预算时为 null。"),
    "created_at": ("Seconds since 1970.", "1970 年以来的秒数。"),
}
_KEY_BODY: dict[str, _Said] = {
    **{name: said for name, said in _KEY.items() if name not in {"id", "object"}},
    "admin": ("The same as `is_admin`.", "同 `is_admin`。"),
    "expires": ("How long it lives: `12h`, `30d`, `8w`.", "有效期：`12h`、`30d`、`8w`。"),
}
_SUMS: dict[str, _Said] = {
    "generations": ("Calls.", "调用次数。"),
    "pictures": ("Pictures drawn.", "画出的图片数。"),
    "input_tokens": ("Of words and pictures sent.", "发送的文字与图片的 token。"),
    "output_tokens": ("Of pictures, words and thoughts.", "图片、文字与思考的 token。"),
    "cost_usd": ("Dollars.", "美元。"),
    "held_usd": ("Held for outcomes nobody knows.", "为结果未知的调用保留。"),
}

_OUTCOME = ("`post`: the money is spent; `void`: given back.", "`post`：计为已花费；`void`：退回。")

LIMNER_RECORDS: dict[type[Struct], _Said] = {
    PictureEntry: ("A picture in a list.", "列表中的一张图片。"),
    Picture: ("A picture, with how it was asked for.", "一张图片及其请求方式。"),
    PictureDeleted: (
        "What is there no more: an answer is deleted as a whole.",
        "已删除的内容：答案整体删除。",
    ),
    GenerationEntry: ("A call and what became of it.", "一次调用及其结果。"),
    UpstreamEntry: ("What became of a call to Gemini.", "一次对 Gemini 调用的结果。"),
    UnknownEntry: ("A decision that is due.", "待作的裁定。"),
    GenerationsResolved: ("A decision as it stands.", "当前的裁定。"),
    GenerationCancelled: ("A call that was taken back; nothing was bought.", "已撤回的调用，未产生费用。"),
    UsageReport: ("What was made, and for how much.", "画了多少，花了多少。"),
    NewKey: ("A key with its secret, which is never shown again.", "密钥及其明文，明文只显示这一次。"),
}

LIMNER_FIELDS: dict[type[Struct], dict[str, _Said]] = {
    PictureList: _LIST,
    GenerationList: _LIST,
    KeyList: _LIST,
    PictureEntry: _PICTURE,
    Picture: {
        **_PICTURE,
        "settings": ("How it was asked for.", "请求方式。"),
        "picture_ids": ("All pictures of its answer.", "同一答案的全部图片。"),
    },
    PictureSettings: {
        "aspect_ratio": ("As asked; null: the model chose.", "请求的比例；null 表示由模型决定。"),
        "image_size": ("The size it was paid as.", "计费所依据的尺寸。"),
        "image_output": ("How it was sent.", "返回方式。"),
        "n": ("How many choices were asked for.", "请求的候选数。"),
        "input_pictures": ("How many pictures it was made from.", "输入图片的数量。"),
    },
    PictureDeleted: {
        "id": ("The picture that was named.", "所指定的图片。"),
        "object": ("`picture.deleted`.", "`picture.deleted`。"),
        "deleted": ("`true`.", "`true`。"),
        "generation_id": _GENERATION,
        "picture_ids": ("All pictures that went.", "一并删除的全部图片。"),
    },
    GenerationError: {
        "code": ("As in the error that was told.", "同所返回错误的代码。"),
        "message": ("In words.", "文字说明。"),
        "status": ("Its HTTP status.", "其 HTTP 状态码。"),
    },
    GenerationEntry: {
        "id": _GENERATION,
        "object": ("`generation`.", "`generation`。"),
        "completion_id": _COMPLETION,
        "state": (
            "`claimed`, `sent`, `receiving`; in the end `settled`, `refused`, `failed` or `unknown`.",
            "`claimed`、`sent`、`receiving`；最终为 `settled`、`refused`、`failed` 或 `unknown`。",
        ),
        "door": _DOOR,
        "model": _ASKED_MODEL,
        "upstream_model": ("The model that was called.", "实际调用的模型。"),
        "prompt": _PROMPT,
        "created": ("Seconds since 1970.", "1970 年以来的秒数。"),
        "ended": ("Seconds since 1970; null while it runs.", "1970 年以来的秒数；进行中为 null。"),
        "cost_usd": ("Null: it runs, or nobody knows.", "null 表示进行中或未知。"),
        "held_usd": ("Set aside for it now.", "目前为其预留的金额。"),
        "error": ("What it ended with, if that was an error.", "若以错误告终，则为该错误。"),
        "is_delivered": _DELIVERED,
        "picture_ids": ("Its pictures that are kept.", "仍保存的图片。"),
        "can_cancel": ("Whether it is not sent yet.", "是否尚未发送。"),
        "received_bytes": (
            "How much of its pictures has come from Gemini; null: it does not run in this process, or not any more.",
            "已从 Gemini 收到的图片字节数；null 表示不在此进程中运行或已结束。",
        ),
        "key": ("Whose it is, for admins who ask for all.", "所属密钥，仅管理员查看全部时给出。"),
        "owner": ("Whose it is, likewise.", "所有者，同上。"),
        "upstream_calls": ("What Gemini said, by choice, likewise.", "Gemini 的应答，按候选列出，同上。"),
        "unknown": ("What is to be decided, likewise.", "待裁定的事项，同上。"),
    },
    UpstreamEntry: {
        "choice": ("Which choice, from 0.", "第几个候选，从 0 起。"),
        "upstream": ("The credential's name.", "凭据名称。"),
        "kind": ("Its kind.", "凭据类型。"),
        "model": ("The model that was asked.", "所请求的模型。"),
        "attempts": ("How often it was asked.", "请求次数。"),
        "status": ("Of the answer; null: none came.", "应答的状态码；null 表示没有应答。"),
        "response_id": ("Gemini's own id of its answer.", "Gemini 自己的应答 id。"),
        "said": ("What came instead of an answer.", "代替答案返回的内容。"),
    },
    UnknownEntry: {
        "policy": ("`LIMNER_UNKNOWN_POLICY`.", "`LIMNER_UNKNOWN_POLICY`。"),
        "decided": (
            "When the policy decides, seconds since 1970; null: never.",
            "策略自动裁定的时间，1970 年以来的秒数；null 表示不自动裁定。",
        ),
        "leaning": ("What the evidence speaks for.", "证据所指向的裁定。"),
        "reasons": ("The evidence, a sentence each.", "证据，每条一句。"),
    },
    ResolveOrder: {"outcome": _OUTCOME},
    ResolveAllOrder: {
        "outcome": _OUTCOME,
        "before": ("Those that ended before.", "在此之前结束的。"),
    },
    GenerationsResolved: {
        "object": ("`generations.resolved`.", "`generations.resolved`。"),
        "outcome": _OUTCOME,
        "ids": ("What was decided on.", "所裁定的调用。"),
        "amount_usd": ("The money of them all.", "合计金额。"),
        "was_resolved": ("Whether it stood so before.", "此前是否已如此裁定。"),
    },
    GenerationCancelled: {
        "id": _GENERATION,
        "object": ("`generation.cancelled`.", "`generation.cancelled`。"),
        "cancelled": ("`true`.", "`true`。"),
    },
    UsageSums: _SUMS,
    UsageEntry: {
        **_SUMS,
        "day": ("In UTC; null: all days.", "UTC 日期；null 表示所有日期。"),
        "model": ("Null: all models.", "null 表示所有模型。"),
        "key": ("Null: all keys.", "null 表示所有密钥。"),
    },
    UsageReport: {
        "object": ("`usage`.", "`usage`。"),
        "timezone": ("`UTC`.", "`UTC`。"),
        "first_day": ("The first day counted, in UTC.", "统计的第一天，UTC。"),
        "last_day": ("The last day counted.", "统计的最后一天。"),
        "data": ("By day, model and key, as asked.", "按日期、模型与密钥分列。"),
        "total": ("All of it.", "合计。"),
        "key": ("The key that asks.", "发出请求的密钥。"),
        "keys": ("All stored keys, for admins; else null.", "全部已存密钥，仅限管理员，否则为 null。"),
    },
    KeyOrder: {**_KEY_BODY, "key": ("A secret of your own: `sk-` and more.", "自带的密钥：以 `sk-` 开头。")},
    KeyUpdate: _KEY_BODY,
    KeyEntry: _KEY_ENTRY,
    NewKey: {**_KEY_ENTRY, "key": ("The secret.", "密钥明文。")},
    KeyRevoked: {
        "id": ("`key_…`.", "`key_…`。"),
        "object": ("`limner.key.revoked`.", "`limner.key.revoked`。"),
        "deleted": ("`true`.", "`true`。"),
    },
}
