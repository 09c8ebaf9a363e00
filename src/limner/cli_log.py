"""The log: where it goes and how a line looks. This module must not know who writes it."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

_ID = re.compile(r"\b(gen|req)_[0-9a-f]{32}\b")
_ID_NAMES = {"gen": "generation", "req": "request"}


def configure_logging(level: str, form: str) -> None:
    """Send Limner's log to stderr, as text or as one JSON object a line; of libraries only warnings, if any."""
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(_JsonLines() if form == "json" else _TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[output], force=True)
    logging.getLogger("limner").setLevel(level.upper())
    # It tells of each connection that breaks, in several lines; what cannot be done for want of one says so in one.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)


def _format_time(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


class _TextLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's
        return _format_time(record)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        line = {
            "time": _format_time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            # Ids are known by their form, so that no line can forget them.
            **{f"{_ID_NAMES[found[1]]}_id": found[0] for found in _ID.finditer(message)},
            **getattr(record, "limner", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
