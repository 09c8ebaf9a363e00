"""What is wrong between settings that are good each by itself. Reads them, opens nothing."""

from collections.abc import Iterator
from typing import Protocol

from pydantic import SecretStr

from limner.catalogue import Table, find_model


class Given(Protocol):
    """The settings that may be in each other's way."""

    @property
    def database_url(self) -> SecretStr | None:
        """Where the books are."""

    @property
    def signing_secret(self) -> SecretStr | None:
        """What links and digests derive from."""

    @property
    def background_tasks(self) -> str:
        """Who answers those of chat UIs."""

    @property
    def image_output(self) -> str:
        """Where pictures stand."""

    @property
    def image_retention_hours(self) -> float:
        """How long pictures are kept."""


def find_conflicts(settings: Given, models: Table) -> Iterator[str]:
    """Yield one line for each conflict."""
    if settings.database_url is not None and settings.signing_secret is None:
        yield (
            "LIMNER_SIGNING_SECRET is not set; with LIMNER_DATABASE_URL it is needed, and the same for every "
            "gateway: one that was generated lies in the data folder as signing-secret"
        )
    if settings.background_tasks not in {"local", "draw"} and not _is_text_model(
        settings.background_tasks, models
    ):
        yield (
            f"LIMNER_BACKGROUND_TASKS is {settings.background_tasks!r}; accepted: local, draw, or the id of a text "
            "model of GET /v1/models"
        )
    if settings.image_output == "url" and settings.image_retention_hours == 0:
        yield (
            "LIMNER_IMAGE_OUTPUT is 'url', but with LIMNER_IMAGE_RETENTION_HOURS=0 no picture is kept that a link "
            "could lead to; accepted with it: auto, markdown or images"
        )


def _is_text_model(name: str, models: Table) -> bool:
    model = find_model(name, models)
    return model is not None and not model.draws
