"""Headers of answers, as components. Knows no door."""

from collections.abc import Iterable
from typing import Any

from limner.reference.operation import Language, Schema, Words

REQUEST_ID = "x-request-id"
GENERATION_ID = "x-limner-generation-id"
REPLAYED = "Idempotent-Replayed"
SHOULD_RETRY = "x-should-retry"

HEADERS: dict[str, tuple[Words, Schema]] = {
    REQUEST_ID: (
        Words("The request's id, as in the gateway's log.", "请求的 id，与网关日志一致。"),
        {"type": "string", "pattern": "^req_[0-9a-f]{32}$"},
    ),
    GENERATION_ID: (
        Words(
            "The call is in the books under this id; its answer can be collected by it. A repeat has the id of the call it "
            "repeats.",
            "这次调用在账目中的 id，可凭它取回答案。重复的调用沿用原调用的 id。",
        ),
        {"type": "string", "pattern": "^gen_[0-9a-f]{32}$"},
    ),
    REPLAYED: (
        Words("`true`: the answer comes from the store.", "`true`：答案取自存储。"),
        {"type": "string", "enum": ["true"]},
    ),
    SHOULD_RETRY: (
        Words("Whether asking again is free of harm and likely to help.", "再次请求是否无害且可能成功。"),
        {"type": "string", "enum": ["true", "false"]},
    ),
    "retry-after": (
        Words("Whole seconds to wait, rounded up.", "需要等待的整秒数，向上取整。"),
        {"type": "string", "pattern": "^[0-9]+$"},
    ),
    "retry-after-ms": (
        Words("The same in milliseconds.", "同上，以毫秒计。"),
        {"type": "string", "pattern": "^[0-9]+$"},
    ),
    "www-authenticate": (
        Words("How a key is sent.", "密钥的发送方式。"),
        {"type": "string", "enum": ["Bearer"]},
    ),
    "etag": (Words("Changes when the content does.", "内容改变时随之改变。"), {"type": "string"}),
    "cache-control": (Words("How long it may be kept.", "可以缓存多久。"), {"type": "string"}),
    "accept-ranges": (
        Words("Parts can be asked for.", "可以只请求一部分。"),
        {"type": "string", "enum": ["bytes"]},
    ),
    "content-range": (
        Words("Which bytes these are, and of how many.", "返回的是哪些字节，共有多少字节。"),
        {"type": "string"},
    ),
    "content-disposition": (
        Words("`inline` for pictures, with a name to save by.", "图片为 `inline`，并带保存用的文件名。"),
        {"type": "string"},
    ),
    "content-security-policy": (
        Words("What a browser may do with it, opened by itself.", "单独打开时浏览器可以做什么。"),
        {"type": "string"},
    ),
}


_MAY_BE_ABSENT = frozenset({GENERATION_ID, REPLAYED})


def write_headers(language: Language) -> dict[str, Any]:
    """Return the components."""
    return {
        to_component_name(name): {
            "description": words.say(language),
            "required": name not in _MAY_BE_ABSENT,
            "schema": schema,
        }
        for name, (words, schema) in HEADERS.items()
    }


def refer(names: Iterable[str]) -> dict[str, Any]:
    """Return headers of an answer, as references."""
    return {name: {"$ref": f"#/components/headers/{to_component_name(name)}"} for name in names}


def to_component_name(name: str) -> str:
    """Return the name of a header's component."""
    return "".join(word.capitalize() for word in name.split("-"))
