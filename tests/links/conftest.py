"""Fleets: gateways that share a database of the test's own and an S3 server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bills import BillBook
from fleet import Fleet, running
from s3 import S3Server


@pytest.fixture
def fleet(tmp_path: Path, postgres_url: str, s3: S3Server, book: BillBook) -> Iterator[Fleet]:
    """Where a test starts its gateways."""
    with running(Fleet(tmp_path, postgres_url, s3, book, [])) as fleet:
        yield fleet
