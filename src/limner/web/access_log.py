"""The access log: one line a request, which for a failed call says why. Knows scopes and generations, no door.

Nothing of a prompt, a picture or a secret gets here. What a client wrote is quoted in messages, so quotations are left
out, and so are Gemini's own words, which may quote a prompt: its status and its name for the trouble are kept instead.
"""

import logging
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from starlette.types import Scope

from limner.errors import GatewayError
from limner.generation.record import Generation
from limner.generation.watching import Attempt
from limner.web.metrics import label_model

_LOG = logging.getLogger("limner.access")

PROBED_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by machines that look in from time to time, by whatever name they know."""

_SHOWN_CHARACTERS = 200
_REASON_CHARACTERS = 160

_SAID_BY_OTHERS = frozenset({"upstream_rejected", "content_policy_violation", "no_image_generated"})
"""Codes of errors whose message goes on in Gemini's words, or the model's, behind a colon."""

_QUOTED = re.compile(r"(?<!\w)'(?:[^'\\]|\\.)*'…?|\"(?:[^\"\\]|\\.)*\"…?|`[^`]*`|\S+://\S+|data:\S+")
_PLAIN = re.compile(r"[^\x20-\x7e…]+")
_PARAM = re.compile(r"[\w.\-\[\]]{1,80}")
_NAMED = re.compile(r"([A-Z][A-Z_]{2,50})\b")


class Problem(Struct, frozen=True):
    """What was wrong with a request, as the log has it."""

    code: str
    param: str | None = None
    reason: str | None = None


def to_problem(error: GatewayError) -> Problem:
    """Return what the log says of an error."""
    return Problem(error.code, _clean_param(error.param), clean_reason(error))


def find_problem(scope: Scope) -> Problem | None:
    """Return what an answer ended with that had begun well: a stream tells of its failure in an event."""
    generation = scope.get("limner.generation")
    if isinstance(generation, Generation) and generation.is_over and generation.failure is not None:
        return to_problem(generation.failure)
    return None


def clean_reason(error: GatewayError) -> str:
    """Return an error's message on one short line, without what is quoted in it."""
    message = error.message
    if error.code in _SAID_BY_OTHERS:
        head, _, said = message.partition(":")
        named = _NAMED.match(said.strip())  # such as PROHIBITED_CONTENT, which is a name and nobody's words
        message = f"{head}: {named[1]}" if named else head
    text = _PLAIN.sub(" ", _QUOTED.sub("…", message))
    text = " ".join(text.replace('"', "").split())
    return text if len(text) <= _REASON_CHARACTERS else f"{text[:_REASON_CHARACTERS]}…"


def _clean_param(param: str | None) -> str | None:
    """Return the path of a field; a client may name its fields as it likes, so only what looks like a path."""
    return param if param is not None and _PARAM.fullmatch(param) else None


def write_line(
    scope: Scope,
    door: str,
    status: int | None,
    problem: Problem | None,
    *,
    seconds: float,
    sent_bytes: int | None,
) -> None:
    """Log a request that is over."""
    level = logging.DEBUG if scope["path"] in PROBED_PATHS else logging.INFO
    if not _LOG.isEnabledFor(level):
        return
    fields: dict[str, Any] = {
        "method": scope["method"],
        "path": show_path(scope["path"]),
        "door": door,
        "status": status or "gone",
        "code": None if problem is None else problem.code,
        "seconds": round(seconds, 3),
        "bytes": sent_bytes,
        "request_id": scope["limner.request_id"],
        "generation_id": scope.get("limner.generation_id"),
        "key": scope.get("limner.key_name"),
        "model": label_model(scope["limner.model"]) if "limner.model" in scope else None,
        "client": scope["client"][0] if scope.get("client") else None,
        "trace_id": scope.get("limner.trace_id"),
        **_explain(scope, problem),
    }
    _LOG.log(level, "%s", _to_text(fields), extra={"limner": _drop_empty(fields)})


def _explain(scope: Scope, problem: Problem | None) -> dict[str, Any]:
    """Return why a request failed; nothing of one that did not."""
    if problem is None:
        return {}
    generation = scope.get("limner.generation")
    attempts: Sequence[Attempt] = generation.attempts if isinstance(generation, Generation) else ()
    return {
        "param": problem.param,
        "upstream": ",".join(attempt.label for attempt in attempts) or None,
        "reason": problem.reason,
    }


def _to_text(fields: dict[str, Any]) -> str:
    code = f" {fields['code']}" if fields["code"] else ""
    line = (
        f"{fields['method']} {fields['path']} {fields['status']}{code} in {fields['seconds'] * 1000:.0f} ms "
        f"request={fields['request_id']} generation={fields['generation_id'] or '-'} key={fields['key'] or '-'}"
    )
    for name in ("model", "bytes", "trace_id", "client"):
        if fields[name] is not None:
            line += f" {name.removesuffix('_id')}={fields[name]}"
    for name in ("param", "upstream"):
        if fields.get(name):
            line += f" {name}={fields[name]}"
    return f'{line} reason="{fields["reason"]}"' if fields.get("reason") else line


def _drop_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def show_path(path: str) -> str:
    """Return a path for the log: decoded from the request, it may hold line breaks, or a query with a signature."""
    return ascii(path.partition("?")[0][:_SHOWN_CHARACTERS])[1:-1]


def count_sent_bytes(scope: Scope) -> int:
    """Return how much was written to the client's connection so far; 0 where that cannot be seen."""
    connection = scope.get("limner.connection")
    return 0 if connection is None else int(connection.written_bytes)
