"""Which gateway draws, and the key it is shown: options before the environment before `.env`.

This module must not know what is asked of it.
"""

import os
import re
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import typer
from dotenv.parser import parse_stream

from limner.cli_failure import CommandFailed

DEFAULT_BASE_URL = "http://127.0.0.1:8000"
"""Where `limner serve` listens by itself."""

_DOOR = "/chat/completions"
_VERSION = re.compile(r"/v\d+\w*(?=/|$)")
_ACCEPTED_URL = "accepted: a complete http:// or https:// address without credentials, query and fragment"


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The address of its chat door, and the key, None where none is needed."""

    url: str
    key: str | None = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What proves who asks."""
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}

    def hide_key(self, text: str) -> str:
        """Return `text` without the key: some gateways repeat it in their errors."""
        return text if self.key is None else text.replace(self.key, "…")


def find_gateway(base_url: str | None, api_key: str | None) -> Gateway:
    """Return the gateway of the options, completed by the environment and `.env`.

    Raises:
        typer.BadParameter: an option is malformed.
        CommandFailed: the same in the environment or in `.env`.
    """
    variables = _read_variables() if not (base_url and api_key) else {}
    url_name, url = _choose("--base-url", base_url, "LIMNER_BASE_URL", variables)
    key_name, key = _choose("--api-key", api_key, "LIMNER_API_KEY", variables)
    if key is None:
        key_name, key = "LIMNER_API_KEY_FILE", _read_key_file(variables)
    if key is not None and not all("!" <= character <= "~" for character in key):
        raise _refusal(key_name, "(value not shown) has spaces, line breaks or characters beyond ASCII")
    door = build_door_url(url or DEFAULT_BASE_URL)
    if door is None:
        raise _refusal(url_name, f"is refused; {_ACCEPTED_URL}")  # not shown: it may hold a password
    return Gateway(url=door, key=key)


def build_door_url(base_url: str) -> str | None:
    """Return the address of the chat door under `base_url`, or None if that is no address.

    `/v1` is added where the path has no version; a path that ends in the door itself is taken as it is.
    """
    try:
        parts = urlsplit(base_url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    if not is_good or "@" in parts.netloc or {"?", "#", " "} & set(base_url):
        return None
    path = parts.path.rstrip("/").removesuffix(_DOOR)
    if not _VERSION.search(path):
        path += "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path + _DOOR, "", ""))


def _choose(
    option_name: str, option: str | None, variable: str, variables: dict[str, str]
) -> tuple[str, str | None]:
    if option and option.strip():
        return option_name, option.strip()
    found = (os.environ.get(variable) or "").strip() or variables.get(variable)
    return variable, found


def _read_key_file(variables: dict[str, str]) -> str | None:
    """Return the key in the file that LIMNER_API_KEY_FILE names, if it names one."""
    _, path = _choose("", None, "LIMNER_API_KEY_FILE", variables)
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise CommandFailed(f"LIMNER_API_KEY_FILE is {path!r}, which cannot be read ({reason})") from error


def _refusal(name: str, reason: str) -> Exception:
    kind = typer.BadParameter if name.startswith("-") else CommandFailed
    return kind(f"{name} {reason}")


def _read_variables() -> dict[str, str]:
    """Return what `.env` sets. A line that cannot be read is another program's business and passed over."""
    try:
        text = Path(".env").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    bindings = parse_stream(StringIO(text))
    return {b.key: b.value.strip() for b in bindings if b.key and b.value and b.value.strip()}
