"""Where a gateway keeps what must outlive it, so that another one can be started there and its books be audited."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from postgres import PostgresServer

SIGNING_SECRET = "the-signing-secret-of-the-tests-in-32-bytes-or-more"


class Place(Struct, frozen=True):
    """A folder, in which `data` is the gateway's, and the database: SQLite's in there if there is no URL."""

    folder: Path
    database_url: str | None = None

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def variables(self) -> dict[str, str]:
        """What a gateway has to be told of it."""
        variables = {"LIMNER_DATA_DIR": str(self.data)}
        if self.database_url is not None:
            variables |= {"LIMNER_DATABASE_URL": self.database_url, "LIMNER_SIGNING_SECRET": SIGNING_SECRET}
        return variables

    @property
    def secrets(self) -> list[str]:
        """What no log may show of it."""
        if self.database_url is None:
            return []
        return [SIGNING_SECRET, urlsplit(self.database_url).password or self.database_url]


def to_place(place: Place | Path) -> Place:
    """Return a place; a folder alone stands for one with a database in it."""
    return place if isinstance(place, Place) else Place(place)


@contextmanager
def making_place(folder: Path, server: PostgresServer | None) -> Iterator[Place]:
    """Make a place in a folder for the length of the block; without a server its database is SQLite's."""
    if server is None:
        yield Place(folder)
        return
    url = server.create_database()
    try:
        yield Place(folder, url)
    finally:
        server.drop_database(url)
