"""What the fields of a chat request mean. Words only."""

from msgspec import Struct

from limner.reference.exact import SETTING_WORDS
from limner.wire.openai import (
    ChatCompletionRequest,
    ExtraBody,
    GeminiContent,
    GoogleOptions,
    LimnerOptions,
    Message,
    StreamOptions,
    ThinkingConfig,
)
from limner.wire.parts import ContentPart, FileContent, GeminiBlob, GeminiFile, GeminiPart, ImageUrl

_SETTINGS = {name: (words.en, words.zh) for name, words in SETTING_WORDS.items()}
_CONFIGS = ("image_config", "imageConfig", "generationConfig", "generation_config", "config")
_CONFIG_FIELDS = (*_CONFIGS, "aspect_ratio", "image_size", "aspectRatio", "imageSize")
_DROPPED = (
    "Dropped with a notice when drawing: a picture counts as output tokens. Text models take it.",
    "画图时丢弃并给出提示：图片也计入输出 token。文本模型会采用。",
)
_NO_USE = ("Dropped with a notice.", "丢弃并给出提示。")
_PICTURE_FIELD = (
    (
        "A picture, where `type` says that the part is one: a data URI, base64, an https link, or a link or id of this gateway. "
        "What is no text is not read."
    ),
    "当 `type` 表明这是图片时，即为图片：data URI、base64、https 链接，或本网关的链接或 id。不是字符串的内容不读取。",
)
_BLOB = ("A picture's base64, in Gemini's form.", "Gemini 写法的图片 base64。")
_FILE = ("A picture behind a link, in Gemini's form.", "Gemini 写法的图片链接。")
_SAME_SPELLING = ("The same, in the other spelling.", "同上，另一种写法。")

CHAT_RECORDS: dict[type[Struct], tuple[str, str]] = {
    ChatCompletionRequest: (
        "A chat in OpenAI's form. Fields that are not named here are ignored; null means absent.",
        "OpenAI 格式的对话。未列出的字段会被忽略；null 等于未给出。",
    ),
    Message: ("One turn of the conversation.", "对话中的一轮。"),
    ContentPart: (
        "A text or a picture, in any spelling that clients use.",
        "一段文字或一张图片，接受各客户端的写法。",
    ),
    GeminiContent: ("A turn in Gemini's form.", "Gemini 格式的一轮。"),
    GeminiPart: ("A text or a picture in Gemini's form.", "Gemini 格式的文字或图片。"),
    GeminiBlob: _BLOB,
    GeminiFile: _FILE,
}

CHAT_FIELDS: dict[type[Struct], dict[str, tuple[str, str]]] = {
    ChatCompletionRequest: {
        "model": (
            (
                "Gemini's id or a nickname such as `nano-banana-2.1`, with or without `models/`, `google/`, `-preview`; suffixes "
                "(`-2k`, `-16x9`) set size and ratio. `GET /v1/models` lists what a key may use."
            ),
            (
                "Gemini 的模型 id 或别名（如 `nano-banana-2.1`），可带 `models/`、`google/`、`-preview`；后缀（`-2k`、`-16x9`）设置尺寸与"
                "比例。`GET /v1/models` 列出密钥可用的模型。"
            ),
        ),
        "stream": (
            "`true` answers as a stream of server-sent events.",
            "`true` 以 server-sent events 流式返回。",
        ),
        "stream_options": ("Options of a stream.", "流式选项。"),
        "store": (
            (
                "`true` keeps the answer longer, and what was asked, and lists it; `false` deletes both once it is delivered and its "
                "repeats are over."
            ),
            "`true` 更久地保存答案与请求内容，并列入列表；`false` 在送达且重复窗口结束后删除。",
        ),
        "metadata": (
            "The client's own words on the answer: up to 16 pairs, keys up to 64 characters, values up to 512.",
            "客户端写在答案上的备注：最多 16 对，键最长 64 字符，值最长 512 字符。",
        ),
        "user": (
            "Who is behind the call; one end user does not get another's repeats.",
            "调用背后的用户；不同用户之间不共享重复结果。",
        ),
        "messages": (
            "The conversation. Something to draw must be in it, or in `contents`.",
            "对话内容。其中（或 `contents` 中）必须有要画的内容。",
        ),
        "contents": (
            "The same in Gemini's form; counts where no message but a system one has content.",
            "Gemini 格式的同样内容；仅当除 system 外没有任何消息有内容时采用。",
        ),
        "extra_body": (
            "Part of the documented format, on the wire as it is. `extra_body.google.image_config` sets ratio and size.",
            "文档所述格式的一部分，原样发送。`extra_body.google.image_config` 设置比例与尺寸。",
        ),
        "google": (
            "As `extra_body.google`; clients that merge their `extra_body` send it so.",
            "同 `extra_body.google`；会合并 `extra_body` 的客户端这样发送。",
        ),
        "limner": ("As `extra_body.limner`.", "同 `extra_body.limner`。"),
        "modalities": (
            "With `image` in it the picture comes in `message.images`, unless another place is asked for.",
            "含 `image` 时，图片放在 `message.images` 中，除非另有指定。",
        ),
        "n": (
            "So many choices, each a call to Gemini, under one bill.",
            "返回多少个选项；每个都是一次 Gemini 调用，合并计费。",
        ),
        "temperature": ("0 to 2.", "0 到 2。"),
        "top_p": ("0 to 1.", "0 到 1。"),
        "seed": (
            "Passed on if it fits 32 bits, else dropped with a notice.",
            "32 位以内会传给 Gemini，否则丢弃并给出提示。",
        ),
        "max_tokens": _DROPPED,
        "max_completion_tokens": _DROPPED,
        "stop": _DROPPED,
        "presence_penalty": _NO_USE,
        "frequency_penalty": _NO_USE,
        "tools": ("Dropped with a notice; refused by text models.", "丢弃并给出提示；文本模型会拒绝。"),
        "functions": ("Dropped with a notice; refused by text models.", "丢弃并给出提示；文本模型会拒绝。"),
        "reasoning_effort": ("For text models: how much they think.", "用于文本模型：思考的程度。"),
        "response_format": _DROPPED,
        **_SETTINGS,
    },
    StreamOptions: {
        "include_usage": ("`false` leaves out the last chunk, with usage.", "`false` 则省略最后的用量块。"),
    },
    Message: {
        "role": (
            (
                "`system` and `developer` instruct; `assistant` and `model` are the model's turns; anything else, and none, is the "
                "user."
            ),
            "`system`、`developer` 为指令；`assistant`、`model` 为模型的轮次；其他值或缺省视为用户。",
        ),
        "content": ("A text, or a list of texts and parts.", "一段文字，或由文字与部件组成的列表。"),
        "name": ("Kept with stored messages; not sent to Gemini.", "随已存消息保存；不发给 Gemini。"),
        "images": (
            "Pictures beside the content: texts, or parts of any spelling.",
            "内容之外的图片：字符串，或任意写法的部件。",
        ),
        "content_blocks": (
            "As other gateways write content: its pictures, and its text where the content has none.",
            "其他网关的写法：取其图片；若内容没有文字，也取其文字。",
        ),
        "multi_mod_content": ("The same in another gateway's spelling.", "同上，另一种网关的写法。"),
        "reasoning_details": (
            "Entries that an answer of this gateway carried say which answer it was; all else is ignored.",
            "本网关答案所带的条目说明这是哪个答案；其余忽略。",
        ),
    },
    ContentPart: {
        "type": (
            "`text`, `image_url`, `input_image`, `file`, `image` and their like, or none.",
            "`text`、`image_url`、`input_image`、`file`、`image` 等，也可缺省。",
        ),
        "text": ("A text; pictures may stand in it as data URIs.", "文字；其中可以有 data URI 图片。"),
        "image_url": ("A picture: a text, or an object with `url`.", "图片：字符串，或带 `url` 的对象。"),
        "file": ("A picture as a file.", "以文件形式给出的图片。"),
        "inlineData": _BLOB,
        "inline_data": _BLOB,
        "url": _PICTURE_FIELD,
        "image": _PICTURE_FIELD,
        "source": _PICTURE_FIELD,
        "data": _PICTURE_FIELD,
        "b64_json": _PICTURE_FIELD,
        "file_data": _PICTURE_FIELD,
        "file_url": _PICTURE_FIELD,
        "file_id": (
            "The id of a picture of this gateway, `img_` and 32 digits.",
            "本网关图片的 id，`img_` 加 32 位十六进制数字。",
        ),
        "fileData": _FILE,
    },
    ImageUrl: {
        "url": (
            "`data:<type>;base64,<data>`, an https link, or a link or id of this gateway. PNG, JPEG, WebP, HEIC or HEIF.",
            "`data:<type>;base64,<data>`、https 链接，或本网关的链接或 id。PNG、JPEG、WebP、HEIC、HEIF。",
        )
    },
    FileContent: {
        "file_data": ("A picture, as a data URI or base64.", "图片，data URI 或 base64。"),
        "file_id": ("The id of a picture of this gateway.", "本网关图片的 id。"),
        "filename": ("Ignored.", "忽略。"),
    },
    GeminiBlob: {
        "data": ("The picture's base64.", "图片的 base64。"),
        "mimeType": ("Ignored: the bytes say what it is.", "忽略：以图片字节为准。"),
        "mime_type": ("Ignored: the bytes say what it is.", "忽略：以图片字节为准。"),
    },
    GeminiFile: {"fileUri": ("A link.", "链接。"), "file_uri": _SAME_SPELLING},
    GeminiContent: {
        "role": ("As a message's.", "同消息的 role。"),
        "parts": ("Texts and pictures.", "文字与图片。"),
    },
    GeminiPart: {
        "text": ("A text.", "文字。"),
        "inlineData": _BLOB,
        "inline_data": _SAME_SPELLING,
        "fileData": _FILE,
        "file_data": _SAME_SPELLING,
    },
    ExtraBody: {
        "google": ("Google's own options.", "Google 自己的选项。"),
        "limner": ("This gateway's own options.", "本网关自己的选项。"),
        **_SETTINGS,
    },
    GoogleOptions: {
        "thinking_config": ("Thinking, where the model does.", "思考设置，若模型支持。"),
        "safety_settings": ("Passed on as it is.", "原样传给 Gemini。"),
        "max_output_tokens": (
            "Passed on as it is; a picture counts as tokens, so a low limit buys none.",
            "原样传给 Gemini；图片也计 token，限制过低则画不出图。",
        ),
        **{name: _SETTINGS[name] for name in _CONFIG_FIELDS},
    },
    ThinkingConfig: {
        "include_thoughts": (
            "`true` brings the thoughts as `reasoning_content`.",
            "`true` 则以 `reasoning_content` 返回思考内容。",
        ),
        "thinking_level": ("One of the model's levels.", "模型所支持的级别之一。"),
        "thinking_budget": ("Passed on as it is.", "原样传给 Gemini。"),
    },
    LimnerOptions: {
        "image_output": (
            "Where the picture is: `markdown` in the content, `url` as a link in it, `images` in `message.images`, `auto`.",
            "图片放在哪里：`markdown` 在内容中，`url` 为内容中的链接，`images` 在 `message.images` 中，或 `auto`。",
        )
    },
}
