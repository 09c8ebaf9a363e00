"""What a request asks of a text model: what is passed on, what is refused, what is dropped."""

from typing import Any

import pytest
from chat_requests import draw, resolve
from msgspec import UNSET, json

from limner.catalogue import TEXT_MODELS, Model
from limner.errors import InvalidRequest
from limner.wire.gemini import GenerationConfig, RequestThinkingConfig

FLASH = "gemini-3.8-flash"
OLDER = "gemini-3.1-pro-preview"
ARGON = "gemini-4-argon"


def refuse(model: str = FLASH, **fields: Any) -> tuple[str, str | None, str]:
    with pytest.raises(InvalidRequest) as caught:
        resolve(model, **fields)
    return caught.value.code, caught.value.param, caught.value.message


def config(model: str = FLASH, **fields: Any) -> GenerationConfig:
    return resolve(model, **fields).generation_config


def notices(model: str = FLASH, **fields: Any) -> list[tuple[str, str]]:
    settings = resolve(model, **fields)
    return [(notice.code, notice.message.split("'")[1]) for notice in settings.notices]


@pytest.mark.parametrize("model", TEXT_MODELS, ids=lambda model: model.id)
def test_nothing_asked_is_left_to_the_model(model: Model) -> None:
    """Without settings an empty generation config is sent: no modalities and no image config."""
    settings = resolve(model.id)
    assert json.encode(settings.generation_config) == b"{}"
    assert (settings.draws, settings.aspect_ratio, settings.image_size) == (False, None, "")
    assert settings.notices == ()


def test_what_is_bought_holds_prompt_and_pictures() -> None:
    """A text model's request has the prompt and the pictures as any other has."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo" + "A" * 4000}}
    content = [{"type": "text", "text": "What is this?"}, picture]
    drawing = draw(FLASH, messages=[{"role": "user", "content": content}])
    assert (drawing.pictures, drawing.text_bytes, drawing.settings.draws) == ([0], 13, False)


@pytest.mark.parametrize("name", ["tools", "functions"])
def test_functions_are_refused(name: str) -> None:
    """Functions cannot be called through this gateway, and a request that offers some is refused; an empty list is none."""
    offered: dict[str, Any] = {name: [{"type": "function", "function": {"name": "f"}}]}
    none: dict[str, Any] = {name: []}
    code, param, _ = refuse(**offered)
    assert (code, param) == ("unsupported_parameter", name)
    assert resolve(FLASH, **none) == resolve(FLASH)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (
            {"extra_body": {"google": {"image_config": {"aspect_ratio": "16:9"}}}},
            "extra_body.google.image_config.aspect_ratio",
        ),
        ({"image_config": {"image_size": "2K"}}, "image_config.image_size"),
        ({"size": "1024x1024"}, "size"),
        ({"quality": "hd"}, "quality"),
        ({"size": "large"}, "size"),
    ],
)
def test_a_text_model_draws_nothing(fields: dict[str, Any], param: str) -> None:
    """A ratio or size asked of a text model is refused, saying why."""
    code, at, message = refuse(**fields)
    assert (code, at) == ("unsupported_value", param)
    assert message.endswith("gemini-3.8-flash answers text and draws nothing.")


def test_values_that_ask_nothing_are_taken() -> None:
    """What leaves ratio and size open is no drawing setting."""
    assert resolve(FLASH, size="auto", quality="standard", aspect_ratio="") == resolve(FLASH)


def test_a_picture_asked_by_modality_is_told() -> None:
    """That no picture will come is said where one is among the modalities."""
    assert notices(modalities=["text", "image"]) == [("setting_dropped", "modalities")]
    assert notices(modalities=["text"]) == []


@pytest.mark.parametrize(
    ("fields", "limit", "dropped"),
    [
        ({"max_tokens": 100}, 100, []),
        ({"max_completion_tokens": 65_536}, 65_536, []),
        ({"max_completion_tokens": 7, "max_tokens": 7}, 7, []),
        ({"max_completion_tokens": 7, "max_tokens": 8}, 7, [("setting_overridden", "max_tokens")]),
        ({"extra_body": {"google": {"max_output_tokens": 5}}}, 5, []),
        (
            {"google": {"max_output_tokens": 5}, "max_tokens": 8},
            5,
            [("setting_overridden", "max_tokens")],
        ),
    ],
)
def test_the_answer_may_be_limited(
    fields: dict[str, Any], limit: int, dropped: list[tuple[str, str]]
) -> None:
    """A limit on the answer is passed on; Google's own name goes before OpenAI's, the newer of these before the older."""
    assert config(**fields).max_output_tokens == limit
    assert notices(**fields) == dropped


@pytest.mark.parametrize("value", [0, -1, 65_537])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_limits_have_bounds(name: str, value: int) -> None:
    """A limit that the model cannot keep is refused with the bounds."""
    fields: dict[str, Any] = {name: value}
    code, param, message = refuse(**fields)
    assert (code, param) == ("unsupported_value", name)
    assert "takes 1 to 65536" in message


@pytest.mark.parametrize(
    ("stop", "expected"), [("END", ["END"]), (["a", "", "b"], ["a", "b"]), ([], UNSET), ("", UNSET)]
)
def test_stop_sequences_pass(stop: Any, expected: Any) -> None:
    """One sequence or several are passed on, empty ones are none."""
    assert config(stop=stop).stop_sequences == expected


def test_stop_sequences_are_five_at_most() -> None:
    """More stop sequences than Gemini takes are refused."""
    assert config(stop=list("abcde")).stop_sequences == list("abcde")
    assert refuse(stop=list("abcdef"))[:2] == ("unsupported_value", "stop")


SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}


@pytest.mark.parametrize(
    ("asked", "mime_type", "schema"),
    [
        ({"type": "text"}, UNSET, UNSET),
        ({"type": "json_object"}, "application/json", UNSET),
        ({"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}, "application/json", SCHEMA),
    ],
)
def test_json_can_be_asked(asked: dict[str, Any], mime_type: Any, schema: Any) -> None:
    """OpenAI's response formats become Gemini's, a schema as it is."""
    sent = config(response_format=asked)
    assert (sent.response_mime_type, sent.response_json_schema) == (mime_type, schema)


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"type": "xml"}, "unsupported_value", "response_format.type"),
        ({"type": "json_schema"}, "missing_required_parameter", "response_format.json_schema.schema"),
        (
            {"type": "json_schema", "json_schema": {"schema": "x"}},
            "missing_required_parameter",
            "response_format.json_schema.schema",
        ),
    ],
)
def test_other_formats_are_refused(asked: dict[str, Any], code: str, param: str) -> None:
    """A format that is unknown or lacks its schema is refused."""
    assert refuse(response_format=asked)[:2] == (code, param)


@pytest.mark.parametrize(
    ("model", "effort", "level"),
    [
        (FLASH, "none", "low"),
        (FLASH, "minimal", "low"),
        (FLASH, "medium", "medium"),
        (FLASH, "XHIGH", "high"),
        ("gemini-4-hydrogen", "xhigh", "xhigh"),
        ("gemini-3.5-flash-lite", "none", "minimal"),
    ],
)
def test_effort_is_a_level_of_thinking(model: str, effort: str, level: str) -> None:
    """OpenAI's reasoning effort is the nearest level the model has."""
    assert config(model, reasoning_effort=effort).thinking_config == RequestThinkingConfig(
        thinking_level=level
    )


def test_googles_own_option_goes_before_effort() -> None:
    """A level or budget in Google's form counts; whether thoughts are shown goes together with an effort."""
    own: dict[str, Any] = {"google": {"thinking_config": {"thinking_level": "low"}}}
    assert config(reasoning_effort="high", **own).thinking_config == RequestThinkingConfig(
        thinking_level="low"
    )
    shown: dict[str, Any] = {"google": {"thinking_config": {"include_thoughts": True}}}
    settings = resolve(FLASH, reasoning_effort="high", **shown)
    expected = RequestThinkingConfig(include_thoughts=True, thinking_level="high")
    assert settings.generation_config.thinking_config == expected
    assert settings.wants_thoughts


def test_unknown_effort_is_refused() -> None:
    """An effort that OpenAI does not know either is refused with those it knows."""
    code, param, message = refuse(reasoning_effort="extreme")
    assert (code, param) == ("unsupported_value", "reasoning_effort")
    assert "low, medium, high" in message


def test_budgets_of_thinking_pass_where_they_are_taken() -> None:
    """Gemini 4 takes no budget: it is left out with a notice that says what is taken."""
    asked: dict[str, Any] = {"google": {"thinking_config": {"thinking_budget": 512}}}
    assert config(OLDER, **asked).thinking_config == RequestThinkingConfig(thinking_budget=512)
    assert config(ARGON, **asked).thinking_config == RequestThinkingConfig()
    assert notices(ARGON, **asked) == [("setting_dropped", "thinking_budget")]


def test_sampling_passes_where_it_matters() -> None:
    """Temperature and top_p pass to the models that heed them; for others a notice says that they do not."""
    asked: dict[str, Any] = {"temperature": 0.5, "top_p": 0.9, "seed": 3}
    sent = config(OLDER, **asked)
    assert (sent.temperature, sent.top_p, sent.seed) == (0.5, 0.9, 3)
    sent = config(FLASH, **asked)
    assert (sent.temperature, sent.top_p, sent.seed) == (UNSET, UNSET, 3)
    assert notices(FLASH, **asked) == [("setting_dropped", "temperature"), ("setting_dropped", "top_p")]
    assert refuse(FLASH, temperature=3.0)[1] == "temperature"


def test_penalties_are_dropped() -> None:
    """Penalties, which most of these models refuse, are left out with a notice, and zero ones without."""
    asked: dict[str, Any] = {"presence_penalty": 0.5, "frequency_penalty": 1.0}
    assert notices(**asked) == [
        ("setting_dropped", "presence_penalty"),
        ("setting_dropped", "frequency_penalty"),
    ]
    assert resolve(FLASH, presence_penalty=0.0, frequency_penalty=0.0) == resolve(FLASH)


def test_choices_are_counted_for_text() -> None:
    """Text comes in as many choices as pictures may."""
    assert resolve(FLASH, n=4).n == 4
    assert refuse(n=5)[:2] == ("unsupported_value", "n")


def test_where_pictures_go_is_checked_and_makes_no_difference() -> None:
    """A picture output is checked as anywhere, and text is content whatever it says."""
    assert resolve(FLASH, limner={"image_output": "images"}).image_output == "markdown"
    assert refuse(limner={"image_output": "jpeg"})[:2] == ("unsupported_value", "limner.image_output")
