"""`limner database backup`, `restore` and `check --files`, on books that were filled as a gateway fills them."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from bookkeeping import create_key, open_books, record, run_at
from commands import run

from limner.ledger.backups import find_damage
from limner.ledger.database import SqlValue
from limner.ledger.sqlite import FILE_NAME, SqliteDatabase
from places import Place

PICTURE = b"a picture's bytes"


def draw(place: Place, name: str = "studio") -> tuple[str, Path]:
    """Write a generation with its files as a gateway does; return its id and their folder."""
    generation_id = record(place, create_key(place, name))
    folder = f"2026-11-28/{generation_id}"
    with open_books(place) as database, database.transaction():
        database.change(
            "UPDATE generations SET folder = :f WHERE id = :id", {"f": folder, "id": generation_id}
        )
        values: dict[str, SqlValue] = {
            "s": hashlib.sha256(PICTURE).hexdigest(),
            "n": len(PICTURE),
            "id": generation_id,
        }
        database.change(
            "UPDATE pictures SET sha256 = :s, size_bytes = :n, file_name = 'picture-1.jpg' WHERE generation_id = :id",
            values,
        )
    path = place.data / "pictures" / folder
    path.mkdir(parents=True)
    (place.data / "spool").mkdir(exist_ok=True)
    (path / "picture-1.jpg").write_bytes(PICTURE)
    (path / "journal.jsonl").write_text("{}\n")
    return generation_id, path


def check(place: Place, *options: str) -> dict[str, Any]:
    """Return what a check of the files says; its exit code is 1 if there are problems."""
    done = run_at(place, "database", "check", "--files", "--json", *options)
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (1 if document["problems"] else 0)
    return document


def test_files_that_are_there(place: Place) -> None:
    """Where every file is there with its size nothing is wrong, and it is said how much was looked at."""
    draw(place)
    record(place, create_key(place, "other"), "failed")
    assert check(place)["problems"] == []
    assert check(place, "--deep")["files"] == {
        "answers": 1,
        "pictures": 1,
        "bytes": len(PICTURE),
        "only_in_shared_store": 0,
    }
    said = run_at(place, "database", "check", "--deep").stdout
    assert f"Files: 1 answers, 1 pictures, {len(PICTURE)} bytes, read and compared." in said


def test_files_that_are_not(place: Place) -> None:
    """A folder or file that is gone, cut short or altered is a line that says what to do; alteration takes --deep."""
    (_, gone), (_, cut), (_, altered), (_, bare) = (draw(place, name) for name in ("a", "b", "c", "d"))
    shutil.rmtree(gone)
    (cut / "picture-1.jpg").write_bytes(PICTURE[:-1])
    (altered / "picture-1.jpg").write_bytes(PICTURE.upper())
    (bare / "journal.jsonl").unlink()
    problems = check(place)["problems"]
    assert len(problems) == 3
    assert any(f"the files of {gone.name} are gone: copy pictures/2026-11-28/" in line for line in problems)
    assert any(f"{cut.name}/picture-1.jpg has 16 bytes and was stored with 17" in line for line in problems)
    assert any(f"{bare.name}/journal.jsonl is gone: copy it" in line for line in problems)
    deep = set(check(place, "--deep")["problems"]) - set(problems)
    assert [altered.name in line and "SHA-256 differs" in line for line in deep] == [True]


def test_files_that_nobody_knows(place: Place) -> None:
    """Folders that the books do not know, or have let go, and drafts left over, are named with what becomes of them."""
    let_go, path = draw(place)
    strange = "gen_" + "1" * 32
    shutil.copytree(path, path.with_name(strange))
    failed = record(place, create_key(place, "other"), "failed")
    for name in (failed, "gen_" + "2" * 32, record(place, create_key(place, "third"), "unknown")):
        (place.data / "spool" / name).mkdir()
    with open_books(place) as database, database.transaction():
        database.change("DELETE FROM pictures")
        database.change("UPDATE generations SET folder = NULL, answer = NULL WHERE id = :id", {"id": let_go})
    problems = check(place)["problems"]
    assert {line.partition(": ")[0] for line in problems} == {
        f"the books do not know pictures/2026-11-28/{strange}",
        f"pictures/2026-11-28/{let_go} was let go and is still here",
        f"spool/{failed} is left over, its call is failed",
        f"the books do not know spool/gen_{'2' * 32}",
    }
    assert all("start the gateway" in line for line in problems)


def test_each_problem_says_what_to_do(tmp_path: Path) -> None:
    """A difference in the books is followed by what to do about it."""
    place = Place(tmp_path)
    draw(place)
    with SqliteDatabase(place.data) as database:
        database.change("UPDATE accounts SET posted_micro_usd = 7 WHERE period = 'total'")
        database.change("DROP TRIGGER ledger_entries_stay")
    problems = check(place)["problems"]
    assert [line.rpartition(": ")[2] for line in problems] == [
        "stop limner and restore a backup; the books are not sure to add up since",
        "please report it; `limner database backup` keeps what there is",
    ]


def test_a_backup_is_restored(tmp_path: Path) -> None:
    """A backup is a folder with database and secret for their owner alone; restored, the books are as they were."""
    place = Place(tmp_path)
    draw(place)
    before = run_at(place, "usage", "--json").stdout
    done = run_at(place, "database", "backup", "backups/monday")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"backups/monday/{FILE_NAME}: 1 generations, ")
    folder = tmp_path / "backups" / "monday"
    assert sorted(path.name for path in folder.iterdir()) == [FILE_NAME, "signing-secret"]
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}
    late, _ = draw(place, "late")
    (place.data / "signing-secret").write_text("another-signing-secret-of-the-tests-of-32-bytes\n")
    restored = run_at(place, "database", "restore", str(folder), "--json")
    assert restored.returncode == 0, restored.stderr
    assert run_at(place, "usage", "--json").stdout == before
    assert (place.data / "signing-secret").read_bytes() == (folder / "signing-secret").read_bytes()
    aside = Path(json.loads(restored.stdout)["replaced"])
    assert aside.name.startswith(f"{FILE_NAME}.replaced-")
    other = Place(tmp_path / "other")
    other.data.mkdir(parents=True)
    shutil.copy(aside, other.data / FILE_NAME)
    assert late in run_at(other, "generations", "list").stdout
    assert run_at(place, "database", "check").returncode == 0


def test_what_cannot_be_backed_up(tmp_path: Path) -> None:
    """A folder that has a backup already, and a data folder without a database, are refused; nothing is left behind."""
    place = Place(tmp_path)
    none = run_at(place, "database", "backup", "first")
    assert (none.returncode, "there is no" in none.stderr) == (1, True)
    draw(place)
    assert run_at(place, "database", "backup", "first").returncode == 0
    again = run_at(place, "database", "backup", "first")
    assert (again.returncode, "is there already; name a new folder" in again.stderr) == (1, True)
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == [FILE_NAME, "signing-secret"]


def test_what_cannot_be_restored(tmp_path: Path) -> None:
    """A copy that is damaged, cut short, newer or none is refused, and the database stays as it is."""
    place = Place(tmp_path)
    draw(place)
    for name in ("cut", "damaged", "newer"):
        assert run_at(place, "database", "backup", name).returncode == 0
    file = tmp_path / "cut" / FILE_NAME
    file.write_bytes(file.read_bytes()[:20_000])
    damaged = bytearray((tmp_path / "damaged" / FILE_NAME).read_bytes())
    for offset in range(8192, len(damaged) - 4096, 4096):
        damaged[offset : offset + 64] = b"\xff" * 64
    (tmp_path / "damaged" / FILE_NAME).write_bytes(damaged)
    (tmp_path / "newer" / "data").mkdir()
    shutil.move(tmp_path / "newer" / FILE_NAME, tmp_path / "newer" / "data" / FILE_NAME)
    with SqliteDatabase(tmp_path / "newer" / "data") as database:
        database.change("INSERT INTO schema_version VALUES (999, 'of_tomorrow')")
    before = run_at(place, "generations", "list", "--json").stdout
    for name, said in (
        ("cut", "c"),
        ("damaged", "damaged"),
        ("newer/data", "has schema 999"),
        ("none", "no none"),
    ):
        done = run_at(place, "database", "restore", name)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert run_at(place, "generations", "list", "--json").stdout == before
    assert not list(place.data.glob("*.part"))
    assert not list(place.data.glob("*.replaced-*"))


def test_postgresql_has_its_own_tools(tmp_path: Path, postgres_url: str) -> None:
    """On PostgreSQL both commands are wrong usage, and name the program and the options that do it."""
    place = Place(tmp_path, postgres_url)
    for arguments, said in (
        (("backup", "b"), "pg_dump --format=custom --file=limner.dump URL"),
        (("restore", "b"), "pg_restore --clean --if-exists --dbname=URL"),
    ):
        done = run_at(place, "database", *arguments)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split())
        assert postgres_url not in done.stderr


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ("cut", "is cut short ("),
        ("header", "is cut short: copy it again"),
        ("journal alone", "and no limner.sqlite3"),
    ],
)
def test_a_half_copied_file_is_refused(tmp_path: Path, left: str, said: str) -> None:
    """A gateway does not start on a file that was copied in part, nor on a journal without its file, and says what to do."""
    place = Place(tmp_path)
    draw(place)
    path = place.data / FILE_NAME
    content = path.read_bytes()
    if left == "journal alone":
        path.unlink()
        (place.data / f"{FILE_NAME}-wal").write_bytes(content[:8192])
    else:
        path.write_bytes(content[: 40 if left == "header" else len(content) // 2])
    done = run(tmp_path, "serve", "--emulator", "--port", "0", LIMNER_DATA_DIR=str(place.data))
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert said in line


def test_whole_files_show_no_damage(tmp_path: Path) -> None:
    """A folder without a database, a whole one, and one that is just in use are not refused."""
    place = Place(tmp_path)
    assert find_damage(place.data) is None
    draw(place)
    assert find_damage(place.data) is None
    with SqliteDatabase(place.data) as database:
        database.change("DELETE FROM refusals")
        database.change("CREATE TABLE more (line TEXT)")
        assert (place.data / f"{FILE_NAME}-wal").stat().st_size
        assert find_damage(place.data) is None
        assert database.fetch_integer("SELECT count(*) FROM generations") == 1
