"""What schemathesis finds at the doors that the document describes: nothing, all its checks on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from documents import RULES

from limner.reference.doors import TAGS, list_operations
from programs import Gateway, StartGateway

_CONFIG = Path(__file__).with_name("schemathesis.toml")
_MINUTES = 8


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    """A gateway of these tests' own: they make and revoke keys, and delete what they find."""
    return start_gateway(LIMNER_CORS_ORIGINS="https://schemathesis.example")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder that goes away: schemathesis keeps what it finds where it is called."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def admin_key(gateway: Gateway) -> str:
    """A key that may ask at every door."""
    return gateway.create_key("schemathesis", "--admin")


def run_schemathesis(gateway: Gateway, key: str, *options: str) -> None:
    """Let schemathesis ask; fail with what it found."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(_CONFIG), "run"]
    ended = subprocess.run(
        [*command, f"{gateway.url}/openapi.json", "--checks", "all", *options],
        env={**os.environ, "LIMNER_URL": gateway.url, "LIMNER_API_KEY": key, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=_MINUTES * 60,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"


@pytest.mark.parametrize("tag", [tag.name for tag in TAGS])
def test_doors_are_as_described(tag: str, gateway: Gateway, admin_key: str) -> None:
    """No answer to any request is a failure of the gateway, or one that the document does not tell of."""
    run_schemathesis(
        gateway, admin_key, "--include-tag", tag, "--phases", "examples,coverage,fuzzing", "--warnings", "off"
    )


def test_doors_lead_to_each_other(gateway: Gateway, admin_key: str) -> None:
    """Following the document's links from answer to answer, in any order, breaks nothing either."""
    run_schemathesis(gateway, admin_key, "--phases", "stateful", "--warnings", "off")


def test_every_link_leads_somewhere() -> None:
    """Each link of an answer names a door and one of its parameters."""
    operations = {operation.id: operation for operation in list_operations(RULES)}
    links = [link for one in operations.values() for answer in one.answers for link in answer.links.values()]
    assert len(links) >= 10
    for link in links:
        there = operations[link["operationId"]]
        assert link["parameters"].keys() <= {parameter.name for parameter in there.parameters}
