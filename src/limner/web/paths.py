"""The paths of doors: which one was meant, what a door is called, what to say where there is none. Paths only.

Facts (2026-11, sources of Open WebUI, LobeChat and openai-node): some programs append `/v1` to a base address that
ends in it, some leave it out, some join with one slash too many; google-genai appends `/v1beta`, and Gemini's own
layer for OpenAI clients lies at `/v1beta/openai`.
"""

from starlette.datastructures import Headers

_VERSIONS = frozenset({"v1", "v1beta"})

_WITHOUT_VERSION = frozenset(
    {
        *("models", "limner", "responses", "completions", "embeddings", "audio", "moderations", "assistants"),
        *("threads", "realtime", "fine_tuning", "vector_stores", "batches", "files"),
    }
)
"""What begins a path that lacks its version. `images` does not: links to pictures are there."""

_LONGER_WITHOUT_VERSION = frozenset(
    {
        ("chat", "completions"),
        ("images", "generations"),
        ("images", "edits"),
        ("images", "variations"),
    }
)

_FOR_WORDS = "This gateway speaks chat completions: POST /v1/chat/completions."
_FOR_EDITS = "A variation is an edit that asks for one: POST /v1/images/edits."
_FOR_PICTURES = (
    "This gateway draws: POST /v1/chat/completions, /v1/images/generations, /v1/images/edits, or "
    "/v1beta/models/{model}:generateContent."
)
_FOR_IMAGES = "The doors of OpenAI's images API: POST /v1/images/generations and /v1/images/edits."
_HINTS = {
    "/v1/responses": _FOR_WORDS,
    "/v1/completions": _FOR_WORDS,
    "/v1/assistants": _FOR_WORDS,
    "/v1/threads": _FOR_WORDS,
    "/v1/realtime": _FOR_WORDS,
    "/v1/images/variations": _FOR_EDITS,
    "/v1/images": _FOR_IMAGES,
    "/v1/chat": _FOR_WORDS,
    "/v1": _FOR_PICTURES,
    "/v1beta": _FOR_PICTURES,
}
"""What to say of a path and of those below it, the longer before the shorter."""

_EXACT_DOORS = {
    "/v1/chat/completions": "chat",
    "/v1/images/generations": "images",
    "/v1/images/edits": "edits",
    "/": "studio",
    "/docs": "reference",
    "/openapi.json": "reference",
    "/healthz": "health",
    "/readyz": "health",
    "/metrics": "metrics",
}
_DOORS = {
    "/v1/chat/completions/": "completions",
    "/v1/models": "models",
    "/v1beta/models": "models",
    "/images/": "links",
    "/v1/limner/": "limner",
    "/docs/": "reference",
    "/studio/": "studio",
}
"""What doors are called in metrics, by where they lie."""

DOOR_NAMES = frozenset({*_EXACT_DOORS.values(), *_DOORS.values(), "native", "none"})
"""All names that `name_door` gives."""


def forgive_path(path: str) -> str:
    """Return the door that was meant: without needless slashes, with the version clients leave out, or have twice."""
    pieces = [piece for piece in path.split("/") if piece]
    version = ""
    while pieces and pieces[0] in _VERSIONS:
        version = pieces.pop(0)
    if version == "v1beta" and pieces[:1] == ["openai"]:
        version = "v1"
        pieces.pop(0)
    if not version and ((pieces[:1] and pieces[0] in _WITHOUT_VERSION) or _is_longer(pieces)):
        version = "v1"
    if not version:  # links to pictures are signed for one spelling
        return "/" + path.removeprefix("/").rstrip("/")
    return "/" + "/".join([version, *pieces])


def explain_missing(path: str) -> str:
    """Return what to say of a path where there is no door."""
    hints = (hint for place, hint in _HINTS.items() if path == place or path.startswith(f"{place}/"))
    return next(hints, "The reference of what there is: /docs.")


def name_door(path: str) -> str:
    """Return what the door at a forgiven path is called; `none` for every path where there is none."""
    if path in _EXACT_DOORS:
        return _EXACT_DOORS[path]
    for beginning, name in _DOORS.items():
        if path.startswith(beginning):
            return "native" if name == "models" and ":" in path else name
    return "none"


def is_gemini_path(path: str) -> bool:
    """Return whether programs that speak Gemini's API ask there, alone or with others."""
    return any(path == place or path.startswith(f"{place}/") for place in ("/v1beta", "/v1/models"))


def is_google_door(path: str, headers: Headers) -> bool:
    """Return whether who asks there speaks Gemini's API."""
    if path == "/v1/models" or path.startswith("/v1/models/"):
        return ":" in path or "x-goog-api-key" in headers or "x-goog-api-client" in headers
    return path == "/v1beta" or path.startswith("/v1beta/")


def _is_longer(pieces: list[str]) -> bool:
    return tuple(pieces[:2]) in _LONGER_WITHOUT_VERSION
