"""`limner draw`: one call to a gateway, the pictures of its answer to files, and a word on what it cost.

The command's course stands here; what each step is made of stands in `cli_draw_*`. It must not know Limner's
inside: any gateway that speaks OpenAI's chat format and answers in Markdown or `images[]` will do.
"""

import asyncio
import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import typer

from limner.cli_draw_answer import Answer, AnswerReader
from limner.cli_draw_exchange import AnswerBroke, ask, download, open_session
from limner.cli_draw_files import (
    STANDARD_OUTPUT,
    Naming,
    build_pattern,
    give_up_standard_output,
    write,
    write_to_standard_output,
)
from limner.cli_draw_gateway import Gateway, find_gateway
from limner.cli_draw_pictures import Picture, decode_data_uri, differs, look_at
from limner.cli_draw_progress import Progress, shown
from limner.cli_draw_request import Order, build_body, read_prompt
from limner.cli_draw_wording import to_amount, to_dollars, to_line
from limner.cli_failure import CommandFailed

_INTERRUPTED = 130


@dataclass(kw_only=True)
class Drawing:
    """What came of a call."""

    answer: Answer = field(default_factory=Answer)
    text: str = ""
    pictures: list[Picture] = field(default_factory=list)
    paths: list[Path | None] = field(default_factory=list)
    """Where each went; None is standard output."""
    failures: list[str] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)


def run(order: Order) -> None:
    """Draw as ordered.

    Raises:
        typer.BadParameter: the order makes no sense.
        CommandFailed: no picture came, or not all of it went well.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may have what the terminal has not
    to_stdout = order.output == STANDARD_OUTPUT
    _check_standard_output(order)
    prompt = read_prompt(order)
    pattern = build_pattern(None if to_stdout else order.output)
    gateway = find_gateway(order.base_url, order.api_key)
    body = build_body(order, prompt)
    naming = Naming(pattern=pattern, model=order.model, prompt=prompt, is_forced=order.is_forced)
    progress = Progress(len(body))
    drawing = Drawing()
    try:
        with shown(progress):
            asyncio.run(_draw(order, gateway, body, progress, drawing))
    except KeyboardInterrupt:
        print("limner: interrupted; a picture may have been bought all the same", file=sys.stderr)
        raise typer.Exit(_INTERRUPTED) from None
    _write_pictures(drawing, naming, to_stdout=to_stdout)
    _note(order, drawing)
    _report(order, drawing, progress)
    if drawing.failures:
        raise CommandFailed(gateway.hide_key(" ".join("; ".join(drawing.failures).split("\n"))))


def _check_standard_output(order: Order) -> None:
    if order.output != STANDARD_OUTPUT:
        return
    if order.as_json:
        raise typer.BadParameter("--json and --output - both write to standard output")
    if sys.stdout.isatty():
        raise typer.BadParameter("--output - would write the picture's bytes to the terminal")


async def _draw(order: Order, gateway: Gateway, body: bytes, progress: Progress, drawing: Drawing) -> None:
    """Ask, and have every picture that came, even if the answer then failed."""
    reader = AnswerReader(drawing.answer)
    async with open_session(progress, order.timeout_seconds) as session:
        try:
            await ask(session, gateway, body, progress, reader)
            reader.close()
        except CommandFailed as failure:
            if not (isinstance(failure, AnswerBroke) and drawing.answer.is_whole):
                drawing.failures.append(str(failure))
        drawing.text, urls = drawing.answer.split()
        hashes = set()
        for url in urls:
            try:
                picture = await _get_picture(session, gateway, url, progress)
            except CommandFailed as failure:
                drawing.failures.append(str(failure))
                continue
            if picture.sha256 not in hashes:  # some gateways give a picture in both places
                hashes.add(picture.sha256)
                drawing.pictures.append(picture)
    if not drawing.pictures and not drawing.failures:
        drawing.failures.append(_word_missing_picture(drawing))


async def _get_picture(
    session: aiohttp.ClientSession, gateway: Gateway, url: str, progress: Progress
) -> Picture:
    if url[:5].lower() == "data:":
        return decode_data_uri(url)
    if url[:7].lower() == "http://" or url[:8].lower() == "https://":
        data, declared_type = await download(session, gateway, url, progress=progress)
        return look_at(data, declared_type)
    raise CommandFailed(f"a picture came that is neither data URI nor link: {to_line(url[:80])}")


def _word_missing_picture(drawing: Drawing) -> str:
    answer = drawing.answer
    circumstances = f"{answer.finish_reason or 'no finish reason'}, {to_dollars(answer.cost_usd)}"
    if answer.refusal:
        return f"no picture came: {answer.refusal} ({circumstances})"
    return f"no picture came, {'only text' if drawing.text else 'and no text'} ({circumstances})"


def _write_pictures(drawing: Drawing, naming: Naming, *, to_stdout: bool) -> None:
    taken: set[Path] = set()
    written: list[Picture] = []
    for picture in drawing.pictures:
        try:
            if to_stdout and not written:
                write_to_standard_output(picture)
                drawing.paths.append(None)
            else:
                drawing.paths.append(write(picture, naming, taken))
        except CommandFailed as failure:
            drawing.failures.append(str(failure))
        else:
            written.append(picture)
    drawing.pictures = written


def _note(order: Order, drawing: Drawing) -> None:
    """Add what this command noticed itself to what the gateway noticed."""
    drawing.notices += drawing.answer.notices
    asked = " at ".join(filter(None, (order.aspect_ratio, order.image_size)))
    for picture, path in zip(drawing.pictures, drawing.paths, strict=True):
        if differs(picture, order.aspect_ratio, order.image_size):
            drawing.notices.append(("size_differs", f"asked for {asked}, got {picture.pixels}"))
        ending = path.suffix.lower().replace("jpeg", "jpg").lstrip(".") if path else picture.extension
        if ending != picture.extension:
            drawing.notices.append(("type_differs", f"{path} holds a picture of type {picture.mime_type}"))
        if path and order.output == STANDARD_OUTPUT:
            drawing.notices.append(("further_picture", f"a further picture was written to {path}"))


def _report(order: Order, drawing: Drawing, progress: Progress) -> None:
    """Say what came: paths and text on standard output, the rest on stderr."""
    answer = drawing.answer
    out = sys.stderr if order.output == STANDARD_OUTPUT else sys.stdout
    try:
        if order.as_json:
            if drawing.pictures or answer.is_whole:
                print(json.dumps(_to_json(drawing, progress)))
        else:
            for picture, path in zip(drawing.pictures, drawing.paths, strict=True):
                print(f"{path or '-'}  {picture.pixels}  {len(picture.data)} bytes", file=out)
            is_line_of_failure = drawing.failures and out is sys.stderr
            if drawing.text and to_line(drawing.text) != answer.refusal and not is_line_of_failure:
                print(drawing.text, file=out)
        out.flush()
    except OSError as error:
        give_up_standard_output()
        written = f"; written: {', '.join(map(str, drawing.paths))}" if drawing.paths else ""
        drawing.failures.append(f"cannot write to standard output ({error.strerror}){written}")
    if order.as_json or drawing.failures:
        return
    for _, message in drawing.notices:
        print(f"note: {message}", file=sys.stderr)
    print(
        f"drawn in {progress.elapsed_seconds:.1f} s, {to_amount(progress.received_bytes)} received, "
        f"{to_dollars(answer.cost_usd)}",
        file=sys.stderr,
    )


def _to_json(drawing: Drawing, progress: Progress) -> dict[str, Any]:
    answer = drawing.answer
    return {
        "pictures": [
            {
                "path": str(path),
                "width": picture.width,
                "height": picture.height,
                "bytes": len(picture.data),
                "mime_type": picture.mime_type,
                "sha256": picture.sha256,
            }
            for picture, path in zip(drawing.pictures, drawing.paths, strict=True)
        ],
        "text": drawing.text,
        "refusal": answer.refusal or None,
        "finish_reason": answer.finish_reason,
        "cost_usd": answer.cost_usd,
        "elapsed_seconds": round(progress.elapsed_seconds, 3),
        "notices": [{"code": code, "message": message} for code, message in drawing.notices],
        "generation_id": answer.generation_id,
    }
