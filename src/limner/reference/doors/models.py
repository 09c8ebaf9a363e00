"""The doors to models, described."""

from msgspec import Struct

from limner.reference.doors.native import MODEL, MODEL_PAGE
from limner.reference.operation import Answer, Content, Operation, Parameter, Rules, Schema, Tag, Words
from limner.wire.models import ModelEntry, ModelList

TAGS = (
    Tag(
        "models",
        Words("Models", "模型"),
        Words("What a key may ask, and what it costs.", "密钥可用的模型及其价格。"),
    ),
)
_NAME = Parameter(
    name="name",
    place="path",
    words=Words("A model's id or nickname.", "模型的 id 或别名。"),
    schema={"type": "string", "minLength": 1},
    example="nano-banana-2.1",
)


def list_operations(_rules: Rules) -> tuple[Operation, ...]:
    """Return the doors."""
    return (_list(), _show())


def _list() -> Operation:
    return Operation(
        method="get",
        path="/v1/models",
        id="listModels",
        tag="models",
        summary=Words("List models", "列出模型"),
        description=Words(
            "All models the key may use, nicknames too: ratios, sizes, pixels and prices.",
            "密钥可用的全部模型，含别名：比例、尺寸、像素与价格。",
        ),
        answers=(_answer("models", ModelList, MODEL_PAGE),),
        error_form="either",
    )


def _show() -> Operation:
    return Operation(
        method="get",
        path="/v1/models/{name}",
        id="getModel",
        tag="models",
        summary=Words("Show a model", "查看模型"),
        description=Words("One model, under the name that was asked.", "单个模型，以所请求的名称返回。"),
        parameters=(_NAME,),
        answers=(_answer("model", ModelEntry, MODEL),),
        codes=("model_not_found",),
        error_form="either",
    )


def _answer(noun: str, record: type[Struct], native: Schema) -> Answer:
    words = Words(
        f"The {noun}; for programs that speak Gemini's API, in its form.",
        "模型；对使用 Gemini API 的程序，以其格式返回。",
    )
    return Answer(words=words, contents=(Content(record=record, other_schemas=(native,)),))
