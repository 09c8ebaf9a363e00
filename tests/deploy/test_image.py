"""Dockerfile: what it copies is there, it installs what is pinned, and its process is nobody in particular."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from deploy_files import ROOT, USER_ID, read_instructions

from programs import Gateway

INSTRUCTIONS = read_instructions()


def get(name: str) -> str:
    """Return the arguments of the last instruction of a kind: the one that counts."""
    return [rest for instruction, rest in INSTRUCTIONS if instruction == name][-1]


def list_copied() -> list[str]:
    """Return what is copied from the folder the image is built in."""
    copies = [
        rest.split() for name, rest in INSTRUCTIONS if name == "COPY" and not rest.startswith("--from=")
    ]
    return [source for copy in copies for source in copy[:-1]]


def list_allowed() -> list[str]:
    """Return what .dockerignore lets into the build."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def test_what_is_copied_is_there() -> None:
    """The build sees exactly what the Dockerfile copies: no data folder, no secret, no history."""
    assert sorted(list_copied()) == sorted(list_allowed())
    assert [name for name in list_copied() if not (ROOT / name).exists()] == []


def test_a_package_comes_of_it(tmp_path: Path) -> None:
    """The wheel that the Dockerfile makes of the copied files alone has all of the package, SQL included."""
    for name in list_copied():
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (command,) = [rest for name, rest in INSTRUCTIONS if name == "RUN" and "pip wheel" in rest]
    arguments = command.partition(" && ")[0].split()[1:]
    subprocess.run([sys.executable, *arguments], cwd=tmp_path, check=True, capture_output=True, timeout=100)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert [path.name for path in (tmp_path / "dist").iterdir()] == [f"limner-{version}-py3-none-any.whl"]


def test_only_what_is_pinned_is_installed() -> None:
    """Every installation checks hashes, or asks no index."""
    runs = [rest for name, rest in INSTRUCTIONS if name == "RUN"]
    commands = [command for run in runs for command in run.split(" && ") if " -m pip " in command]
    assert len(commands) == 4
    assert [command for command in commands if not re.search(r"--require-hashes|--no-index", command)] == []
    assert not re.search(r"--(?:extra-)?index-url|https?://", "".join(runs))


def test_the_python_is_one_that_limner_supports() -> None:
    """The image's Python is among the versions of the package, and both stages have the same."""
    version = get("ARG").removeprefix("PYTHON_VERSION=")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]
    stages = [rest for name, rest in INSTRUCTIONS if name == "FROM"]
    assert stages == ["python:${PYTHON_VERSION}-slim AS build", "python:${PYTHON_VERSION}-slim"]


def test_the_process_is_unprivileged() -> None:
    """It runs as a user given by number, whose one folder is the data volume."""
    assert get("USER") == f"{USER_ID}:{USER_ID}"
    assert json.loads(get("VOLUME")) == ["/data"]
    assert "LIMNER_DATA_DIR=/data" in get("ENV")
    owned = f"install --directory --owner={USER_ID} --group={USER_ID} --mode=0700 /data"
    assert any(owned in rest for name, rest in INSTRUCTIONS if name == "RUN")


def test_it_serves_and_ends_as_asked() -> None:
    """Without arguments it is a gateway that can be reached, and it is told to end in the way it drains."""
    assert json.loads(get("ENTRYPOINT")) == ["limner"]
    assert json.loads(get("CMD")) == ["serve", "--host", "0.0.0.0"]
    assert get("STOPSIGNAL") == "SIGTERM"
    assert get("EXPOSE") == "8000"


def test_its_health_is_the_gateway_s(gateway: Gateway) -> None:
    """The health check passes beside a gateway and fails where there is none."""
    command = json.loads(get("HEALTHCHECK").partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    assert command[2].count("8000") == 1
    for port, is_well in ((gateway.address[1], True), (1, False)):
        program = command[2].replace("8000", str(port))
        done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, timeout=30)
        assert (done.returncode == 0) == is_well


@pytest.mark.parametrize("name", ["title", "description", "licenses"])
def test_it_says_what_it_is(name: str) -> None:
    """Its labels are OCI's."""
    assert re.search(rf'org\.opencontainers\.image\.{name}="[^"]+"', get("LABEL"))
