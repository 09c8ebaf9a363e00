"""deploy/systemd: units that systemd understands, of a process that may do little and has time to end."""

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from deploy_files import DEPLOY, DRAIN_SECONDS, LAST_WRITES_SECONDS, parse_seconds

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROGRAM = "/opt/limner/bin/limner"

WORST_EXPOSURE = 2.0
"""Of 10, as systemd-analyze reckons it: 1.5 with systemd 252, for the network and the clock are used."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the units as they are installed, drop-in included, but for the program's path."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze on this machine")
    folder = tmp_path_factory.mktemp("units")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        assert text.count(f"ExecStart={PROGRAM} ") == 1
        (folder / unit.name).write_text(text.replace(f"={PROGRAM} ", f"={sys.executable} "), encoding="utf-8")
    (folder / "limner.service.d").mkdir()
    shutil.copy(DEPLOY / "systemd" / "postgresql.conf", folder / "limner.service.d")
    return folder


def analyze(*arguments: str) -> str:
    """Run systemd-analyze and return all it says."""
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_every_line(installed: Path, unit: Path) -> None:
    """`systemd-analyze verify` has nothing to say about a unit."""
    assert analyze("verify", "--man=no", str(installed / unit.name)) == ""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_may_do_little(installed: Path, unit: Path) -> None:
    """`systemd-analyze security` finds little exposed."""
    said = analyze("security", "--offline=true", str(installed / unit.name))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found is not None, said
    assert float(found[1]) <= WORST_EXPOSURE


def read_service(unit: Path) -> ConfigParser:
    """Read a unit; of a key that stands more than once, the last value."""
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser's documentation does it
    parser.read(unit, encoding="utf-8")
    return parser


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_has_time_to_drain(unit: Path) -> None:
    """A unit is not killed before its calls may end, and is started again when it fails."""
    service = read_service(unit)["Service"]
    assert parse_seconds(service["TimeoutStopSec"]) >= DRAIN_SECONDS + LAST_WRITES_SECONDS
    assert service["Restart"] == "on-failure"


@pytest.mark.parametrize("unit", [*UNITS, DEPLOY / "systemd" / "postgresql.conf"], ids=lambda unit: unit.name)
def test_secrets_are_credentials(unit: Path) -> None:
    """A secret reaches the process as a file of systemd's, and each file that is loaded is named to Limner."""
    text = unit.read_text(encoding="utf-8")
    loaded = re.findall(r"^LoadCredential=([\w-]+):/etc/limner/\1$", text, re.MULTILINE)
    named = re.findall(r"^Environment=\w+_FILE=%d/([\w-]+)$", text, re.MULTILINE)
    assert loaded == named
    assert len(loaded) == 2
