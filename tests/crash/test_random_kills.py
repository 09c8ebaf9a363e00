"""kill -9 at random times under load: a short storm in every run of the tests, a long one by `make test-crash`.

`KILLS` says how many, half of them on each database; `SEED` repeats a storm that failed.
"""

import os
import secrets
import sys
import time
from pathlib import Path

import pytest
from storms import run_storm

from gateways import end_left
from postgres import PostgresServer

KILLS = -(-int(os.environ.get("KILLS", "6")) // 2)
SEED = os.environ.get("SEED") or secrets.token_hex(4)
MOST_SECONDS = 60 + 4 * KILLS


@pytest.mark.usefixtures("_no_proxy")
@pytest.mark.timeout(MOST_SECONDS + 120)
def test_nothing_is_lost_or_bought_twice_in_a_storm(
    tmp_path: Path, database_server: PostgresServer | None
) -> None:
    """However often and whenever the gateway is killed, each call is charged once and every picture is found."""
    sys.stderr.write(f"SEED={SEED} KILLS={KILLS}\n")
    try:
        run_storm(tmp_path, database_server, kills=KILLS, seed=SEED, ends_at=time.monotonic() + MOST_SECONDS)
    finally:
        end_left()
