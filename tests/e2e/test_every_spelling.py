"""Ratio and size in every spelling that clients use: from what was asked to what reached the upstream."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from openai import OpenAI

from asking import PROMPT, ask, ask_for_answer, ask_for_stream
from limner.catalogue import find_model
from programs import CLIENT_KEY, Gateway, ListCalls
from upstreams import Answer, Upstream

FLASH = "gemini-3.1-flash-image"
PRO = "gemini-3-pro-image"
LITE = "gemini-3.1-flash-lite-image"
OLD = "gemini-2.5-flash-image"
NEW = "gemini-nano-banana-2.1"
RATIO = {"aspect_ratio": "4:3"}
SIZE = {"image_size": "512"}
SNAKE = {**RATIO, **SIZE}
CAMEL = {"aspectRatio": "4:3", "imageSize": "512"}
SMALL = ("4:3", "512")
OVERRIDDEN = "setting_overridden"

Fields = dict[str, Any]
Row = tuple[str, Fields, tuple[str | None, str | None], tuple[str, ...]]


def row(name: str, fields: Fields, ratio: str | None, size: str | None, *notices: str) -> Row:
    """Return one request and what is to reach the upstream; None is a setting that is not sent."""
    return name, fields, (ratio, size), notices


def at(path: str, value: object) -> Fields:
    """Return fields that hold `value` at a dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def system(text: object, *more: Fields, **fields: Any) -> Fields:
    """Return fields with a system message before the user's."""
    return {"messages": [{"role": "system", "content": text}, *more, user()], **fields}


def user() -> Fields:
    return {"role": "user", "content": PROMPT}


IMAGE_CONFIGS = [
    f"{root}{container}{name}"
    for container in ("", "generationConfig.", "generation_config.", "config.")
    for root in ("extra_body.google.", "google.", "", "extra_body.")
    for name in ("image_config", "imageConfig")
]

PLACES: list[Row] = [
    *(row(f"{path} snake", at(path, SNAKE), *SMALL) for path in IMAGE_CONFIGS),
    *(row(f"{path} camel", at(path, CAMEL), *SMALL) for path in IMAGE_CONFIGS),
    row("Google's options snake", at("extra_body.google", SNAKE), *SMALL),
    row("Google's options camel", at("google", CAMEL), *SMALL),
    row("the top", SNAKE, *SMALL),
    row("the top in camel case", CAMEL, *SMALL),
    row("extra_body itself", {"extra_body": SNAKE}, *SMALL),
    row("a size in extra_body", at("extra_body.size", "4:3"), "4:3", None),
    row("a quality in extra_body", at("extra_body.quality", "2k"), None, "2K"),
    row("a ratio alone", at("image_config", RATIO), "4:3", None),
    row("a size alone", at("image_config", SIZE), None, "512"),
    row("nothing", {}, None, None),
]

IN_THE_WILD: list[Row] = [
    row(
        "OpenRouter",
        {"modalities": ["image", "text"], "image_config": {"aspect_ratio": "16:9", "image_size": "2K"}},
        "16:9",
        "2K",
    ),
    row(
        "OpenRouter with everything else",
        {
            "modalities": ["image", "text"],
            "image_config": {
                **SNAKE,
                "width": 64,
                "height": 64,
                "num_images": 3,
                "output_format": "webp",
                "quality": 80,
                "background": "transparent",
                "strength": 0.5,
                "style": "vivid",
                "rgb_colors": [[1, 2, 3]],
                "font_inputs": [{}],
                "super_resolution_references": [],
                "reference_images": None,
            },
        },
        *SMALL,
    ),
    row("pixels as image_size", at("image_config.image_size", "1024x1536"), "2:3", None),
    row("a square as image_size", at("image_config.image_size", "1024x1024"), "1:1", None),
    row("a ratio as image_size", at("image_config.image_size", "1:1"), "1:1", None),
    row(
        "Google's images parameters",
        at("extra_body.google", {"generation_config": {"imageConfig": SIZE}, "aspect_ratio": "4:3"}),
        *SMALL,
    ),
    row(
        "Google's images parameters in camel case",
        at(
            "extra_body.google",
            {
                "generationConfig": {"image_config": {"imageSize": "512"}},
                "aspectRatio": "4:3",
                "response_modalities": ["IMAGE"],
            },
        ),
        *SMALL,
    ),
    row("LiteLLM", {"imageConfig": {"aspectRatio": "4:3", "imageSize": "512"}}, *SMALL),
    row(
        "pasted Gemini",
        {"generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": CAMEL}},
        *SMALL,
    ),
    row("TanStack", {"size": "16:9_4K"}, "16:9", "4K"),
    row("TanStack's small", {"size": "4:3_0.5K"}, *SMALL),
    row("images API", {"size": "1024x1024", "quality": "hd", "response_format": None}, "1:1", "2K"),
    row(
        "images API with all",
        {
            "size": "1024x1792",
            "quality": "standard",
            "n": 1,
            "output_format": "png",
            "background": "auto",
            "style": "natural",
            "moderation": "low",
        },
        "9:16",
        None,
    ),
    row("image_resolution", {"image_resolution": "2k", "aspect_ratio": "1:1"}, "1:1", "2K"),
    row("resolution", {"resolution": "0.5k", "aspect_ratio": "1:1"}, "1:1", "512"),
    row("resolution in pixels", {"resolution": "600x448"}, *SMALL),
    row("AiHubMix", system("aspect_ratio=4:3"), "4:3", None),
    row(
        "NextChat",
        {
            "temperature": 0.5,
            "top_p": 1,
            "presence_penalty": 0,
            "frequency_penalty": 0,
            "max_tokens": 4000,
            "include_reasoning": True,
            "size": "4:3",
        },
        "4:3",
        None,
        *["setting_dropped"] * 3,
    ),
    row(
        "an agent",
        {
            "stream_options": {"include_usage": True},
            "user": "u-1",
            "seed": 7,
            "reasoning": {"effort": "high", "max_tokens": 100, "exclude": True},
            "reasoning_effort": "low",
            "thinking": {"type": "enabled"},
            "metadata": {"size": "2K"},
            "tools": [{"type": "function", "function": {"name": "size"}}],
        },
        None,
        None,
        "setting_dropped",
    ),
    row(
        "thinking for a model that does not",
        {"model": OLD, **at("extra_body.google", {"thinking_config": {"include_thoughts": True}})},
        None,
        None,
        "setting_dropped",
    ),
]

VALUES: list[Row] = [
    *(
        row(f"{value!r} as size", {"size": value, **RATIO}, "4:3", None)
        for value in ("", " ", None, "auto", "AUTO", "default", "Default")
    ),
    *(
        row(f"{value!r} as ratio", {"aspect_ratio": value, **SIZE}, None, "512")
        for value in ("", None, "Auto", "DEFAULT")
    ),
    *(
        row(
            f"{value!r} in the config leaves it to the top",
            {"image_config": {"image_size": value}, **SIZE},
            None,
            "512",
        )
        for value in ("", None, "auto", "default")
    ),
    *(
        row(f"ratio {value!r}", {"aspect_ratio": value, **SIZE}, "16:9", "512")
        for value in ("16:9", "16x9", "16X9", "16-9", "16/9", " 16:9 ", "16 : 9")
    ),
    *(
        row(f"size {value!r}", {"size": value}, None, expected)
        for value, expected in (
            ("512", "512"),
            ("512px", "512"),
            ("512PX", "512"),
            ("512p", "512"),
            ("0.5K", "512"),
            ("0.5k", "512"),
            ("1k", "1K"),
            ("1K", "1K"),
            ("2k", "2K"),
            (" 2K ", "2K"),
            ("4k", "4K"),
        )
    ),
    *(
        row(f"OpenAI's {value}", {"size": value}, ratio, None)
        for value, ratio in (
            ("256x256", "1:1"),
            ("512x512", "1:1"),
            ("1024x1024", "1:1"),
            ("1536x1024", "3:2"),
            ("1024x1536", "2:3"),
            ("1792x1024", "16:9"),
            ("1024x1792", "9:16"),
            ("1024X1792", "9:16"),
            ("1024*1792", "9:16"),
        )
    ),
    *(
        row(f"pixels {value}", {"size": value}, ratio, size)
        for value, ratio, size in (
            ("500x500", "1:1", "512"),
            ("688x384", "16:9", "512"),
            ("689x384", "16:9", "1K"),
            ("1280x720", "16:9", "1K"),
            ("720x1280", "9:16", "1K"),
            ("1200x896", "4:3", "1K"),
            ("1216x896", "4:3", "2K"),
            ("1920x1080", "16:9", "2K"),
            ("3840x2160", "16:9", "4K"),
            ("800x600", "4:3", "1K"),
            ("1024x768", "4:3", "1K"),
            ("2560x1080", "21:9", "2K"),
            ("64x512", "1:8", "512"),
            ("100x100", "1:1", "512"),
        )
    ),
    row("too many pixels", {"size": "9000x9000"}, "1:1", "4K", "size_reduced"),
    row("too many for a model", {"model": OLD, "size": "1216x896"}, "4:3", None, "size_reduced"),
    row("too narrow for a model", {"model": PRO, "size": "256x1024"}, "9:16", "1K"),
    *(
        row(f"quality {value!r}", {"quality": value}, None, size)
        for value, size in (
            ("hd", "2K"),
            ("HD", "2K"),
            ("high", "2K"),
            ("1k", "1K"),
            ("2k", "2K"),
            ("4K", "4K"),
            ("medium", None),
            ("low", None),
            ("standard", None),
            ("auto", None),
            ("", None),
            (None, None),
            ("ultra", None),
        )
    ),
    row("hd where there is no 2K", {"model": LITE, "quality": "hd"}, None, None),
    row("high where there is no 2K", {"model": OLD, "quality": "high"}, None, None),
    *(row(f"1K on {model}", {"model": model, "size": "1k"}, None, None) for model in (OLD, LITE)),
    *(row(f"1K on {model}", {"model": model, "size": "1k"}, None, "1K") for model in (FLASH, PRO, NEW)),
]

NAMES: list[Row] = [
    row(name, {"model": name}, ratio, size)
    for name, ratio, size in (
        (f"{FLASH}-512", None, "512"),
        (f"{FLASH}-1k", None, "1K"),
        (f"{FLASH}-2k", None, "2K"),
        (f"{FLASH}-4K", None, "4K"),
        (f"{FLASH}-hd", None, "2K"),
        (f"{LITE}-hd", None, None),
        (f"{FLASH}-16x9", "16:9", None),
        (f"{FLASH}-16-9", "16:9", None),
        (f"{FLASH}-16X9", "16:9", None),
        (f"{FLASH}-16-9-4K", "16:9", "4K"),
        (f"{FLASH}-2k-16x9", "16:9", "2K"),
        (f"{FLASH}-16x9-4k", "16:9", "4K"),
        (f"{FLASH}-512-4-3", "4:3", "512"),
        (f"{FLASH}-HD-1x8", "1:8", "2K"),
        (f"{FLASH}-preview-512", None, "512"),
        (f"{FLASH}-512-preview", None, "512"),
        (f"{FLASH}-512-preview-16x9", "16:9", "512"),
        (f"google/{FLASH}-4x3-512", "4:3", "512"),
        (f"models/{FLASH}-preview-4-3-512", "4:3", "512"),
        (f"gemini/{FLASH.upper()}-4X3-512", "4:3", "512"),
        (f"vertex_ai/{FLASH}", None, None),
        ("nano-banana-2-16-9-512", "16:9", "512"),
        ("nano-banana-2-3", "2:3", None),
        ("Nano-Banana-2", None, None),
        ("nano-banana-2.1-1x1", "1:1", None),
        ("nano-banana-pro-21x9-1k", "21:9", "1K"),
        ("nano-banana-1k", None, None),
    )
]

SYSTEM: list[Row] = [
    row("a size in a system message", system("image_size=512"), None, "512"),
    row("both in a system message", system("aspect_ratio=4:3\nimage_size=512"), *SMALL),
    row("both on one line", system("aspect_ratio=4:3, size=512;"), *SMALL),
    row("with spaces and colons", system(" Aspect Ratio: 4x3\n\nresolution : 0.5K\n"), *SMALL),
    row("in parts", system([{"type": "text", "text": "aspect_ratio=4:3"}, {"text": "size=512"}]), *SMALL),
    row("in two messages", system("aspect_ratio=4:3", {"role": "developer", "content": "size=512"}), *SMALL),
    row("a quality in a system message", system("quality=hd"), None, "2K"),
    row("nothing set in a system message", system("aspect_ratio=auto"), None, None),
]

PRECEDENCE: list[Row] = [
    row("ratio and size of two places", {"image_config": RATIO, "size": "512"}, *SMALL),
    row(
        "three places",
        {**system("quality=2k"), "model": f"{FLASH}-512", "aspect_ratio": "4:3"},
        *SMALL,
        OVERRIDDEN,
    ),
    row("size of the name, ratio of the body", {"model": f"{FLASH}-512", "size": "1536x1024"}, "3:2", "512"),
    row("ratio of the name, size of the body", {"model": f"{FLASH}-4x3", **SIZE}, *SMALL),
    row("ratio of a system message", system("aspect_ratio=4:3", image_size="512"), *SMALL),
    row("body beats name", {"model": f"{FLASH}-4k", "size": "512"}, None, "512", OVERRIDDEN),
    row("name beats system message", system("size=4K", model=f"{FLASH}-512"), None, "512", OVERRIDDEN),
    row("equal ones", {"model": f"{FLASH}-512", "image_config": SNAKE, "size": "0.5k"}, *SMALL),
    row("quality after size", {"quality": "hd", "size": "512"}, None, "512", OVERRIDDEN),
    row("quality beside OpenAI's size", {"quality": "2k", "size": "1536x1024"}, "3:2", "2K"),
    row("size before resolution", {"resolution": "4K", "size": "512"}, None, "512", OVERRIDDEN),
    row("snake before camel", {"image_config": {**SNAKE, "aspectRatio": "1:1"}}, *SMALL, OVERRIDDEN),
    row(
        "extra_body before google before the top",
        {
            **at("extra_body.google.image_config", SIZE),
            **at("google.imageConfig", {"imageSize": "2K", "aspectRatio": "4:3"}),
            "image_config": {"image_size": "4K", "aspect_ratio": "1:1"},
        },
        *SMALL,
        *[OVERRIDDEN] * 3,
    ),
    row(
        "config before generationConfig",
        {"imageConfig": SIZE, **at("generationConfig.imageConfig", CAMEL)},
        *SMALL,
    ),
    row("config before top", {"image_config": SNAKE, "size": "16:9_4K"}, *SMALL, OVERRIDDEN, OVERRIDDEN),
    row("an illegal loser", {"image_config": SNAKE, "aspect_ratio": "7:5"}, *SMALL, OVERRIDDEN),
    row("a senseless loser", {"image_config": SIZE, "size": "huge"}, None, "512", OVERRIDDEN),
    row("two sizes in a name", {"model": f"{FLASH}-512-4k"}, None, "512", OVERRIDDEN),
    row("pixels lose their ratio only", {**RATIO, "size": "500x500"}, *SMALL, OVERRIDDEN),
]

ROWS = [*PLACES, *IN_THE_WILD, *VALUES, *NAMES, *SYSTEM, *PRECEDENCE]


def read_sent(call: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return ratio and size as they reached the upstream."""
    return call["settings"].get("aspectRatio"), call["settings"].get("imageSize")


def test_there_are_enough_rows() -> None:
    """The table is as long as it has to be, and no row stands twice."""
    assert len({name for name, *_ in ROWS}) == len(ROWS) >= 120


@pytest.mark.parametrize(
    ("fields", "sent", "notices"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_is_asked_reaches_the_upstream(
    fields: Fields,
    sent: tuple[str | None, str | None],
    notices: tuple[str, ...],
    gateway: Gateway,
    journal: ListCalls,
) -> None:
    """Ratio and size are sent as Gemini spells them, losers are named, and the picture has the pixels for it."""
    body = {"model": FLASH, "messages": [user()], **fields}
    ratio, size = sent
    if size in {"2K", "4K"}:  # large pictures take long to draw, and the journal knows before
        body["messages"][-1] = {"role": "user", "content": f"{PROMPT} [[finish=NO_IMAGE]]"}
    note = ask_for_answer(gateway, body)["limner"]
    (call,) = journal()
    assert read_sent(call) == sent
    assert (call["prompt"].strip(), call["settings"].get("systemInstruction")) == (PROMPT, None)
    codes = [notice["code"] for notice in note["notices"] if notice["code"] != "no_picture"]
    assert codes == list(notices)
    model = find_model(call["model"])
    assert model is not None
    if ratio is not None:
        pixels = [(image["width"], image["height"]) for image in note["images"]]
        assert pixels in ([], [model.pixels[ratio, size or "1K"]])
        assert bool(pixels) == (size not in {"2K", "4K"})


@pytest.mark.parametrize(
    "text",
    [
        "Be bold.",
        "aspect_ratio=4:3\nBe bold.",
        "aspect_ratio=4:3 is what I like",
        "Size: large",
        "Quality: photographic",
        "Draw in 4:3.",
    ],
)
def test_instructions_stay_instructions(text: str, gateway: Gateway, journal: ListCalls) -> None:
    """A system message that says anything else is sent to the upstream as it is, and sets nothing."""
    answer = ask_for_answer(gateway, {"model": FLASH, **system(text)})
    (call,) = journal()
    assert call["settings"]["systemInstruction"] == text
    assert (read_sent(call), answer["limner"]["notices"]) == ((None, None), [])


def test_settings_and_instructions_in_two_messages(gateway: Gateway, journal: ListCalls) -> None:
    """Of two system messages the one that is settings sets, and the other instructs."""
    fields = system("Be bold.", {"role": "system", "content": "aspect_ratio=4:3"}, image_size="512")
    ask_for_answer(gateway, {"model": FLASH, **fields})
    (call,) = journal()
    assert (read_sent(call), call["settings"]["systemInstruction"]) == (SMALL, "Be bold.")


@pytest.mark.parametrize(
    "extra",
    [
        at("google.image_config", SNAKE),
        at("extra_body.google.image_config", SNAKE),
        {"image_config": SNAKE},
        {"size": "600x448"},
        {**SNAKE, "quality": None},
        {"imageConfig": CAMEL, "modalities": ["image", "text"]},
    ],
    ids=["single", "double", "openrouter", "pixels", "plain", "litellm"],
)
def test_extra_body_of_the_python_client(extra: Fields, gateway: Gateway, journal: ListCalls) -> None:
    """What OpenAI's Python client is given as `extra_body`, nested once or twice, is understood."""
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
        client.chat.completions.create(
            model=FLASH, messages=[{"role": "user", "content": PROMPT}], extra_body=extra
        )
    assert [read_sent(call) for call in journal()] == [SMALL]


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\7\0\0\0\5\x08\2\0\0\0" + bytes(100)
"""A picture of 7x5, as far as its head goes."""


@pytest.mark.parametrize("is_stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"size": "16:9"}, ["The picture is 7x5; 16:9 at 1K should be 1376x768."]),
        ({"image_config": SNAKE}, ["The picture is 7x5; 4:3 at 512 should be 600x448."]),
        ({"size": "2K"}, []),
        ({}, []),
    ],
)
def test_a_picture_of_another_size_is_told(
    fields: Fields, told: list[str], upstream: Upstream, scripted_gateway: Gateway, *, is_stream: bool
) -> None:
    """A picture with other pixels than its ratio and size have is delivered with a notice; without a ratio who knows."""
    part = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()}}
    said = json.dumps(
        {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}], "usageMetadata": {}}
    )
    upstream.respond = lambda call: (
        Answer([f"data: {said}\r\n\r\n".encode()], "text/event-stream")
        if call.is_stream
        else Answer([said.encode()])
    )
    body = {"model": FLASH, "messages": [user()], **fields}
    note = (
        ask_for_stream(scripted_gateway, body).finish["limner"]
        if is_stream
        else ask_for_answer(scripted_gateway, body)["limner"]
    )
    assert [n["message"] for n in note["notices"] if n["code"] == "size_differs"] == told
    (sent,) = upstream.calls
    assert ("imageConfig" in json.loads(sent.body)["generationConfig"]) == bool(fields)


RATIOS = "1:1, 2:3, 3:2, 3:4, 4:3, 4:5, 5:4, 9:16, 16:9, 21:9"
SIZES = "512, 1K, 2K, 4K"

Refusal = tuple[Fields, str, str, str]
"""Fields, the param told of, the value shown, and what the model can do."""

REFUSALS: list[Refusal] = [
    *(
        (
            at(f"{path}.aspect_ratio", "7:5"),
            f"{path}.aspect_ratio",
            "'7:5'",
            f"{FLASH} draws 1:1, 1:4, 1:8, 2:3",
        )
        for path in IMAGE_CONFIGS
    ),
    ({"aspect_ratio": "2:1"}, "aspect_ratio", "'2:1'", "16:9, 21:9."),
    ({"aspect_ratio": "9:19.5"}, "aspect_ratio", "'9:19.5'", f"{FLASH} draws 1:1"),
    ({"aspect_ratio": "wide"}, "aspect_ratio", "'wide'", f"{FLASH} draws 1:1"),
    ({"aspect_ratio": "1920x1080"}, "aspect_ratio", "'1920x1080'", f"{FLASH} draws 1:1"),
    ({"aspectRatio": "0:0"}, "aspectRatio", "'0:0'", f"{FLASH} draws 1:1"),
    ({"model": PRO, "aspect_ratio": "1:8"}, "aspect_ratio", "'1:8'", f"{PRO} draws {RATIOS}."),
    ({"model": OLD, "size": "8:1"}, "size", "'8:1'", f"{OLD} draws {RATIOS}."),
    ({"size": "8K"}, "size", "'8K'", f"{FLASH} draws {SIZES}, in 1:1, "),
    ({"size": "huge"}, "size", "'huge'", f"{FLASH} draws {SIZES}, in 1:1, "),
    ({"size": "1024"}, "size", "'1024'", SIZES),
    ({"size": "0x0"}, "size", "'0x0'", "1:1"),
    ({"size": "1024x0"}, "size", "'1024x0'", "1:1"),
    ({"size": "-1x5"}, "size", "'-1x5'", SIZES),
    ({"size": "16:9_8K"}, "size", "'16:9_8K'", SIZES),
    ({"size": "7:5_2K"}, "size", "'7:5_2K'", f"{FLASH} draws 1:1, 1:4"),
    ({"resolution": "1080p"}, "resolution", "'1080p'", SIZES),
    ({"image_resolution": "3k"}, "image_resolution", "'3k'", SIZES),
    ({"imageSize": "8K"}, "imageSize", "'8K'", SIZES),
    ({"extra_body": {"size": "8K"}}, "extra_body.size", "'8K'", SIZES),
    ({"model": PRO, "size": "512"}, "size", "'512'", f"{PRO} draws 1K, 2K, 4K."),
    (
        {"model": NEW, "image_config": {"image_size": "0.5K"}},
        "image_config.image_size",
        "'0.5K'",
        "draws 1K, 2K, 4K.",
    ),
    ({"model": LITE, "size": "2k"}, "size", "'2k'", f"{LITE} draws 1K."),
    ({"model": OLD, "quality": "4k"}, "quality", "'4k'", f"{OLD} draws 1K."),
    ({"model": f"{OLD}-2k"}, "model", "'2k'", f"{OLD} draws 1K."),
    ({"model": f"{PRO}-1x8"}, "model", "'1x8'", f"{PRO} draws {RATIOS}."),
    ({"model": f"{PRO}-512"}, "model", "'512'", f"{PRO} draws 1K, 2K, 4K."),
    (system("aspect_ratio=7:5"), "messages", "'7:5'", f"{FLASH} draws 1:1"),
    (system("image_size=8K"), "messages", "'8K'", SIZES),
    ({"image_config": SIZE, "aspect_ratio": "7:5"}, "aspect_ratio", "'7:5'", f"{FLASH} draws 1:1"),
]


@pytest.mark.parametrize(("fields", "param", "value", "legal"), REFUSALS, ids=lambda value: str(value)[:60])
def test_what_cannot_be_drawn_is_refused(
    fields: Fields, param: str, value: str, legal: str, gateway: Gateway, journal: ListCalls
) -> None:
    """A ratio or size that is none, or another model's, is refused with what can be drawn, and nothing is bought."""
    reply = ask(gateway, {"model": FLASH, "messages": [user()], **fields})
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, "unsupported_value", param)
    assert [words for words in (f"'{param}' is {value}", legal) if words not in reply.error["message"]] == []
    assert journal() == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        *(
            (at(f"{path}.aspect_ratio", 1), f"'{path}.aspect_ratio' must be a string, not an integer.")
            for path in IMAGE_CONFIGS
        ),
        ({"size": 1024}, "'size' must be a string, not an integer."),
        ({"size": [1024, 1024]}, "'size' must be a string, not an array."),
        ({"quality": True}, "'quality' must be a string, not a boolean."),
        ({"resolution": {}}, "'resolution' must be a string, not an object."),
        ({"aspect_ratio": 1.5}, "'aspect_ratio' must be a string, not a number."),
        ({"image_config": "16:9"}, "'image_config' must be an object, not a string."),
        ({"generationConfig": []}, "'generationConfig' must be an object, not an array."),
        ({"size": 1024, "aspect_ratio": "7:5"}, "'size' must be a string, not an integer."),
        ({"size": 1024, "n": 5}, "'size' must be a string, not an integer."),
    ],
    ids=lambda value: str(value)[:60],
)
def test_wrong_types_are_refused(fields: Fields, message: str, gateway: Gateway, journal: ListCalls) -> None:
    """A setting of a wrong type is refused before any value is looked at, and nothing is bought."""
    reply = ask(gateway, {"model": FLASH, "messages": [user()], **fields})
    assert (reply.status, reply.error["code"], reply.error["message"]) == (400, "invalid_type", message)
    assert reply.error["param"] == message.split("'")[1]
    assert journal() == []


@pytest.mark.parametrize(
    "name",
    [
        f"{FLASH}{tail}"
        for tail in ("-8k", "-7-5", "-1080p", "-2", "-16", "-online", "-vip", "-async", "-c", "-")
    ],
)
def test_other_words_behind_a_name_are_another_model(name: str, gateway: Gateway, journal: ListCalls) -> None:
    """What is no ratio and no size makes a name that is not known."""
    reply = ask(gateway, {"model": name, "messages": [user()]})
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert repr(name) in reply.error["message"]
    assert journal() == []
