"""Builds the credentials for Gemini, their pool and the client that uses them. Knows settings; no door and no books."""

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from limner.config import Settings
from limner.config_file import FileUpstream
from limner.generation.upstreams import Upstreams
from limner.ledger.signing import derive
from limner.upstream.client import GeminiClient
from limner.upstream.credential import Credential, identify
from limner.upstream.pool import OnPark, Pool
from limner.wire.gemini import DEVELOPER, VERTEX


def list_credentials(settings: Settings, signing_secret: bytes) -> list[Credential]:
    """Return every credential once: keys of the environment, Vertex AI of the environment, then those of the file.

    One that stands there twice is the file's, which says more of it.
    """
    secret = derive(signing_secret, "upstream credentials")
    found = [*_list_own(settings, secret), *_list_file(settings, secret)]
    return list({credential.id: credential for credential in found}.values())


def build_upstreams(
    settings: Settings, signing_secret: bytes, *, now: Callable[[], float], on_park: OnPark
) -> Upstreams:
    """Return where calls go. Raises NoCredentials: Google's own cannot be had."""
    credentials = list_credentials(settings, signing_secret)
    return Upstreams(
        pool=Pool(credentials, now=now, on_park=on_park),
        client=GeminiClient(credentials, timeout_seconds=settings.upstream_timeout_seconds),
    )


def exchange_credentials(
    upstreams: Upstreams, settings: Settings, signing_secret: bytes
) -> Sequence[Credential]:
    """Have the credentials of other settings from now on; return them. Raises NoCredentials, and changes nothing."""
    credentials = list_credentials(settings, signing_secret)
    upstreams.client.prepare(credentials)
    upstreams.pool.replace(credentials)
    return credentials


def _list_own(settings: Settings, secret: bytes) -> Iterator[Credential]:
    proxy = settings.upstream_proxy.get_secret_value() if settings.upstream_proxy else None
    ca_file = str(settings.upstream_ca_file) if settings.upstream_ca_file else None
    for number, key in enumerate(settings.gemini_api_keys, start=1):
        yield Credential(
            id=identify(secret, DEVELOPER, settings.gemini_base_url, key.get_secret_value()),
            name=f"key-{number}",
            base_url=settings.gemini_base_url,
            key=key.get_secret_value(),
            proxy=proxy,
            ca_file=ca_file,
        )
    if settings.vertex_project is not None:
        project, location = settings.vertex_project, settings.vertex_location
        yield Credential(
            id=identify(secret, VERTEX, None, None, project, location, None),
            name="vertex",
            kind=VERTEX,
            project=project,
            location=location,
            proxy=proxy,
            ca_file=ca_file,
        )


def _list_file(settings: Settings, secret: bytes) -> Iterator[Credential]:
    for number, upstream in enumerate(settings.file_upstreams, start=1):
        yield _to_credential(settings, upstream, number, secret)


def _to_credential(settings: Settings, upstream: FileUpstream, number: int, secret: bytes) -> Credential:
    table = upstream.table
    key = None if upstream.key is None else upstream.key.get_secret_value()
    proxy = table.proxy or None if table.proxy is not None else settings.upstream_proxy
    ca_file = table.ca_file or settings.upstream_ca_file
    file = None if table.credentials_file is None else str(table.credentials_file)
    plain = Credential(
        id=identify(secret, DEVELOPER, table.base_url or settings.gemini_base_url, key),
        name=table.name or f"upstream-{number}",
        base_url=table.base_url or settings.gemini_base_url,
        key=key,
        proxy=None if proxy is None else proxy.get_secret_value(),
        ca_file=None if ca_file is None else str(ca_file),
        weight=table.weight,
        models=upstream.models,
    )
    if table.kind != VERTEX:
        return plain
    location = table.location or "global"
    return replace(
        plain,
        id=identify(secret, VERTEX, table.base_url, key, table.project, location, file),
        kind=VERTEX,
        base_url=table.base_url or "",
        project=table.project,
        location=location,
        credentials_file=file,
    )
