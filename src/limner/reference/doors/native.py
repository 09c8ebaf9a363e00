"""The doors of Gemini's own format, described as far as Limner knows it: all else passes as it is.

Facts: Google's own reference is the whole description (ai.google.dev/api/generate-content, read 2026-11).
"""

from limner.reference.codes import BUYING
from limner.reference.doors.parameters import IDEMPOTENCY_KEY, REPEAT, list_callers
from limner.reference.headers import GENERATION_ID, REPLAYED
from limner.reference.operation import (
    Answer,
    Content,
    Example,
    Operation,
    Parameter,
    Rules,
    Schema,
    Tag,
    Words,
)

TAGS = (
    Tag(
        "gemini",
        Words("Gemini's own format", "Gemini 原生格式"),
        Words(
            "For programs that speak Gemini's API; under `/v1` as well as `/v1beta`. Fields that are not named here pass as they "
            "are, and answers are Gemini's own.",
            "供使用 Gemini API 的程序；`/v1` 与 `/v1beta` 均可。此处未列出的字段原样转发，答案即 Gemini 原文。",
        ),
    ),
)
_VERSIONS = (("/v1beta", ""), ("/v1", "V1"))
_MODEL = Parameter(
    name="model",
    place="path",
    words=Words("A model's id, nickname or alias.", "模型的 id、昵称或别名。"),
    schema={"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
    example="gemini-3.1-flash-image",
)
_ALT = Parameter(
    name="alt",
    place="query",
    words=Words("`sse`: events; else a JSON array.", "`sse`：事件流；否则为 JSON 数组。"),
    schema={"type": "string"},
)
_PAGE_SIZE = Parameter(
    name="pageSize",
    place="query",
    words=Words("Models in a page.", "每页模型数。"),
    schema={"type": "integer", "minimum": 0, "maximum": 999_999_999},
)
_PAGE_TOKEN = Parameter(
    name="pageToken",
    place="query",
    words=Words("The `nextPageToken` of the page before.", "上一页的 `nextPageToken`。"),
    schema={"type": "string"},
)
_CONTENT: Schema = {
    "type": "object",
    "properties": {
        "role": {"type": "string", "enum": ["user", "model"]},
        "parts": {"type": "array", "minItems": 1, "items": {"type": "object", "minProperties": 1}},
    },
    "required": ["parts"],
}
_REQUEST: Schema = {
    "type": "object",
    "properties": {
        "contents": {"type": "array", "minItems": 1, "items": _CONTENT},
        "generationConfig": {"type": "object"},
        "systemInstruction": {"type": "object"},
        "safetySettings": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["contents"],
}
_COUNTED: Schema = {
    "type": "object",
    "properties": {"contents": {"type": "array", "minItems": 1, "items": _CONTENT}},
    "required": ["contents"],
}
RESPONSE: Schema = {
    "type": "object",
    "properties": {
        "candidates": {"type": "array", "items": {"type": "object"}},
        "promptFeedback": {"type": "object"},
        "usageMetadata": {"type": "object"},
        "modelVersion": {"type": "string"},
        "responseId": {"type": "string"},
    },
}
_EVENT: Schema = {
    "type": "object",
    "properties": {
        "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": RESPONSE}
    },
    "required": ["data"],
}
MODEL: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "baseModelId": {"type": "string"},
        "version": {"type": "string"},
        "displayName": {"type": "string"},
        "supportedGenerationMethods": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name", "supportedGenerationMethods"],
}
MODEL_PAGE: Schema = {
    "type": "object",
    "properties": {"models": {"type": "array", "items": MODEL}, "nextPageToken": {"type": "string"}},
    "required": ["models"],
}
_DRAW = {
    "draw": Example(
        Words("Draw", "画图"),
        {
            "contents": [{"role": "user", "parts": [{"text": "A lighthouse at sunset"}]}],
            "generationConfig": {
                "responseModalities": ["TEXT", "IMAGE"],
                "imageConfig": {"aspectRatio": "16:9"},
            },
        },
    )
}
_COUNT = {"count": Example(Words("Count", "计数"), {"contents": [{"parts": [{"text": "A lighthouse"}]}]})}


def list_operations(rules: Rules) -> tuple[Operation, ...]:
    """Return the doors. The list of models under `/v1` is described with OpenAI's, for it is there for both."""
    callers = list_callers(rules)
    drawing = [
        operation
        for version, suffix in _VERSIONS
        for operation in (
            _generate(version, suffix, *callers),
            _stream(version, suffix, *callers),
            _count(version, suffix),
        )
    ]
    return (*drawing, _list_models(), _show_model())


def _generate(version: str, suffix: str, *callers: Parameter) -> Operation:
    return Operation(
        method="post",
        path=f"{version}/models/{{model}}:generateContent",
        id=f"generateContent{suffix}",
        tag="gemini",
        summary=Words("Generate", "生成"),
        description=Words(
            "One answer, Gemini's own bytes. Each picture is bought once, as at every door.",
            "一个答案，即 Gemini 原文。与其他接口一样，每张图片只购买一次。",
        ),
        parameters=(_MODEL, IDEMPOTENCY_KEY, REPEAT, *callers),
        body=(Content(schema=_REQUEST, examples=_DRAW),),
        answers=(
            Answer(
                words=Words("What Gemini answered.", "Gemini 的答案。"),
                contents=(Content(schema=RESPONSE),),
                headers=(GENERATION_ID, REPLAYED),
            ),
        ),
        codes=BUYING,
        error_form="gemini",
        names_generation=True,
    )


def _stream(version: str, suffix: str, *callers: Parameter) -> Operation:
    return Operation(
        method="post",
        path=f"{version}/models/{{model}}:streamGenerateContent",
        id=f"streamGenerateContent{suffix}",
        tag="gemini",
        summary=Words("Generate, as a stream", "流式生成"),
        description=Words(
            "Each event is a whole response. The last one is sent when the picture is safe.",
            "每个事件都是一个完整响应。最后一个在图片安全落盘后发送。",
        ),
        parameters=(_MODEL, _ALT, IDEMPOTENCY_KEY, REPEAT, *callers),
        body=(Content(schema=_REQUEST, examples=_DRAW),),
        answers=(
            Answer(
                words=Words("What Gemini answered.", "Gemini 的答案。"),
                contents=(
                    Content(media_type="text/event-stream", schema=_EVENT),
                    Content(schema={"type": "array", "items": {"type": "object"}}),
                ),
                headers=(GENERATION_ID, REPLAYED),
            ),
        ),
        codes=BUYING,
        error_form="gemini",
        names_generation=True,
    )


def _count(version: str, suffix: str) -> Operation:
    return Operation(
        method="post",
        path=f"{version}/models/{{model}}:countTokens",
        id=f"countTokens{suffix}",
        tag="gemini",
        summary=Words("Count tokens", "计算 token"),
        description=Words("Passed on to Gemini; costs nothing.", "转发给 Gemini，不收费。"),
        parameters=(_MODEL,),
        body=(Content(schema=_COUNTED, examples=_COUNT),),
        answers=(
            Answer(
                words=Words("The count.", "计数结果。"),
                contents=(Content(schema={"type": "object", "required": ["totalTokens"]}),),
            ),
        ),
        codes=BUYING,
        error_form="gemini",
    )


def _list_models() -> Operation:
    return Operation(
        method="get",
        path="/v1beta/models",
        id="listGeminiModels",
        tag="gemini",
        summary=Words("List models", "列出模型"),
        description=Words("The models the key may use, in Gemini's form.", "密钥可用的模型，Gemini 格式。"),
        parameters=(_PAGE_SIZE, _PAGE_TOKEN),
        answers=(Answer(words=Words("A page.", "一页。"), contents=(Content(schema=MODEL_PAGE),)),),
        codes=("invalid_type",),
        error_form="gemini",
    )


def _show_model() -> Operation:
    return Operation(
        method="get",
        path="/v1beta/models/{model}",
        id="getGeminiModel",
        tag="gemini",
        summary=Words("Show a model", "查看模型"),
        description=Words("In Gemini's form.", "Gemini 格式。"),
        parameters=(_MODEL,),
        answers=(Answer(words=Words("The model.", "模型。"), contents=(Content(schema=MODEL),)),),
        codes=("model_not_found",),
        error_form="gemini",
    )
