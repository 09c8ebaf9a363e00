"""Tells those who watch of each call to Gemini: through which credential, which model, and what came of it.

Knows neither metrics nor traces, and no door. Who watches must not raise, and is told in the event loop's thread.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from limner.errors import GatewayError
from limner.translate.transcript import Transcript


class Attempt:
    """One call to Gemini. `outcome` is set once it is over."""

    def __init__(
        self,
        generation_id: str,
        transcript: Transcript,
        *,
        upstream: str,
        kind: str,
        model: str,
        is_stream: bool,
        draws: bool = True,
        address: str = "",
    ) -> None:
        self.generation_id = generation_id
        self.transcript = transcript
        """What Gemini says; it grows while the call is under way."""
        self.upstream = upstream
        """The name of the credential."""
        self.kind = kind
        """`gemini` or `vertex`."""
        self.model = model
        """Gemini's id."""
        self.is_stream = is_stream
        self.draws = draws
        """Whether a picture is due."""
        self.address = address
        """The host that is asked."""
        self.status: int | None = None
        """Of Gemini's answer; None: none came."""
        self.reason: str | None = None
        """Google's name for what was wrong, such as RESOURCE_EXHAUSTED."""
        self.outcome: str | None = None
        """`ok`, the code of the error it ended with, `unsent` or `stopped`."""
        self.seconds = 0.0

    @property
    def label(self) -> str:
        """Return what a log says of it: credential, status and reason."""
        said = "-" if self.status is None else str(self.status)
        return f"{self.upstream}:{said}{f':{self.reason}' if self.reason else ''}"


Watcher = Callable[[Attempt], Callable[[], None]]
"""Is told that a call begins; what it returns is called when that is over."""


@contextmanager
def watched(attempt: Attempt, watchers: Sequence[Watcher]) -> Iterator[Attempt]:
    """Tell of a call that is made in the block, and of what it ends with."""
    began_at = time.monotonic()
    with ExitStack() as ends:
        for watcher in watchers:
            with suppress(Exception):  # nobody who only looks on may cost a picture
                ends.callback(_quietly(watcher(attempt)))
        try:
            yield attempt
        except GatewayError as error:
            attempt.outcome = error.code
            raise
        except asyncio.CancelledError:
            attempt.outcome = "stopped"
            raise
        except Exception as failure:
            cause = getattr(failure, "error", None)
            attempt.outcome = cause.code if isinstance(cause, GatewayError) else _name(failure)
            raise
        else:
            attempt.outcome = "ok"
        finally:
            attempt.seconds = time.monotonic() - began_at


def _name(failure: Exception) -> str:
    return "unsent" if type(failure).__name__ in {"CallUnwanted", "ClientLeft"} else "internal_error"


def _quietly(end: Callable[[], None]) -> Callable[[], None]:
    def end_quietly() -> None:
        with suppress(Exception):
            end()

    return end_quietly
