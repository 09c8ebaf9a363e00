"""What a request asks of the picture: which value counts, what is legal, what is dropped."""

from typing import Any

import pytest
from chat_requests import draw, get_request, resolve
from msgspec import UNSET
from msgspec.structs import replace

from limner.catalogue import IMAGE_MODELS, Model
from limner.errors import InvalidRequest
from limner.translate.settings import SettingsRules
from limner.wire.gemini import RequestImageConfig, RequestThinkingConfig

FLASH = "gemini-3.1-flash-image"
OLD = "gemini-2.5-flash-image"
LITE = "gemini-3.1-flash-lite-image"


def google(**options: Any) -> dict[str, Any]:
    return {"extra_body": {"google": options}}


def image(**config: Any) -> dict[str, Any]:
    return google(image_config=config)


def refuse(
    model: str = FLASH,
    *,
    header: str | None = None,
    default: str = "auto",
    rules: SettingsRules = SettingsRules(),  # noqa: B008 - it is frozen
    **fields: Any,
) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        resolve(model, header=header, default=default, rules=rules, **fields)
    return caught.value


def notices(model: str = FLASH, **fields: Any) -> list[tuple[str, str]]:
    return [(notice.code, notice.message) for notice in resolve(model, **fields).notices]


def test_nothing_asked_is_left_to_the_model() -> None:
    """Without settings no image config is sent, and the price goes by 1K."""
    settings = resolve()
    assert settings.generation_config.image_config is UNSET
    assert settings.generation_config.response_modalities == ["TEXT", "IMAGE"]
    assert (settings.aspect_ratio, settings.image_size, settings.notices) == (None, "1K", ())


@pytest.mark.parametrize("given", [" 16:9", "16x9", "16X9"])
def test_ratios_are_normalised(given: str) -> None:
    """A ratio may be written with an x and with white space around."""
    settings = resolve(**image(aspect_ratio=given))
    assert settings.aspect_ratio == "16:9"
    assert settings.generation_config.image_config == RequestImageConfig(aspect_ratio="16:9")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2k", "2K"),
        ("4K ", "4K"),
        ("512", "512"),
        ("0.5K", "512"),
        ("0.5k", "512"),
        ("512px", "512"),
        ("512P", "512"),
    ],
)
def test_sizes_are_normalised(given: str, expected: str) -> None:
    """A size may be lower case, and 512 has several names."""
    settings = resolve(FLASH, **image(image_size=given))
    assert settings.image_size == expected
    assert settings.generation_config.image_config == RequestImageConfig(image_size=expected)


@pytest.mark.parametrize("given", ["", "  ", "auto", "AUTO", "default", None])
@pytest.mark.parametrize("name", ["aspect_ratio", "image_size"])
def test_unset_values(name: str, given: str | None) -> None:
    """Empty, null, `auto` and `default` are as good as absent, and the next place counts."""
    assert resolve(**image(**{name: given})).generation_config.image_config is UNSET
    second = {"aspect_ratio": "3:2", "image_size": "2K"}[name]
    settings = resolve(**image(**{name: given}), image_config={name: second})
    assert getattr(settings, name) == second
    assert settings.notices == ()


def test_the_first_place_counts() -> None:
    """`extra_body.google` goes before the top level; the loser is named, also when it is not legal."""
    settings = resolve(**image(aspect_ratio="16:9"), image_config={"aspect_ratio": "7:5", "image_size": "2K"})
    assert (settings.aspect_ratio, settings.image_size) == ("16:9", "2K")
    (notice,) = settings.notices
    assert notice.code == "setting_overridden"
    assert notice.message.startswith("'image_config.aspect_ratio' is '7:5'; ")
    assert "'extra_body.google.image_config.aspect_ratio' counts" in notice.message


def test_equal_values_in_two_places_need_no_notice() -> None:
    """Two spellings of one value are no conflict."""
    assert notices(**image(image_size="2K"), image_config={"image_size": "2k"}) == []


@pytest.mark.parametrize("model", IMAGE_MODELS, ids=lambda model: model.id)
def test_every_legal_pair_is_taken(model: Model) -> None:
    """All that the catalogue lists is accepted, and sizes are sent only where the model takes them."""
    for ratio in model.ratios:
        for size in model.sizes:
            settings = resolve(model.id, **image(aspect_ratio=ratio, image_size=size))
            sent = RequestImageConfig(
                aspect_ratio=ratio, image_size=size if model.takes_image_size else UNSET
            )
            assert settings.generation_config.image_config == sent
            assert settings.image_size == size


@pytest.mark.parametrize("model", [OLD, LITE])
def test_1k_is_legal_and_not_sent_where_there_are_no_sizes(model: str) -> None:
    """Models without sizes take `1K` and are not told of it."""
    assert resolve(model, **image(image_size="1k")).generation_config.image_config is UNSET


@pytest.mark.parametrize(
    ("model", "config", "param", "named"),
    [
        (FLASH, {"aspect_ratio": "7:5"}, "aspect_ratio", "'7:5'"),
        ("gemini-3-pro-image", {"aspect_ratio": "8:1"}, "aspect_ratio", "16:9, 21:9"),
        ("gemini-3-pro-image", {"image_size": "512"}, "image_size", "1K, 2K, 4K"),
        ("gemini-nano-banana-2.1", {"image_size": "512"}, "image_size", "1K, 2K, 4K"),
        (FLASH, {"image_size": "8K"}, "image_size", "512, 1K, 2K, 4K"),
        (LITE, {"image_size": "2K"}, "image_size", "draws 1K."),
        (OLD, {"image_size": "2K"}, "image_size", OLD),
        (FLASH, {"image_size": "16:10"}, "image_size", "'16:10'"),
    ],
)
def test_illegal_values_are_refused(model: str, config: dict[str, str], param: str, named: str) -> None:
    """What the model cannot draw is refused with field, value and what it can."""
    error = refuse(model, **image(**config))
    assert (error.code, error.param) == ("unsupported_value", f"extra_body.google.image_config.{param}")
    assert named in error.message
    assert refuse(model, image_config=config).param == f"image_config.{param}"


def test_long_values_are_shown_short() -> None:
    """A value of megabytes does not come back in the message or the notice."""
    assert len(refuse(**image(aspect_ratio="x" * 10**6)).message) < 300
    overridden = notices(**image(aspect_ratio="1:1"), image_config={"aspect_ratio": "x" * 10**6})
    assert len(overridden[0][1]) < 300


@pytest.mark.parametrize("n", [0, 5, -1])
def test_choices_have_a_bound(n: int) -> None:
    """More choices than the gateway is set to are refused with the bound, and so is none."""
    error = refuse(n=n)
    assert (error.code, error.param) == ("unsupported_value", "n")
    assert "1 to 4" in error.message


def test_choices_are_counted() -> None:
    """One choice unless more are asked for; nothing else hangs on it."""
    assert resolve(n=1) == resolve()
    assert resolve(n=4) == replace(resolve(), n=4)


def test_what_would_spoil_a_drawing_is_dropped() -> None:
    """A chat's limits and tools are not passed on, each with a notice."""
    dropped: dict[str, Any] = {
        "max_tokens": 1000,
        "max_completion_tokens": 1000,
        "stop": "x",
        "presence_penalty": 0.0,
        "frequency_penalty": 1.0,
        "tools": [{}],
        "response_format": {"type": "text"},
    }
    settings = resolve(**dropped)
    assert [notice.code for notice in settings.notices] == ["setting_dropped"] * len(dropped)
    assert [notice.message.split("'")[1] for notice in settings.notices] == list(dropped)
    assert settings.generation_config == resolve().generation_config


def test_max_output_tokens_insists() -> None:
    """Gemini's own name for the limit is passed on."""
    assert resolve(**google(max_output_tokens=9000)).generation_config.max_output_tokens == 9000


def test_sampling_passes() -> None:
    """Temperature, top_p and seed pass."""
    config = resolve(temperature=0.5, top_p=1, seed=-5).generation_config
    assert (config.temperature, config.top_p, config.seed) == (0.5, 1, -5)


@pytest.mark.parametrize(
    ("name", "value"), [("temperature", 2.01), ("temperature", -1), ("top_p", 1.5), ("top_p", -0.1)]
)
def test_sampling_has_bounds(name: str, value: float) -> None:
    """Values outside what Gemini takes are refused with the bounds."""
    fields: dict[str, Any] = {name: value}
    error = refuse(**fields)
    assert (error.code, error.param) == ("unsupported_value", name)
    assert "between 0 and" in error.message


@pytest.mark.parametrize(
    ("seed", "is_sent"), [(2**31 - 1, True), (-(2**31), True), (2**31, False), (10**30, False)]
)
def test_seeds_are_32_bits(seed: int, is_sent: bool) -> None:
    """A seed that Gemini cannot take is dropped with a notice; it would not repeat a picture anyway."""
    settings = resolve(seed=seed)
    assert (settings.generation_config.seed is not UNSET) is is_sent
    assert [notice.code for notice in settings.notices] == ([] if is_sent else ["setting_dropped"])


def test_thinking_passes() -> None:
    """Level or budget and whether thoughts are shown pass, the level in lower case."""
    settings = resolve(FLASH, **google(thinking_config={"include_thoughts": True, "thinking_level": "HIGH"}))
    expected = RequestThinkingConfig(include_thoughts=True, thinking_level="high")
    assert settings.generation_config.thinking_config == expected
    assert settings.wants_thoughts is True
    budget = resolve(FLASH, **google(thinking_config={"thinking_budget": 100}))
    assert budget.generation_config.thinking_config == RequestThinkingConfig(thinking_budget=100)


def test_a_level_of_thinking_counts_over_a_budget() -> None:
    """Gemini refuses both at once, so the budget is left out with a notice."""
    settings = resolve(FLASH, **google(thinking_config={"thinking_level": "high", "thinking_budget": 100}))
    assert settings.generation_config.thinking_config == RequestThinkingConfig(thinking_level="high")
    assert [notice.code for notice in settings.notices] == ["setting_dropped"]


@pytest.mark.parametrize("options", [{}, {"include_thoughts": False}, {"thinking_level": "high"}])
def test_thoughts_are_shown_only_if_asked(options: dict[str, Any]) -> None:
    """Thinking alone shows no thoughts."""
    assert resolve(FLASH, **google(thinking_config=options)).wants_thoughts is False


def test_unknown_thinking_levels_are_refused() -> None:
    """A level that the model lacks is refused with those it has."""
    error = refuse(FLASH, **google(thinking_config={"thinking_level": "medium"}))
    assert (error.code, error.param) == (
        "unsupported_value",
        "extra_body.google.thinking_config.thinking_level",
    )
    assert "minimal, high" in error.message


def test_thinking_is_dropped_where_there_is_none() -> None:
    """2.5 Flash refuses a thinking config, so none is sent, with a notice."""
    settings = resolve(OLD, **google(thinking_config={"include_thoughts": True}))
    assert settings.generation_config.thinking_config is UNSET
    assert settings.wants_thoughts is False
    assert [notice.code for notice in settings.notices] == ["setting_dropped"]


def test_googles_options_may_stand_at_the_top() -> None:
    """Each of Google's options is taken from `extra_body.google`, else from `google`, and told of where it stands."""
    safety = [{"category": "X", "threshold": "OFF"}]
    at_top = {"thinking_config": {"thinking_level": "low"}, "safety_settings": safety, "max_output_tokens": 9}
    drawing = draw(google=at_top, **google(max_output_tokens=7))
    config = get_request(drawing).generation_config
    assert config.max_output_tokens == 7
    assert config.thinking_config == RequestThinkingConfig(thinking_level="low")
    assert get_request(drawing).safety_settings == safety
    error = refuse(FLASH, google={"thinking_config": {"thinking_level": "deep"}})
    assert error.param == "google.thinking_config.thinking_level"


OUTPUTS = [
    ({"extra_body": {"limner": {"image_output": "images"}}}, None, "images"),
    ({"limner": {"image_output": "images"}}, None, "images"),
    ({}, "images", "images"),
    ({}, None, "markdown"),
    (
        {"extra_body": {"limner": {"image_output": "markdown"}}, "limner": {"image_output": "images"}},
        None,
        "markdown",
    ),
    ({"limner": {"image_output": "markdown"}}, "images", "markdown"),
    ({"limner": {"image_output": ""}}, "images", "images"),
    ({"modalities": ["image", "text"]}, None, "images"),
    ({"modalities": ["text"]}, None, "markdown"),
    ({"modalities": ["image"]}, "markdown", "markdown"),
    ({"modalities": ["image"], "limner": {"image_output": "auto"}}, "markdown", "images"),
]


@pytest.mark.parametrize(("fields", "header", "expected"), OUTPUTS)
def test_where_the_picture_goes(fields: dict[str, Any], header: str | None, expected: str) -> None:
    """The body's choice goes before the header's, that before the default; `auto` looks at the modalities."""
    assert resolve(header=header, default="auto", **fields).image_output == expected


def test_the_default_decides_where_nothing_is_asked() -> None:
    """A key's or the gateway's own setting counts last, and over the modalities."""
    assert resolve(default="images").image_output == "images"
    assert resolve(default="markdown", modalities=["image"]).image_output == "markdown"


@pytest.mark.parametrize(
    ("fields", "header", "default", "param"),
    [
        (
            {"extra_body": {"limner": {"image_output": "link"}}},
            None,
            "auto",
            "extra_body.limner.image_output",
        ),
        ({"limner": {"image_output": "jpeg"}}, None, "auto", "limner.image_output"),
        ({}, "Markdown", "auto", "X-Limner-Image-Output"),
        ({}, None, "png", None),
    ],
)
def test_unknown_outputs_are_refused(
    fields: dict[str, Any], header: str | None, default: str, param: str | None
) -> None:
    """An output that is not known is refused, naming where it was asked for."""
    error = refuse(header=header, default=default, **fields)
    assert (error.code, error.param) == ("unsupported_value", param)
    assert "auto, markdown, url, images" in error.message


def test_links_need_pictures_that_are_kept() -> None:
    """A gateway that keeps no pictures refuses links and names what it has; `auto` does without."""
    rules = SettingsRules(prefers_links=True, has_links=False)
    error = refuse(limner={"image_output": "url"}, rules=rules)
    assert (error.code, error.param) == ("unsupported_value", "limner.image_output")
    assert "takes auto, markdown, images." in error.message
    assert resolve(rules=rules).image_output == "markdown"


def test_auto_is_links_where_the_address_is_known() -> None:
    """Where it is known at which address browsers reach the gateway, `auto` links, but for clients that read images."""
    rules = SettingsRules(prefers_links=True)
    assert resolve(rules=rules).image_output == "url"
    assert resolve(rules=rules, modalities=["text", "image"]).image_output == "images"
    assert resolve(limner={"image_output": "url"}).image_output == "url"


def test_notices_reach_the_drawing() -> None:
    """What was said of the settings is said of the drawing."""
    assert [notice.code for notice in draw(max_tokens=5).notices] == ["setting_dropped"]
