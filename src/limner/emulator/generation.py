"""The door that draws: from a generate call's arrival to the first byte of its answer, directives carried out.

It must not know Google's checks or how an answer is made; it asks for both.
"""

import asyncio
import time
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from limner.emulator import failures, wire
from limner.emulator.answer import Answer, make_answer
from limner.emulator.call import Call, check_call, describe_call
from limner.emulator.delivery import Delivery
from limner.emulator.directives import Caller, Directives
from limner.emulator.doors import (
    COMMON_HEADERS,
    Emulator,
    answer_failure,
    authenticate,
    find_model,
    read_body,
)
from limner.emulator.failures import GoogleError
from limner.emulator.interfaces import Door
from limner.emulator.journal import Entry
from limner.emulator.payload import read_payload
from limner.emulator.scripted import error_of_status
from limner.emulator.trouble import find_trouble


async def answer_generate(
    request: Request, emulator: Emulator, door: Door, model_name: str, method: str
) -> Response:
    """Answer `generateContent` or `streamGenerateContent`, and keep the call in the journal."""
    started = time.perf_counter()
    stream = method == "streamGenerateContent"
    events = request.query_params.get("alt") == "sse"
    try:
        credential = authenticate(request, door)
    except GoogleError as error:
        return answer_failure(error, array=stream and not events)
    caller = Caller(credential=credential, model=model_name, kind=door.kind)
    entry = emulator.journal.add(
        Entry(
            model=model_name,
            method=method,
            stream=stream,
            key_suffix=credential[-4:],
            kind=door.kind,
            project=door.project,
            location=door.location,
            path=request.url.path,
        )
    )
    try:
        call = await _read_call(request, emulator, door, caller, entry)
        _check_quota(call, emulator, caller, entry)
        response = await _carry_out(call, entry, events=events, started=started)
    except GoogleError as error:
        entry.status = error.code
        entry.outcome = "refused" if entry.outcome == "running" else entry.outcome
        return answer_failure(error, array=stream and not events)
    except ClientDisconnect:
        entry.outcome = "gone"
        return Response(status_code=499)
    return response


async def _read_call(request: Request, emulator: Emulator, door: Door, caller: Caller, entry: Entry) -> Call:
    body = await read_body(request)
    model = find_model(entry.model, door, entry.method)
    payload = await asyncio.to_thread(
        read_payload, body, "GenerateContentRequest", version=door.version, vertex=door.vertex
    )
    description = describe_call(payload)
    entry.prompt = description.prompt
    entry.settings = description.settings
    entry.signatures = description.signatures
    # What a prompt says itself goes before the standing script.
    changes = emulator.standing.changes_for(caller) | description.scenes.changes_for(
        caller, lambda scene: emulator.journal.count_equal(body, repr(scene.conditions))
    )
    return await asyncio.to_thread(
        check_call,
        payload,
        description,
        model,
        door,
        directives=Directives(**changes),
        accept_dummy_signature=emulator.accept_dummy_signature,
        signature_characters=emulator.signature_characters,
    )


def _check_quota(call: Call, emulator: Emulator, caller: Caller, entry: Entry) -> None:
    """Refuse a call beyond the rate its directives allow; the quota is a project's on Vertex AI, else a key's."""
    if call.directives.rate is None:
        return
    calls, window_seconds = call.directives.rate
    holder = call.door.project or caller.credential
    wait_seconds = emulator.standing.quotas.claim(holder, call.model.id, calls, window_seconds)
    if wait_seconds is None:
        return
    entry.outcome = "error"
    if call.door.vertex:
        raise failures.vertex_over_quota()
    raise failures.over_quota(call.model.id, wait_seconds, calls)


async def _carry_out(call: Call, entry: Entry, *, events: bool, started: float) -> Response:
    """Follow the directives up to the first byte of the answer."""
    directives = call.directives
    if directives.delay_seconds:
        await asyncio.sleep(directives.delay_seconds)
    trouble = find_trouble(directives, call.door, call.model.id, entry.method)
    if trouble is not None:
        entry.outcome = "error"
        raise trouble
    midstream = directives.error_midstream
    if midstream and not entry.stream:
        entry.outcome = "error"
        raise error_of_status(499, call.model.id)
    answer = await asyncio.to_thread(make_answer, call)
    entry.outcome = answer.outcome
    blocks = await asyncio.to_thread(_encode, call, answer, stream=entry.stream, events=events)
    for outcome, given in (
        ("stall", directives.stall_seconds),
        ("cut", directives.cut is not None),
        ("garbage", directives.garbage),
        ("error", midstream),
    ):
        entry.outcome = outcome if given else entry.outcome
    timing = f"gfet4t7; dur={(time.perf_counter() - started) * 1000:.0f}"
    headers = {**COMMON_HEADERS, "server-timing": timing}
    if not call.door.vertex:
        headers["x-gemini-service-tier"] = call.settings.service_tier
    return Delivery(
        blocks,
        media_type=wire.EVENTS_TYPE if entry.stream and events else wire.JSON_TYPE,
        headers=headers,
        entry=entry,
        cut=directives.cut,
        stall_at=directives.stall_at,
        stall_seconds=directives.stall_seconds,
    )


def _encode(call: Call, answer: Answer, *, stream: bool, events: bool) -> list[bytes]:
    """The answer's bytes in the form asked for, spoilt where a directive says so."""
    if not stream:
        blocks = [wire.encode_json(answer.whole())]
    else:
        sent = answer.events()
        error: dict[str, Any] | None = None
        if call.directives.error_midstream:
            sent = answer.events_before_picture()
            error = failures.cancelled_midstream().body()
        if events:
            blocks = wire.encode_events(sent)
            if error:
                blocks.append(wire.encode_error_event(error, call.directives.error_midstream or "raw"))
        else:
            blocks = wire.encode_array([*sent, error] if error else sent)
    return wire.spoil(blocks) if call.directives.garbage else blocks
