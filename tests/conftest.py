"""What tests of the running programs share: an emulator, gateways in front of it, its journal.

One emulator and one gateway of each kind serve a whole session. When it ends every gateway must end with exit
code 0, and its log must hold no secret, no prompt, no picture and no error.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Programs that kill themselves, and storms, are of use elsewhere too.
sys.path.append(str(Path(__file__).resolve().parent / "crash"))

from bills import BillBook, run_bill_book
from gateways import end_left
from painting import Painter, painting
from places import Place, making_place
from postgres import PostgresServer, run_postgres
from programs import Emulator, Follow, Gateway, ListCalls, StartGateway, check_log, is_proxy_variable
from s3 import S3Server, running_s3
from token_server import TokenServer, run_token_server
from upstreams import Upstream, run_upstream


@pytest.fixture(scope="session")
def _no_proxy() -> Iterator[None]:
    """Keep this process's own clients away from proxies: everything they ask is on loopback."""
    with pytest.MonkeyPatch.context() as patch:
        for name in filter(is_proxy_variable, list(os.environ)):
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The upstream of every gateway that names no other."""
    program = Emulator(tmp_path_factory.mktemp("emulator"))
    yield program
    assert program.stop() == 0
    assert "Traceback" not in program.said


@pytest.fixture(scope="session")
def start_gateway(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory, _no_proxy: None
) -> Iterator[StartGateway]:
    """Return the session's gateway with the given variables, started at the first call.

    `upstream_url` is its upstream, the emulator if None.
    """
    running: dict[tuple[str, ...], Gateway] = {}

    def start(upstream_url: str | None = None, **variables: str) -> Gateway:
        url = upstream_url or emulator.url
        kind = (url, *(f"{name}={value}" for name, value in sorted(variables.items())))
        if kind not in running:
            running[kind] = Gateway(tmp_path_factory.mktemp("gateway"), url, variables)
        return running[kind]

    yield start
    codes = [gateway.stop() for gateway in running.values()]
    assert codes == [0] * len(running)
    for gateway in running.values():
        check_log(gateway)


@pytest.fixture(scope="session")
def gateway(start_gateway: StartGateway) -> Gateway:
    """The gateway with its default settings."""
    return start_gateway()


@pytest.fixture
def journal(emulator: Emulator) -> ListCalls:
    """Return a function that lists the calls the emulator got since the test began."""
    emulator.forget_calls()
    return emulator.list_calls


@pytest.fixture
def follow(emulator: Emulator) -> Iterator[Follow]:
    """Return a function that gives the emulator a standing script, which ends with the test."""
    yield emulator.follow
    emulator.follow("")


@pytest.fixture
def token_server(_no_proxy: None) -> Iterator[TokenServer]:
    """A token server of the test's own, in place of Google's."""
    with run_token_server() as server:
        yield server


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded Gemini answers, which lies beside the checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "recordings" / "gemini"
    if not folder.is_dir():
        pytest.skip("the recordings of Gemini's answers are not on this machine")
    return folder


@pytest.fixture(scope="session")
def upstream_server() -> Iterator[Upstream]:
    """The server that answers as a test says."""
    with run_upstream() as server:
        yield server


@pytest.fixture
def upstream(upstream_server: Upstream) -> Upstream:
    """The same, with no calls in its record."""
    upstream_server.calls.clear()
    return upstream_server


@pytest.fixture(scope="session")
def scripted_gateway(start_gateway: StartGateway, upstream_server: Upstream) -> Gateway:
    """The gateway in front of that server."""
    return start_gateway(upstream_server.url)


@pytest.fixture
def book(tmp_path: Path, _no_proxy: None) -> Iterator[BillBook]:
    """An upstream of the test's own that keeps a book of what it charges."""
    with run_bill_book(tmp_path) as book:
        yield book
        end_left()


@pytest.fixture
def painter(upstream: Upstream) -> Iterator[Painter]:
    """What that server draws, another picture at every call, for the length of a test."""
    with painting(upstream, Painter()) as found:
        yield found


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that must stay up: tests that stop one run their own."""
    with run_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh database of the test's own."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def database_server(request: pytest.FixtureRequest) -> PostgresServer | None:
    """Where databases are kept: the server, or None for SQLite's files."""
    if request.param == "sqlite":
        return None
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server


@pytest.fixture
def place(tmp_path: Path, database_server: PostgresServer | None) -> Iterator[Place]:
    """A place of the test's own, once with each database."""
    with making_place(tmp_path, database_server) as place:
        yield place


@pytest.fixture(scope="session")
def s3_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The S3 server."""
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3(s3_of_the_session: S3Server) -> Iterator[S3Server]:
    """The same, up and fast, with an empty bucket."""
    yield s3_of_the_session
    s3_of_the_session.restore()
    s3_of_the_session.open_bucket().delete(list(s3_of_the_session.list_objects()))
