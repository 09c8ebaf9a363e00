"""The library that speaks to object stores, set up for one address; and what it complains of, in our words.

Must not know what is kept. Facts, of obstore 0.12.1 over object_store 0.14.2, by experiment 2026-11:

- Each constructor reads the process's variables, an empty one for a value; `config` goes before them. A key it
  does not know stops it there, but not in the environment; so does one key given under two names.
- It panics on an endpoint that is no address. Plain HTTP has to be allowed in `client_options` where there are any.
- An error's text goes on with a dump of the request after its first paragraph.
"""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from obstore.exceptions import (
    BaseError,
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)
from obstore.store import AzureStore, GCSStore, LocalStore, S3Store

from limner.pictures.shared_address import OPTION_PREFIXES, StoreAddress

Client = S3Store | GCSStore | AzureStore | LocalStore

_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
# The address says which bucket.
_BUCKET_OPTIONS = ("_BUCKET", "_BUCKET_NAME", "_CONTAINER_NAME")

# Deadlines are kept by who asks, by size; the library's total is only to be no shorter. It counts from the first
# byte of a request to the last of its answer, and its read_timeout counts while a body is sent
# (github.com/seanmonstar/reqwest/issues/2784, read 2026-11).
_CLIENT_OPTIONS: Any = {"connect_timeout": "5s", "timeout": "1h"}
# Whoever asks comes again anyway; these are for a connection that was closed while it was idle, and a single 503.
_RETRIES: Any = {
    "max_retries": 2,
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2)},
}

_UNKNOWN_KEY = re.compile(r"Configuration key: '(\w+)'")
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")
# How it says that it went to ask the machine, or a service of the cloud, who this is.
_NO_CREDENTIALS = ("http://169.254.", "token request", "MissingCredentials")
_NOT_ABLE = "it is not set up for creating without writing over (is AWS_CONDITIONAL_PUT off?)"
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "bucket does not exist")
_SECRET_NAMES = re.compile(r"KEY|SECRET|TOKEN|SAS|PASSWORD|ACCOUNT")
_SHORTEST_SECRET = 4


def open_client(address: StoreAddress, options: Mapping[str, str]) -> Client:
    """Return the library's store; makes a `file` address's folder. Raises ValueError, without secrets."""
    if address.scheme == "file":
        try:
            Path(address.path).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"the folder {address.path} cannot be made ({error.strerror})") from None
        return LocalStore(address.path)
    _forget_empty_variables(OPTION_PREFIXES[address.scheme])
    prefix = OPTION_PREFIXES[address.scheme]
    known = {
        name: value
        for name, value in options.items()
        if name.startswith(prefix) and not name.endswith(_BUCKET_OPTIONS)
    }
    _check_endpoint(address.scheme, known)
    return _construct(address, known)


def describe_place(address: StoreAddress, options: Mapping[str, str]) -> str:
    """Return what tells one store from another: address, and endpoint or account where there is one."""
    names = _ENDPOINTS.get(address.scheme, ())
    if address.scheme == "az":
        names += ("AZURE_STORAGE_ACCOUNT_NAME",)
    endpoint = _find(names, options)
    return f"{address} at {endpoint.rstrip('/')}" if endpoint else str(address)


def describe_failure(error: BaseException) -> str:
    """Return what went wrong, of what the library raised: a clause about "it", the store; no library text."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    answer = f" ({status[1]}{f' {code[1]}' if code else ''})" if status else ""
    number = _SYSTEM_ERROR.search(text)
    for is_so, meaning in (
        (any(words in text for words in _NO_CREDENTIALS), "it needs credentials, and none were found"),
        (any(words in text for words in _NO_BUCKET), "it has no such bucket"),
        (isinstance(error, (NotImplementedError, NotSupportedError)), _NOT_ABLE),
        (isinstance(error, (PermissionDeniedError, UnauthenticatedError)), f"it refuses access{answer}"),
        (status, f"it answers with an error{answer}"),
        ("dns error" in text, "its name is not known"),
        ("ertificate" in text, "its certificate is not trusted"),
        ("ConnectionRefused" in text, "it refuses connections"),
        ("TimedOut" in text, "it does not answer in time"),
        (number, os.strerror(int(number[1])) if number else ""),
        ("HTTP error" in text, "it cannot be reached"),
    ):
        if is_so:
            return meaning
    return getattr(error, "strerror", None) or f"the library says {type(error).__name__}"


def _construct(address: StoreAddress, options: dict[str, str]) -> Client:
    kinds: dict[str, Any] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    while True:
        try:
            client: Client = kinds[address.scheme](
                address.bucket,
                prefix=address.path or None,
                config=options,
                client_options=_CLIENT_OPTIONS | {"allow_http": _allows_http(address.scheme, options)},
                retry_config=_RETRIES,
            )
        except UnknownConfigurationKeyError as error:
            found = _UNKNOWN_KEY.search(str(error))
            left = {name: value for name, value in options.items() if not found or name.lower() != found[1]}
            if len(left) == len(options):
                raise ValueError("the library refuses a variable of the store") from None
            options = left
        except (BaseError, ValueError, OSError) as error:
            raise ValueError(_hide(str(error).partition("\n")[0], options)) from None
        else:
            return client


def _hide(text: str, options: Mapping[str, str]) -> str:
    for name, value in options.items():
        if _SECRET_NAMES.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "…")
    return text


def _find(names: tuple[str, ...], options: Mapping[str, str]) -> str | None:
    for name in names:
        if value := options.get(name) or os.environ.get(name):
            return value
    return None


def _check_endpoint(scheme: str, options: Mapping[str, str]) -> None:
    names = _ENDPOINTS[scheme]
    endpoint = _find(names, options)
    if endpoint is None:
        return
    accepted = f"accepted: an https:// address, or http:// with {OPTION_PREFIXES[scheme]}ALLOW_HTTP=true"
    name = next(name for name in names if _find((name,), options))
    try:
        url = urlsplit(endpoint)
        is_complete = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        is_complete = False
        url = urlsplit("")
    if not is_complete or "@" in endpoint or "?" in endpoint or not endpoint.isprintable() or " " in endpoint:
        raise ValueError(f"{name} is not the bare address of a store; {accepted}")
    if url.scheme == "http" and not _allows_http(scheme, options):
        raise ValueError(f"{name} begins with http://; {accepted}")


def _allows_http(scheme: str, options: Mapping[str, str]) -> bool:
    value = _find((f"{OPTION_PREFIXES[scheme]}ALLOW_HTTP",), options)
    return value is not None and value.lower() in {"true", "1", "yes", "on"}


def _forget_empty_variables(prefix: str) -> None:
    """Drop what counts as not set, before the library takes it for a value."""
    for name in tuple(os.environ):
        if name.startswith(prefix) and not os.environ[name].strip():
            del os.environ[name]
