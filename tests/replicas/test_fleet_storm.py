"""kill -9 of two gateways at random times under load behind nginx, with a worker beside them and S3 cut now and then.

`KILLS` says how many, `SEED` repeats a storm that failed.
"""

import os
import secrets
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

import pytest
from storms import Storm, call_on, check_made, find_free_port

from audits import check_books, check_charges, read_key_ids, read_rows
from fleet import Fleet, wait_until, wait_until_ready
from gateways import MortalGateway
from nginx import Nginx, run_nginx
from programs import CLIENT_KEY, check_log

KILLS = int(os.environ.get("KILLS", "6"))
SEED = os.environ.get("SEED") or secrets.token_hex(4)
CALLERS = 10
BUDGETS = {"rich": None, "poor": 1.5}
MOST_SECONDS = 120 + 6 * KILLS


@dataclass(kw_only=True)
class FleetStorm(Storm):
    """A storm whose callers ask nginx."""

    nginx: Nginx

    @property
    def url(self) -> str:
        return self.nginx.url


@pytest.mark.usefixtures("_no_proxy")
@pytest.mark.timeout(MOST_SECONDS + 120)
def test_nothing_is_lost_or_bought_twice_by_a_fleet(fleet: Fleet) -> None:
    """However often gateways are killed, each call is charged once and every picture that was booked is found."""
    sys.stderr.write(f"SEED={SEED} KILLS={KILLS}\n")
    random = Random(f"{SEED}/fleet")  # noqa: S311 - a storm that can be repeated, not a secret
    ports = [find_free_port(), find_free_port()]
    gateways = [fleet.start(f"gateway-{number}", port=ports[number]) for number in range(2)]
    fleet.start_worker("worker")
    with run_nginx(fleet.folder, [gateway.url for gateway in gateways]) as nginx:
        storm = FleetStorm(
            place=fleet.books, seed=SEED, book=fleet.book, kills=KILLS, port=ports[0], nginx=nginx
        )
        for name, budget in BUDGETS.items():
            options = () if budget is None else ("--budget-usd", str(budget))
            secret = gateways[0].create_key(name, *options)
            storm.secrets[read_key_ids(fleet.books)[name]] = secret
        with ThreadPoolExecutor(CALLERS) as threads:
            try:
                callers = [threads.submit(call_on, storm, number) for number in range(CALLERS)]
                for count in range(KILLS):
                    kill_one(fleet, gateways, count % 2, random)
                    check_charges(fleet.book, Counter(storm.allowed))
                    check_books(fleet.books)
            finally:
                storm.stop.set()
                fleet.s3.restore()
        for caller in callers:
            caller.result()
    wait_until(lambda: all(row.is_over for row in read_rows(fleet.books)))
    keys = {
        **storm.secrets,
        **dict.fromkeys({row.key_id for row in read_rows(fleet.books)} - storm.secrets.keys(), CLIENT_KEY),
    }
    rows = fleet.audit(gateways[0], Counter(storm.allowed), keys)
    check_made(storm, rows)
    sys.stderr.write(f"{len(storm.made)} calls, {dict(Counter(row.code or row.state for row in rows))}\n")


def kill_one(fleet: Fleet, gateways: list[MortalGateway], number: int, random: Random) -> None:
    """Let a gateway live for a random while, kill it, and start it again; the other one goes on."""
    time.sleep(random.uniform(0, 1.5))
    if random.random() < 0.3:
        fleet.s3.cut()
    gateway = gateways[number]
    port = gateway.address[1]
    gateway.kill()
    check_log(gateway)
    time.sleep(random.uniform(0, 1))
    gateways[number] = fleet.start(f"gateway-{number}", port=port)
    wait_until_ready(gateways[number])
    fleet.s3.restore()
