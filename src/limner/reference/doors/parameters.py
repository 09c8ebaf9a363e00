"""Parameters that several doors take. No code of a door."""

from limner.reference.operation import Parameter, Rules, Schema, Words

COMPLETION_ID = Parameter(
    name="completion_id",
    place="path",
    words=Words(
        "The answer's id (`chatcmpl-…`) or its generation's (`gen_…`).",
        "答案的 id（`chatcmpl-…`）或其生成的 id（`gen_…`）。",
    ),
    schema={"type": "string", "pattern": "^(chatcmpl-|gen_)[0-9a-f]{32}$"},
)
IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    place="header",
    words=Words(
        "A name for the call: sent again with it, the same call is answered from the first and costs nothing.",
        "给调用起的名字：带着它再次发送同一调用，会得到第一次的答案且不再计费。",
    ),
    schema={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
)
REPEAT = Parameter(
    name="X-Limner-Repeat",
    place="header",
    words=Words(
        "`never`: a new picture, whatever was asked before. Anything else says nothing.",
        "`never`：无论之前问过什么都画新图。其他值无意义。",
    ),
    schema={"type": "string"},
)
IMAGE_OUTPUT = Parameter(
    name="X-Limner-Image-Output",
    place="header",
    words=Words("Where the picture is, unless the body says.", "图片放在哪里，请求体中的设置优先。"),
    schema={"type": "string", "enum": ["auto", "markdown", "url", "images"]},
)
RETRY_COUNT = Parameter(
    name="x-stainless-retry-count",
    place="header",
    words=Words(
        "Above 0: not the client's first attempt. OpenAI's own clients send it.",
        "大于 0 表示不是客户端的第一次尝试。OpenAI 官方客户端会发送。",
    ),
    schema={"type": "string"},
)
ETAG = Parameter(
    name="If-None-Match",
    place="header",
    words=Words("The `etag` that is there already.", "已有的 `etag`。"),
    schema={"type": "string"},
)
RANGE = Parameter(
    name="Range",
    place="header",
    words=Words(
        "A part of the picture. What is no range of bytes is ignored.",
        "只取图片的一部分。不是字节范围的内容会被忽略。",
    ),
    schema={"type": "string"},
)
LIMIT = Parameter(
    name="limit",
    place="query",
    words=Words("1 to 100; 20 unless told.", "1 到 100，默认 20。"),
    schema={"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
)
ORDER = Parameter(
    name="order",
    place="query",
    words=Words("The oldest first, or the newest.", "最旧的在前，或最新的在前。"),
    schema={"type": "string", "enum": ["asc", "desc"], "default": "asc"},
)
AFTER = Parameter(
    name="after",
    place="query",
    words=Words(
        "The `last_id` of the page before. Behind an id that is not there is nothing.",
        "上一页的 `last_id`。不存在的 id 之后没有内容。",
    ),
    schema={"type": "string"},
)


def link_to(parameter: str, value: str, *ids: str) -> dict[str, Schema]:
    """Return links to doors whose `parameter` is what stands at `value` of an answer."""
    return {name: {"operationId": name, "parameters": {parameter: value}} for name in ids}


def list_callers(rules: Rules) -> tuple[Parameter, ...]:
    """Return the header that names end users, if this gateway has one."""
    if rules.end_user_header is None:
        return ()
    words = Words("Who is behind the call.", "调用背后的用户。")
    return (Parameter(name=rules.end_user_header, place="header", words=words, schema={"type": "string"}),)
