"""Fleets: gateways that share a database of the test's own and an S3 server of the session's, emptied between tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The storm of one gateway has what a storm of several needs as well.
sys.path.append(str(Path(__file__).resolve().parents[1] / "crash"))

from fleet import Fleet, running_fleet

from bills import BillBook
from s3 import S3Server, running_s3


@pytest.fixture(scope="session")
def s3_of_replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The S3 server."""
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def fleet(tmp_path: Path, postgres_url: str, s3_of_replicas: S3Server, book: BillBook) -> Iterator[Fleet]:
    """Where a test starts its gateways."""
    with running_fleet(tmp_path, postgres_url, s3_of_replicas, book) as fleet:
        yield fleet
    s3_of_replicas.restore()
    bucket = s3_of_replicas.open_bucket()
    bucket.delete(list(s3_of_replicas.list_objects()))
