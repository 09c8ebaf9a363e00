"""Where pictures go: names by pattern, and files that never replace one another.

A picture is paid for when it gets here. So a folder is tried before anything is asked, an existing file gets a
neighbour with a number instead of a refusal, and what cannot be written is kept in the temporary folder.
This module must not know where pictures come from.
"""

import os
import re
import string
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import typer

from limner.cli_draw_pictures import Picture
from limner.cli_draw_wording import to_line
from limner.cli_failure import CommandFailed

DEFAULT_NAME = "limner-{date}-{time}.{ext}"
STANDARD_OUTPUT = "-"

_PLACES = ("n", "model", "prompt", "width", "height", "ext", "date", "time")
_NUMBERS = frozenset({"n", "width", "height"})
_NUMBER_FORMAT = re.compile(r"0?[1-9]")
_NO_NAME_CHARACTERS = re.compile(r"[^\w]+")
_NO_MODEL_CHARACTERS = re.compile(r"[^\w.-]+")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}")
_LONGEST_PROMPT_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True)
class Naming:
    """A pattern that is known to be good, and what it takes from the call."""

    pattern: str
    model: str
    prompt: str
    is_forced: bool
    started: datetime = field(default_factory=datetime.now)

    def list_names(self, picture: Picture, first_number: int) -> Iterator[Path]:
        """Yield the names a picture may have, the first choice first: `{n}` counts, else `-2`, `-3` is added."""
        if _has_place(self.pattern, "n"):
            yield from (self._name(picture, number) for number in count(first_number))
            return
        path = self._name(picture, 1)
        yield path
        yield from (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))

    def _name(self, picture: Picture, number: int) -> Path:
        values = {
            "n": number,
            "model": _NO_MODEL_CHARACTERS.sub("-", self.model).strip("-.") or "model",
            "prompt": _to_slug(self.prompt),
            "width": picture.width or 0,
            "height": picture.height or 0,
            "ext": picture.extension,
            "date": f"{self.started:%Y%m%d}",
            "time": f"{self.started:%H%M%S}",
        }
        path = Path(self.pattern.format_map(values))
        if _EXTENSION.fullmatch(path.suffix):
            return path
        return path.with_name(f"{path.name}.{picture.extension}")


def build_pattern(output: str | None) -> str:
    """Return the pattern that `-o` means.

    Raises:
        typer.BadParameter: it is malformed or has a place that is not known.
        CommandFailed: its folder cannot be written to.
    """
    pattern = output or DEFAULT_NAME
    try:
        if Path(pattern).is_dir():
            pattern = pattern.replace("{", "{{").replace("}", "}}") + os.sep + DEFAULT_NAME
        elif pattern.endswith(("/", os.sep)):
            pattern += DEFAULT_NAME
        _check_places(pattern)
        _check_folder(pattern)
    except OSError as error:
        raise CommandFailed(f"cannot write to {to_line(pattern)} ({error.strerror})") from None
    return pattern


def write(picture: Picture, naming: Naming, taken: set[Path]) -> Path:
    """Write a picture under the first name that is free, and add the name to `taken`.

    Raises:
        CommandFailed: it cannot be written; the line says where it was kept instead.
    """
    path = Path()
    try:
        for path in naming.list_names(picture, len(taken) + 1):
            if path in taken:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                _write_file(path, picture.data, may_replace=naming.is_forced)
                taken.add(path)
                return path
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandFailed(f"cannot write {path} ({reason}); {_keep(picture)}") from None
    raise AssertionError


def write_to_standard_output(picture: Picture) -> None:
    """Write a picture's bytes to standard output.

    Raises:
        CommandFailed: nobody reads there any more; the line says where the picture was kept.
    """
    try:
        sys.stdout.buffer.write(picture.data)
        sys.stdout.buffer.flush()
    except OSError as error:
        give_up_standard_output()
        raise CommandFailed(f"cannot write to standard output ({error.strerror}); {_keep(picture)}") from None


def give_up_standard_output() -> None:
    """Lead standard output nowhere: what its buffer holds would fail once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_file(path: Path, data: bytes, *, may_replace: bool) -> None:
    target = path.with_name(f".{path.name[:100]}.{os.getpid()}.part") if may_replace else path
    with target.open("xb") as file:
        try:
            file.write(data)
            file.close()
            if may_replace:
                target.replace(path)
        except OSError:
            target.unlink(missing_ok=True)
            raise


def _keep(picture: Picture) -> str:
    try:
        number, name = tempfile.mkstemp(prefix="limner-", suffix=f".{picture.extension}")
        with os.fdopen(number, "wb") as file:
            file.write(picture.data)
    except OSError as error:
        return f"and it could not be kept ({error.strerror})"
    return f"the picture was kept as {name}"


def _check_places(pattern: str) -> None:
    try:
        places = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise typer.BadParameter(f"--output {pattern!r} is malformed: {error}") from None
    for _, place, form, conversion in places:
        if place is None:
            continue
        is_plain = not form or (place in _NUMBERS and _NUMBER_FORMAT.fullmatch(form))
        if place not in _PLACES or conversion or not is_plain:
            typed = place + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            accepted = ", ".join(f"{{{name}}}" for name in _PLACES)
            raise typer.BadParameter(f"--output has {{{typed}}}, which is not known; accepted: {accepted}")


def _check_folder(pattern: str) -> None:
    """Find out before anything is bought that there is nowhere to write: missing folders are made later."""
    literal = ""
    for text, place, *_ in string.Formatter().parse(pattern):
        literal += text
        if place is not None:
            literal += "x"
            break
    folder = Path(literal).parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise CommandFailed(f"cannot write to {pattern}: {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandFailed(f"cannot write to {pattern}: the folder {folder} may not be written to")


def _has_place(pattern: str, name: str) -> bool:
    return any(place == name for _, place, *_ in string.Formatter().parse(pattern))


def _to_slug(prompt: str) -> str:
    text = unicodedata.normalize("NFC", prompt[:1000].lower())
    return (
        _NO_NAME_CHARACTERS.sub("-", text).strip("-_")[:_LONGEST_PROMPT_CHARACTERS].strip("-_") or "picture"
    )
