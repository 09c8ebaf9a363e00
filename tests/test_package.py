"""The package as it is built: what a plain `pip install` brings."""

import zipfile
from pathlib import Path

import pytest
from flit_core import buildapi  # type: ignore[import-untyped]  # it has no stubs

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules, SQL and type marker: nothing of the source tree is left out of the wheel."""
    monkeypatch.chdir(ROOT)  # the build backend reads the folder it runs in
    wheel = buildapi.build_wheel(str(tmp_path))
    with zipfile.ZipFile(tmp_path / wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("limner/")}
    files = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert files == packed
