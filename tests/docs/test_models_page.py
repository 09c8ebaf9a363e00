"""`docs/models.md` beside the catalogue."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from doc_tables import find_section, find_table, read_money, read_page, read_spans

from limner.catalogue import (
    IMAGE_MODELS,
    RESERVED_TEXT_TOKENS,
    TEXT_MODELS,
    Model,
    find_model,
    price_nano_usd,
    reserve_nano_usd,
)
from limner.web.models import describe


def test_models_are_listed_once() -> None:
    """The models page has every model, in the catalogue's order, and no other."""
    page = read_page("models.md")
    for row, model in zip(find_table(page, "model"), IMAGE_MODELS, strict=True):
        title, model_id, nicknames, sizes, ratios, prices = row
        assert title.startswith(f"[{model.title}](#")
        assert read_spans(model_id) == [model.id]
        assert tuple(read_spans(nicknames)) == model.aliases
        assert tuple(sizes.split(", ")) == model.sizes
        assert int(ratios) == len(model.ratios)
        ends = {price_nano_usd(model, size) for size in (model.sizes[0], model.sizes[-1])}
        assert {read_money(price) * 10**9 for price in prices.split(" to ")} == ends


def test_text_models_are_listed_once() -> None:
    """The models page has every text model with its prices, announced ones too, and its thinking levels."""
    rows = find_table(read_page("models.md"), "text model")
    for row, model in zip(rows, TEXT_MODELS, strict=True):
        title, model_id, prices_in, prices_out, levels = row
        assert (title, read_spans(model_id)) == (model.title, [model.id])
        assert tuple(read_spans(levels)) == model.thinking_levels
        expected = {"": model.prices}
        for begins, prices in model.later_prices.items():
            expected[f"from {datetime.fromtimestamp(begins, UTC):%Y-%m-%d}"] = prices
        if model.long_prompt_prices is not None:
            expected["for long prompts"] = model.long_prompt_prices
        assert read_prices(prices_in) == {when: prices.input_nano_usd for when, prices in expected.items()}
        assert read_prices(prices_out) == {
            when: prices.output_text_nano_usd for when, prices in expected.items()
        }


def read_prices(cell: str) -> dict[str, Decimal]:
    """Return nano-dollars a token by when they hold."""
    found = [text.partition(" ") for text in cell.split("; ")]
    return {when: read_money(price) * 1000 for price, _, when in found}


@pytest.mark.parametrize("model", IMAGE_MODELS, ids=lambda model: model.id)
def test_facts_of_a_model(model: Model) -> None:
    """A model's section has its id, nicknames, date, lifecycle, thinking levels and prices."""
    facts = dict(find_table(find_section(read_page("models.md"), model.title), ""))
    assert read_spans(facts.pop("id")) == [model.id]
    assert tuple(read_spans(facts.pop("nickname"))) == model.aliases
    assert facts.pop("generally available") == f"{datetime.fromtimestamp(model.created, UTC):%Y-%m-%d}"
    assert facts.pop("deprecated") == ("yes" if model.deprecated else "no")
    assert tuple(read_spans(facts.pop("thinking levels"))) == model.thinking_levels
    assert facts.pop("tokens of an input picture") == f"{model.input_image_tokens:,}"
    assert {name.partition(",")[0]: read_money(price) * 1000 for name, price in facts.items()} == {
        "input": model.prices.input_nano_usd,
        "text and thoughts out": model.prices.output_text_nano_usd,
        "pictures out": model.prices.output_image_nano_usd,
    }


@pytest.mark.parametrize("model", IMAGE_MODELS, ids=lambda model: model.id)
def test_pictures_of_a_model(model: Model) -> None:
    """A model's section has the tokens and prices of every size and the pixels of every ratio and size."""
    section = find_section(read_page("models.md"), model.title)
    sizes = find_table(section, "size")
    assert [(size, tokens) for size, tokens, _, _ in sizes] == [
        (size, f"{model.image_tokens[size]:,}") for size in model.sizes
    ]
    for size, _, price, most in sizes:
        assert read_money(price) * 10**9 == price_nano_usd(model, size)
        assert read_money(most) * 10**9 == reserve_nano_usd(model, size=size, at_seconds=0)
    rows = find_table(section, "ratio")
    assert tuple(ratio for ratio, *_ in rows) == model.ratios
    cells = {(ratio, size): cell for ratio, *row in rows for size, cell in zip(model.sizes, row, strict=True)}
    assert cells == {place: "{}x{}".format(*pixels) for place, pixels in model.pixels.items()}


def test_names_of_models() -> None:
    """The models page gives an example of a name that is matched, and the text that `at most` allows for."""
    page = read_page("models.md")
    name, model_id = re.findall(r"`([^`]+)` is `([^`]+)`", find_section(page, "Names"))[0]
    model = find_model(name)
    assert model is not None
    assert model.id == model_id
    assert f"{RESERVED_TEXT_TOKENS:,} tokens of text" in page


def test_fields_of_the_models_door() -> None:
    """The models page lists every field of an entry of `GET /v1/models`, and no other."""
    entries = [describe(model, model.id, 0) for model in (IMAGE_MODELS[0], TEXT_MODELS[0])]
    fields = {name for entry in entries for name in entry if name != "limner"}
    fields |= {f"limner.{name}" for entry in entries for name in entry["limner"]}
    rows = find_table(read_page("models.md"), "field")
    assert {name for field, _ in rows for name in read_spans(field)} == fields
