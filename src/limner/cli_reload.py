"""Reads the settings anew while the gateway runs, after SIGHUP: upstreams, models, prices, aliases and fallbacks are exchanged.

What cannot be used changes nothing. Knows settings; must not know what the gateway is made of.
"""

import logging
from collections.abc import Callable

from limner.catalogue import use_additions
from limner.config import Settings, SettingsError, load_settings
from limner.upstream.tokens import NoCredentials

_LOG = logging.getLogger("limner.settings")

_EXCHANGED = frozenset(
    {
        "config", "gemini_api_key", "further_gemini_api_keys", "gemini_base_url", "upstream_proxy", "upstream_ca_file",
        "vertex_project", "vertex_location",
    }
)  # fmt: skip
"""Fields of the settings that are had from then on; all others are read at the start alone."""


class Reload:
    """Reads anew, as often as it is called."""

    def __init__(
        self,
        settings: Settings,
        exchange_credentials: Callable[[Settings], None],
        emulator_url: str | None,
    ) -> None:
        """`settings` are those the gateway was started with; `emulator_url` is where the bundled emulator is, if it is."""
        self._settings = settings
        self._exchange_credentials = exchange_credentials
        self._emulator_url = emulator_url

    def __call__(self) -> None:
        """Read, check, and exchange. Raises nothing: the log says what is wrong."""
        try:
            settings = load_settings()
        except SettingsError as error:
            for problem in error.problems:
                _LOG.error("the settings were not read anew: %s", problem)
            return
        if self._emulator_url is not None:
            settings = settings.for_emulator(self._emulator_url)
        if trouble := self._exchange(settings):
            use_additions(self._settings.additions)
            _LOG.error("the settings were not read anew: %s", trouble)
            return
        if waiting := self._list_waiting(settings):
            _LOG.warning("changed, and not in force before a restart: %s", ", ".join(waiting))
        self._settings = self._settings.with_upstreams_of(settings)
        _LOG.info("upstreams, models, aliases and fallbacks were read anew")

    def _exchange(self, settings: Settings) -> str:
        """Return why the credentials cannot be exchanged; '' if they are."""
        if not settings.has_upstream:
            return "there is no credential for Gemini any more"
        try:
            self._exchange_credentials(settings)
        except NoCredentials as error:
            return str(error)
        return ""

    def _list_waiting(self, settings: Settings) -> list[str]:
        fields = type(settings).model_fields
        return [
            str(field.validation_alias)
            for name, field in fields.items()
            if name not in _EXCHANGED and getattr(settings, name) != getattr(self._settings, name)
        ]
