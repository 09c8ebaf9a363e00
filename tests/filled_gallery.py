"""Fills a data folder with pictures that hang in a gallery: books and files, as a gateway would have left them.

The files are a few that are drawn once; all pictures of a shape share one, by links, so that thousands take a moment.
"""

import io
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec
from PIL import Image

from limner.generation.claiming import name_folder
from limner.generation.record import Asked, Bill
from limner.generation.settling import StoredAnswer
from limner.ledger import claims, endings
from limner.ledger.keys import ApiKey, KeyStore
from limner.ledger.records import Claim, Ending, Fresh, RepeatWindows, StoredPicture
from limner.ledger.signing import load_signing_secret
from limner.ledger.sqlite import SqliteDatabase
from limner.translate.outcome import Outcome
from limner.translate.usage import TokenCount

PIXELS = {"16:9": (688, 384), "1:1": (512, 512), "3:4": (448, 600), "9:16": (384, 688), "21:9": (792, 336)}

_AT_ONCE = 1_000
_COST = 67_123


@dataclass(frozen=True, kw_only=True)
class Hung:
    """One answer: what was asked, when, and how many pictures came."""

    prompt: str
    created: int
    ratio: str = "16:9"
    model: str = "nano-banana-2"
    upstream_model: str = "gemini-3.1-flash-image"
    asked_ratio: bool = True
    count: int = 1


@dataclass
class Shapes:
    """The files that are shared, made when they are needed."""

    folder: Path
    made: dict[tuple[str, int], tuple[Path, bytes]] = field(default_factory=dict)

    def get(self, ratio: str, number: int) -> tuple[Path, bytes]:
        """Return the file of a ratio, of which there are a few that look different."""
        which = ratio, number % 6
        if which not in self.made:
            width, height = PIXELS[ratio]
            hue = which[1] * 43
            picture = Image.linear_gradient("L").resize((width, height))
            bands = [
                picture.point(lambda v, shift=shift: (v // 2 + hue + shift) % 256) for shift in (0, 60, 120)
            ]
            out = io.BytesIO()
            Image.merge("RGB", bands).save(out, "JPEG", quality=80)
            path = self.folder / f"{ratio.replace(':', 'x')}-{which[1]}.jpg"
            path.write_bytes(out.getvalue())
            self.made[which] = path, out.getvalue()
        return self.made[which]


def fill(data_dir: Path, hung: Iterable[Hung], *, name: str = "gallery") -> tuple[str, list[list[str]]]:
    """Hang pictures, of a key of their own; return its secret, and the ids of each answer's pictures."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = data_dir / "pictures"
    folder.mkdir(mode=0o700, exist_ok=True)
    shapes_folder = data_dir.parent / f"{data_dir.name}-shapes"
    shapes_folder.mkdir(exist_ok=True)
    shapes = Shapes(shapes_folder)
    answers = list(hung)
    ids: list[list[str]] = []
    with SqliteDatabase(data_dir) as database:
        store = KeyStore(database, signing_secret=load_signing_secret(data_dir, None))
        key, secret = store.create(name)
        for first in range(0, len(answers), _AT_ONCE):
            with database.transaction():
                for number, one in enumerate(answers[first : first + _AT_ONCE], first):
                    pictures = _hang(database, key, one, shapes, folder, number)
                    ids.append([picture.id for picture in pictures])
    return secret, ids


def _hang(
    database: SqliteDatabase, key: ApiKey, one: Hung, shapes: Shapes, folder: Path, number: int
) -> Sequence[StoredPicture]:
    generation_id = f"gen_{secrets.token_hex(16)}"
    name = name_folder(generation_id, one.created)
    (folder / name).mkdir(parents=True)
    pictures = tuple(_to_picture(one, shapes, folder / name, number, index) for index in range(one.count))
    at_ms = one.created * 1000 + number % 1000
    call = Claim(
        generation_id=generation_id, door="chat", key=key, end_user="", fingerprint=secrets.token_bytes(32),
        idempotency_digest=None, model=one.upstream_model, asked=msgspec.json.encode(_to_asked(one)),
        is_stream=False, store=None, prompt=one.prompt, reserved_micro_usd=100_000, is_retry=False,
        is_always_new=True,
    )  # fmt: skip
    assert isinstance(claims.claim(database, call, RepeatWindows(), at_ms), Fresh)
    claims.mark_sent(database, generation_id, at_ms)
    endings.end(database, _to_ending(generation_id, one, pictures, name), at_ms + 9_000)
    claims.leave(database, generation_id, at_ms + 9_100, is_delivered=True)
    return pictures


def _to_picture(one: Hung, shapes: Shapes, folder: Path, number: int, index: int) -> StoredPicture:
    path, content = shapes.get(one.ratio, number + index)
    file_name = f"picture-{index + 1}.jpg"
    os.link(path, folder / file_name)
    width, height = PIXELS[one.ratio]
    return StoredPicture(
        id=f"img_{secrets.token_hex(16)}", number=index, is_thought=False, file_name=file_name,
        sha256=sha256(content).hexdigest(), mime_type="image/jpeg", width=width, height=height,
        size_bytes=len(content),
    )  # fmt: skip


def _to_asked(one: Hung) -> Asked:
    return Asked(
        model=one.model, upstream_model=one.upstream_model, image_output="markdown", wants_thoughts=False,
        aspect_ratio=one.ratio if one.asked_ratio else None, image_size="512", text_bytes=20, input_pictures=0,
        created=one.created, notices=(), n=one.count,
    )  # fmt: skip


def _to_ending(generation_id: str, one: Hung, pictures: tuple[StoredPicture, ...], folder: str) -> Ending:
    tokens = TokenCount(input_text=9, input_image=0, output_image=747 * one.count, output_text=0, thoughts=0)
    answer = StoredAnswer(
        outcome=Outcome(finish_reason="stop", refusal=None, notices=()),
        bill=Bill(tokens=tokens, cost_micro_usd=_COST),
        notices=(),
        text="",
    )
    return Ending(
        generation_id=generation_id, state="settled", cost_micro_usd=_COST, answer=msgspec.json.encode(answer),
        is_replayable=True, input_tokens=9, output_tokens=tokens.output_image, pictures=pictures, folder=folder,
        stored_bytes=sum(picture.size_bytes for picture in pictures),
    )  # fmt: skip
