"""Tries each credential for Gemini with calls that cost nothing: a count of tokens, and the list of models.

Knows how a credential is tried, and what Google's refusals mean to an operator; not what else is checked.
"""

import asyncio
from collections.abc import Iterator

from msgspec import Struct

from limner.catalogue import list_models
from limner.cli_check_finding import Finding
from limner.config import Settings
from limner.config_file import FileUpstream
from limner.errors import GatewayError
from limner.translate.failure import clean, name_reason, read_error_body
from limner.upstream.client import GeminiClient
from limner.upstream.connection import Upstream

_PATIENCE_SECONDS = 30.0
_BODY = b'{"contents":[{"parts":[{"text":"limner check"}]}]}'

_KEY_PAGE = "https://aistudio.google.com/apikey"


class _Credential(Struct, frozen=True):
    """One credential, by the name that says where it is set."""

    name: str
    upstream: Upstream


async def check_credentials(settings: Settings) -> list[Finding]:
    """Return what became of trying each."""
    skipped = [
        Finding(f"credential {name}", "skipped", "Vertex AI is not tried by this command")
        for name in _name_vertex(settings)
    ]
    credentials = list(_list_credentials(settings))
    if not credentials and not skipped:
        told = "there is none for Gemini"
        return [Finding("credentials", "failed", told, f"set GEMINI_API_KEY; keys are made at {_KEY_PAGE}")]
    return [*await asyncio.gather(*map(_check, credentials)), *skipped]


def _list_credentials(settings: Settings) -> Iterator[_Credential]:
    proxy = None if settings.upstream_proxy is None else settings.upstream_proxy.get_secret_value()
    ca_file = None if settings.upstream_ca_file is None else str(settings.upstream_ca_file)
    first = settings.gemini_api_key
    for number, key in enumerate(settings.gemini_api_keys, start=1):
        name = "GEMINI_API_KEY" if key == first else f"LIMNER_GEMINI_API_KEYS[{number - (first is not None)}]"
        yield _Credential(
            name,
            Upstream(
                base_url=settings.gemini_base_url,
                api_keys=(key.get_secret_value(),),
                proxy=proxy,
                ca_file=ca_file,
                timeout_seconds=_PATIENCE_SECONDS,
            ),
        )
    for number, upstream in enumerate(settings.file_upstreams, start=1):
        table = upstream.table
        if table.kind != "vertex" and upstream.key is not None:
            yield _Credential(
                _name(upstream, number),
                Upstream(
                    base_url=table.base_url or settings.gemini_base_url,
                    api_keys=(upstream.key.get_secret_value(),),
                    proxy=proxy if table.proxy is None else _to_secret_text(table.proxy),
                    ca_file=ca_file if table.ca_file is None else str(table.ca_file),
                    timeout_seconds=_PATIENCE_SECONDS,
                ),
            )


def _to_secret_text(proxy: object) -> str | None:
    text = proxy.get_secret_value() if hasattr(proxy, "get_secret_value") else str(proxy)
    return text or None


def _name(upstream: FileUpstream, number: int) -> str:
    return upstream.table.name or f"upstream[{number}]"


def _name_vertex(settings: Settings) -> Iterator[str]:
    if settings.vertex_project is not None:
        yield "LIMNER_VERTEX_PROJECT"
    for number, upstream in enumerate(settings.file_upstreams, start=1):
        if upstream.table.kind == "vertex":
            yield _name(upstream, number)


async def _check(credential: _Credential) -> Finding:
    client = GeminiClient(credential.upstream)
    await client.open()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await _try(f"credential {credential.name}", client)
    except TimeoutError:
        return _unreachable(f"credential {credential.name}", f"no answer in {_PATIENCE_SECONDS:.0f} s")
    finally:
        await client.close()


async def _try(item: str, client: GeminiClient) -> Finding:
    models = [model.id for model in list_models() if model.draws and not model.deprecated]
    try:
        status, body = await client.count_tokens(models[0], _BODY)
        if status not in {200, 404}:
            return _explain(item, status, body)
        served = await client.list_models()
    except GatewayError as error:
        return _unreachable(item, error.message)
    found = [model for model in models if model in served]
    if not found:
        told = f"{client.address} serves none of the {len(models)} models that draw"
        return Finding(item, "warning", told, "see whether the project may use them, or add [[model]] tables")
    return Finding(item, "ok", f"{client.address} serves {len(found)} of {len(models)} models that draw")


def _unreachable(item: str, told: str) -> Finding:
    advice = "see that this machine reaches it: LIMNER_GEMINI_BASE_URL, LIMNER_UPSTREAM_PROXY, LIMNER_UPSTREAM_CA_FILE"
    return Finding(item, "failed", told, advice)


def _explain(item: str, status: int, body: bytes) -> Finding:
    """Say what a refusal means. Facts of `translate.failure`: a bad key is a 400, region and billing are 400 as well."""
    error = read_error_body(body)
    said = clean((error.message if error is not None else None) or "no reason given")
    reason = name_reason(error) or ""
    told = f"refused with {status}{f' {reason}' if reason else ''}: {said}"
    if status == 429:
        return Finding(
            item, "warning", told, "wait, or raise its quota; other credentials are asked meanwhile"
        )
    if status >= 500:
        return Finding(item, "warning", told, "Gemini is in trouble; try again")
    return Finding(item, "failed", told, _advise(status, reason, said))


def _advise(status: int, reason: str, said: str) -> str:
    if reason == "API_KEY_INVALID" or status == 401 or "API key" in said:
        return f"set another key; keys are made at {_KEY_PAGE}"
    if reason == "FAILED_PRECONDITION":
        return "switch billing on for the key's project, or run where Gemini is offered"
    if status == 403:
        return "allow the key's project the Generative Language API, and the key this machine's address"
    return "see that LIMNER_GEMINI_BASE_URL leads to Gemini or to a relay of it"
