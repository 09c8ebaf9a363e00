"""The settings: what an operator sets in the environment or in `.env`, checked whole before anything starts.

Only the command line and `app` read this module; everything below them is handed values. It must not know who uses a
setting, and it opens nothing but the files that settings name. `docs/settings.md` describes every field.
"""

import os
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from io import StringIO
from pathlib import Path
from typing import Any, Self

from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from limner.config_values import (
    CaFile,
    GeminiBaseUrl,
    Hosts,
    ImageOutput,
    Key,
    Keys,
    LogFormat,
    LogLevel,
    Origins,
    ProxyUrl,
    PublicUrl,
)

# Known to the commands that draw through a gateway, so they may stand in the same `.env`.
_CLIENT_VARIABLES = frozenset({"LIMNER_BASE_URL", "LIMNER_API_KEY", "LIMNER_API_KEY_FILE"})

# Kubernetes injects these into every pod beside a Service named limner or limner-*
# (kubernetes.io, "Accessing the Service", environment variables; seen 2026-11).
_KUBERNETES_VARIABLES = ("LIMNER_PORT*", "LIMNER_SERVICE_*", "LIMNER_*_PORT*", "LIMNER_*_SERVICE_*")

_LONGEST_SHOWN_VALUE = 120
_CREDENTIALS_IN_URL = re.compile(r"(?<=//)[^/@]*(?=@)|(?<=\?).*")


class SettingsError(Exception):
    """The settings cannot be used; the text has one line per problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def _variable(name: str, default: object, accepted: str, *, is_secret: bool = False, **limits: Any) -> Any:
    return Field(
        default,
        validation_alias=name,
        description=accepted,
        json_schema_extra={"is_secret": is_secret},
        **limits,
    )


class Settings(BaseSettings):
    """Every setting of this version, valid and frozen; `load_settings` makes it.

    Each field names its variable and, as its description, what is accepted.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        populate_by_name=False,
    )

    gemini_api_key: Key | None = _variable(
        "GEMINI_API_KEY", None, "one key of Google AI Studio", is_secret=True
    )
    further_gemini_api_keys: Keys = _variable(
        "LIMNER_GEMINI_API_KEYS", (), "keys of Google AI Studio, comma-separated", is_secret=True
    )
    gemini_base_url: GeminiBaseUrl = _variable(
        "LIMNER_GEMINI_BASE_URL",
        "https://generativelanguage.googleapis.com",
        "an https:// address without credentials and query; http:// for loopback, private addresses and "
        "names without a dot",
    )
    upstream_proxy: ProxyUrl | None = _variable(
        "LIMNER_UPSTREAM_PROXY", None, "the http:// or https:// address of a proxy", is_secret=True
    )
    upstream_ca_file: CaFile | None = _variable(
        "LIMNER_UPSTREAM_CA_FILE", None, "a readable file of certificates in PEM form"
    )
    client_api_keys: Keys = _variable(
        "LIMNER_API_KEYS", (), "client keys, comma-separated, of visible ASCII characters", is_secret=True
    )
    data_dir: Path = _variable("LIMNER_DATA_DIR", Path("limner-data"), "a folder")
    public_url: PublicUrl | None = _variable(
        "LIMNER_PUBLIC_URL", None, "an http:// or https:// address without credentials and query"
    )
    image_output: ImageOutput = _variable("LIMNER_IMAGE_OUTPUT", "auto", "auto, markdown or images")
    stream_line_kib: int = _variable(
        "LIMNER_STREAM_LINE_KIB", 64, "a whole number of KiB; 0 for pictures in one piece", ge=0
    )
    signing_secret: Key | None = _variable(
        "LIMNER_SIGNING_SECRET", None, "16 or more visible ASCII characters", is_secret=True, min_length=16
    )
    allowed_hosts: Hosts = _variable(
        "LIMNER_ALLOWED_HOSTS", (), "host names or addresses, comma-separated; * for all"
    )
    cors_origins: Origins = _variable(
        "LIMNER_CORS_ORIGINS", ("*",), "origins such as https://chat.example.org, comma-separated; * for all"
    )
    max_body_mib: int = _variable("LIMNER_MAX_BODY_MIB", 140, "a whole number of MiB, 1 or more", ge=1)
    upstream_timeout_seconds: float = _variable(
        "LIMNER_UPSTREAM_TIMEOUT_SECONDS", 540.0, "a number of seconds above 0", gt=0, allow_inf_nan=False
    )
    heartbeat_seconds: float = _variable(
        "LIMNER_HEARTBEAT_SECONDS", 10.0, "a number of seconds above 0", gt=0, allow_inf_nan=False
    )
    keep_alive_seconds: int = _variable(
        "LIMNER_KEEP_ALIVE_SECONDS", 75, "a whole number of seconds, 1 or more", ge=1
    )
    upstream_store: bool = _variable("LIMNER_UPSTREAM_STORE", False, "true or false")
    log_level: LogLevel = _variable("LIMNER_LOG_LEVEL", "info", "debug, info, warning or error")
    log_format: LogFormat = _variable("LIMNER_LOG_FORMAT", "text", "text or json")

    @property
    def gemini_api_keys(self) -> tuple[SecretStr, ...]:
        """Every upstream key once: `GEMINI_API_KEY` first, then `LIMNER_GEMINI_API_KEYS` in their order."""
        first = () if self.gemini_api_key is None else (self.gemini_api_key,)
        return tuple(dict.fromkeys(first + self.further_gemini_api_keys))

    @property
    def max_body_bytes(self) -> int:
        """The longest request body."""
        return self.max_body_mib * 1024 * 1024

    @property
    def stream_line_bytes(self) -> int:
        """The longest line of a Markdown stream; 0 means a picture whole in one delta."""
        return self.stream_line_kib * 1024

    def for_emulator(self, url: str) -> Self:
        """Return these settings with the emulator at `url` as upstream; no real key or proxy goes there."""
        changes = {"gemini_base_url": url, "gemini_api_key": SecretStr("emulator")}
        return self.model_copy(
            update=changes | {"further_gemini_api_keys": (), "upstream_proxy": None, "upstream_ca_file": None}
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what `load_settings` gathered, so that no process variable slips in unchecked."""
        return (init_settings,)


def _accepted_by_variable() -> dict[str, tuple[str, bool]]:
    accepted = {}
    for field in Settings.model_fields.values():
        extra = field.json_schema_extra
        is_secret = isinstance(extra, dict) and extra.get("is_secret") is True
        accepted[str(field.validation_alias)] = (field.description or "", is_secret)
    return accepted


_ACCEPTED = _accepted_by_variable()
_FILE_VARIABLES = {f"{name}_FILE": name for name, (_, is_secret) in _ACCEPTED.items() if is_secret}


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Return the settings of `environ` (the process's if None) over those of `env_file` (none if missing).

    Empty values count as not set.

    Raises:
        SettingsError: with every problem found, secrets' values left out.
    """
    problems: list[str] = []
    given = _read_env_file(env_file, problems.append) if env_file is not None else {}
    given |= {
        name: value for name, value in (os.environ if environ is None else environ).items() if value.strip()
    }
    _report_unknown_variables(given, problems.append)
    values = {name: given[name] for name in _ACCEPTED if name in given}
    values |= _read_secret_files(given, problems.append)
    settings = None
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += _describe_problems(error, values)
    # Raised outside the except block: pydantic's error, which holds the secrets, must not become its context.
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def _read_env_file(path: Path, report: Callable[[str], None]) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        report(f"{path} cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'})")
        return {}
    values = {}
    # dotenv_values() would put process variables into the values and drop lines it cannot read.
    for binding in parse_stream(StringIO(text)):
        if binding.error or (binding.value is None and (binding.key or "").startswith("LIMNER_")):
            report(f"{path} line {binding.original.line} is not NAME=value")
        elif binding.key and binding.value and binding.value.strip():
            values[binding.key] = binding.value
    return values


def _report_unknown_variables(given: Mapping[str, str], report: Callable[[str], None]) -> None:
    known = set(_ACCEPTED) | set(_FILE_VARIABLES) | _CLIENT_VARIABLES
    for name in sorted(given):
        if not name.upper().startswith("LIMNER_") or name in known:
            continue
        if any(fnmatchcase(name, pattern) for pattern in _KUBERNETES_VARIABLES):
            continue
        stems = {variable.removeprefix("LIMNER_"): variable for variable in known}
        close = get_close_matches(name.upper().removeprefix("LIMNER_"), stems, n=1, cutoff=0.7)
        hint = f"; did you mean {stems[close[0]]}?" if close else "; docs/settings.md lists those there are"
        report(f"{name} is not a setting of this version{hint}")


def _read_secret_files(given: Mapping[str, str], report: Callable[[str], None]) -> dict[str, str]:
    secrets = {}
    for file_variable, variable in _FILE_VARIABLES.items():
        if file_variable not in given:
            continue
        if variable in given:
            report(f"{variable} and {file_variable} are both set; accepted: one of them")
            continue
        path = Path(given[file_variable].strip())
        try:
            secrets[variable] = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            report(
                f"{file_variable} is {str(path)!r}, which cannot be read ({reason}); accepted: a readable file"
            )
        else:
            if not secrets[variable]:
                report(
                    f"{file_variable} is {str(path)!r}, which is empty; accepted: a file holding the value"
                )
                del secrets[variable]
    return secrets


def _describe_problems(error: ValidationError, values: Mapping[str, str]) -> list[str]:
    lines: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        variable = str(detail["loc"][0])
        accepted, is_secret = _ACCEPTED[variable]
        value = _CREDENTIALS_IN_URL.sub("…", values[variable])
        shown = value if len(value) <= _LONGEST_SHOWN_VALUE else value[:_LONGEST_SHOWN_VALUE] + "…"
        reason = f"{detail['ctx']['error']}; " if detail["type"] == "value_error" else ""
        subject = f"{variable} (value not shown) is refused" if is_secret else f"{variable} is {shown!r}"
        lines.setdefault(variable, f"{subject}; {reason}accepted: {accepted}")
    return list(lines.values())
