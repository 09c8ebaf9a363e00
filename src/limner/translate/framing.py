"""Fits what was asked of ratio and size to what a model draws. Knows the catalogue; costs nothing to refuse."""

import math
from collections.abc import Iterable, Iterator

from msgspec import Struct

from limner.catalogue import Model
from limner.errors import InvalidRequest
from limner.translate.shown import shorten
from limner.translate.spellings import Given, HighQuality, Kind, Meaning, Pixels, Ratio, Size, read_meaning
from limner.wire.openai import Notice

_OPENAI_SIZES = frozenset({
    (256, 256), (512, 512), (1024, 1024), (1536, 1024), (1024, 1536), (1792, 1024), (1024, 1792),
})  # fmt: skip
"""Sizes that clients of OpenAI's models send by habit; they name a shape and not a wish for few pixels."""


class Frame(Struct, frozen=True, kw_only=True):
    """Ratio and size to draw; None leaves it to the model."""

    aspect_ratio: str | None
    image_size: str | None
    notices: tuple[Notice, ...]


class _Choice(Struct, frozen=True):
    value: str
    param: str


def choose_frame(given: Iterable[Given], model: Model) -> Frame:
    """Return what is drawn of all that was given, the first of each setting. Raises InvalidRequest."""
    chosen: dict[str, _Choice] = {}
    notices: list[Notice] = []
    for item in given:
        meanings = read_meaning(item)
        if meanings is None:
            counting = chosen.get("aspect_ratio" if item.kind is Kind.RATIO else "image_size")
            if counting is None:
                raise _refuse(item, model)
            notices.append(_override(item, counting))
            continue
        for setting, value in _to_settings(meanings, item, model, notices, chosen):
            if setting not in chosen:
                _check(setting, value, item, model)
                chosen[setting] = _Choice(value, item.param)
            elif chosen[setting].value != value:
                notices.append(_override(item, chosen[setting]))
    ratio, size = chosen.get("aspect_ratio"), chosen.get("image_size")
    return Frame(
        aspect_ratio=ratio.value if ratio else None,
        image_size=size.value if size else None,
        notices=tuple(notices),
    )


def choose_unchecked_frame(given: Iterable[Given], model: Model) -> Frame:
    """Return ratio and size for a model of which it is not known what it draws: the first of each, as it is given.

    Pixels are left out with a notice: which ratio and size are nearest is not known either.
    """
    chosen: dict[str, str] = {}
    notices: list[Notice] = []
    for item in given:
        meanings = read_meaning(item)
        if meanings is None:
            raise InvalidRequest(
                f"'{item.param}' is {shorten(item.value)}; it must be a ratio such as 16:9, or a size such as 2K.",
                code="unsupported_value",
                param=item.param,
            )
        for meaning in meanings:
            match meaning:
                case Ratio(value):
                    chosen.setdefault("aspect_ratio", value)
                case Size(value):
                    chosen.setdefault("image_size", value)
                case _:
                    told = (
                        f"'{item.param}' is {shorten(item.value)}, which has no meaning known for {model.id}."
                    )
                    notices.append(Notice("setting_dropped", told))
    return Frame(
        aspect_ratio=chosen.get("aspect_ratio"), image_size=chosen.get("image_size"), notices=tuple(notices)
    )


def _to_settings(
    meanings: Iterable[Meaning],
    item: Given,
    model: Model,
    notices: list[Notice],
    chosen: dict[str, _Choice],
) -> Iterator[tuple[str, str]]:
    for meaning in meanings:
        match meaning:
            case Ratio(value):
                yield "aspect_ratio", value
            case Size(value):
                yield "image_size", value
            case HighQuality():
                if "2K" in model.sizes:
                    yield "image_size", "2K"
            case Pixels(width, height):
                ratio = _find_nearest_ratio(model, width, height)
                yield "aspect_ratio", ratio
                if (width, height) in _OPENAI_SIZES:
                    continue
                tier = _find_tier(model, ratio, width, height)
                if tier is None:
                    tier = model.sizes[-1]
                    if "image_size" not in chosen:
                        notices.append(_reduce(item, model, ratio, tier))
                yield "image_size", tier


def _find_nearest_ratio(model: Model, width: int, height: int) -> str:
    def distance(ratio: str) -> float:
        across, down = ratio.split(":")
        return abs(math.log(width / height) - math.log(int(across) / int(down)))

    return min(model.ratios, key=distance)


def _find_tier(model: Model, ratio: str, width: int, height: int) -> str | None:
    """Return the smallest size that holds both sides."""
    for size in model.sizes:
        across, down = model.pixels[ratio, size]
        if across >= width and down >= height:
            return size
    return None


def _check(setting: str, value: str, item: Given, model: Model) -> None:
    if value not in (model.ratios if setting == "aspect_ratio" else model.sizes):
        raise _refuse(item, model, setting)


def _refuse(item: Given, model: Model, setting: str | None = None) -> InvalidRequest:
    by_kind = {Kind.RATIO: "aspect_ratio", Kind.QUALITY: "image_size"}
    ratios, sizes = ", ".join(model.ratios), ", ".join(model.sizes)
    legal = {"aspect_ratio": ratios, "image_size": sizes}.get(
        setting or by_kind.get(item.kind, ""), f"{sizes}, in {ratios}"
    )
    return InvalidRequest(
        f"'{item.param}' is {shorten(item.value)}; {model.id} draws {legal}.",
        code="unsupported_value",
        param=item.param,
    )


def _override(item: Given, choice: _Choice) -> Notice:
    return Notice(
        "setting_overridden",
        f"'{item.param}' is {shorten(item.value)}; {choice.value} from '{choice.param}' counts instead.",
    )


def _reduce(item: Given, model: Model, ratio: str, size: str) -> Notice:
    width, height = model.pixels[ratio, size]
    return Notice(
        "size_reduced",
        f"'{item.param}' is {shorten(item.value)}; the most {model.id} draws at {ratio} is {width}x{height}.",
    )
