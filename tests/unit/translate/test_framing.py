"""Fitting what was asked of ratio and size to what a model draws."""

from fractions import Fraction
from typing import Any

import pytest
from chat_requests import find
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.catalogue import IMAGE_MODELS, Model, find_model_and_suffixes
from limner.errors import InvalidRequest
from limner.translate.framing import Frame, choose_frame
from limner.translate.spellings import Given, Kind, find_given

FLASH = find("gemini-3.1-flash-image")
PRO = find("gemini-3-pro-image")
OLD = find("gemini-2.5-flash-image")


def frame(model: Model, *values: tuple[Kind, str]) -> Frame:
    return choose_frame([Given(f"p{n}", value, kind) for n, (kind, value) in enumerate(values)], model)


def size(value: str) -> tuple[Kind, str]:
    return Kind.SIZE, value


def ratio(value: str) -> tuple[Kind, str]:
    return Kind.RATIO, value


@pytest.mark.parametrize(
    ("given_size", "expected"),
    [
        ("256x256", "1:1"),
        ("512x512", "1:1"),
        ("1024x1024", "1:1"),
        ("1536x1024", "3:2"),
        ("1024x1536", "2:3"),
        ("1792x1024", "16:9"),
        ("1024x1792", "9:16"),
    ],
)
def test_openais_sizes_set_the_ratio_only(given_size: str, expected: str) -> None:
    """Sizes that OpenAI's clients send by habit name a shape; the tier stays the default."""
    for model in IMAGE_MODELS:
        assert frame(model, size(given_size)) == Frame(aspect_ratio=expected, image_size=None, notices=())


@pytest.mark.parametrize(
    ("model", "given_size", "expected"),
    [
        (FLASH, "500x500", ("1:1", "512")),
        (FLASH, "513x512", ("1:1", "1K")),
        (PRO, "500x500", ("1:1", "1K")),
        (FLASH, "1376x768", ("16:9", "1K")),
        (FLASH, "1377x768", ("16:9", "2K")),
        (FLASH, "1920x1080", ("16:9", "2K")),
        (FLASH, "3840x2160", ("16:9", "4K")),
        (FLASH, "1216x896", ("4:3", "2K")),
        (FLASH, "400x1600", ("1:4", "1K")),
        (PRO, "500x2000", ("9:16", "2K")),
    ],
)
def test_pixels_choose_the_nearest_ratio_and_the_smallest_size_that_holds_them(
    model: Model, given_size: str, expected: tuple[str, str]
) -> None:
    """Other pixels: the nearest of the model's ratios, and the smallest tier that holds both sides."""
    found = frame(model, size(given_size))
    assert (found.aspect_ratio, found.image_size, found.notices) == (*expected, ())


def test_pixels_beyond_the_largest_size_are_told() -> None:
    """Where no tier holds both sides the largest is drawn, with a notice of its pixels."""
    found = frame(OLD, size("2000x2000"))
    assert (found.aspect_ratio, found.image_size) == ("1:1", "1K")
    (notice,) = found.notices
    assert notice.code == "size_reduced"
    assert "1024x1024" in notice.message


@given(st.integers(64, 99_999), st.integers(64, 99_999), st.sampled_from(IMAGE_MODELS))
@settings(max_examples=200)
def test_any_pixels_fit_somewhere(width: int, height: int, model: Model) -> None:
    """Any pixels choose something the model draws, the nearest ratio by factor, and are never refused."""
    found = frame(model, size(f"{width}x{height}"))
    assert found.aspect_ratio in model.ratios
    assert found.image_size in {None, *model.sizes}

    def factor(name: str) -> Fraction:
        across, down = map(int, name.split(":"))
        quotient = Fraction(width * down, height * across)
        return max(quotient, 1 / quotient)

    best = min(factor(name) for name in model.ratios)
    assert float(factor(found.aspect_ratio or "")) == pytest.approx(float(best))


def test_high_quality_is_2k_where_there_is_one() -> None:
    """`hd` and `high` ask for 2K, and for nothing where the model has none."""
    assert frame(FLASH, (Kind.QUALITY, "hd")).image_size == "2K"
    assert frame(OLD, (Kind.QUALITY, "high")).image_size is None
    assert frame(OLD, (Kind.QUALITY, "high")).notices == ()


def test_each_setting_has_its_own_first_place() -> None:
    """Ratio and size are each taken from the first place that gives them; losers that differ are named."""
    found = frame(FLASH, ratio("16:9"), size("1024x1024"), (Kind.QUALITY, "hd"), size("2K"), size("4K"))
    assert (found.aspect_ratio, found.image_size) == ("16:9", "2K")
    assert [notice.code for notice in found.notices] == ["setting_overridden"] * 2
    for notice, (loser, winner) in zip(found.notices, (("p1", "p0"), ("p4", "p2")), strict=True):
        assert notice.message.startswith(f"'{loser}' is ")
        assert f"'{winner}' counts" in notice.message


def test_unknown_values_are_refused_unless_they_lose() -> None:
    """A value nobody understands is refused where it would count, and named where it would not."""
    with pytest.raises(InvalidRequest) as caught:
        frame(PRO, ratio("16:9"), size("huge"))
    assert (caught.value.code, caught.value.param) == ("unsupported_value", "p1")
    assert "1K, 2K, 4K" in caught.value.message
    found = frame(PRO, ratio("16:9"), size("2K"), size("huge"))
    assert [notice.code for notice in found.notices] == ["setting_overridden"]


@pytest.mark.parametrize(
    ("name", "model_id", "suffixes"),
    [
        ("gemini-3-pro-image-4k", "gemini-3-pro-image", ("4k",)),
        ("gemini-3-pro-image-16x9-4K", "gemini-3-pro-image", ("16x9", "4k")),
        ("google/gemini-3-pro-image-2k-16-9", "gemini-3-pro-image", ("2k", "16-9")),
        ("gemini-3-pro-image-preview-hd", "gemini-3-pro-image", ("hd",)),
        ("gemini-3-pro-image-hd-preview", "gemini-3-pro-image", ("hd",)),
        ("gemini-3.1-flash-image-512", "gemini-3.1-flash-image", ("512",)),
        ("nano-banana-2-16-9-4k", "gemini-3.1-flash-image", ("16-9", "4k")),
        ("nano-banana-16-9", "gemini-2.5-flash-image", ("16-9",)),
        ("nano-banana-2.1", "gemini-nano-banana-2.1", ()),
        ("nano-banana-2", "gemini-3.1-flash-image", ()),
    ],
)
def test_settings_behind_a_models_name(name: str, model_id: str, suffixes: tuple[str, ...]) -> None:
    """Suffixes are told from names, in any order and case."""
    found = find_model_and_suffixes(name)
    assert found is not None
    assert (found[0].id, found[1]) == (model_id, suffixes)


@pytest.mark.parametrize(
    "name", ["", "-4k", "gemini-3-pro-image-8k", "gemini-3-pro-image-7-5", "nano-banana-2-1", "gpt-4k"]
)
def test_names_that_are_none(name: str) -> None:
    """What is left without suffixes must be a model, and a suffix must be a setting."""
    assert find_model_and_suffixes(name) is None


# Whatever stands wherever

VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "auto", "16:9", "4x3", "1:8", "7:5", "2k", "4K", "512", "8K", "hd", "high", "low"]),
    st.sampled_from(["16:9_4K", "7:5_2k", "1024x1024", "1216x896", "9000x9000", "64x64", "0x0", "99999x64"]),
    st.builds("{}x{}".format, st.integers(0, 99_999), st.integers(0, 99_999)),
)
OBJECTS = [
    (*root, *container, name)
    for container in ((), ("generationConfig",), ("generation_config",), ("config",))
    for root in (("extra_body", "google"), ("google",), (), ("extra_body",))
    for name in ("image_config", "imageConfig")
]
CONFIG_FIELDS = ("aspect_ratio", "aspectRatio", "image_size", "imageSize")
TOP_FIELDS = (*CONFIG_FIELDS, "size", "resolution", "image_resolution", "quality")
PLACES = [
    *((*path, field) for path in OBJECTS for field in CONFIG_FIELDS),
    *((*root, field) for root in (("extra_body", "google"), ("google",)) for field in CONFIG_FIELDS),
    *((*root, field) for root in ((), ("extra_body",)) for field in TOP_FIELDS),
]
"""Every place in a body, what counts first first; written down a second time."""


def put(fields: dict[str, Any], path: tuple[str, ...], value: str) -> None:
    for key in path[:-1]:
        fields = fields.setdefault(key, {})
    fields[path[-1]] = value


def judge(model: Model, *values: tuple[tuple[str, ...], str]) -> Frame | InvalidRequest:
    """Return the frame of a body that holds the values at their paths, or why it is refused."""
    fields: dict[str, Any] = {}
    for path, value in values:
        put(fields, path, value)
    try:
        return choose_frame(find_given(fields, (), ()), model)
    except InvalidRequest as error:
        return error


@given(st.sampled_from(PLACES), VALUES, st.sampled_from(IMAGE_MODELS))
@settings(max_examples=400, deadline=None)
def test_any_value_anywhere_is_understood_or_refused(path: tuple[str, ...], value: str, model: Model) -> None:
    """A value sets what the model draws, or sets nothing, or is refused by its path with what can be drawn."""
    match judge(model, (path, value)):
        case Frame(aspect_ratio=ratio, image_size=size):
            assert ratio in {None, *model.ratios}
            assert size in {None, *model.sizes}
        case InvalidRequest() as refused:
            assert (refused.code, refused.param) == ("unsupported_value", ".".join(path))
            assert any(", ".join(can) in refused.message for can in (model.ratios, model.sizes))


@given(st.data(), VALUES, VALUES, st.sampled_from(IMAGE_MODELS))
@settings(max_examples=400, deadline=None)
def test_of_two_places_the_earlier_counts(data: st.DataObject, one: str, other: str, model: Model) -> None:
    """Per setting the earlier of any two places wins; the later one is named where it asked for something else."""
    places = data.draw(st.lists(st.sampled_from(range(len(PLACES))), min_size=2, max_size=2, unique=True))
    first, second = (PLACES[number] for number in sorted(places))
    both = judge(model, (second, other), (first, one))
    before, after = judge(model, (first, one)), judge(model, (second, other))
    if isinstance(before, InvalidRequest):
        assert isinstance(both, InvalidRequest)
        assert both.param == before.param
        return
    if isinstance(both, InvalidRequest):
        assert both.param == ".".join(second)
        assert isinstance(after, InvalidRequest)
        return
    overridden = [notice for notice in both.notices if notice.code == "setting_overridden"]
    for name in ("aspect_ratio", "image_size"):
        won, asked = getattr(before, name), getattr(after, name, None)
        if won is not None or isinstance(
            after, Frame
        ):  # what is refused alone may hold something good as well
            assert getattr(both, name) == (asked if won is None else won)
        if None not in (won, asked) and won != asked:
            assert any(f"{won} from '{'.'.join(first)}'" in notice.message for notice in overridden)
    assert all(notice.message.startswith(f"'{'.'.join(second)}' is ") for notice in overridden)
    if isinstance(after, InvalidRequest):
        assert overridden


@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), max_size=8), st.sampled_from(IMAGE_MODELS))
@settings(max_examples=200, deadline=None)
def test_many_places_at_once(given_values: list[tuple[tuple[str, ...], str]], model: Model) -> None:
    """However many places are filled, a frame the model draws or one refusal comes out."""
    found = judge(model, *given_values)
    if isinstance(found, Frame):
        assert found.aspect_ratio in {None, *model.ratios}
        assert found.image_size in {None, *model.sizes}


def test_an_unknown_loser_names_the_setting_that_beats_it() -> None:
    """A ratio nobody understands loses to the ratio that counts, not to a size; a size loses to a size alone."""
    found = frame(PRO, size("2K"), ratio("16:9"), ratio("wide"), size("huge"))
    assert [notice.message for notice in found.notices] == [
        "'p2' is 'wide'; 16:9 from 'p1' counts instead.",
        "'p3' is 'huge'; 2K from 'p0' counts instead.",
    ]
    assert frame(PRO, size("2K"), size("8K")).image_size == "2K"
