"""Tries each credential for Gemini with calls that cost nothing: a count of tokens, and the list of models.

Knows how a credential is tried, and what Google's refusals mean to an operator; not what else is checked.
"""

import asyncio

from limner.app_upstreams import list_credentials
from limner.catalogue import list_models
from limner.cli_check_finding import Finding
from limner.config import Settings
from limner.errors import GatewayError
from limner.translate.failure import clean, name_reason, read_error_body
from limner.upstream.client import GeminiClient
from limner.upstream.credential import Credential, find_address
from limner.upstream.tokens import NoCredentials
from limner.wire.gemini import DEVELOPER

_PATIENCE_SECONDS = 30.0
_BODY = b'{"contents":[{"role":"user","parts":[{"text":"limner check"}]}]}'

_KEY_PAGE = "https://aistudio.google.com/apikey"


async def check_credentials(settings: Settings) -> list[Finding]:
    """Return what became of trying each."""
    credentials = list_credentials(settings, b"no matter: nothing is kept of what is tried")
    if not credentials:
        told = "there is none for Gemini"
        return [Finding("credentials", "failed", told, f"set GEMINI_API_KEY; keys are made at {_KEY_PAGE}")]
    return list(await asyncio.gather(*map(_check, credentials)))


async def _check(credential: Credential) -> Finding:
    item = f"credential {credential.name}"
    try:
        client = GeminiClient([credential], timeout_seconds=_PATIENCE_SECONDS)
    except NoCredentials as error:
        told, _, advice = str(error).partition("; ")
        return Finding(item, "failed", told, advice)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await _try(item, client, credential)
    except TimeoutError:
        return _unreachable(item, f"no answer in {_PATIENCE_SECONDS:.0f} s")
    finally:
        await client.close()


async def _try(item: str, client: GeminiClient, credential: Credential) -> Finding:
    models = [
        model.id
        for model in list_models()
        if model.draws and not model.deprecated and credential.serves(model.id)
    ]
    address = find_address(credential)
    if not models:
        return Finding(item, "warning", "none of its models draws", "see its field 'models'")
    try:
        status, body = await client.count_tokens(credential, models[0], _BODY)
        if status not in {200, 404}:
            return _explain(item, status, body)
        if credential.kind != DEVELOPER:  # it has no list of models
            return _tell_one(item, address, models[0], is_served=status == 200)
        served = await client.list_models(credential)
    except GatewayError as error:
        return _unreachable(item, error.message)
    found = [model for model in models if model in served]
    if not found:
        told = f"{address} serves none of the {len(models)} models that draw"
        return Finding(item, "warning", told, "see whether the project may use them, or add [[model]] tables")
    return Finding(item, "ok", f"{address} serves {len(found)} of {len(models)} models that draw")


def _tell_one(item: str, address: str, model_id: str, *, is_served: bool) -> Finding:
    if is_served:
        return Finding(item, "ok", f"{address} serves {model_id}")
    advice = "see whether the project may use it there; the picture models are all at the location 'global'"
    return Finding(item, "warning", f"{address} does not serve {model_id}", advice)


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
