"""The studio's views as routes, of those that are there; pictures stand for themselves by their ids."""

from collections.abc import Sequence
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[2] / "src" / "limner" / "studio" / "views"

VIEWS = tuple(sorted(path.stem for path in _FOLDER.glob("*.js")))
"""What is there: draw, gallery, picture, compare, usage, keys."""

SETTLED = {
    "draw": "#content button",
    "gallery": "#content .tile.seen",
    "picture": "#content img[src^=blob]:visible",
    "compare": "#content img[src^=blob]:visible",
    "usage": "#content .tiles dd",
    "keys": "#content .key",
}
"""What is there once a view has loaded."""


def to_route(view: str, picture_ids: Sequence[str]) -> str:
    """Return the address of a view, which shows the first pictures where it shows any."""
    wanted = {"picture": 1, "compare": 2}.get(view, 0)
    return "/".join([view, *picture_ids[:wanted]])
