"""OAuth tokens for Vertex AI: had through Google's own library, kept as long as they are good, renewed before they end.

One renewal at a time for a credential; calls go on with the old token while a new one is on its way. Knows nothing of
what is asked.

Facts (google-auth 2.63, read 2026-11): its credentials are renewed by a blocking call over a transport that it is
handed, so that is done in a thread; tokens of Google last an hour.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol

import google.auth
import google.auth.exceptions

from limner.errors import UpstreamUnavailable
from limner.upstream.connection import Connections
from limner.upstream.credential import Credential
from limner.upstream.token_transport import TokenTransport

_LOG = logging.getLogger("limner.upstream")

SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_EARLIEST_SECONDS = 240.0
"""A token is renewed when it has less than this left, or than a quarter of its life."""
_FAILURE_PAUSE_SECONDS = 1.0
"""How long a failure is told to those who ask, before Google is asked again."""


class NoCredentials(Exception):
    """Google's credentials for Vertex AI cannot be had; the text says what to set."""


class GoogleCredentials(Protocol):
    """What is used of the library's credentials."""

    token: str | None
    expiry: Any

    def refresh(self, request: Any) -> None:
        """Have a new token, in the same thread."""


class TokenSource:
    """The tokens of one credential."""

    def __init__(
        self,
        credential: Credential,
        google_credentials: GoogleCredentials,
        connections: Connections,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._name = credential.name
        self._google = google_credentials
        self._transport = TokenTransport(credential, connections)
        self._now = now
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="token")
        self._token = ""
        self._renewed_at = 0.0
        self._ends_at = 0.0
        self._renewal: asyncio.Task[None] | None = None
        self._failed_at = float("-inf")

    async def get(self) -> str:
        """Return a token that is good now. Raises UpstreamUnavailable."""
        now = self._now()
        if now >= self._ends_at:
            await self._renew()
        elif self._ends_at - now < min(_EARLIEST_SECONDS, (self._ends_at - self._renewed_at) / 4):
            self._start()
        return self._token

    def refuse(self, token: str) -> None:
        """Take a token for spent: Google did not accept it."""
        if token == self._token:
            self._ends_at = 0.0

    async def close(self) -> None:
        """End a renewal that runs, as far as its thread lets it."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _renew(self) -> None:
        if self._renewal is None and self._now() < self._failed_at + _FAILURE_PAUSE_SECONDS:
            raise _no_token()
        try:
            await asyncio.shield(self._start())
        except (OSError, google.auth.exceptions.GoogleAuthError):
            raise _no_token() from None

    def _start(self) -> asyncio.Task[None]:
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().create_task(self._ask())
            self._renewal.add_done_callback(self._end)
        return self._renewal

    def _end(self, renewal: asyncio.Task[None]) -> None:
        self._renewal = None
        if not renewal.cancelled() and (error := renewal.exception()) is not None:
            self._failed_at = self._now()
            # Its text may hold an answer of Google's with a project's name in it.
            _LOG.warning("no new token can be had for upstream %s (%s)", self._name, type(error).__name__)

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport.loop = loop
        await loop.run_in_executor(self._threads, self._google.refresh, self._transport)
        expiry = self._google.expiry
        self._renewed_at = self._now()
        lifetime = 3600.0 if expiry is None else (expiry - _utc_now()).total_seconds()
        self._ends_at = self._renewed_at + lifetime
        self._token = self._google.token or ""


def load_google_credentials(credential: Credential) -> GoogleCredentials:
    """Return Google's credentials for Vertex AI, without asking for a token yet. Raises NoCredentials."""
    path = credential.credentials_file
    try:
        if path is None:
            found, _ = google.auth.default(scopes=[SCOPE])
        else:
            found, _ = google.auth.load_credentials_from_file(path, scopes=[SCOPE])  # type: ignore[no-untyped-call]
    except (google.auth.exceptions.GoogleAuthError, OSError, ValueError):
        named = path or os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        trouble = (
            "there are no application default credentials" if named is None else f"{named!r} cannot be used"
        )
        raise NoCredentials(
            f"upstream {credential.name} (Vertex AI): {trouble}; set GOOGLE_APPLICATION_CREDENTIALS to the JSON file of a "
            "service account, or run `gcloud auth application-default login`"
        ) from None
    return found


def _no_token() -> UpstreamUnavailable:
    return UpstreamUnavailable(
        "The gateway's own access to Gemini is refused (no token can be had). Its operator has to act.",
        code="upstream_auth",
        retry_after_seconds=30,
    )


def _utc_now() -> datetime:
    """Return the time as the library writes it: in UTC, without saying so."""
    return datetime.now(UTC).replace(tzinfo=None)
