"""`limner serve`: what must be true before the gateway starts, and its start and end.

What the gateway is made of, `app` knows; this module must not.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from limner import __version__
from limner.allocator import tune
from limner.cli_emulator import run_emulator
from limner.cli_failure import CommandFailed
from limner.cli_keys import load_secret, open_books_database, open_key_store
from limner.cli_log import configure_logging
from limner.config import Settings, load_settings
from limner.ledger.backups import find_damage
from limner.ledger.keys import KeyStore
from limner.ledger.lock import lock_data_dir
from limner.ledger.postgres import describe

_BACKLOG_CONNECTIONS = 2048


def run_gateway(host: str, port: int, *, with_emulator: bool) -> None:
    """Check everything, start the gateway and run it until a signal ends it.

    Raises:
        SettingsError, LedgerError, CommandFailed: it cannot start.
    """
    tune()
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    if not (with_emulator or settings.has_upstream):
        raise CommandFailed("no Gemini key: set GEMINI_API_KEY, or try the bundled emulator with --emulator")
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(host, port))
        stack.enter_context(lock_data_dir(settings.data_dir))
        if settings.database_url is None and (damage := find_damage(settings.data_dir)):
            raise CommandFailed(damage)
        database = stack.enter_context(open_books_database(settings))
        keys = open_key_store(database, settings)
        _ensure_client_key(keys, listener)
        emulator_url = None
        if with_emulator:
            emulator_url = stack.enter_context(run_emulator())
            settings = settings.for_emulator(emulator_url)
        _print_banner(settings, keys, listener, emulator_url)
        _serve(settings, keys, listener, emulator_url)


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CommandFailed(f"cannot listen on {host} port {port} ({error.strerror})") from error
    try:
        if os.name == "posix":  # elsewhere it would share a port in use
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG_CONNECTIONS)  # bound alone, the port could still be taken
    except OSError as error:
        listener.close()
        raise CommandFailed(f"cannot listen on {host} port {port} ({error.strerror})") from error
    return listener


def _ensure_client_key(keys: KeyStore, listener: socket.socket) -> None:
    if keys.has_usable_key():
        return
    if not _is_loopback(listener):
        raise CommandFailed(
            "no client key, and the address is not loopback: run `limner keys create NAME`, or set LIMNER_API_KEYS"
        )
    if any(key.name == "first" for key in keys.list()):
        keys.revoke("first")  # expired, or made with another signing secret
    _, secret = keys.create("first", is_admin=True)
    print(
        f"There was no client key. This is the admin key 'first', shown only now: {secret}", file=sys.stderr
    )


def _print_banner(
    settings: Settings, keys: KeyStore, listener: socket.socket, emulator_url: str | None
) -> None:
    lines = [f"Limner {__version__}", f"Data folder: {settings.data_dir.absolute()}"]
    lines += [*_describe_upstreams(settings), *_describe_sharing(settings)]
    from limner.app_tracing import describe_tracing  # noqa: PLC0415 - after what can refuse the start quickly

    lines += [line] if (line := describe_tracing()) is not None else []
    if emulator_url is not None:
        lines.append(
            f"The upstream is the bundled emulator at {emulator_url}: no picture is real and none costs money"
        )
    elif settings.upstream_proxy is None and (os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")):
        lines.append(
            "Warning: HTTPS_PROXY is not used; set LIMNER_UPSTREAM_PROXY to reach Gemini through a proxy"
        )
    if not (_is_loopback(listener) or settings.allowed_hosts or settings.public_url):
        lines.append(
            "Warning: beyond loopback, requests that name this machine by a full domain name get 403; "
            "set LIMNER_PUBLIC_URL or LIMNER_ALLOWED_HOSTS"
        )
    if unrecognisable := keys.count_unrecognisable_keys():
        lines.append(
            f"Warning: {unrecognisable} client keys were made with another signing secret: not accepted"
        )
    print("\n".join(lines), file=sys.stderr, flush=True)


def _describe_upstreams(settings: Settings) -> list[str]:
    """Return where Gemini is asked, without any key."""
    lines = []
    if settings.gemini_api_keys:
        lines.append(f"Upstream: {urlsplit(settings.gemini_base_url).netloc}")
    if settings.vertex_project is not None:
        lines.append(f"Upstream: Vertex AI project {settings.vertex_project}, {settings.vertex_location}")
    names = [
        upstream.table.name or f"upstream-{number}"
        for number, upstream in enumerate(settings.file_upstreams, start=1)
    ]
    return [*lines, *([f"Upstreams of {settings.config}: {', '.join(names)}"] if names else [])]


def _describe_sharing(settings: Settings) -> list[str]:
    """Return the lines on what is kept elsewhere than in the data folder."""
    lines = []
    if settings.database_url is not None:
        lines.append(f"Books: {describe(settings.database_url.get_secret_value())}")
    if settings.image_store_url is not None:
        lines.append(f"Image store: {settings.image_store_url}")
    elif settings.database_url is not None:
        lines.append("Pictures stay in the data folder: a second gateway needs LIMNER_IMAGE_STORE_URL")
    return lines


def _serve(settings: Settings, keys: KeyStore, listener: socket.socket, emulator_url: str | None) -> None:
    # After what can refuse the start quickly:
    from limner.app import build_gateway  # noqa: PLC0415
    from limner.app_rooms import new_id  # noqa: PLC0415
    from limner.cli_reload import Reload  # noqa: PLC0415
    from limner.cli_server import GatewayServer  # noqa: PLC0415
    from limner.upstream.tokens import NoCredentials  # noqa: PLC0415
    from limner.web.protocol import make_protocol  # noqa: PLC0415

    try:
        gateway = build_gateway(
            settings,
            keys=keys,
            signing_secret=load_secret(settings),
            emulator_url=emulator_url,
        )
    except NoCredentials as error:
        raise CommandFailed(str(error)) from None
    config = _to_config(gateway.app, make_protocol(new_id), settings.keep_alive_seconds)
    server = GatewayServer(
        config,
        gateway.generations,
        drain_seconds=settings.drain_seconds,
        announce=lambda: _announce(listener),
        reload=Reload(settings, gateway.exchange_credentials, emulator_url),
    )
    gc.collect()
    gc.freeze()  # what is there now stays, so the collector need not look at it again
    with _ignored_signals():
        try:
            server.run(sockets=[listener])
        except SystemExit:
            raise CommandFailed("the gateway could not start; the log above says why") from None


def _to_config(app: ASGIApp, protocol: type[asyncio.Protocol], keep_alive_seconds: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=keep_alive_seconds,
    )


@contextmanager
def _ignored_signals() -> Iterator[None]:
    """Make SIGINT and SIGTERM do nothing.

    The server handles both while it runs, and raises them again when it has ended; then the process would end
    in the middle, without closing the database and ending the emulator, and not with code 0.
    """
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _is_loopback(listener: socket.socket) -> bool:
    return ip_address(listener.getsockname()[0]).is_loopback


def _announce(listener: socket.socket) -> None:
    """Say where it is; last what programs wait for, so that whoever reads that far has read all of it."""
    lines = [f"Limner listens on {_url(listener)}"]
    if not ip_address(listener.getsockname()[0]).is_unspecified:  # that would be nowhere to go
        lines.insert(0, f"Studio: open {_url(listener)}/ in a browser")
    print("\n".join(lines), file=sys.stderr, flush=True)


def _url(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
