"""Takes the programs out of the README that an installed client comes with, and runs them as they stand there.

Knows the README's form and how a program is run; not what any of them asks.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path

from programs import scrub_environment

_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
_SECONDS = 60

# A README leaves out what an earlier program of it has made, and awaits where a notebook may.
_RUNNER = """
import ast, asyncio, inspect, sys
program = compile(sys.stdin.read(), "README", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
made = eval(program, {"__name__": "__main__"})
if inspect.iscoroutine(made):
    asyncio.run(made)
"""


def read_programs(package: str) -> list[str]:
    """Return the Python programs of a package's README, in their order."""
    return _BLOCK.findall(distribution(package).read_text("METADATA") or "")


def run_program(program: str, *, folder: Path, variables: Mapping[str, str], made_before: str = "") -> str:
    """Run a program as it stands behind `made_before`, which must end well; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER],
        input=f"{made_before}\n{program}",
        cwd=folder,
        env={**scrub_environment(), **variables},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
