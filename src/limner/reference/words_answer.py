"""What the fields of a chat answer mean, and of an error. Words only."""

from msgspec import Struct

from limner.wire.openai import (
    AnswerImage,
    AnswerMessage,
    ChatCompletion,
    ChatCompletionChunk,
    Choice,
    ChunkChoice,
    CompletionTokensDetails,
    DataUrl,
    Delta,
    ErrorAnswer,
    ErrorBody,
    ImageNote,
    LimnerNote,
    Notice,
    PromptTokensDetails,
    ReasoningDetail,
    UpstreamNote,
    Usage,
)

_ID = ("`chatcmpl-…`; the answer can be collected by it.", "`chatcmpl-…`；可凭它取回答案。")
_CREATED = ("Seconds since 1970: when the call was taken.", "调用被接受的时间，1970 年以来的秒数。")
_MODEL = ("The name that was asked for.", "请求中的模型名。")
_ALWAYS_NULL = ("Always null.", "始终为 null。")
_DETAILS = (
    "What stands for the picture's thought signatures; sent back with the message, it makes the next edit good.",
    "代表图片的思考签名；随消息一并发回，可让下一轮修改更准确。",
)
_REFUSAL = ("Why no picture came, in words; null where one did.", "没有图片的原因；有图片时为 null。")
_FINISH = ("`stop`, `length` or `content_filter`.", "`stop`、`length` 或 `content_filter`。")
_IMAGES = ("The pictures, where `image_output` is `images`.", "图片（`image_output` 为 `images` 时）。")
_THOUGHTS = ("The model's thoughts, if they were asked for.", "模型的思考内容（若请求）。")

ANSWER_RECORDS: dict[type[Struct], tuple[str, str]] = {
    ChatCompletion: ("A whole answer.", "完整的答案。"),
    ChatCompletionChunk: ("What one `data:` of a stream holds.", "流中每个 `data:` 的内容。"),
    ErrorAnswer: ("An error; all four keys are always there.", "错误；四个键始终存在。"),
    Notice: ("Something to know that is not an error.", "值得知道但不是错误的事。"),
    ImageNote: ("A delivered picture, described.", "对已送达图片的描述。"),
    LimnerNote: ("What this gateway adds.", "本网关附加的内容。"),
}

ANSWER_FIELDS: dict[type[Struct], dict[str, tuple[str, str]]] = {
    ChatCompletion: {
        "id": _ID,
        "created": _CREATED,
        "model": _MODEL,
        "choices": ("The answers; one unless `n` asked for more.", "答案；除非用 `n` 请求更多，否则为一个。"),
        "usage": ("Tokens and cost of all choices.", "所有选项的 token 与费用。"),
        "limner": ("What this gateway adds.", "本网关附加的内容。"),
        "object": ("`chat.completion`.", "`chat.completion`。"),
        "metadata": (
            "What was noted on the answer; only when it is collected by its id.",
            "写在答案上的备注；仅在按 id 取回时出现。",
        ),
    },
    ChatCompletionChunk: {
        "id": _ID,
        "created": _CREATED,
        "model": _MODEL,
        "choices": (
            "What is added; empty in the last chunk, which has usage.",
            "新增内容；最后带用量的块中为空。",
        ),
        "usage": ("In the last chunk.", "出现在最后一块。"),
        "limner": ("In the chunk with the last `finish_reason`.", "出现在带最后一个 `finish_reason` 的块。"),
        "object": ("`chat.completion.chunk`.", "`chat.completion.chunk`。"),
    },
    Choice: {
        "index": ("0, or up to `n` less one.", "0，或至多 `n`-1。"),
        "message": ("The assistant's message.", "助手的消息。"),
        "finish_reason": _FINISH,
        "logprobs": _ALWAYS_NULL,
    },
    ChunkChoice: {
        "index": ("Which choice this adds to.", "属于哪个选项。"),
        "delta": ("What is added.", "新增的内容。"),
        "finish_reason": ("Null until the choice is complete.", "选项完成前为 null。"),
        "logprobs": _ALWAYS_NULL,
    },
    AnswerMessage: {
        "content": (
            "Gemini's text, and the picture as Markdown, with a data URI or a link, unless it is in `images`.",
            "Gemini 的文字，以及 Markdown 图片（data URI 或链接），除非图片在 `images` 中。",
        ),
        "role": ("`assistant`.", "`assistant`。"),
        "refusal": _REFUSAL,
        "reasoning_content": _THOUGHTS,
        "images": _IMAGES,
        "reasoning_details": _DETAILS,
    },
    Delta: {
        "role": ("In the first chunk.", "出现在第一块。"),
        "content": ("A piece of the content; pieces joined are the whole.", "内容的一段；各段相连即为全部。"),
        "refusal": _REFUSAL,
        "reasoning_content": _THOUGHTS,
        "images": _IMAGES,
        "reasoning_details": _DETAILS,
    },
    AnswerImage: {
        "index": ("Counted from 0.", "从 0 开始。"),
        "image_url": ("Where the picture is.", "图片所在。"),
        "type": ("`image_url`.", "`image_url`。"),
    },
    DataUrl: {
        "url": (
            "`data:<type>;base64,<data>`: Gemini's own bytes.",
            "`data:<type>;base64,<data>`：Gemini 的原始字节。",
        )
    },
    ReasoningDetail: {
        "data": ("A reference to what made the answer.", "指向生成该答案的记录。"),
        "id": ("The same.", "同上。"),
        "type": ("`reasoning.encrypted`.", "`reasoning.encrypted`。"),
        "format": ("`google-gemini-v1`.", "`google-gemini-v1`。"),
        "index": ("Counted from 0.", "从 0 开始。"),
    },
    Usage: {
        "prompt_tokens": ("Input.", "输入。"),
        "completion_tokens": ("Output, thoughts included.", "输出，含思考。"),
        "total_tokens": ("Both.", "两者之和。"),
        "prompt_tokens_details": ("Input by kind.", "输入的分类。"),
        "completion_tokens_details": ("Output by kind.", "输出的分类。"),
        "cost": ("Dollars; null where no price is known.", "美元；价格未知时为 null。"),
    },
    PromptTokensDetails: {
        "text_tokens": ("Of texts.", "文字。"),
        "image_tokens": ("Of pictures.", "图片。"),
        "cached_tokens": ("Always 0.", "始终为 0。"),
    },
    CompletionTokensDetails: {
        "image_tokens": ("Of pictures.", "图片。"),
        "reasoning_tokens": ("Of thoughts.", "思考。"),
        "text_tokens": ("Of texts.", "文字。"),
    },
    LimnerNote: {
        "generation_id": ("`gen_…`; null where nothing was generated.", "`gen_…`；未生成任何内容时为 null。"),
        "cost_usd": ("Dollars.", "美元。"),
        "upstream": ("Who drew.", "由谁绘制。"),
        "notices": ("What was changed, left out or is worth knowing.", "被更改、省略或值得知道的事。"),
        "images": ("The delivered pictures.", "已送达的图片。"),
    },
    UpstreamNote: {
        "kind": ("`gemini`.", "`gemini`。"),
        "model": ("Gemini's id of the model.", "Gemini 的模型 id。"),
    },
    Notice: {"code": ("For programs.", "供程序使用。"), "message": ("For people.", "供人阅读。")},
    ImageNote: {
        "id": ("`img_…`; can be sent as an input picture.", "`img_…`；可作为输入图片发送。"),
        "url": ("A signed link; null where no picture is kept.", "签名链接；不保存图片时为 null。"),
        "sha256": ("Of the picture's bytes, in hexadecimal.", "图片字节的 SHA-256，十六进制。"),
        "mime_type": ("As the bytes say.", "以字节为准。"),
        "width": ("Pixels; null if the header does not say.", "像素；文件头未给出时为 null。"),
        "height": ("Pixels; null if the header does not say.", "像素；文件头未给出时为 null。"),
        "bytes": ("The file's size.", "文件大小。"),
    },
    ErrorAnswer: {"error": ("The error.", "错误。")},
    ErrorBody: {
        "message": (
            "What was wrong, the value, and what would be accepted.",
            "哪里不对、给了什么值、接受什么值。",
        ),
        "type": ("The kind of error.", "错误类别。"),
        "param": ("The field at fault, as a dotted path, or null.", "出错的字段路径，或 null。"),
        "code": ("What programs go by.", "程序应依据的代码。"),
        "generation_id": ("In the error frame of a stream only.", "仅出现在流的错误帧中。"),
    },
}
