"""Runs a real Prometheus, if this machine has one, that scrapes a gateway, and asks it. Judges nothing."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from programs import Gateway, scrub_environment

_START_SECONDS = 30
_END_SECONDS = 15


def find_program(name: str) -> str:
    """Return where a program of Prometheus's is, or skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} on this machine (Debian: prometheus)")
    return found


class Prometheus:
    """A running server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds now; it must be understood."""
        found: dict[str, Any] = self._get("/api/v1/query", query=query)
        assert found["status"] == "success", found
        result = found["data"]["result"]
        return list(result) if found["data"]["resultType"] == "vector" else [{"value": result}]

    def list_rules(self) -> list[dict[str, Any]]:
        """Return the alerts with how each fared."""
        groups = self._get("/api/v1/rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def wait_for_scrapes(self, count: int) -> None:
        """Return when the gateway has been scraped so often, successfully."""
        ends_at = time.monotonic() + _START_SECONDS
        query = f"count_over_time(limner_build_info[5m]) >= {count}"
        while not self.ask(query):
            assert time.monotonic() < ends_at, self._get("/api/v1/targets")
            time.sleep(0.2)

    def _get(self, path: str, **fields: str) -> Any:
        with urlopen(f"{self.url}{path}?{urlencode(fields)}", timeout=10) as response:  # noqa: S310 - its own
            return json.load(response)


@contextmanager
def running_prometheus(
    folder: Path, gateways: Sequence[Gateway], admin_key: str, rules: Path
) -> Iterator[Prometheus]:
    """Let a server scrape gateways for the length of the block."""
    program = find_program("prometheus")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (folder / "key").write_text(admin_key, encoding="utf-8")
    targets = [f"{host}:{at}" for host, at in (gateway.address for gateway in gateways)]
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {
                "job_name": "limner",
                "authorization": {"credentials_file": str(folder / "key")},
                "static_configs": [{"targets": targets}],
            }
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
    ]
    command += [f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(command, env=scrub_environment(), stderr=subprocess.DEVNULL) as process:
        try:
            server = Prometheus(f"http://127.0.0.1:{port}")
            _wait_until_ready(server.url)
            yield server
        finally:
            process.terminate()
            process.wait(_END_SECONDS)


def _wait_until_ready(url: str) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urlopen(f"{url}/-/ready", timeout=5):  # noqa: S310 - its own
                return
        except URLError:
            assert time.monotonic() < ends_at
            time.sleep(0.1)
