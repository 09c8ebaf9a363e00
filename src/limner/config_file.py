"""Reads the file of what is structured, `limner.toml`. Knows its tables; not what becomes of them.

A problem names the file, the place in it, what stands there and what is accepted; a key or a proxy's address is in none.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import Struct
from pydantic import SecretStr

from limner.catalogue import (
    ALL_RATIOS,
    Additions,
    Model,
    Prices,
    Table,
    build_table,
    describe_pixels,
    find_model,
    find_model_and_suffixes,
)
from limner.catalogue.aliases import Aliases, fold
from limner.config_tables import ModelTable, UpstreamTable, read_environ, read_tables

_TABLES = ("aliases", "fallback", "model", "upstream")

_BUILT_IN = build_table(Additions())
"""What a file's models are read against: not what an earlier reading has added."""

Report = Callable[[str], None]


class FileUpstream(Struct, frozen=True, kw_only=True):
    """One `[[upstream]]`, with its key."""

    table: UpstreamTable
    key: SecretStr | None
    models: frozenset[str] | None
    """Ids of the models that are asked of it; None: all."""


class ConfigFile(Struct, frozen=True, kw_only=True):
    """What the file says."""

    additions: Additions = Additions()
    """What it says of models."""
    upstreams: Sequence[FileUpstream] = ()


def read_config_file(path: Path, report: Report) -> ConfigFile:
    """Return what the file says; `report` is called with each problem, and what is wrong is left out."""
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        report(f"LIMNER_CONFIG is {str(path)!r}, which cannot be read ({reason}); accepted: a file in TOML")
        return ConfigFile()
    for name in sorted(tables.keys() - set(_TABLES)):
        report(f"{path}: {name!r} is not known to this version; accepted: {', '.join(_TABLES)}")
    models = _read_models(tables.get("model", []), f"{path}: model", report)
    known = build_table(Additions(models=models))
    additions = Additions(
        models=models,
        aliases=Aliases(_read_aliases(tables.get("aliases", {}), path, known, report)),
        fallbacks=_read_fallbacks(tables.get("fallback", {}), path, known, report),
    )
    upstreams = _read_upstreams(tables.get("upstream", []), f"{path}: upstream", known, report)
    return ConfigFile(additions=additions, upstreams=upstreams)


def _read_aliases(table: Any, path: Path, known: Table, report: Report) -> dict[str, str]:
    if not isinstance(table, dict):
        report(f"{path}: 'aliases' is {table!r}; accepted: a table such as [aliases] with name = \"model\"")
        return {}
    aliases: dict[str, str] = {}
    for name, target in table.items():
        place = f"{path}: aliases.{name}"
        if not isinstance(target, str) or find_model_and_suffixes(target, known) is None:
            report(f"{place} is {target!r}; accepted: a name of GET /v1/models, settings behind it or not")
        elif find_model(name, known) is not None:
            report(f"{place} is a name of a model already; accepted: any other")
        elif not fold(name):
            report(f"{place} has no name; accepted: one of visible characters")
        elif fold(name) in aliases:
            report(f"{place} stands there twice, in other letters; accepted: each name once")
        else:
            aliases[fold(name)] = target
    return aliases


def _read_fallbacks(table: Any, path: Path, known: Table, report: Report) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        report(
            f"{path}: 'fallback' is {table!r}; accepted: a table such as [fallback] with model = [\"model\"]"
        )
        return {}
    fallbacks: dict[str, tuple[str, ...]] = {}
    for name, given in table.items():
        place = f"{path}: fallback.{name}"
        model = find_model(name, known)
        names = [given] if isinstance(given, str) else given
        if model is None:
            report(f"{place} is no model that is known; accepted: a name of GET /v1/models")
            continue
        if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
            report(f"{place} is {given!r}; accepted: the name of a model, or a list of such")
            continue
        found = [find_model(each, known) for each in names]
        wrong = [
            each
            for each, fallback in zip(names, found, strict=True)
            if fallback is None or fallback is model or fallback.draws != model.draws
        ]
        if wrong:
            kind = "draws" if model.draws else "answers text"
            report(
                f"{place} names {', '.join(map(repr, wrong))}; accepted: other models of which each {kind}"
            )
            continue
        fallbacks[model.id] = tuple(dict.fromkeys(fallback.id for fallback in found if fallback is not None))
    return fallbacks


def _read_models(given: Any, place: str, report: Report) -> list[Model]:
    models: dict[str, Model] = {}
    for where, table in read_tables(ModelTable, given, place, report):
        model = _to_model(table, where, report)
        if model is not None and model.id in models:
            report(f"{where}.id is {model.id!r}, which stands there twice; accepted: each model once")
        elif model is not None:
            models[model.id] = model
    return list(models.values())


def _to_model(table: ModelTable, where: str, report: Report) -> Model | None:
    own = find_model(table.id, _BUILT_IN)
    own = own if own is not None and own.id == table.id else None
    like = own if table.like is None else find_model(table.like, _BUILT_IN)
    if table.like is not None and like is None:
        report(f"{where}.like is {table.like!r}; accepted: the name of a model of GET /v1/models")
        return None
    if like is None:
        report(f"{where} has no like; accepted: the name of a model whose ratios, sizes and limits it has")
        return None
    ratios = tuple(table.ratios or like.ratios)
    unknown = [ratio for ratio in ratios if ratio not in ALL_RATIOS]
    if unknown:
        report(f"{where}.ratios names {', '.join(unknown)}; accepted: some of {', '.join(ALL_RATIOS)}")
        return None
    known = [(name, find_model(name, _BUILT_IN)) for name in table.aliases]
    taken = [name for name, model in known if model is not None and model is not own]
    if taken:
        report(f"{where}.aliases names {', '.join(taken)}, a model already; accepted: other names")
        return None
    prices = _to_prices(table, like.prices)
    has_prices = prices != like.prices
    image_tokens = dict(table.image_tokens or like.image_tokens) if like.draws else {}
    return replace(
        like,
        id=table.id,
        title=table.title or (own.title if own is not None else table.id),
        aliases=tuple(fold(name) for name in table.aliases) or (own.aliases if own is not None else ()),
        prices=prices,
        # Announced prices are the table's own; whoever says what it costs, says it for all times and lengths.
        later_prices={} if has_prices else like.later_prices,
        long_prompt_prices=None if has_prices else like.long_prompt_prices,
        ratios=ratios if like.draws else (),
        image_tokens=image_tokens,
        pixels=describe_pixels(like, ratios, tuple(image_tokens)),
        deprecated=_choose(table.deprecated, like.deprecated and own is not None),
    )


def _to_prices(table: ModelTable, prices: Prices) -> Prices:
    return Prices(
        input_nano_usd=_choose(table.input_usd, prices.input_nano_usd),
        output_text_nano_usd=_choose(table.output_text_usd, prices.output_text_nano_usd),
        output_image_nano_usd=_choose(table.output_image_usd, prices.output_image_nano_usd),
    )


def _choose(given: Any, otherwise: Any) -> Any:
    return otherwise if given is None else given


def _read_upstreams(given: Any, place: str, known: Table, report: Report) -> list[FileUpstream]:
    upstreams: list[FileUpstream] = []
    names: set[str] = set()
    for where, table in read_tables(UpstreamTable, given, place, report):
        models = [find_model(name, known) for name in table.models or ()]
        if None in models:
            unknown = [name for name in table.models or () if find_model(name, known) is None]
            report(
                f"{where}.models names {', '.join(map(repr, unknown))}; accepted: names of GET /v1/models or a [[model]]"
            )
        if table.name is not None and table.name in names:
            report(f"{where}.name is {table.name!r}, which stands there twice; accepted: each name once")
        if table.name is not None:
            names.add(table.name)
        if table.credentials_file is not None and not table.credentials_file.is_file():
            report(
                f"{where}.credentials_file is {str(table.credentials_file)!r}, which is no file; accepted: a readable JSON file"
            )
        try:
            key = table.read_key(read_environ())
        except ValueError as error:
            report(f"{where}: {error}")
            continue
        ids = frozenset(model.id for model in models if model is not None) if table.models else None
        upstreams.append(FileUpstream(table=table, key=key, models=ids))
    return upstreams
