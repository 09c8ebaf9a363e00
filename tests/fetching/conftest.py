"""What tests of fetching share: a record of all that is dialled, certificates, a way to fetch."""

from collections.abc import Iterator

import pytest
import trustme
from dials import recorded_dials
from name_server import NameServer, running_name_server


@pytest.fixture
def dials() -> Iterator[list[tuple[str, int]]]:
    """What the test dials, as address and port."""
    with recorded_dials() as record:
        yield record


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who signs the certificates of servers that are to be trusted."""
    return trustme.CA()


@pytest.fixture
def _trust(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make that authority the only one that this machine knows, as OpenSSL is told of authorities."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.fixture(scope="session")
def _name_server() -> Iterator[NameServer]:
    with running_name_server() as names:
        yield names


@pytest.fixture
def names(_name_server: NameServer) -> Iterator[NameServer]:
    """A name server that knows no names yet."""
    yield _name_server
    _name_server.restart({})
