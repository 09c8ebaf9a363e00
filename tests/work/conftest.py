"""Crews: workers and gateways that share a database of the test's own and an S3 server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from crews import Crew

from bills import BillBook
from fleet import running
from s3 import S3Server


@pytest.fixture
def crew(tmp_path: Path, postgres_url: str, s3: S3Server, book: BillBook) -> Iterator[Crew]:
    """Where a test starts its gateways and workers."""
    with running(Crew(tmp_path, postgres_url, s3, book, [])) as crew:
        yield crew
