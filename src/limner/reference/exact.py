"""What requests and answers hold where their records do not say it: every such field, and why. Knows no door.

A record leaves open what is passed along unread (pictures, as raw JSON), what several places may spell, and what is
checked by rules of its own rather than by its type.
"""

from typing import Any

from msgspec import Struct

from limner.catalogue import MODELS
from limner.reference.operation import Language, Rules, Schema, Words
from limner.wire.completions import CompletionNote, MetadataUpdate
from limner.wire.images import ImageCompleted, ImageData, ImagesRequest
from limner.wire.openai import (
    AnswerMessage,
    ChatCompletion,
    ChatCompletionRequest,
    DataUrl,
    Delta,
    ExtraBody,
    GoogleOptions,
    LimnerOptions,
)

Exact = dict[type[Struct], dict[str, Schema]]

MODEL_NAMES = tuple(name for model in MODELS for name in (model.id, *model.aliases))
_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_WITHOUT_NUL = "^[^\\u0000]*$"

_MODEL: Schema = {
    "anyOf": [{"enum": list(MODEL_NAMES)}, _TEXT],
    "examples": ["nano-banana-2.1"],
}
"""Any text may be a name (aliases, models that only Gemini's list has); these are known to every gateway."""

METADATA: Schema = {
    "type": "object",
    "maxProperties": 16,
    "propertyNames": {"maxLength": 64, "pattern": _WITHOUT_NUL},
    "additionalProperties": {"type": "string", "maxLength": 512, "pattern": _WITHOUT_NUL},
}
"""The record takes any object: its rules are OpenAI's and are checked with messages of their own."""

IMAGE_OUTPUTS = ["auto", "markdown", "url", "images"]


def list_exact(rules: Rules) -> Exact:
    """Return what fields of the records take or hold, more exactly than their types say."""
    return {**_list_asked(rules), **_list_answered()}


def _list_asked(rules: Rules) -> Exact:
    """Return fields of requests whose bounds are not checked by type, but with the model or the metadata at hand."""
    metadata = {"anyOf": [METADATA, {"type": "null"}]}
    sampling = {"temperature": _number("number", 0, 2), "top_p": _number("number", 0, 1)}
    return {
        ChatCompletionRequest: {
            "model": _MODEL,
            "metadata": metadata,
            "n": _number("integer", 1, rules.max_n),
            **sampling,
        },
        ImagesRequest: {
            "model": _MODEL,
            "prompt": {"type": "string", "minLength": 1, "pattern": "\\S"},
            "metadata": metadata,
            "n": _number("integer", 1, 10),
            **sampling,
            "partial_images": _number("integer", 0, 3),
            "output_compression": _number("integer", 0, 100),
            "response_format": _one_of("", "b64_json", "url"),
            "output_format": _one_of("", "auto", "png", "jpeg", "jpg", "webp"),
            "background": _one_of("", "auto", "opaque"),
        },
        LimnerOptions: {"image_output": _one_of("", *IMAGE_OUTPUTS)},
        MetadataUpdate: {"metadata": metadata},
    }


def _list_answered() -> Exact:
    return {
        # Raw JSON, because a picture's base64 is put into its middle as it is sent.
        AnswerMessage: {"content": _TEXT},
        Delta: {"content": _TEXT},
        DataUrl: {"url": _TEXT},
        ImageData: {"b64_json": _TEXT},
        ImageCompleted: {"b64_json": _TEXT},
        # The ledger's names: every generation that lists show has one of them.
        CompletionNote: {
            "state": {"enum": ["claimed", "sent", "receiving", "settled", "refused", "failed", "unknown"]}
        },
        ChatCompletion: {"metadata": METADATA},
    }


def list_added(_rules: Rules) -> Exact:
    """Return fields that no record has: ratio and size are read from the body itself, in all their spellings."""
    return {
        ChatCompletionRequest: _list_places(_list_top_fields()),
        ImagesRequest: _list_places(_list_top_fields()),
        ExtraBody: _list_places(_list_top_fields()),
        GoogleOptions: _list_places(_list_config_fields()),
    }


def list_named(language: Language) -> dict[str, Schema]:
    """Return the schemas that stand behind those fields."""
    config = {"anyOf": [{"$ref": "#/components/schemas/ImageConfig"}, {"type": "null"}]}
    inside = {"image_config": config, "imageConfig": config}
    return {
        "ImageConfig": {
            "type": "object",
            "description": _CONFIG_WORDS.say(language),
            "properties": {
                name: {"description": _FIELD_WORDS[name].say(language), **schema}
                for name, schema in _list_config_fields().items()
            },
        },
        "GenerationSettings": {
            "type": "object",
            "description": _SETTINGS_WORDS.say(language),
            "properties": inside,
        },
        # What is no object here is not meant for a gateway: other programs use the name for other things.
        "LooseSettings": {"description": _SETTINGS_WORDS.say(language), "properties": inside},
    }


def _list_places(fields: dict[str, Schema]) -> dict[str, Schema]:
    config = {"anyOf": [{"$ref": "#/components/schemas/ImageConfig"}, {"type": "null"}]}
    settings = {"anyOf": [{"$ref": "#/components/schemas/GenerationSettings"}, {"type": "null"}]}
    return {
        "image_config": config,
        "imageConfig": config,
        **fields,
        "generationConfig": settings,
        "generation_config": settings,
        "config": {"$ref": "#/components/schemas/LooseSettings"},
    }


def _list_config_fields() -> dict[str, Schema]:
    return {
        "aspect_ratio": {**_TEXT_OR_NULL, "examples": ["16:9"]},
        "image_size": {**_TEXT_OR_NULL, "examples": ["2K"]},
        "aspectRatio": _TEXT_OR_NULL,
        "imageSize": _TEXT_OR_NULL,
    }


def _list_top_fields() -> dict[str, Schema]:
    more = {"size": "1536x1024", "resolution": "2K", "image_resolution": "2K", "quality": "hd"}
    return {
        **_list_config_fields(),
        **{name: {**_TEXT_OR_NULL, "examples": [value]} for name, value in more.items()},
    }


def _one_of(*values: str) -> Schema:
    return {"anyOf": [{"enum": list(values)}, {"type": "null"}]}


def _number(kind: str, least: int, most: int) -> Schema:
    return {"anyOf": [{"type": kind, "minimum": least, "maximum": most}, {"type": "null"}]}


_CONFIG_WORDS = Words("Ratio and size of the picture.", "图片的比例与尺寸。")
_SETTINGS_WORDS = Words(
    "Gemini's generation settings, of which the image config is read.",
    "Gemini 的生成设置，只读取其中的图片配置。",
)
_RATIO = Words(
    "The picture's ratio: `16:9`, `16x9`, `16-9`. Empty, `auto` and `default` leave it to the model. `GET /v1/models` lists "
    "what each model draws.",
    "图片比例：`16:9`、`16x9`、`16-9`。空、`auto`、`default` 表示由模型决定。`GET /v1/models` 列出各模型能画的比例。",
)
_SIZE = Words(
    "The picture's size: `512`, `1K`, `2K`, `4K`; pixels (`1280x720`) and ratios are understood too. 1K where none is given.",
    "图片尺寸：`512`、`1K`、`2K`、`4K`；也接受像素（`1280x720`）和比例。未给出时为 1K。",
)
_FIELD_WORDS: dict[str, Words] = {
    "aspect_ratio": _RATIO,
    "image_size": _SIZE,
    "aspectRatio": Words("`aspect_ratio`, spelt as Gemini does.", "`aspect_ratio` 的 Gemini 写法。"),
    "imageSize": Words("`image_size`, spelt as Gemini does.", "`image_size` 的 Gemini 写法。"),
}
SETTING_WORDS: dict[str, Any] = {
    **_FIELD_WORDS,
    "image_config": Words(
        "Ratio and size; counts before the fields beside it.", "比例与尺寸；优先于同级字段。"
    ),
    "imageConfig": Words("`image_config`, spelt as Gemini does.", "`image_config` 的 Gemini 写法。"),
    "size": Words(
        "OpenAI's sizes (`1536x1024`) set the ratio only; other pixels set the nearest ratio and size; `2K` and `16:9` are taken "
        "too.",
        "OpenAI 的尺寸（`1536x1024`）只决定比例；其他像素取最接近的比例与尺寸；也接受 `2K`、`16:9`。",
    ),
    "resolution": Words("As `image_size`.", "同 `image_size`。"),
    "image_resolution": Words("As `image_size`.", "同 `image_size`。"),
    "quality": Words(
        "`hd` and `high` mean 2K where the model has it; `1k`, `2k`, `4k` as they say; anything else is not set.",
        "`hd`、`high` 表示 2K（若模型支持）；`1k`、`2k`、`4k` 如其字面；其余视为未设置。",
    ),
    "generationConfig": Words("An image config may stand in here too.", "图片配置也可以放在这里。"),
    "generation_config": Words("An image config may stand in here too.", "图片配置也可以放在这里。"),
    "config": Words("An image config may stand in here too.", "图片配置也可以放在这里。"),
}
