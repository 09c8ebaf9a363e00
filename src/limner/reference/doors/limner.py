"""Limner's own doors to pictures, generations and usage, described."""

from limner.reference.doors.parameters import AFTER, ETAG, LIMIT, RANGE, link_to, list_callers
from limner.reference.doors.pictures import ETAG_HEADERS, PICTURE_BYTES, PICTURE_ID
from limner.reference.operation import Answer, Content, Operation, Parameter, Rules, Schema, Tag, Words
from limner.wire.limner import (
    GenerationCancelled,
    GenerationEntry,
    GenerationList,
    Picture,
    PictureDeleted,
    PictureList,
    UsageReport,
)

TAGS = (
    Tag(
        "own",
        Words("Pictures, calls, usage", "图片、调用与用量"),
        Words(
            "What was drawn, what it cost and what became of calls, for their owner.",
            "画了什么、花了多少、每次调用的结果，仅所有者可见。",
        ),
    ),
)
_PICTURES = "/v1/limner/pictures"
_PICTURE = f"{_PICTURES}/{{picture_id}}"
_GENERATIONS = "/v1/limner/generations"
_ONE_GENERATION = f"{_GENERATIONS}/{{generation_id}}"
_FIRST = "$response.body#/data/0/id"
_TEXT: Schema = {"type": "string"}
_DAY: Schema = {"type": "string", "format": "date"}
_NEWEST = Parameter(
    name="order",
    place="query",
    words=Words("The newest first, or the oldest.", "最新的在前，或最旧的在前。"),
    schema={"type": "string", "enum": ["desc", "asc"], "default": "desc"},
)
_GENERATION_ID = Parameter(
    name="generation_id",
    place="path",
    words=Words("The generation, or its answer.", "生成的 id，或其答案的 id。"),
    schema={"type": "string", "pattern": "^(chatcmpl-|gen_)[0-9a-f]{32}$"},
)
_ALL = Parameter(
    name="all",
    place="query",
    words=Words("`true`: everybody's, for admin keys.", "`true`：所有人的，仅限管理员密钥。"),
    schema={"type": "string", "enum": ["true", "false", "1", "0"]},
)
_SIZE = Parameter(
    name="size",
    place="query",
    words=Words("Pixels of the longer side.", "长边的像素数。"),
    schema={"type": "string", "enum": ["256", "512"], "default": "256"},
)
_STATE = Parameter(
    name="state",
    place="query",
    words=Words("Those in this state.", "处于此状态的。"),
    schema={
        "type": "string",
        "enum": ["claimed", "sent", "receiving", "settled", "refused", "failed", "unknown"],
    },
)
_MOMENT_WORDS = ("A day in UTC, a time, or seconds since 1970.", "UTC 日期、时间，或 1970 年以来的秒数。")
_MOMENT: Schema = {
    "anyOf": [
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "pattern": "^[0-9]{1,11}$"},
    ]
}


def _query(name: str, words: tuple[str, str], schema: Schema) -> Parameter:
    return Parameter(name=name, place="query", words=Words(*words), schema=schema)


_FILTERS = (
    _query("q", ("Words that all are in the prompt.", "提示词中须全部出现的词。"), _TEXT),
    _query("model", ("A model by any of its names.", "模型的任一名称。"), _TEXT),
    _query(
        "ratio",
        ("What the pixels come nearest to.", "与像素最接近的比例。"),
        {"type": "string", "pattern": "^[1-9][0-9]{0,2}:[1-9][0-9]{0,2}$"},
    ),
    _query("from", _MOMENT_WORDS, _MOMENT),
    _query("to", _MOMENT_WORDS, _MOMENT),
)
_USAGE_PARAMETERS = (
    _query("from", ("The first day, in UTC.", "第一天，UTC。"), _DAY),
    _query("to", ("The last day, in UTC.", "最后一天，UTC。"), _DAY),
    _query(
        "by",
        ("Some of `day`, `model`, `key`, with commas.", "`day`、`model`、`key` 中的若干个，逗号分隔。"),
        {"type": "string", "pattern": "^(day|model|key)(,(day|model|key))*$"},
    ),
    _query("key", ("A key's name.", "密钥名称。"), _TEXT),
    _ALL,
)


def list_operations(rules: Rules) -> tuple[Operation, ...]:
    """Return the doors."""
    callers = list_callers(rules)
    describe = (
        _list_pictures,
        _show_picture,
        _delete_picture,
        _get_picture_content,
        _get_thumbnail,
        _list_generations,
        _show_generation,
        _cancel_generation,
        _describe_usage,
    )
    return tuple(one(*callers) for one in describe)


def _list_pictures(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path=_PICTURES,
        id="listPictures",
        tag="own",
        summary=Words("List pictures", "列出图片"),
        description=Words("Those that are kept, a page at a time.", "仍保存的图片，分页返回。"),
        parameters=(*_FILTERS, _NEWEST, LIMIT, AFTER, *callers),
        answers=(
            Answer(
                words=Words("A page.", "一页。"),
                contents=(Content(record=PictureList),),
                links=link_to(
                    "picture_id", _FIRST, "showPicture", "getPictureContent", "getThumbnail", "deletePicture"
                ),
            ),
        ),
    )


def _show_picture(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path=_PICTURE,
        id="showPicture",
        tag="own",
        summary=Words("Show what is known of a picture", "查看图片信息"),
        description=Words("With how it was asked for.", "包括请求方式。"),
        parameters=(PICTURE_ID, *callers),
        answers=(Answer(words=Words("The picture.", "图片。"), contents=(Content(record=Picture),)),),
        codes=("not_found",),
    )


def _delete_picture(*callers: Parameter) -> Operation:
    return Operation(
        method="delete",
        path=_PICTURE,
        id="deletePicture",
        tag="own",
        summary=Words("Delete a picture", "删除图片"),
        description=Words(
            "With the answer that it came in: its words and all its pictures. Links end at once.",
            "连同所在的答案一起删除：文字与全部图片，链接立即失效。",
        ),
        parameters=(PICTURE_ID, *callers),
        answers=(
            Answer(words=Words("What went.", "已删除的内容。"), contents=(Content(record=PictureDeleted),)),
        ),
        codes=("not_found",),
    )


def _get_picture_content(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path=f"{_PICTURE}/content",
        id="getPictureContent",
        tag="own",
        summary=Words("Show a picture by key", "凭密钥取图"),
        description=Words("Gemini's own bytes.", "Gemini 的原始字节。"),
        parameters=(PICTURE_ID, RANGE, ETAG, *callers),
        answers=PICTURE_BYTES,
        codes=("not_found", "range_not_satisfiable"),
    )


def _get_thumbnail(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path=f"{_PICTURE}/thumbnail",
        id="getThumbnail",
        tag="own",
        summary=Words("Show a small version", "查看缩略图"),
        description=Words("A WebP, made aside.", "WebP 格式，在旁路生成。"),
        parameters=(PICTURE_ID, _SIZE, ETAG, *callers),
        answers=(
            Answer(
                words=Words("The thumbnail.", "缩略图。"),
                contents=(Content(media_type="image/webp", schema={"type": "string", "format": "binary"}),),
                headers=(*ETAG_HEADERS, "content-security-policy"),
            ),
            Answer(status=304, words=Words("It is there already.", "已是最新。"), headers=ETAG_HEADERS),
        ),
        codes=("not_found", "gateway_overloaded"),
    )


def _list_generations(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path=_GENERATIONS,
        id="listGenerations",
        tag="own",
        summary=Words("List calls", "列出调用"),
        description=Words("The newest first, of all ends.", "最新的在前，含各种结果。"),
        parameters=(_STATE, LIMIT, AFTER, _ALL, *callers),
        answers=(
            Answer(
                words=Words("A page.", "一页。"),
                contents=(Content(record=GenerationList),),
                links=link_to("generation_id", _FIRST, "showGeneration", "cancelGeneration"),
            ),
        ),
        codes=("admin_key_required",),
    )


def _show_generation(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path=_ONE_GENERATION,
        id="showGeneration",
        tag="own",
        summary=Words("Show a call", "查看调用"),
        description=Words("What became of it.", "调用的结果。"),
        parameters=(_GENERATION_ID, _ALL, *callers),
        answers=(Answer(words=Words("The call.", "调用。"), contents=(Content(record=GenerationEntry),)),),
        codes=("not_found", "admin_key_required"),
    )


def _cancel_generation(*callers: Parameter) -> Operation:
    return Operation(
        method="delete",
        path=_ONE_GENERATION,
        id="cancelGeneration",
        tag="own",
        summary=Words("Take a call back", "撤回调用"),
        description=Words(
            "As long as nothing was sent; then it costs nothing. Else 409.",
            "尚未发送时可撤回，不产生费用；否则返回 409。",
        ),
        parameters=(_GENERATION_ID, *callers),
        answers=(
            Answer(words=Words("Taken back.", "已撤回。"), contents=(Content(record=GenerationCancelled),)),
        ),
        codes=("not_found", "already_sent"),
    )


def _describe_usage(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path="/v1/limner/usage",
        id="getUsage",
        tag="own",
        summary=Words("Show usage", "查看用量"),
        description=Words(
            "By day, model and key; and what is left of the budget. Days are UTC's, at most 366.",
            "按日期、模型与密钥统计，并给出预算余额。日期按 UTC，最多 366 天。",
        ),
        parameters=(*_USAGE_PARAMETERS, *callers),
        answers=(Answer(words=Words("The usage.", "用量。"), contents=(Content(record=UsageReport),)),),
        codes=("admin_key_required",),
    )
