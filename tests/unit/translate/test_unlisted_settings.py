"""What is asked of a model that is not in the catalogue: passed on as it is, with a warning."""

from typing import Any

import pytest
from msgspec import UNSET, json

from limner.catalogue import to_unlisted
from limner.errors import InvalidRequest
from limner.translate.body import to_record
from limner.translate.settings import DrawSettings, resolve_settings
from limner.translate.spellings import find_given
from limner.wire.gemini import RequestImageConfig, RequestThinkingConfig
from limner.wire.openai import ChatCompletionRequest

MODEL = to_unlisted("gemini-9-plaid")


def resolve(**fields: Any) -> DrawSettings:
    return resolve_settings(
        to_record({"model": MODEL.id, **fields}, ChatCompletionRequest),
        MODEL,
        given=find_given(fields, (), ()),
        header_image_output=None,
        default_image_output="auto",
    )


def test_nothing_asked_is_left_to_the_model() -> None:
    """Without settings nothing is sent, neither a picture nor text is due, and a notice says what is not known."""
    settings = resolve()
    assert json.encode(settings.generation_config) == b"{}"
    assert (settings.draws, settings.image_size, settings.aspect_ratio) == (False, "", None)
    assert [notice.code for notice in settings.notices] == ["model_not_priced"]
    assert MODEL.id in settings.notices[0].message


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"image_config": {"aspect_ratio": "7x5"}}, RequestImageConfig(aspect_ratio="7:5")),
        ({"image_config": {"image_size": "4k"}}, RequestImageConfig(image_size="4K")),
        ({"size": "16:9_2K"}, RequestImageConfig(aspect_ratio="16:9", image_size="2K")),
        (
            {"image_config": {"aspect_ratio": "1:1"}, "aspect_ratio": "2:3"},
            RequestImageConfig(aspect_ratio="1:1"),
        ),
    ],
)
def test_ratio_and_size_are_passed_on(fields: dict[str, Any], expected: RequestImageConfig) -> None:
    """A ratio or a size goes to the model as it is, the first of each, and asks for a picture."""
    settings = resolve(**fields)
    assert settings.generation_config.image_config == expected
    assert settings.generation_config.response_modalities == ["TEXT", "IMAGE"]


@pytest.mark.parametrize("fields", [{"size": "1024x768"}, {"quality": "hd"}])
def test_what_needs_a_table_is_dropped(fields: dict[str, Any]) -> None:
    """Pixels and `hd`, which mean something only where sizes are known, are left out with a notice."""
    settings = resolve(**fields)
    assert settings.generation_config.image_config is UNSET
    assert [notice.code for notice in settings.notices] == ["model_not_priced", "setting_dropped"]


def test_what_means_nothing_is_refused() -> None:
    """A value that is neither ratio nor size is refused with what it must be."""
    with pytest.raises(InvalidRequest) as caught:
        resolve(size="large")
    assert (caught.value.code, caught.value.param) == ("unsupported_value", "size")
    assert "16:9" in caught.value.message


def test_a_picture_can_be_asked_by_modality() -> None:
    """`modalities` with a picture asks for one; where it goes is kept."""
    settings = resolve(modalities=["text", "image"])
    assert settings.generation_config.response_modalities == ["TEXT", "IMAGE"]
    assert settings.image_output == "images"


def test_thinking_and_limits_go_unchecked() -> None:
    """Any level, budget and limit is passed on; of an effort the levels are not known."""
    google = {"thinking_config": {"thinking_level": "Deep"}, "max_output_tokens": 10**6}
    settings = resolve(google=google, reasoning_effort="high", temperature=1.5)
    config = settings.generation_config
    assert config.thinking_config == RequestThinkingConfig(thinking_level="deep")
    assert (config.max_output_tokens, config.temperature) == (10**6, 1.5)
    dropped = resolve(reasoning_effort="high")
    assert [notice.code for notice in dropped.notices] == ["model_not_priced", "setting_dropped"]
