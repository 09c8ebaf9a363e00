"""What happens now and for how long, on one line of a terminal; on anything else nothing.

This module must not know what is drawn, or by whom.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from limner.cli_draw_wording import to_amount

Phase = Literal["sending", "drawing", "receiving", "downloading"]

# Heartbeats and text stay far below this, a picture is far above.
_PICTURE_BYTES = 32_768

_REFRESHES_PER_SECOND = 8


class Progress:
    """How far a call is."""

    def __init__(self, request_bytes: int) -> None:
        self.request_bytes = request_bytes
        self.sent_bytes = 0
        self.received_bytes = 0
        self.is_downloading = False
        self._started = time.monotonic()

    @property
    def elapsed_seconds(self) -> float:
        """Since the command began to ask."""
        return time.monotonic() - self._started

    @property
    def phase(self) -> Phase:
        """What the gateway is waited for."""
        if self.is_downloading:
            return "downloading"
        if self.received_bytes == 0 and self.sent_bytes < self.request_bytes:
            return "sending"
        return "drawing" if self.received_bytes < _PICTURE_BYTES else "receiving"

    def __str__(self) -> str:
        phase = self.phase
        moved = (
            f"{to_amount(self.sent_bytes)} of {to_amount(self.request_bytes)} sent"
            if phase == "sending"
            else f"{to_amount(self.received_bytes)} received"
        )
        return f"{phase}  {self.elapsed_seconds:.1f} s  {moved}"


@contextmanager
def shown(progress: Progress) -> Iterator[None]:
    """Show `progress` for the length of the block, and leave nothing behind."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - slow to load, and not needed for a pipe
    from rich.live import Live  # noqa: PLC0415 - as above
    from rich.spinner import Spinner  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console(stderr=True)
    spinner = Spinner("dots" if console.encoding.startswith("utf") else "line")

    def render() -> Any:
        spinner.update(text=Text(str(progress), no_wrap=True, overflow="ellipsis"))
        return spinner

    with Live(
        get_renderable=render,
        console=console,
        refresh_per_second=_REFRESHES_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield
