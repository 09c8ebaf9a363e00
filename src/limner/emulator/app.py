"""The emulator as a Starlette application: which path leads to which door.

It must not know what is behind the doors.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from limner.emulator import failures
from limner.emulator.doors import Emulator, answer_count, answer_failure, answer_listing, answer_model
from limner.emulator.failures import GoogleError
from limner.emulator.generation import answer_generate
from limner.emulator.interfaces import Door

_VERTEX_PATH = "/{place:path}publishers/google/models/{call}"
# Vertex AI's project and location, neither in express mode. A location that is none has no host: a page answers.
_PLACE = re.compile(r"(?:projects/([^/]+)/locations/(global|us|eu|[a-z]+-[a-z]+\d+)/)?")


def create_app(*, accept_dummy_signature: bool = False, signature_bytes: int = 65_536) -> Starlette:
    """An emulator with a journal of its own.

    `accept_dummy_signature` takes the two well-known dummy thought signatures on pictures, `signature_bytes` is the
    number of base64 characters of each thought signature.
    """
    emulator = Emulator(accept_dummy_signature=accept_dummy_signature, signature_characters=signature_bytes)
    routes = [
        Route("/emulator/journal", _journal_door(emulator), methods=["GET", "DELETE"]),
        Route("/emulator/script", _script_door(emulator), methods=["GET", "PUT", "DELETE"]),
    ]
    for version in ("v1beta", "v1"):
        door = Door(version=version)
        routes += [
            Route(f"/{version}/models", _plain_door(answer_listing, emulator, door), methods=["GET"]),
            Route(f"/{version}/models/{{model}}", _plain_door(answer_model, emulator, door), methods=["GET"]),
            Route(f"/{version}/models/{{call}}", _call_door(emulator, door), methods=["POST"]),
        ]
    for version in ("v1", "v1beta1"):
        door = Door(version=version, vertex=True)
        # Vertex AI lists no models here, and its front end says so to a GET as to any other path there is not.
        routes.append(Route(f"/{version}{_VERTEX_PATH}", _call_door(emulator, door), methods=["GET", "POST"]))
    return Starlette(
        routes=routes,
        exception_handlers={GoogleError: _show_google_error, HTTPException: _show_front_end_page},
    )


def _plain_door(
    answer: Callable[[Request, Emulator, Door], Awaitable[Response]],
    emulator: Emulator,
    door: Door,
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await answer(request, emulator, door)

    return endpoint


def _call_door(emulator: Emulator, door: Door) -> Callable[[Request], Awaitable[Response]]:
    """The door of `models/{model}:{method}`."""

    async def endpoint(request: Request) -> Response:
        place = _PLACE.fullmatch(request.path_params.get("place", ""))
        if place is None or request.method != "POST":
            raise HTTPException(404)
        asked = replace(door, project=place[1] or "", location=place[2] or "")
        model, _, method = request.path_params["call"].partition(":")
        if method in {"generateContent", "streamGenerateContent"}:
            return await answer_generate(request, emulator, asked, model, method)
        if method == "countTokens":
            return await answer_count(request, emulator, asked, model)
        raise HTTPException(404)

    return endpoint


def _journal_door(emulator: Emulator) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.method == "DELETE":
            emulator.journal.clear()
            return Response(status_code=204)
        return JSONResponse(emulator.journal.listed())

    return endpoint


def _script_door(emulator: Emulator) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.method == "GET":
            return PlainTextResponse(emulator.standing.text)
        text = (await request.body()).decode("utf-8", "replace") if request.method == "PUT" else ""
        emulator.standing.put(text)
        return Response(status_code=204)

    return endpoint


async def _show_google_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, GoogleError):
        raise error
    return answer_failure(error)


async def _show_front_end_page(request: Request, error: Exception) -> Response:
    """Google's front end answers what no service takes with a page, not with JSON."""
    if not isinstance(error, HTTPException):
        raise error
    titles = {404: "Not Found", 405: "Method Not Allowed"}
    text = f"The requested URL <code>{request.url.path}</code> was not found on this server."
    page = failures.front_end_page(error.status_code, titles.get(error.status_code, "Client Error"), text)
    return HTMLResponse(page, status_code=error.status_code)
