"""What the value of one setting may be: keys, addresses, hosts, lists. No variable is named here.

Each type reads a variable's text; a refusal is a ValueError that says what is wrong and holds no secret.
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BeforeValidator, SecretStr

from limner.fetching.links import normalise_host
from limner.pictures.shared_address import parse_store_url

# A token: RFC 9110, 5.1 and 5.6.2.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def _split_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(item for piece in value.split(",") if (item := piece.strip()))
    return value


def _check_secret(value: SecretStr) -> SecretStr:
    # A key goes into a header: a stray line break or accent would fail there, with the key in the message.
    if not _is_visible(value.get_secret_value()):
        raise ValueError("it has spaces, line breaks or characters beyond ASCII")
    return value


def _is_visible(text: str) -> bool:
    return all("!" <= character <= "~" for character in text)


_WEB = ("http", "https")


def _split_url(value: str, *, credentials: bool = False, schemes: tuple[str, ...] = _WEB) -> SplitResult:
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:  # its text quotes the address, which may hold a password
        raise ValueError("its host or port is malformed") from None
    if url.scheme not in schemes or not url.hostname or not _is_visible(value):
        raise ValueError(f"it is not a complete {' or '.join(f'{scheme}://' for scheme in schemes)} address")
    if (url.username is not None or url.password is not None) and not credentials:
        raise ValueError("it carries a user name or password")
    if "?" in value or "#" in value:
        raise ValueError("it carries a query or fragment")
    if port == 0:
        raise ValueError("its port is 0")
    return url


def _is_near(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host
    return address.is_loopback or address.is_private


def _parse_gemini_base_url(value: str) -> str:
    url = _split_url(value)
    if url.scheme == "http" and not _is_near(url.hostname or ""):
        raise ValueError("over http:// the key would cross the network in the clear")
    if value.rstrip("/").endswith("/v1beta"):
        raise ValueError("/v1beta is appended by itself")
    return value.rstrip("/")


def _parse_public_url(value: str) -> str:
    _split_url(value)
    return value.rstrip("/")


def _check_proxy(value: SecretStr) -> SecretStr:
    url = _split_url(value.get_secret_value(), credentials=True, schemes=(*_WEB, "socks5h"))
    if url.scheme == "socks5h" and url.port is None:
        raise ValueError("it names no port")
    return value


def _check_ca_file(path: Path) -> Path:
    try:
        SSLContext(PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"it cannot be read as certificates ({error.strerror or error})") from None
    return path


def _check_database_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.startswith(("postgresql://", "postgres://")) or not _is_visible(text):
        raise ValueError("it is not a postgresql:// address")
    try:
        parts = conninfo_to_dict(text)
    except ProgrammingError:  # its text quotes the address
        raise ValueError("it is malformed") from None
    if not parts.get("dbname"):
        raise ValueError("it names no database")
    return value


def _parse_host(value: str) -> str:
    host = value.lower().removeprefix("[").removesuffix("]")
    if host == "*" or (":" in host and _is_ip_address(host)):
        return host
    if not host.replace("-", "").replace(".", "").replace("_", "").isalnum() or not host.isascii():
        raise ValueError(f"{value!r} is not a host name without scheme, port and path")
    return host


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _parse_network(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"{value!r} is no address and no network") from None


def _parse_origin(value: str) -> str:
    if value == "*":
        return value
    if _split_url(value).path not in {"", "/"}:
        raise ValueError(f"{value!r} carries a path")
    return value.rstrip("/").lower()


def _check_scheme(value: str) -> str:
    if value.lower() not in {"https", "http"}:
        raise ValueError(f"{value!r} is no scheme that can be fetched")
    return value.lower()


def _parse_image_store_url(value: str) -> str:
    return str(parse_store_url(value))


_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-goog-api-key", "x-api-key"})


def _check_header_name(value: str) -> str:
    if _HEADER_NAME.fullmatch(value) is None:
        raise ValueError("it is not the name of a header alone")
    if value.lower() in _SECRET_HEADERS:
        raise ValueError("what it holds is secret, and would be kept as a name")
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _check_project(value: str) -> str:
    # Ids may be those of a domain, "example.org:project" (cloud.google.com, "Creating and managing projects", 2026-11).
    if re.fullmatch(r"[A-Za-z0-9.:_-]{1,100}", value) is None:
        raise ValueError("it is not the id of a project")
    return value


def _check_location(value: str) -> str:
    if re.fullmatch(r"[a-z0-9-]{1,40}", value) is None:
        raise ValueError("it is not the name of a location")
    return value


Key = Annotated[SecretStr, AfterValidator(_check_secret)]
ProjectId = Annotated[str, AfterValidator(_check_project)]
Location = Annotated[str, AfterValidator(_check_location)]
Keys = Annotated[tuple[Key, ...], BeforeValidator(_split_list)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_parse_host)], ...], BeforeValidator(_split_list)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_parse_network)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_split_list)]
FetchHosts = Annotated[
    tuple[Annotated[str, AfterValidator(normalise_host)], ...], BeforeValidator(_split_list)
]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_parse_origin)], ...], BeforeValidator(_split_list)]
GeminiBaseUrl = Annotated[str, AfterValidator(_parse_gemini_base_url)]
PublicUrl = Annotated[str, AfterValidator(_parse_public_url)]
ImageStoreUrl = Annotated[str, AfterValidator(_parse_image_store_url)]
ProxyUrl = Annotated[SecretStr, AfterValidator(_check_proxy)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_database_url)]
CaFile = Annotated[Path, AfterValidator(_check_ca_file)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
LogFormat = Annotated[Literal["text", "json"], BeforeValidator(_lower)]
ImageOutput = Annotated[Literal["auto", "markdown", "url", "images"], BeforeValidator(_lower)]
Schemes = Annotated[tuple[Annotated[str, AfterValidator(_check_scheme)], ...], BeforeValidator(_split_list)]
HeaderName = Annotated[str, AfterValidator(_check_header_name)]
UnknownPolicy = Annotated[Literal["hold", "post", "void"], BeforeValidator(_lower)]
