"""Calls to Gemini that buy nothing: the list of its models, and counts of tokens. Knows the library and where Gemini is."""

import asyncio

import aiohttp
import msgspec
from msgspec import Struct

from limner.errors import UpstreamFailure, UpstreamTimeout, UpstreamUnavailable
from limner.upstream.call_body import CallBody
from limner.upstream.connection import Connections
from limner.upstream.credential import Credential, find_list_url
from limner.upstream.failures import LIBRARY_ERRORS, mapped_failures

_LIST_TIMEOUT_SECONDS = 10.0
_MAX_LIST_BYTES = 4 * 1024 * 1024
_MAX_LIST_PAGES = 10

COUNT_TIMEOUT_SECONDS = 60.0
"""For a whole count; its body may be as long as that of a call."""

_MAX_COUNT_BYTES = 1024 * 1024


class _ListedModel(Struct, rename="camel"):
    name: str
    supported_generation_methods: list[str] = []

    @property
    def id(self) -> str:
        return self.name.removeprefix("models/")

    @property
    def methods(self) -> list[str]:
        return self.supported_generation_methods


class _ModelsPage(Struct, rename="camel"):
    models: list[_ListedModel] = []
    next_page_token: str = ""


async def list_models(
    connections: Connections, credential: Credential, headers: dict[str, str]
) -> frozenset[str]:
    """Return the ids of all models that answer generateContent. Raises GatewayError."""
    ids: set[str] = set()
    token = ""
    with mapped_failures():
        async with asyncio.timeout(_LIST_TIMEOUT_SECONDS):
            for _ in range(_MAX_LIST_PAGES):
                page = await _get_models(connections, credential, headers, token)
                ids.update(model.id for model in page.models if "generateContent" in model.methods)
                token = page.next_page_token
                if not token:
                    break
    return frozenset(ids)


async def count_tokens(
    connections: Connections,
    credential: Credential,
    url: str,
    body: bytes | CallBody,
    headers: dict[str, str],
) -> tuple[int, bytes]:
    """Return status and body of Gemini's answer to a countTokens call. Raises GatewayError."""
    try:
        async with asyncio.timeout(COUNT_TIMEOUT_SECONDS):
            response = await connections.post(credential, url, body, headers)
            async with response:
                answer = await _read(response, _MAX_COUNT_BYTES)
    except TimeoutError as error:
        raise UpstreamTimeout("Gemini did not count the tokens in time.") from error
    except LIBRARY_ERRORS as error:
        raise UpstreamUnavailable(
            "Gemini cannot be reached. Try again shortly.", code="upstream_unavailable"
        ) from error
    if len(answer) > _MAX_COUNT_BYTES:
        raise UpstreamFailure(
            f"Gemini's count of tokens passes {_MAX_COUNT_BYTES} bytes.", code="upstream_invalid_response"
        )
    return response.status, answer


async def _get_models(
    connections: Connections, credential: Credential, headers: dict[str, str], token: str
) -> _ModelsPage:
    params = {"pageSize": "1000", **({"pageToken": token} if token else {})}
    response = await connections.request(
        credential, "GET", find_list_url(credential), params=params, headers=headers
    )
    async with response:
        body = await _read(response, _MAX_LIST_BYTES)
    try:
        if response.status == 200:
            return msgspec.json.decode(body, type=_ModelsPage)
    except msgspec.DecodeError:
        pass
    raise UpstreamFailure(
        f"The upstream gave no list of models; it answered {response.status}.",
        code="upstream_invalid_response",
    )


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Return a body, or more than `max_bytes` of it."""
    body = bytearray()
    async for data in response.content.iter_any():
        body += data
        if len(body) > max_bytes:
            break
    return bytes(body)
