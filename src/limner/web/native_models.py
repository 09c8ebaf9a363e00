"""`GET …/models` and `…/models/{model}` in Gemini's form: what a key may ask.

Facts (answers of Google's list of models, 2026-06; its API reference, 2026-11): 50 models are on a page unless asked
otherwise, 1000 at most; what this gateway serves of a model's methods is listed, and no other.
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from limner.catalogue import Model, find_by_any_name, list_models
from limner.errors import InvalidRequest, NotFound
from limner.ledger.keys import ApiKey
from limner.web.auth import FindKey, authenticate
from limner.web.native_names import bare_name

_PAGE_MODELS = 50
_MOST_PAGE_MODELS = 1000
_MOST_NAME_CHARACTERS = 200


class NativeModelsDoor:
    """Both doors."""

    def __init__(self, find_key: FindKey) -> None:
        self._find_key = find_key

    async def list(self, request: Request) -> Response:
        """Answer with a page of the models that the key may use, each by its own name."""
        key = await authenticate(request.headers, self._find_key)
        models = [model for model in list_models() if may_use(key, model)]
        first = _find_first(models, request.query_params.get("pageToken", ""))
        last = first + _read_size(request.query_params.get("pageSize", ""))
        answer: dict[str, Any] = {"models": [describe(model, model.id) for model in models[first:last]]}
        if last < len(models):
            answer["nextPageToken"] = models[last].id
        return _to_json(answer)

    async def show(self, request: Request) -> Response:
        """Answer with one model, by whatever name. Raises NotFound."""
        key = await authenticate(request.headers, self._find_key)
        name = bare_name(request.path_params["name"])
        model = find_by_any_name(name)
        if model is None or not may_use(key, model):
            version = request.url.path.split("/")[1]
            raise NotFound(
                f"Model is not found: models/{name[:_MOST_NAME_CHARACTERS]} for api version {version}",
                code="model_not_found",
                param="model",
            )
        return _to_json(describe(model, name))


def is_native(request: Request) -> bool:
    """Return whether who asks at a path that both APIs have speaks Gemini's."""
    return "x-goog-api-key" in request.headers or "x-goog-api-client" in request.headers


def may_use(key: ApiKey, model: Model) -> bool:
    """Return whether a key may use a model."""
    return key.models is None or model.id in key.models


def describe(model: Model, name: str) -> dict[str, Any]:
    """Return the entry of `model` under `name`, in Gemini's form."""
    entry: dict[str, Any] = {
        "name": f"models/{name}",
        "baseModelId": model.id,
        "version": model.version,
        "displayName": model.title,
        "description": model.description,
    }
    if model.token_limits is not None:
        entry["inputTokenLimit"], entry["outputTokenLimit"] = model.token_limits
    entry |= {
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 1 if model.draws else 2,
    }
    return entry | ({"thinking": True} if model.thinking_levels else {})


def _find_first(models: list[Model], token: str) -> int:
    """Return where the page begins that a token names."""
    place = next((place for place, model in enumerate(models) if model.id == token), None)
    if token and place is None:
        raise InvalidRequest(
            "* ListModelsRequest.page_token: page_token is invalid\n",
            code="unsupported_value",
            param="page_token",
        )
    return place or 0


def _read_size(asked: str) -> int:
    if asked and not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise InvalidRequest(
            f"Invalid value at 'page_size' (TYPE_INT32), \"{asked[:20]}\"",
            code="invalid_type",
            param="page_size",
        )
    return min(int(asked or 0) or _PAGE_MODELS, _MOST_PAGE_MODELS)


def _to_json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json; charset=UTF-8")
