"""Makes of a request in Gemini's own format what is bought. Pure: it goes out as it came, but for what is said here.

Added is `store: false`, unless the client says something itself; `model` names the model that is meant; a size is in
upper case.
"""

from collections.abc import Sequence
from typing import Any

from limner.catalogue import Model
from limner.translate.native_contents import (
    check_contents,
    find_prompt,
    get_field,
    list_parts,
    refuse_kind,
)
from limner.translate.native_places import put_places
from limner.translate.native_settings import asks_vertex, raise_sizes, read_settings, refuse_unpriced
from limner.translate.pieces import InputPicture
from limner.translate.request import Drawing
from limner.wire.gemini import VERTEX

_BYTES_PER_DOCUMENT_TOKEN = 4
"""No page of a document holds more tokens in its bytes (258 a page, Google's page on documents, 2026-11)."""


def to_native_drawing(
    fields: dict[str, Any],
    model: Model,
    name: str,
    pictures: Sequence[InputPicture],
    *,
    has_budget: bool,
    upstream_stores: bool,
) -> Drawing:
    """Return what a request buys that asks for `model` as `name`. Raises InvalidRequest.

    `pictures` are all its strings of base64; `has_budget` says whether its price must be known beforehand;
    `upstream_stores` leaves Google's default for keeping requests in place instead of opting out.
    """
    check_contents(fields)
    settings = read_settings(fields, model)
    if has_budget:
        refuse_unpriced(fields)
    to_send = raise_sizes(fields)
    if "model" in to_send:
        to_send["model"] = f"models/{model.id}"
    store = fields.get("store")
    if store is not None and not isinstance(store, bool):
        raise refuse_kind("store", "TYPE_BOOL", store)
    if store is None and not upstream_stores:
        to_send["store"] = False
    placed = put_places(to_send, len(pictures))
    return Drawing(
        preferred_kind=VERTEX if asks_vertex(fields) else None,
        model=model,
        asked_model=name,
        settings=settings,
        request=placed.request,
        inserts=placed.inserts,
        text_bytes=placed.text_bytes + _count_document_tokens(fields, pictures),
        notices=(),
        prompt=find_prompt(fields),
    )


def holds_signature(fields: dict[str, Any]) -> bool:
    """Return whether any part comes with the thought signature of an earlier answer."""
    return any(get_field(part, "thoughtSignature") for part in list_parts(fields))


def _count_document_tokens(fields: dict[str, Any], pictures: Sequence[InputPicture]) -> int:
    """Return the most tokens that inline data other than pictures may take."""
    by_mark = {f"\0{number}": picture.size_bytes for number, picture in enumerate(pictures)}
    tokens = 0
    for part in list_parts(fields):
        blob = get_field(part, "inlineData")
        if isinstance(blob, dict) and not str(get_field(blob, "mimeType")).lower().startswith("image/"):
            tokens += by_mark.get(blob.get("data", ""), 0) // _BYTES_PER_DOCUMENT_TOKEN
    return tokens
