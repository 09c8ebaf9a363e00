"""Reads the file of what is structured, `limner.toml`. Knows its tables; not what becomes of them.

A problem names the file, the place in it, what stands there and what is accepted. Nothing of it is secret so far.
"""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from limner.catalogue import find_model, find_model_and_suffixes
from limner.catalogue.aliases import fold

_TABLES = ("aliases",)


class ConfigFile(Struct, frozen=True, kw_only=True):
    """What the file says."""

    aliases: Mapping[str, str] = {}
    """Further names of models: what each stands for, a name that is known without it."""


def read_config_file(path: Path, report: Callable[[str], None]) -> ConfigFile:
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
    return ConfigFile(aliases=_read_aliases(tables.get("aliases", {}), path, report))


def _read_aliases(table: Any, path: Path, report: Callable[[str], None]) -> dict[str, str]:
    if not isinstance(table, dict):
        report(f"{path}: 'aliases' is {table!r}; accepted: a table such as [aliases] with name = \"model\"")
        return {}
    aliases: dict[str, str] = {}
    for name, target in table.items():
        place = f"{path}: aliases.{name}"
        if not isinstance(target, str) or find_model_and_suffixes(target) is None:
            report(f"{place} is {target!r}; accepted: a name of GET /v1/models, settings behind it or not")
        elif find_model(name) is not None:
            report(f"{place} is a name of a model already; accepted: any other")
        elif not fold(name):
            report(f"{place} has no name; accepted: one of visible characters")
        elif fold(name) in aliases:
            report(f"{place} stands there twice, in other letters; accepted: each name once")
        else:
            aliases[fold(name)] = target
    return aliases
