"""Runs the gateway and the emulator as the programs they are, and keeps what they say.

Both are ended by SIGTERM and must then end with exit code 0. It must not know what a test asks them.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CLIENT_KEY = "sk-client-key-of-the-tests"
UPSTREAM_KEY = "upstream-key-of-the-tests"

CANARY = "lighthouse"
"""A word of the tests' prompts; prompts are never logged."""

_LONG_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{100,}")
_START_SECONDS = 30
_END_SECONDS = 30
_ADDRESS = re.compile(r" listens on (http://\S+)$")


def scrub_environment() -> dict[str, str]:
    """Return this process's variables without the settings of a gateway, Google's and proxies."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("LIMNER", "GEMINI", "GOOGLE", "AWS", "AZURE"))
        and not is_proxy_variable(name)
    }


def is_proxy_variable(name: str) -> bool:
    return name.lower().endswith("_proxy")


class Program:
    """A server that says where it listens. `lines` is all it said so far, on both outputs."""

    ready = _ADDRESS
    """What it says when it is there; the group is where."""

    def __init__(self, module: str, *arguments: str, folder: Path, variables: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            env={**scrub_environment(), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listens = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = ""
        if not self._listens.wait(_START_SECONDS) or not self.url:
            self.process.kill()
            self.stop()
            raise AssertionError(f"{module} did not start:\n{self.said}")

    @property
    def said(self) -> str:
        """Everything the program wrote."""
        return "".join(self.lines)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    def connect(self) -> HTTPConnection:
        """Return a connection, to be closed by the caller."""
        return HTTPConnection(*self.address, timeout=100)

    def measure_rss_bytes(self) -> int:
        """Return the memory the process holds now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def wait_until_said(self, words: str) -> None:
        """Wait until the program has written `words`."""
        ends_at = time.monotonic() + 10
        while words not in self.said and time.monotonic() < ends_at:
            time.sleep(0.02)
        assert words in self.said

    def stop(self) -> int:
        """End the program as an operator would and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._reader.join(_END_SECONDS)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            found = self.ready.search(line.rstrip())
            if found and not self.url:
                self.url = found[1]
                self._listens.set()
        self._listens.set()


class Emulator(Program):
    """The stand-in for Gemini."""

    def __init__(self, folder: Path) -> None:
        super().__init__("limner.emulator", "--port", "0", "--exit-with-parent", folder=folder, variables={})

    def list_calls(self) -> list[dict[str, Any]]:
        """Return the journal."""
        found: list[dict[str, Any]] = json.loads(self._ask("GET", "/emulator/journal"))
        return found

    def forget_calls(self) -> None:
        """Empty the journal."""
        self._ask("DELETE", "/emulator/journal")

    def follow(self, script: str) -> None:
        """Let directives hold for every call from now on, in place of those before; an empty script ends that."""
        self._ask("PUT", "/emulator/script", script.encode())

    def wait_for_call(self, outcome: str, timeout_seconds: float = 10) -> dict[str, Any]:
        """Return the only call in the journal once its outcome is `outcome` and stays so."""
        ends_at = time.monotonic() + timeout_seconds
        calls: list[dict[str, Any]] = []
        while time.monotonic() < ends_at:
            calls = self.list_calls()
            if len(calls) == 1 and calls[0]["outcome"] == outcome:
                time.sleep(0.3)
                calls = self.list_calls()
                break
            time.sleep(0.05)
        assert [call["outcome"] for call in calls] == [outcome]
        return calls[0]

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        with closing(self.connect()) as connection:
            connection.request(method, path, body)
            response = connection.getresponse()
            said = response.read()
        assert response.status < 300, said
        return said


Follow = Callable[[str], None]


class Gateway(Program):
    """The gateway with one fixed client key. `secrets` must never be in what it says."""

    def __init__(
        self, folder: Path, upstream_url: str, variables: Mapping[str, str], arguments: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.variables = {
            "LIMNER_GEMINI_BASE_URL": upstream_url,
            "GEMINI_API_KEY": UPSTREAM_KEY,
            "LIMNER_API_KEYS": CLIENT_KEY,
            "LIMNER_DATA_DIR": str(folder / "data"),
            **variables,
        }
        self.secrets = [CLIENT_KEY, UPSTREAM_KEY]
        super().__init__(
            "limner.cli", "serve", "--port", "0", *arguments, folder=folder, variables=self.variables
        )

    def run_command(self, *arguments: str) -> str:
        """Run a `limner` command beside the running gateway, with its settings; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "limner.cli", *arguments],
            cwd=self.folder,
            env={**scrub_environment(), **self.variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 0, f"limner {' '.join(arguments)}: {done.stderr}"
        return done.stdout.strip()

    def create_key(self, name: str, *options: str) -> str:
        """Create a client key and return its secret; tests share gateways, so a name is one test's own."""
        secret = self.run_command("keys", "create", name, *options)
        self.secrets.append(secret)
        return secret


StartGateway = Callable[..., Gateway]
ListCalls = Callable[[], list[dict[str, Any]]]


def check_log(gateway: Gateway) -> None:
    """Check that a gateway's log gives nothing away and tells of no error."""
    said = gateway.said
    assert [secret for secret in gateway.secrets if secret in said] == []
    assert CANARY not in said
    assert _LONG_BASE64.search(said.replace(str(gateway.folder), "")) is None
    assert "Traceback" not in said
    assert " ERROR " not in said
