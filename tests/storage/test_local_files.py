"""What a gateway deletes from its own disk, and above all what not: its jobs over real files and books."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from limner.generation.local_files import LocalFiles
from limner.ledger.books import LocalBooks
from limner.ledger.generations import Ledger
from limner.ledger.keys import ApiKey
from limner.ledger.records import Claim, Ending, RepeatWindows
from limner.ledger.upkeep import Upkeep
from limner.pictures.shared import open_shared_store
from limner.pictures.store import PictureStore

FOLDER = "2026-11-25/gen_1"
NOW = 1_795_600_000.0

CLAIM = Claim(
    generation_id="gen_1",
    door="chat",
    key=ApiKey(
        id="key_1",
        name="ann",
        owner="ann",
        is_admin=False,
        models=None,
        image_output=None,
        expires_at=None,
        created_at=0,
    ),
    end_user="",
    fingerprint=b"f" * 32,
    idempotency_digest=None,
    model="gemini-2.5-flash-image",
    asked=b"{}",
    is_stream=False,
    store=None,
    reserved_micro_usd=1,
    is_retry=False,
    is_always_new=False,
)
SETTLED = Ending(
    generation_id="gen_1",
    state="settled",
    cost_micro_usd=1,
    answer=b"{}",
    is_replayable=True,
    folder=FOLDER,
    stored_bytes=4,
)
UNKNOWN = Ending(generation_id="gen_1", state="unknown", cost_micro_usd=None, is_replayable=True)


class Disk:
    """A gateway's disk with one kept folder, and its books."""

    def __init__(self, folder: Path) -> None:
        books = LocalBooks(folder)
        windows = RepeatWindows()
        self.ledger = Ledger(books, now=lambda: NOW, windows=windows, is_shared=True)
        self.upkeep = Upkeep(books, now=lambda: NOW, windows=windows, is_shared=True)
        self.store = store = PictureStore(folder)
        store.create()
        self.kept = store.prepare(FOLDER)
        self.kept.mkdir()
        (self.kept / "journal.jsonl").write_bytes(b"{}\n")
        self.files = LocalFiles(
            self.upkeep,
            store,
            shared=open_shared_store((folder / "shared").as_uri(), {}),
            replica_id="",
            threads=ThreadPoolExecutor(1),
            retention_ms=0,
            now=lambda: NOW,
        )
        self.close = books.close


async def claim(disk: Disk) -> None:
    await disk.ledger.claim(CLAIM)


async def give_up(disk: Disk) -> None:
    await disk.ledger.claim(CLAIM)
    await disk.ledger.end(UNKNOWN)


async def settle(disk: Disk) -> None:
    await disk.ledger.claim(CLAIM)
    await disk.ledger.end(SETTLED)


async def forget(disk: Disk) -> None:
    await settle(disk)
    await disk.upkeep.forget_files([("gen_1", FOLDER)])


@pytest.mark.parametrize(
    ("history", "stays"), [(claim, True), (give_up, True), (settle, True), (forget, False)]
)
def test_only_what_was_let_go_is_deleted(
    history: Callable[[Disk], Awaitable[None]], stays: bool, tmp_path: Path
) -> None:
    """Files in their place whose end is not in the books yet, or came after others gave the call up, stay."""

    async def main() -> None:
        disk = Disk(tmp_path)
        await history(disk)
        await disk.files.drop_copies()
        assert disk.kept.exists() == stays
        disk.close()

    asyncio.run(main())


def test_what_arrives_is_not_swept(tmp_path: Path) -> None:
    """A draft that this process still receives stays, whatever the books say; what a call left goes."""

    async def main() -> None:
        disk = Disk(tmp_path)
        draft = disk.store.begin("gen_1")
        draft.add_line(b"{}")
        draft.flush()
        await give_up(disk)
        await disk.upkeep.resolve_old_unknowns("void", 2**50)
        await disk.files.sweep_drafts()
        assert draft.path.exists()
        draft.close()
        await disk.files.sweep_drafts()
        assert not draft.path.exists()
        disk.close()

    asyncio.run(main())
