"""Which model a request in Gemini's own format is about, and what it wants of it. Knows paths and keys."""

from collections.abc import Awaitable, Callable, Mapping

from limner.catalogue import Model, find_model, strip_prefixes, to_unlisted
from limner.errors import InvalidRequest, NotFound
from limner.ledger.keys import ApiKey
from limner.web.auth import authorize_model

METHODS = ("generateContent", "streamGenerateContent", "countTokens")
_MOST_CHARACTERS = 200
_PUBLISHER = "publishers/google/models/"


def read_path(params: Mapping[str, str]) -> tuple[str, str]:
    """Return the model and the method of a path, such as `…/models/x:generateContent`. Raises NotFound."""
    name, method = params["name"], params["method"]
    if method not in METHODS or not name:
        raise to_unserved(f"models/{name}:{method}")
    return bare_name(name), method


def to_unserved(path: str) -> NotFound:
    """Return the refusal of a path, without its version, that Gemini may have and this gateway has not."""
    listed = ", ".join(f"POST models/{{model}}:{known}" for known in METHODS)
    return NotFound(
        f"This gateway does not serve {path[:_MOST_CHARACTERS]!r}. It serves {listed}, GET models and "
        "GET models/{model}."
    )


def bare_name(name: str) -> str:
    """Return a model's name without the resource it may be written as."""
    return name.removeprefix("models/").removeprefix(_PUBLISHER)


async def choose_model(
    name: str,
    key: ApiKey,
    *,
    version: str,
    method: str,
    is_served: Callable[[str], Awaitable[bool]],
) -> Model:
    """Return the model that a key asks for. Raises GatewayError.

    `is_served` says whether the upstream has a model that the catalogue does not know; such a one is only for keys
    without a budget, and for counting.
    """
    model = find_model(name)
    if model is not None:
        authorize_model(key, model.id)
        return model
    model_id = strip_prefixes(name)
    if len(name) > _MOST_CHARACTERS or not await is_served(model_id):
        raise NotFound(
            f"models/{name[:_MOST_CHARACTERS]} is not found for API version {version}, or is not supported for {method}. "
            "Call ListModels to see the list of available models and their supported methods.",
            code="model_not_found",
            param="model",
        )
    authorize_model(key, model_id)
    if key.budget_micro_usd is not None and method != "countTokens":
        raise InvalidRequest(
            f"The model {model_id!r} has no price here, and this key has a budget; GET models lists the models it can use.",
            code="model_not_priced",
            param="model",
        )
    return to_unlisted(model_id)
