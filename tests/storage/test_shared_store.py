"""The shared store, on a shared folder and on S3: whole copies, never written over, in bounded time and memory."""

# ruff: noqa: SLF001 - a test may look inside

import asyncio
import os
import re
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from limner.pictures.disk import remove_tree
from limner.pictures.shared import FolderMissing, SharedStore, SharedStoreError, open_shared_store
from s3 import BUCKET, SECRET, S3Server, running_s3
from slow_wire import deaf_port

FOLDER = "2026-11-25/gen_1"
FILES = {
    "picture-1.png": b"\x89PNG" + bytes(range(256)) * 9000,
    "picture-2.jpg": b"",
    "journal.jsonl": b'{"head": 1}\n{"end": 1}\n',
}
QUICKLY = 0.5
"""A patience for a store that will not answer."""
SOON = 2.5
"""A patience that is soon over too, but enough for a store that does answer."""

pytestmark = pytest.mark.usefixtures("_no_proxy")

OpenStore = Callable[..., SharedStore]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory, _no_proxy: None) -> Iterator[S3Server]:
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def wire(s3: S3Server) -> Iterator[S3Server]:
    """S3 whose wire a test may treat as it likes; it is whole again afterwards."""
    yield s3
    s3.restore()


@pytest.fixture(params=["file", "s3"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path, s3: S3Server) -> OpenStore:
    """Open the same store at every call, empty when the test begins."""
    urls = {"file": f"file://{tmp_path}/shared store", "s3": f"s3://{BUCKET}/{uuid4().hex}/deep"}
    url = urls[request.param]
    return lambda below="", **options: open_shared_store(url + below, s3.variables, **options)


def open_s3(s3: S3Server, **options: float) -> SharedStore:
    return open_shared_store(f"s3://{BUCKET}/{uuid4().hex}", s3.variables, **options)


def write_folder(path: Path, files: dict[str, bytes] | None = None) -> Path:
    path.mkdir(parents=True)
    for name, content in (FILES if files is None else files).items():
        (path / name).write_bytes(content)
    return path


def read_folder(path: Path) -> dict[str, bytes]:
    return {found.name: found.read_bytes() for found in path.iterdir()}


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for is on the disk, where no event tells of it
        await asyncio.sleep(0.001)


def fails(work: Coroutine[Any, Any, object]) -> str:
    """Return what a store says that fails, and check that it gives nothing away."""
    with pytest.raises(SharedStoreError) as caught:
        asyncio.run(work)
    said = str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert not re.search(rf"{SECRET}|AKIA|Authorization|Signature=|http://|Debug source", said)
    return said


def test_a_copy_is_the_same(open_store: OpenStore, tmp_path: Path) -> None:
    """What one gateway uploads another downloads, byte for byte and nothing else, for its owner alone."""
    there = tmp_path / "other" / "2026-11-25" / "gen_1"
    (tmp_path / "other").mkdir()

    async def copy() -> None:
        await open_store().upload(FOLDER, write_folder(tmp_path / "local"))
        await open_store().download(FOLDER, there)

    asyncio.run(copy())
    assert read_folder(there) == FILES
    assert list(there.parent.iterdir()) == [there]
    assert {path.stat().st_mode & 0o777 for path in (there, there.parent)} == {0o700}


def test_uploading_again_changes_nothing(open_store: OpenStore, tmp_path: Path) -> None:
    """A folder that is uploaded again, whole or in part, is done, and so is a second download."""
    local = write_folder(tmp_path / "local")

    async def repeat() -> None:
        store = open_store()
        for _ in range(2):
            await store.upload(FOLDER, local)
            await store.download(FOLDER, tmp_path / "copy")

    asyncio.run(repeat())
    assert read_folder(tmp_path / "copy") == FILES


def test_uploads_at_once(open_store: OpenStore, tmp_path: Path) -> None:
    """Several gateways that upload and download the same folder at once are all done, and it is whole."""
    local = write_folder(tmp_path / "local")

    async def race() -> None:
        stores = [open_store() for _ in range(6)]
        await asyncio.gather(*(store.upload(FOLDER, local) for store in stores))
        await asyncio.gather(*(store.download(FOLDER, tmp_path / "copy") for store in stores))

    asyncio.run(race())
    assert read_folder(tmp_path / "copy") == FILES
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_nothing_is_written_over(open_store: OpenStore, tmp_path: Path) -> None:
    """A file that is there with another size is an error, and stays as it is."""
    store = open_store()
    asyncio.run(store.upload(FOLDER, write_folder(tmp_path / "local")))
    other = write_folder(tmp_path / "other", FILES | {"picture-1.png": b"short"})
    said = fails(open_store().upload(FOLDER, other))
    assert said == f"{FOLDER}/picture-1.png is in the shared store with 2304004 bytes instead of 5"
    asyncio.run(open_store().download(FOLDER, tmp_path / "copy"))
    assert read_folder(tmp_path / "copy") == FILES


def test_the_race_for_another_size_is_lost_safely(open_store: OpenStore, tmp_path: Path) -> None:
    """Of two different files that are created at once one stays whole, and the other's upload is an error."""
    folders = [write_folder(tmp_path / str(size), {"journal.jsonl": b"x" * size}) for size in (1000, 2000)]

    async def race() -> list[BaseException | None]:
        uploads = (open_store().upload(FOLDER, folder) for folder in folders)
        return await asyncio.gather(*uploads, return_exceptions=True)

    outcomes = asyncio.run(race())
    lost = [outcome for outcome in outcomes if outcome is not None]
    asyncio.run(open_store().download(FOLDER, tmp_path / "copy"))
    size_bytes = (tmp_path / "copy" / "journal.jsonl").stat().st_size
    assert size_bytes in {1000, 2000}
    # moto looks and writes in two steps, so that both may be told that they were the first.
    assert len(lost) <= 1
    assert all(isinstance(outcome, SharedStoreError) for outcome in lost)


def test_what_is_not_there(open_store: OpenStore, tmp_path: Path) -> None:
    """A folder that nobody uploaded is missing, and nothing of it is made."""
    with pytest.raises(FolderMissing):
        asyncio.run(open_store().download(FOLDER, tmp_path / "pictures" / "copy"))
    assert not (tmp_path / "pictures").exists()


def test_half_an_upload(open_store: OpenStore, tmp_path: Path) -> None:
    """Without its journal a folder is missing, whatever else is there; a later upload completes it."""
    asyncio.run(open_store()._put(FOLDER, "picture-1.png", FILES["picture-1.png"]))
    with pytest.raises(FolderMissing):
        asyncio.run(open_store().download(FOLDER, tmp_path / "copy"))
    asyncio.run(open_store().upload(FOLDER, write_folder(tmp_path / "local")))
    asyncio.run(open_store().download(FOLDER, tmp_path / "copy"))
    assert read_folder(tmp_path / "copy") == FILES


def test_an_upload_that_is_cut(wire: S3Server, tmp_path: Path) -> None:
    """S3 that goes down in the middle of a picture keeps none of it, and gets it all when it is back."""
    store, local = open_s3(wire), write_folder(tmp_path / "local")
    before = wire.list_objects()
    wire.wire.cut_after(500_000)
    fails(store.upload(FOLDER, local))
    fails(store.upload(FOLDER, local))
    assert wire.list_objects() == before
    wire.restore()
    asyncio.run(store.upload(FOLDER, local))
    asyncio.run(store.download(FOLDER, tmp_path / "copy"))
    assert read_folder(tmp_path / "copy") == FILES


def test_a_download_that_is_cut(wire: S3Server, tmp_path: Path) -> None:
    """S3 that goes down in the middle of a download leaves nothing behind, and gives all when it is back."""
    store = open_s3(wire, patience_seconds=SOON)
    local = write_folder(tmp_path / "local", {"picture-1.png": bytes(40 << 20), "journal.jsonl": b"{}\n"})
    asyncio.run(open_shared_store(store.identity.partition(" at ")[0], wire.variables).upload(FOLDER, local))
    target = tmp_path / "pictures" / "gen_1"
    target.parent.mkdir()

    async def stop_in_the_middle() -> None:
        download = asyncio.create_task(store.download(FOLDER, target))
        await until(
            lambda: download.done() or any(path.stat().st_size for path in target.parent.glob(".gen_1-*/*"))
        )
        wire.wire.stall()
        await download

    fails(stop_in_the_middle())
    assert list(target.parent.iterdir()) == []
    wire.restore()
    asyncio.run(
        open_shared_store(store.identity.partition(" at ")[0], wire.variables).download(FOLDER, target)
    )
    assert read_folder(target) == read_folder(local)


def test_a_download_that_is_given_up(s3: S3Server, tmp_path: Path) -> None:
    """A download whose caller is cancelled, at any moment, leaves nothing behind or the whole folder."""
    store, local = open_s3(s3), write_folder(tmp_path / "local")
    target = tmp_path / "pictures" / "gen_1"
    target.parent.mkdir()

    async def cancel_at_each_turn() -> int:
        """Cancel one turn of the loop later each time, until a download is done before."""
        await store.upload(FOLDER, local)
        for turns in count():
            download = asyncio.create_task(store.download(FOLDER, target))
            for _ in range(turns):
                await asyncio.sleep(0)
                await asyncio.sleep(0.0005 if any(target.parent.iterdir()) else 0)
            if not download.cancel():
                return turns
            with suppress(asyncio.CancelledError):
                await download
            assert [path for path in target.parent.iterdir() if path != target] == []
            if target.exists():
                assert read_folder(target) == FILES
                remove_tree(target)
        raise AssertionError

    assert asyncio.run(cancel_at_each_turn()) > 5


def test_removing(open_store: OpenStore, tmp_path: Path) -> None:
    """A removed folder is missing and nothing of it is left; removing it again is done, and its neighbour stays."""
    local = write_folder(tmp_path / "local")

    async def remove() -> None:
        store = open_store()
        await store.upload(FOLDER, local)
        await store.upload(FOLDER + "0", local)
        await store.remove(FOLDER)
        await store.remove(FOLDER)
        assert await store._list(FOLDER) == {}
        await store.download(FOLDER + "0", tmp_path / "neighbour")
        with pytest.raises(FolderMissing):
            await store.download(FOLDER, tmp_path / "copy")

    asyncio.run(remove())
    assert read_folder(tmp_path / "neighbour") == FILES


def test_prefixes_are_apart(open_store: OpenStore, tmp_path: Path) -> None:
    """What is under one prefix is not under another, nor under one that it begins with."""
    asyncio.run(open_store("/below").upload(FOLDER, write_folder(tmp_path / "local")))
    for other in ("", "/belo", "/below2", "/below/2026-11-25"):
        with pytest.raises(FolderMissing):
            asyncio.run(open_store(other).download(FOLDER, tmp_path / "copy"))
    asyncio.run(open_store("/below/").download(FOLDER, tmp_path / "copy"))


def test_a_check_leaves_nothing(open_store: OpenStore, tmp_path: Path, s3: S3Server) -> None:
    """A store that works passes its check, and has nothing in it afterwards."""
    asyncio.run(open_store().check())
    folder = tmp_path / "shared store"
    assert not folder.exists() or list(folder.iterdir()) == []
    assert [path for path in s3.list_objects() if "probe" in path] == []


def test_a_shared_folder_is_its_owners(tmp_path: Path) -> None:
    """Every folder of a shared folder is its owner's alone, and drafts of the dead are in no copy."""
    root = tmp_path / "a" / "b"
    store = open_shared_store(f"file://{root}", {})
    asyncio.run(store.upload(FOLDER, write_folder(tmp_path / "local")))
    assert {path.stat().st_mode & 0o777 for path in (root, root / "2026-11-25", root / FOLDER)} == {0o700}
    assert read_folder(root / FOLDER) == FILES
    (root / FOLDER / ".picture-9.png.dead").write_bytes(b"half")
    asyncio.run(store.download(FOLDER, tmp_path / "copy"))
    assert read_folder(tmp_path / "copy") == FILES
    asyncio.run(store.remove(FOLDER))
    assert not (root / FOLDER).exists()


def test_a_shared_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A shared folder where something is in the way says what the system says."""
    store = open_shared_store(f"file://{tmp_path}/shared", {})
    (tmp_path / "shared" / "2026-11-25").write_bytes(b"")
    said = fails(store.upload(FOLDER, write_folder(tmp_path / "local")))
    assert "Not a directory" in said
    with pytest.raises(ValueError, match="cannot be made"):
        open_shared_store(f"file://{tmp_path}/shared/2026-11-25/x", {})


def list_operations(
    store: SharedStore, local: Path, copy: Path
) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    return [
        lambda: store.upload(FOLDER, local),
        lambda: store.download(FOLDER, copy),
        lambda: store.remove(FOLDER),
        store.check,
    ]


def test_down(wire: S3Server, tmp_path: Path) -> None:
    """A store that is down is an error of every operation, and none once it is up."""
    store, local = open_s3(wire), write_folder(tmp_path / "local")
    wire.cut()
    for ask in list_operations(store, local, tmp_path / "copy"):
        assert "it refuses connections" in fails(ask())
    wire.restore()
    asyncio.run(store.upload(FOLDER, local))
    asyncio.run(store.download(FOLDER, tmp_path / "copy"))


def test_stalled(wire: S3Server, tmp_path: Path) -> None:
    """A store that takes connections and answers nothing is an error when the patience for it is over."""
    store, local = open_s3(wire, patience_seconds=QUICKLY), write_folder(tmp_path / "local")
    wire.wire.stall()
    for ask in list_operations(store, local, tmp_path / "copy"):
        assert "no answer from the shared store in 0 s" in fails(ask())


def test_patience_grows_with_the_file(wire: S3Server, tmp_path: Path) -> None:
    """A slow store gets a large file, though it takes longer than the patience for a request."""
    store = open_s3(wire, patience_seconds=SOON)
    local = write_folder(tmp_path / "local", {"picture-1.png": bytes(4 << 20), "journal.jsonl": b"{}\n"})
    wire.wire.delay(0.05)  # 64 pieces: 3.2 s
    asyncio.run(store.upload(FOLDER, local))


def test_two_uploads_at_once(wire: S3Server, tmp_path: Path) -> None:
    """However many are asked for, two uploads go on at a time; a stalled store holds no more than these."""
    store, local = open_s3(wire, patience_seconds=SOON), write_folder(tmp_path / "local")
    wire.wire.stall()

    async def upload_all() -> int:
        uploads = [asyncio.create_task(store.upload(f"2026-11-25/gen_{n}", local)) for n in range(5)]
        await asyncio.wait(uploads, return_when=asyncio.FIRST_COMPLETED)
        wire.restore()
        outcomes = await asyncio.gather(*uploads, return_exceptions=True)
        return sum(isinstance(outcome, SharedStoreError) for outcome in outcomes)

    assert asyncio.run(upload_all()) in {1, 2}


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells what memory is a process's own"
)
def test_large_files_are_not_held(s3: S3Server, tmp_path: Path) -> None:
    """Of a picture of 40 MiB a process holds a small part, on its way there and back."""
    store = open_s3(s3)
    local = write_folder(
        tmp_path / "local", {"picture-1.png": os.urandom(40 << 20), "journal.jsonl": b"{}\n"}
    )

    async def copy() -> int:
        await store.check()
        least = most = measure_own_bytes()
        work = asyncio.create_task(transfer())
        while not work.done():
            most = max(most, measure_own_bytes())
            await asyncio.sleep(0.002)
        await work
        return most - least

    async def transfer() -> None:
        await store.upload(FOLDER, local)
        await store.download(FOLDER, tmp_path / "copy")

    tracemalloc.start()
    try:
        grown_bytes = asyncio.run(copy())
        _, python_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read_folder(tmp_path / "copy") == read_folder(local)
    assert grown_bytes < 20 << 20
    assert python_bytes < 4 << 20


def measure_own_bytes() -> int:
    """Return what the process holds beside files that are mapped."""
    found = re.search(r"^RssAnon:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def test_refusals_say_why(s3: S3Server, tmp_path: Path) -> None:
    """A bucket that is not there is said to be missing, for reading too: that is no missing folder."""
    store = open_shared_store("s3://nobody-made-this", s3.variables)
    assert "no such bucket" in fails(store.check())
    assert "no such bucket" in fails(store.upload(FOLDER, write_folder(tmp_path / "local")))
    with pytest.raises(SharedStoreError) as caught:
        asyncio.run(store.download(FOLDER, tmp_path / "copy"))
    assert not isinstance(caught.value, FolderMissing)


def test_a_store_that_writes_over_is_refused(wire: S3Server) -> None:
    """A store that creates where something is fails its check, which says so and leaves nothing."""
    store = open_shared_store(f"s3://{BUCKET}/overwriting", wire.variables)
    wire.wire.forge(b"if-none-match", b"if-none-knows")
    assert "writes over" in fails(store.check())
    off = wire.variables | {"AWS_CONDITIONAL_PUT": "disabled"}
    assert "AWS_CONDITIONAL_PUT" in fails(open_shared_store(f"s3://{BUCKET}/overwriting", off).check())
    assert [path for path in wire.list_objects() if "overwriting" in path] == []


@pytest.mark.parametrize(
    ("url", "variables"),
    [
        ("s3://bucket/x", {"AWS_ENDPOINT_URL": "", "AWS_ALLOW_HTTP": "true", "AWS_SKIP_SIGNATURE": "true"}),
        (
            "gs://bucket/x",
            {"GOOGLE_BASE_URL": "", "GOOGLE_ALLOW_HTTP": "true", "GOOGLE_BEARER_TOKEN": SECRET},
        ),
        (
            "az://container/x",
            {
                "AZURE_ENDPOINT": "",
                "AZURE_ALLOW_HTTP": "true",
                "AZURE_STORAGE_ACCOUNT_NAME": "account",
                "AZURE_STORAGE_ACCOUNT_KEY": "c2VjcmV0",
            },
        ),
    ],
)
def test_every_kind_opens_and_fails_in_words(url: str, variables: dict[str, str], tmp_path: Path) -> None:
    """Each kind of store can be opened, connects to nothing by that, and fails as a shared store does."""
    with deaf_port() as port:
        name = next(name for name, value in variables.items() if not value)
        store = open_shared_store(url, variables | {name: f"http://127.0.0.1:{port}"})
        assert store.identity.startswith(f"{url} at http://127.0.0.1:{port}")
        local = write_folder(tmp_path / "local")
        for ask in (store.check, lambda: store.upload(FOLDER, local), lambda: store.remove(FOLDER)):
            assert "it refuses connections" in fails(ask())


@pytest.mark.parametrize(
    ("url", "variables", "said"),
    [
        ("s3://bucket", {"AWS_ENDPOINT_URL": "storage:9000"}, "AWS_ENDPOINT_URL is not the bare address"),
        ("s3://bucket", {"AWS_ENDPOINT_URL": "http://storage"}, "AWS_ALLOW_HTTP=true"),
        (
            "s3://bucket",
            {"AWS_ENDPOINT_URL_S3": f"https://me:{SECRET}@storage"},
            "AWS_ENDPOINT_URL_S3 is not",
        ),
        ("s3://bucket", {"AWS_ENDPOINT": "https://a", "AWS_ENDPOINT_URL": "https://b"}, "Duplicate key"),
        ("gs://bucket", {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"}, "/nowhere/key.json"),
        ("gs://bucket", {"GOOGLE_SERVICE_ACCOUNT_KEY": SECRET}, "service account"),
        ("az://container", {}, "Account must be specified"),
        (
            "az://container",
            {"AZURE_STORAGE_ACCOUNT_NAME": "a", "AZURE_STORAGE_ACCOUNT_KEY": SECRET},
            "Access Key",
        ),
        ("ftp://bucket", {}, "does not begin with"),
    ],
)
def test_what_cannot_be_used_is_refused_when_it_is_opened(
    url: str, variables: dict[str, str], said: str
) -> None:
    """Variables that cannot work stop the opening, naming what is wrong and no secret."""
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        open_shared_store(url, variables)
    assert SECRET not in str(caught.value)


def test_variables_of_other_programs_are_let_be(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the library does not know, another bucket, and empty variables of the process change nothing."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", " ")
    monkeypatch.setenv("AWS_BUCKET", "another")
    others = {"AWS_PAGER": "less", "AWS_PROFILE": "me", "AWS_BUCKET_NAME": "another", "GOOGLE_API_KEY": "x"}
    store = open_shared_store(f"s3://{BUCKET}", others | s3.variables)
    asyncio.run(store.check())
    assert store.identity == f"s3://{BUCKET} at {s3.wire.url}"


def test_identities(s3: S3Server, tmp_path: Path) -> None:
    """Two spellings of one store have one identity; bucket, prefix and endpoint tell stores apart."""
    urls = ["s3://one/a", "s3://one/a/", "s3://one", "s3://one/", "s3://two/a", f"file://{tmp_path}/a"]
    identities = [open_shared_store(url, s3.variables).identity for url in urls]
    identities.append(
        open_shared_store("s3://one/a", {"AWS_ENDPOINT_URL": "https://s3.example.org/"}).identity
    )
    assert identities == [
        f"s3://one/a at {s3.wire.url}",
        f"s3://one/a at {s3.wire.url}",
        f"s3://one at {s3.wire.url}",
        f"s3://one at {s3.wire.url}",
        f"s3://two/a at {s3.wire.url}",
        f"file://{tmp_path}/a",
        "s3://one/a at https://s3.example.org",
    ]


@pytest.mark.parametrize("folder", ["", "..", "a/../b", "/a", "a//b", "a/", "a b", "a%2f", "gen\x00"])
def test_odd_folders_are_refused(folder: str, tmp_path: Path) -> None:
    """A folder's name that could lead elsewhere is refused before anything is asked."""
    store = open_shared_store(f"file://{tmp_path}/shared", {})
    for work in (
        store.upload(folder, tmp_path),
        store.download(folder, tmp_path / "x"),
        store.remove(folder),
    ):
        with pytest.raises(ValueError, match="letters, digits"):
            asyncio.run(work)
    assert list((tmp_path / "shared").iterdir()) == []


def test_a_folder_without_a_journal_is_not_uploaded(open_store: OpenStore, tmp_path: Path) -> None:
    """A local folder that is not whole is the caller's error, and nothing of it is uploaded."""
    local = write_folder(tmp_path / "local", {"picture-1.png": b"x"})
    store = open_store()
    with pytest.raises(FileNotFoundError):
        asyncio.run(store.upload(FOLDER, local))
    assert asyncio.run(store._list(FOLDER)) == {}
