"""The gateways of these tests, once with each database: whether a call is a repeat is decided there.

A module that is about something else overrides `database_server`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from places import making_place
from postgres import PostgresServer
from programs import Gateway, check_log
from upstreams import Upstream


@contextmanager
def serving(
    folders: pytest.TempPathFactory, server: PostgresServer | None, upstream_url: str, **variables: str
) -> Iterator[Gateway]:
    """Run a gateway, which must end well and have logged nothing it should not, for the length of the block."""
    with making_place(folders.mktemp("gateway"), server) as place:
        gateway = Gateway(place.folder, upstream_url, {**place.variables, **variables})
        gateway.secrets += place.secrets
        yield gateway
        assert gateway.stop() == 0
        check_log(gateway)


@pytest.fixture(scope="session")
def scripted_gateway(
    tmp_path_factory: pytest.TempPathFactory,
    database_server: PostgresServer | None,
    upstream_server: Upstream,
    _no_proxy: None,
) -> Iterator[Gateway]:
    """A gateway in front of the server that answers as a test says."""
    with serving(tmp_path_factory, database_server, upstream_server.url) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def gateway_of_users(
    tmp_path_factory: pytest.TempPathFactory,
    database_server: PostgresServer | None,
    upstream_server: Upstream,
    _no_proxy: None,
) -> Iterator[Gateway]:
    """Another one that is told its end users in a header."""
    variables = {"LIMNER_END_USER_HEADER": "X-End-User"}
    with serving(tmp_path_factory, database_server, upstream_server.url, **variables) as gateway:
        yield gateway
