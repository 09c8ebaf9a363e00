"""Every spelling of ratio and size that clients use, where it stands and what it means."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.errors import InvalidRequest
from limner.translate.spellings import (
    Given,
    HighQuality,
    Kind,
    Meaning,
    Pixels,
    Ratio,
    Size,
    find_given,
    read_meaning,
    read_setting_text,
)

CONFIG = {"aspect_ratio": "16:9", "image_size": "2K"}
CAMEL = {"aspectRatio": "16:9", "imageSize": "2K"}


def places(fields: dict[str, Any]) -> list[str]:
    return [found.param for found in find_given(fields, (), ())]


@pytest.mark.parametrize(
    "path",
    [
        "extra_body.google.image_config",
        "google.image_config",
        "image_config",
        "imageConfig",
        "extra_body.image_config",
        "generationConfig.imageConfig",
        "generation_config.image_config",
        "extra_body.google.generation_config.imageConfig",
        "extra_body.google.generationConfig.image_config",
        "config.imageConfig",
        "extra_body.google",
        "google",
        "extra_body",
        "",
    ],
)
def test_places(path: str) -> None:
    """Both spellings of both settings are found wherever clients put them, under the path they were put at."""
    for config in (CONFIG, CAMEL):
        fields: dict[str, Any] = config
        for key in reversed(path.split(".") if path else []):
            fields = {key: fields}
        assert places(fields) == [f"{path}.{name}" if path else name for name in config]


def test_the_order_of_places() -> None:
    """Image configs go before the fields of OpenAI's images API, those before name and system message."""
    fields = {
        "size": "1024x1024",
        "quality": "hd",
        "resolution": "2k",
        "aspect_ratio": "1:1",
        "image_config": {"image_size": "2K"},
        "google": {"image_config": {"image_size": "2K"}},
        "extra_body": {"google": {"image_config": {"image_size": "2K"}}},
    }
    found = list(find_given(fields, ("16x9", "hd"), ("Draw.", "aspect_ratio=16:9\nimage_size: 4K;")))
    assert [item.param for item in found] == [
        "extra_body.google.image_config.image_size",
        "google.image_config.image_size",
        "image_config.image_size",
        "aspect_ratio",
        "size",
        "resolution",
        "quality",
        "model",
        "model",
        "messages",
        "messages",
    ]
    assert [item.kind for item in found[-4:]] == [Kind.SIZE, Kind.QUALITY, Kind.RATIO, Kind.SIZE]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (
            {"extra_body": {"google": {"image_config": {"aspect_ratio": 1}}}},
            "extra_body.google.image_config.aspect_ratio",
        ),
        ({"extra_body": {"google": {"image_config": "16:9"}}}, "extra_body.google.image_config"),
        ({"image_config": []}, "image_config"),
        ({"size": 1024}, "size"),
        ({"quality": True}, "quality"),
    ],
)
def test_wrong_types_are_refused(fields: dict[str, Any], param: str) -> None:
    """A setting that is no string, or a config that is no object, is refused by its path."""
    with pytest.raises(InvalidRequest) as caught:
        places(fields)
    assert (caught.value.code, caught.value.param) == ("invalid_type", param)


def test_null_is_absent() -> None:
    """Null anywhere on the way gives nothing."""
    assert (
        places({"extra_body": None, "google": {"image_config": None}, "image_config": {"image_size": None}})
        == []
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("aspect_ratio=16:9", ["16:9"]),
        (" Aspect Ratio : 16x9 ", ["16x9"]),
        ("aspect_ratio=16:9, image_size=2K", ["16:9", "2K"]),
        ("size: 1024x1024\n\nquality: hd\n", ["1024x1024", "hd"]),
        ("aspect_ratio=16:9 please", []),
        ("aspect_ratio=16:9\nBe bold.", []),
        ("You draw with a ratio of 16:9", []),
        ("", []),
        (" \n;,", []),
    ],
)
def test_system_messages_that_are_settings(text: str, values: list[str]) -> None:
    """Only a text that is nothing but settings is one."""
    assert [found.value for found in read_setting_text(text)] == values


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.RATIO, "16:9", [Ratio("16:9")]),
        (Kind.RATIO, " 16X9 ", [Ratio("16:9")]),
        (Kind.RATIO, "16/9", [Ratio("16:9")]),
        (Kind.RATIO, "04:03", [Ratio("4:3")]),
        (Kind.RATIO, "wide", None),
        (Kind.RATIO, "16:9:4", None),
        (Kind.SIZE, "2k", [Size("2K")]),
        (Kind.SIZE, "0.5K", [Size("512")]),
        (Kind.SIZE, "512px", [Size("512")]),
        (Kind.SIZE, "512", [Size("512")]),
        (Kind.SIZE, "16-9", [Ratio("16:9")]),
        (Kind.SIZE, "1216x896", [Pixels(1216, 896)]),
        (Kind.SIZE, "1216*896", [Pixels(1216, 896)]),
        (Kind.SIZE, "16:9_4K", [Ratio("16:9"), Size("4K")]),
        (Kind.SIZE, "16x9-2k", [Ratio("16:9"), Size("2K")]),
        (Kind.SIZE, "8K", None),
        (Kind.SIZE, "16:9_8K", None),
        (Kind.SIZE, "1024", None),
        (Kind.QUALITY, "HD", [HighQuality()]),
        (Kind.QUALITY, "high", [HighQuality()]),
        (Kind.QUALITY, "4k", [Size("4K")]),
        (Kind.QUALITY, "medium", []),
        (Kind.QUALITY, "anything", []),
        *[(kind, value, []) for kind in Kind for value in ("", " ", "auto", "Default")],
    ],
)
def test_meanings(kind: Kind, value: str, expected: list[Meaning] | None) -> None:
    """What each spelling means, nothing where it leaves the choice to the model, None where nobody knows."""
    assert read_meaning(Given("x", value, kind)) == expected


@given(st.text(), st.sampled_from(Kind))
@settings(max_examples=200)
def test_any_text_has_a_meaning_or_none(value: str, kind: Kind) -> None:
    """No value raises anything, as a field or in a system message."""
    read_meaning(Given("x", value, kind))
    read_setting_text(f"size={value}")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("size=large", ["large"]),
        ("size: large", []),
        ("Quality: photographic", []),
        ("aspect ratio: wide", []),
        ("aspect ratio: 7:5", ["7:5"]),
        ("aspect_ratio=1:1\nsize: large", []),
        ("aspect_ratio=" + "1" * 500, []),
    ],
)
def test_a_colon_needs_a_value_that_is_understood(text: str, values: list[str]) -> None:
    """What may be said to the model stays said to it; an equals sign always sets; a long text never does."""
    assert [found.value for found in read_setting_text(text)] == values


def test_a_quality_is_no_other_name_of_512() -> None:
    """Only the sizes 1k, 2k and 4k may stand as a quality."""
    assert [read_meaning(Given("quality", value, Kind.QUALITY)) for value in ("512", "0.5K", "512px")] == [
        []
    ] * 3


def test_small_numbers_before_a_size_are_a_ratio() -> None:
    """`64x64_4K` joins a ratio and a size, never pixels and a size."""
    assert read_meaning(Given("size", "64x64_4K", Kind.SIZE)) == [Ratio("64:64"), Size("4K")]
    assert read_meaning(Given("size", "16:9_0.5k", Kind.SIZE)) == [Ratio("16:9"), Size("512")]


@pytest.mark.parametrize(
    ("before", "repeated", "behind"),
    [
        ("1", " ", "x"),
        ("1:", " ", "x"),
        ("", "1", ""),
        ("", "1:", "1"),
        ("16:9_", "4", "k!"),
        ("16:9_", ".", "!"),
        ("", "size=", ""),
        ("size=", "x ", ""),
        ("", " ", "size=1"),
        ("", "size=1,", "!"),
    ],
)
def test_long_values_are_read_in_linear_time(before: str, repeated: str, behind: str) -> None:
    """A value of megabytes is read as fast as it is copied, in a field and in a system message."""
    value = before + repeated * (2_000_000 // len(repeated)) + behind
    begins = time.process_time()
    for kind in Kind:
        read_meaning(Given("x", value, kind))
    read_setting_text(value)
    assert time.process_time() - begins < 1
