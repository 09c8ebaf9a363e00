"""Crews on a database of the test's own and an S3 server of the session's, emptied between tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from crews import Crew, running_crew

from bills import BillBook
from s3 import S3Server, running_s3


@pytest.fixture(scope="session")
def s3_of_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The S3 server."""
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def crew(tmp_path: Path, postgres_url: str, s3_of_workers: S3Server, book: BillBook) -> Iterator[Crew]:
    """Where a test starts its gateways and workers."""
    with running_crew(tmp_path, postgres_url, s3_of_workers, book) as crew:
        yield crew
