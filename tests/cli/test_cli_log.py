"""The log's lines, written by a process of its own."""

import json
import subprocess
import sys

WRITE = """
import logging, sys
from limner.cli_log import configure_logging
configure_logging(sys.argv[1], sys.argv[2])
logging.getLogger("limner.web").debug("not wanted at info")
logging.getLogger("limner.web").info("served %s", "a picture")
logging.getLogger("library").info("a library's chatter")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("library").exception("broken")
"""


def write(level: str, form: str) -> list[str]:
    command = [sys.executable, "-c", WRITE, level, form]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_text_lines() -> None:
    """As text a line has time, level, logger and message; libraries speak only from warnings up."""
    first, second, *traceback = write("info", "text")
    assert first.endswith("Z INFO limner.web: served a picture")
    assert second.endswith("Z ERROR library: broken")
    assert traceback[-1] == "ZeroDivisionError: division by zero"
    assert "not wanted" in write("debug", "text")[0]


def test_json_lines() -> None:
    """As JSON every line is one object, a traceback inside it."""
    first, second = (json.loads(line) for line in write("info", "json"))
    assert first | {"time": "-"} == {
        "time": "-",
        "level": "info",
        "logger": "limner.web",
        "message": "served a picture",
    }
    assert second["exception"].endswith("ZeroDivisionError: division by zero")
    assert [json.loads(line)["level"] for line in write("error", "json")] == ["error"]
