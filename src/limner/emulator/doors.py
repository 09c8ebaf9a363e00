"""What all HTTP doors share, and the doors that draw nothing: counting tokens and listing models.

They must not know how a picture is drawn or what an answer is made of.
"""

import re
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from limner.emulator import failures, wire
from limner.emulator.call import count_billable_characters, count_tokens
from limner.emulator.contents import check_contents
from limner.emulator.directives import Caller, Directives
from limner.emulator.failures import FrontEndError, GoogleError
from limner.emulator.interfaces import Door
from limner.emulator.journal import Journal
from limner.emulator.models import Model
from limner.emulator.payload import read_payload
from limner.emulator.standing import Standing
from limner.emulator.text_models import SERVED_MODELS
from limner.emulator.trouble import find_trouble

# 20 MB before 2026-01-12 (Google's announcement of that day).
MAX_BODY_BYTES = 104_857_600

_EXPIRY = re.compile(r"expires-(\d+)")

COMMON_HEADERS = {
    "vary": "Origin, X-Origin, Referer",
    "server": "scaffolding on HTTPServer2",
    "x-xss-protection": "0",
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
}


@dataclass(slots=True)
class Emulator:
    """What one emulator holds: its options, its journal and the script that stands."""

    accept_dummy_signature: bool
    signature_characters: int
    journal: Journal = field(default_factory=Journal)
    standing: Standing = field(default_factory=Standing)


def authenticate(request: Request, door: Door) -> str:
    """The credential that came, or raise as Google does.

    Refused are `invalid`, and a token that says `expires-<epoch seconds>` from that instant on.
    """
    key = request.headers.get("x-goog-api-key") or request.query_params.get("key") or ""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if key:
        if key == "invalid":
            raise failures.bad_key(door.service)
        return key
    if door.vertex and scheme.lower() == "bearer" and _is_valid(token):
        return token
    if door.vertex or token:
        # An API key is no access token: sent as one it is refused on every door.
        raise GoogleError(401, failures.BAD_CREDENTIALS)
    raise GoogleError(403, failures.UNREGISTERED_CALLER)


def _is_valid(token: str) -> bool:
    expiry = _EXPIRY.search(token)
    return token not in {"", "invalid"} and (expiry is None or time.time() < int(expiry[1]))


def admit(request: Request, emulator: Emulator, door: Door, model: str, method: str) -> None:
    """Check the credential of a call that draws nothing, and raise what the standing script has in store for it."""
    caller = Caller(credential=authenticate(request, door), model=model, kind=door.kind)
    trouble = find_trouble(Directives(**emulator.standing.changes_for(caller)), door, model, method)
    if trouble is not None:
        raise trouble


def find_model(name: str, door: Door, method: str) -> Model:
    """The model called, or Google's 404."""
    model = SERVED_MODELS.get(name)
    if model is None:
        raise door.refuse_model(name, method)
    return model


async def read_body(request: Request) -> bytes:
    """The request's body; one that is too large is read to its end so that the refusal arrives, and not kept."""
    body = bytearray()
    size_bytes = 0
    async for piece in request.stream():
        size_bytes += len(piece)
        if size_bytes <= MAX_BODY_BYTES:
            body += piece
    if size_bytes > MAX_BODY_BYTES:
        raise failures.invalid_argument(failures.BODY_TOO_LARGE)
    return bytes(body)


def answer_failure(error: GoogleError, *, array: bool = False) -> Response:
    """An error body, or the front end's page; a stream that is no event stream wraps a body in an array."""
    if isinstance(error, FrontEndError):
        return HTMLResponse(error.page, status_code=error.code)
    body = [error.body()] if array else error.body()
    headers = {**COMMON_HEADERS, "content-type": wire.JSON_TYPE}
    return Response(wire.encode_json(body), status_code=error.code, headers=headers)


async def answer_count(request: Request, emulator: Emulator, door: Door, model_name: str) -> Response:
    """Answer `countTokens`, whose body holds contents or a whole generate request."""
    admit(request, emulator, door, model_name, "countTokens")
    model = find_model(model_name, door, "countTokens")
    body = await read_body(request)
    payload = read_payload(body, "CountTokensRequest", version=door.version, vertex=door.vertex)
    counted = payload.get("generateContentRequest", payload)
    found = check_contents(
        counted.get("contents", []),
        model,
        demand_roles=door.vertex,
        demand_signatures=False,
        accept_dummy_signature=emulator.accept_dummy_signature,
    )
    text_tokens, picture_tokens = count_tokens(counted, model, len(found))
    details = [{"modality": "TEXT", "tokenCount": text_tokens}]
    if found:
        details.append({"modality": "IMAGE", "tokenCount": picture_tokens})
    answer: dict[str, Any] = {"totalTokens": text_tokens + picture_tokens, "promptTokensDetails": details}
    if door.vertex:
        answer["totalBillableCharacters"] = count_billable_characters(counted)
    return answer_json(answer)


def answer_json(value: Any) -> Response:
    """A good answer that is no picture."""
    return Response(wire.encode_json(value), headers={**COMMON_HEADERS, "content-type": wire.JSON_TYPE})


async def answer_listing(request: Request, emulator: Emulator, door: Door) -> Response:
    """Answer `GET /models`, a page at a time."""
    admit(request, emulator, door, "", "listModels")
    names = list(SERVED_MODELS)
    token = request.query_params.get("pageToken", "")
    size = request.query_params.get("pageSize", "0")
    if token and token not in names:
        raise failures.invalid_argument("* ListModelsRequest.page_token: page_token is invalid\n")
    if not size.isdecimal():
        raise failures.bad_request([("page_size", f"Invalid value at 'page_size' (TYPE_INT32), \"{size}\"")])
    # 50 unless asked otherwise, 1000 at most (the API's reference).
    first = names.index(token) if token else 0
    last = first + min(int(size) or 50, 1000)
    answer: dict[str, Any] = {"models": [SERVED_MODELS[name].listing() for name in names[first:last]]}
    if last < len(names):
        answer["nextPageToken"] = names[last]
    return answer_json(answer)


async def answer_model(request: Request, emulator: Emulator, door: Door) -> Response:
    """Answer `GET /models/{model}`."""
    name = request.path_params["model"]
    admit(request, emulator, door, name, "getModel")
    if name not in SERVED_MODELS:
        raise GoogleError(404, f"Model is not found: models/{name} for api version {door.version}")
    return answer_json(SERVED_MODELS[name].listing())
