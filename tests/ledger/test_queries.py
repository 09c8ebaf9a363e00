"""The SQL files: what is read from them, that the code and they fit, and that each database can run all of its own."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pytest
from databases import connect, make_postgres_place

import limner.ledger
from limner.ledger.database import Database, SqlValue
from limner.ledger.queries import Query, load_migrations, load_queries, to_postgres
from limner.ledger.sqlite import SqliteDatabase
from places import Place

postgres_place = pytest.fixture(make_postgres_place)

SOURCES = Path(limner.ledger.__file__).parent
FILES = sorted(
    {
        entry.name.removesuffix(".sql")
        for folder in ("", "sqlite", "postgres")
        for entry in files("limner.ledger").joinpath("sql", folder).iterdir()
        if entry.name.endswith(".sql")
    }
)
SQLITE_ONLY = {"sqlite"}
POSTGRES_ONLY = {"jobs", "replicas", "schema"}
ONE_WAY = {"moving"}
"""Modules that know one database, and the one that reads one and writes the other."""

VALUES: dict[str, SqlValue] = {
    "after_id": "g", "answer": "{}", "asked": "{}", "asked_begin": "{", "budget_period": "day", "conversation": "c", "digest": b"d",
    "digest_secret_id": "s", "digests": '["d"]',
    "door": "chat", "edge_id": "g", "end_user": "", "error": "{}", "file_name": "f", "fingerprint": b"f", "first_day": "2026-11-27",
    "folder": "f", "generation_id": "g", "hash_digest": b"h", "id": "g", "idempotency_digest": b"i", "ids": '["g"]', "image_output": "url",
    "key_id": "k", "key_name": "n", "kind": "upload", "credential_id": "c", "reason": "r", "response_id": "r", "said": "s", "upstream": "u", "last_day": "2026-11-27", "lease_seconds": 1.5, "metadata": "{}",
    "mime_type": "image/png", "model": "m", "models": "[]", "name": "n", "note": "n", "owner": "o", "place": "p",
    "prompt": "a cat", "prompt_folded": "a cat", "replica_id": "r", "rows": "[]", "search": "s",
    "secret_id": "s", "sha256": "0", "state": "sent", "words": '["a"]',
}  # fmt: skip
"""Something of the right type for each parameter that is no integer."""

INTEGERS = {"after_number", "is_*", "*_ms", "*_at", "*_micro_usd", "*_tokens", "*_per_minute", "*_bytes", "after", "before", "clients"} | {
    "ended_after", "claimed_after", "wrong_after", "running_since", "since", "until", "error_status", "epoch", "has_digest", "choice", "attempts", "status", "failures",
    "height", "width", "ratio_height", "ratio_width", "limit", "moved", "needs", "now", "number", "offset", "pictures", "pictures_asked", "excess", "step", "store", "version",
}  # fmt: skip

OPTIONAL = {
    "answer", "asked_begin", "budget_micro_usd", "conversation", "cost_micro_usd", "digest", "end_user", "error", "error_status",
    "expires_at", "folder", "height", "idempotency_digest", "image_output", "images_per_minute", "key_name", "metadata",
    "model", "models", "note", "prompt", "prompt_folded", "requests_per_minute", "search", "state", "store", "width", "response_id", "said", "status",
}  # fmt: skip
"""What may be NULL, where a query has it."""


PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


def list_queries(dialect: str) -> Iterator[tuple[str, str, Query]]:
    """Return file, name and query of all that a database can be asked."""
    for file in FILES:
        for name, query in load_queries(file).items():
            sql = query.sqlite if dialect == "sqlite" else query.postgres
            if re.sub(r"--.*\n", "", sql).startswith(PLANNED):
                yield file, name, query


def make_values(file: str, name: str, sql: str) -> dict[str, SqlValue]:
    """Return a value for each parameter, of the type that the code gives."""
    found: dict[str, SqlValue] = {}
    for parameter in re.findall(r"(?<![:\w]):([a-z]\w*)|%\((\w+)\)s", sql):
        key = "".join(parameter)
        is_integer = any(fnmatch(key, pattern) for pattern in INTEGERS)
        assert is_integer != (key in VALUES), f"{file}.{name} has an unknown parameter {key}"
        found[key] = 1 if is_integer else VALUES[key]
    if file == "replicas" and "store" in found:
        found["store"] = "s3://pictures"
    return found


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT :a, :b_2", "SELECT %(a)s, %(b_2)s"),
        ("SELECT :a::TEXT, a::BIGINT", "SELECT %(a)s::TEXT, a::BIGINT"),
        ("SELECT ':a', ':b' || :c", "SELECT ':a', ':b' || %(c)s"),
        ("SELECT 'it''s :a', :b", "SELECT 'it''s :a', %(b)s"),
        ("SELECT a LIKE 'x%' AND b % :c = 0", "SELECT a LIKE 'x%%' AND b %% %(c)s = 0"),
        ("SELECT list[1:2], list[1:length - 1], list[a + 1:]", "SELECT list[1:2], list[1:length - 1], list[a + 1:]"),
        ("make_interval(secs => :seconds)", "make_interval(secs => %(seconds)s)"),
        ("(:a,:b)", "(%(a)s,%(b)s)"),
    ],
)  # fmt: skip
def test_parameters_become_psycopgs(sql: str, expected: str) -> None:
    """Named parameters are translated; casts, quotes, percent signs and slices stay what they are."""
    assert to_postgres(sql) == expected


def test_a_dialects_own_query_goes_before_the_common_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query of the same name in a database's folder stands for the common one there, and there alone."""
    for folder in ("", "sqlite", "postgres"):
        (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / "made.sql").write_text(
        "-- name: a\n-- Common.\nSELECT :x;\n\n-- name: b\n-- Common.\nSELECT 2;\n"
    )
    (tmp_path / "postgres" / "made.sql").write_text("-- name: a\n-- Own.\nSELECT :x::TEXT;\n")
    (tmp_path / "sqlite" / "made.sql").write_text("-- name: c\n-- Own.\nSELECT 3;\n")
    monkeypatch.setattr("limner.ledger.queries._locate", lambda folder: tmp_path / folder)
    assert load_queries("made") == {
        "a": Query("SELECT :x;", "SELECT %(x)s::TEXT;"),
        "b": Query("SELECT 2;", "SELECT 2;"),
        "c": Query("SELECT 3;", ""),
    }
    load_queries.cache_clear()


class Use(NamedTuple):
    """A query that a module asks for."""

    module: str
    file: str
    pattern: str
    """Its name, or how all that are meant are called."""


def list_used(source: Path) -> Iterator[Use]:
    """Return what a module asks for."""
    tree = ast.parse(source.read_text())
    loaded: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and "load_queries" in ast.unparse(node.value):
            (call,) = [part for part in ast.walk(node.value) if isinstance(part, ast.Call)]
            assert isinstance(call.args[0], ast.Constant)
            loaded[ast.unparse(node.targets[0])] = str(call.args[0].value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in loaded:
            text = re.sub(r"\{\w+\}", "*", ast.unparse(node.slice))
            if found := re.fullmatch(r"f?['\"]([\w*]+)['\"]", text):
                yield Use(source.stem, loaded[ast.unparse(node.value)], found[1])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".values", ".items")):
            owner = ast.unparse(node.func).rpartition(".")[0]
            if owner in loaded:
                yield Use(source.stem, loaded[owner], "*")


USED = sorted({used for source in SOURCES.glob("*.py") for used in list_used(source)})


def test_every_query_that_is_used_is_there() -> None:
    """What the code asks for is in the files, in both dialects unless the module knows one of them."""
    assert len(USED) > 60
    for use in USED:
        found = [query for name, query in load_queries(use.file).items() if fnmatch(name, use.pattern)]
        assert found, use
        if use.module not in {*SQLITE_ONLY, *ONE_WAY}:
            assert all(query.postgres for query in found), use
        if use.module not in {*POSTGRES_ONLY, *ONE_WAY}:
            assert all(query.sqlite for query in found), use


def test_every_query_is_used() -> None:
    """No query stands in a file that nobody asks."""
    unused = [
        (file, name)
        for file in FILES
        for name in load_queries(file)
        if not any(file == use.file and fnmatch(name, use.pattern) for use in USED)
    ]
    assert unused == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_migrations_are_numbered_without_gaps(dialect: str) -> None:
    """Migrations count from 1, and none needs a later one."""
    found = load_migrations(dialect)
    assert [step.number for step in found] == list(range(1, len(found) + 1))
    assert all(step.needs <= step.number for step in found)


def test_sqlite_plans_every_query(tmp_path: Path) -> None:
    """Each query can be prepared against the newest schema of SQLite."""
    with SqliteDatabase(tmp_path) as database:
        for file, name, query in list_queries("sqlite"):
            database.fetch_all("EXPLAIN " + query.sqlite, make_values(file, name, query.sqlite) or None)


def explain(database: Database, query: Query, values: dict[str, SqlValue]) -> list[str]:
    """Return PostgreSQL's plan for a query."""
    explained = Query("", "EXPLAIN (VERBOSE) " + query.postgres)
    return [str(line) for (line,) in database.fetch_all(explained, values)]


def test_postgres_plans_every_query(postgres_place: Place) -> None:
    """Each query can be planned by PostgreSQL with values of the types that the code gives, and NULL where it may be."""
    with connect(postgres_place) as database:
        for file, name, query in list_queries("postgres"):
            values = make_values(file, name, query.postgres)
            assert explain(database, query, values)
            for parameter in OPTIONAL & values.keys():
                assert explain(database, query, values | {parameter: None}), (file, name, parameter)


READ_BY_OPERATORS = {"integrity", "moving", "schema", "sums"}

READ_WHOLE = {
    # These are short, or read along an index up to a limit, or asked by an operator or at start.
    "list_evictable", "read_stored_bytes", "list_orphans", "reset_clients", "sweep_all_requests", "list_cases", "read_parks",
    "read_usage", "list_keys", "list_page", "list_secrets", "count_other_admins", "count_usable_keys", "count_unrecognisable_keys", "add_missing_uploads",
}  # fmt: skip


def test_what_every_call_asks_is_found_by_index_in_sqlite(tmp_path: Path) -> None:
    """No query but a few reads a whole table or a whole index."""
    with SqliteDatabase(tmp_path) as database:
        for file, name, query in list_queries("sqlite"):
            if file in READ_BY_OPERATORS or name in READ_WHOLE:
                continue
            values = make_values(file, name, query.sqlite) or None
            plan = [str(row[3]) for row in database.fetch_all("EXPLAIN QUERY PLAN " + query.sqlite, values)]
            assert [step for step in plan if re.match(r"SCAN (?!equal)[a-z](?!.*VIRTUAL)", step)] == [], (
                name,
                plan,
            )


def test_what_every_call_asks_is_found_by_index_in_postgres(postgres_place: Place) -> None:
    """For every query but a few there is an index that PostgreSQL can use for what it asks."""
    with connect(postgres_place) as database:
        database.change("SET enable_seqscan = off")
        database.change("SET enable_indexonlyscan = off")
        for file, name, query in list_queries("postgres"):
            if file in READ_BY_OPERATORS | {"jobs", "replicas"} or name in READ_WHOLE:
                continue
            plan = explain(database, query, make_values(file, name, query.postgres))
            assert [line for line in plan if "Seq Scan" in line] == [], (name, plan)
