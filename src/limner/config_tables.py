"""What the tables of `limner.toml` may hold: upstreams and models, each field with what is accepted. Opens only files named.

This module must not know what becomes of them.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from limner.catalogue import SIZES
from limner.config_values import CaFile, GeminiBaseUrl, Key, Location, ProjectId, ProxyUrl

_LONGEST_SHOWN_VALUE = 120
_SECRET_FIELDS = frozenset({"key", "proxy", "base_url"})
"""Whose values are never shown: an address may hold a password, that is why it is refused."""

Table = TypeVar("Table", bound=BaseModel)


def _check_name(value: str) -> str:
    if not value.strip() or not value.isprintable() or len(value) > 64:
        raise ValueError("it is not 1 to 64 printable characters")
    return value.strip()


def _to_nano_usd(value: object) -> object:
    """Return dollars for a million tokens as nano-dollars for one, exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        nano_usd = round(float(value) * 1000, 6)
    except ValueError:
        return value
    if nano_usd != int(nano_usd):
        raise ValueError("it has more than three decimal places")
    return int(nano_usd)


Name = Annotated[str, AfterValidator(_check_name)]
Dollars = Annotated[int, BeforeValidator(_to_nano_usd), Field(ge=0, le=10**9)]
_DOLLARS = "dollars for a million tokens, 0 or more, up to three decimal places"


class UpstreamTable(BaseModel):
    """One `[[upstream]]`: a credential, and how Gemini is reached with it."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True
    )

    name: Name | None = Field(None, description="1 to 64 printable characters")
    kind: Literal["gemini", "developer", "vertex"] = Field(
        "gemini", description="gemini (the Developer API, also called developer) or vertex"
    )
    key: Key | None = Field(None, description="a key of Google AI Studio, or of Vertex AI in express mode")
    key_file: Path | None = Field(None, description="a readable file that holds the key")
    key_env: str | None = Field(None, description="an environment variable that holds the key")
    base_url: GeminiBaseUrl | None = Field(
        None,
        description="an https:// address without credentials and query; http:// for loopback, private addresses and "
        "names without a dot",
    )
    weight: int = Field(1, ge=1, le=1000, strict=True, description="a whole number from 1 to 1000")
    proxy: ProxyUrl | Literal[""] | None = Field(
        None, description='the http://, https:// or socks5h:// address of a proxy; "" for none'
    )
    ca_file: CaFile | None = Field(None, description="a readable file of certificates in PEM form")
    models: list[str] | None = Field(
        None, min_length=1, description="a list of names of models; left out: all models"
    )
    project: ProjectId | None = Field(None, description="the id of a Google Cloud project (kind vertex)")
    location: Location | None = Field(
        None, description="global, us, eu or a region such as us-central1 (kind vertex)"
    )
    credentials_file: Path | None = Field(
        None,
        description="a readable JSON file of Google credentials (kind vertex); left out: the default ones",
    )

    @model_validator(mode="after")
    def check_whole(self) -> Self:
        """Refuse what does not go together."""
        keys = [field for field in ("key", "key_file", "key_env") if getattr(self, field) is not None]
        if len(keys) > 1:
            raise ValueError(f"it has {' and '.join(keys)}; accepted: one of them")
        if self.kind == "vertex":
            if not keys and self.project is None:
                raise ValueError("it has neither project nor key; accepted: kind vertex with one of them")
            if keys and self.credentials_file is not None:
                raise ValueError("it has a key and credentials_file; accepted: one of them")
            return self
        foreign = [
            field for field in ("project", "location", "credentials_file") if getattr(self, field) is not None
        ]
        if foreign:
            raise ValueError(f'it has {" and ".join(foreign)}; accepted: with kind = "vertex" only')
        if not keys:
            raise ValueError("it has no key; accepted: key, key_file or key_env")
        return self

    def read_key(self, environ: Mapping[str, str]) -> SecretStr | None:
        """Return the key, from wherever it is. Raises ValueError, without the key: it cannot be had."""
        if self.key_env is not None:
            text = environ.get(self.key_env, "").strip()
            if not text:
                raise ValueError(
                    f"key_env is {self.key_env!r}, which is not set; accepted: a variable that is"
                )
            return _to_secret(text, f"the variable {self.key_env}")
        if self.key_file is not None:
            try:
                text = self.key_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "it is not UTF-8"
                raise ValueError(
                    f"key_file is {str(self.key_file)!r}, which cannot be read ({reason}); accepted: a readable file"
                ) from None
            return _to_secret(text, f"the file {str(self.key_file)!r}")
        return self.key


class ModelTable(BaseModel):
    """One `[[model]]`: a model that the catalogue does not have, or other prices for one that it has."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/@-]{1,100}$")] = Field(
        description="the id by which the upstream knows it"
    )
    like: str | None = Field(None, description="the name of a model whose ratios, sizes and limits it has")
    title: Name | None = Field(None, description="1 to 64 printable characters")
    aliases: list[str] = Field([], description="a list of further names")
    input_usd: Dollars | None = Field(None, description=_DOLLARS)
    output_text_usd: Dollars | None = Field(None, description=_DOLLARS)
    output_image_usd: Dollars | None = Field(None, description=_DOLLARS)
    image_tokens: dict[Literal[SIZES], Annotated[int, Field(ge=1, le=10**6)]] | None = Field(  # type: ignore[valid-type]
        None, min_length=1, description='tokens of a picture by size, such as { "1K" = 1120 }'
    )
    ratios: list[str] | None = Field(None, min_length=1, description="a list of ratios such as 16:9")
    deprecated: bool | None = Field(None, description="true or false")


def read_tables(
    kind: type[Table], given: Any, place: str, report: Callable[[str], None]
) -> list[tuple[str, Table]]:
    """Return the tables of an array and where each stands; `report` is called with each problem."""
    if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
        name = place.rpartition(" ")[2]
        report(f"{place} is not an array of tables; accepted: [[{name}]], as often as there are some")
        return []
    found = []
    for number, table in enumerate(given, start=1):
        where = f"{place}[{number}]"
        try:
            found.append((where, kind.model_validate(table)))
        except ValidationError as error:
            for line in _describe(error, kind, table, where):
                report(line)
    return found


def read_environ() -> Mapping[str, str]:
    """Return the process's variables, in which `key_env` is looked up."""
    return os.environ


def _to_secret(text: str, source: str) -> SecretStr:
    if not text or not all("!" <= character <= "~" for character in text):
        raise ValueError(f"{source} holds no key; accepted: one of visible ASCII characters")
    return SecretStr(text)


def _describe(error: ValidationError, kind: type[BaseModel], table: dict[str, Any], where: str) -> list[str]:
    lines: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        reason = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            lines.setdefault("", f"{where}: {reason}")
            continue
        name = str(problem["loc"][0])
        field = kind.model_fields.get(name)
        if field is None:
            known = ", ".join(kind.model_fields)
            lines.setdefault(name, f"{where}.{name} is not known to this version; accepted: {known}")
        elif problem["type"] == "missing":
            lines.setdefault(name, f"{where} has no {name}; accepted: {field.description}")
        else:
            shown = repr(table[name])
            is_hidden = name in _SECRET_FIELDS or len(shown) > _LONGEST_SHOWN_VALUE
            subject = "(value not shown) is refused" if is_hidden else f"is {shown}"
            told = f"{reason}; " if problem["type"] == "value_error" else ""
            lines.setdefault(name, f"{where}.{name} {subject}; {told}accepted: {field.description}")
    return list(lines.values())
