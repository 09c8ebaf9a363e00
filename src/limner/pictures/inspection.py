"""Looks at what lies on the local disk, for those who mend: what came of an unfinished answer. Blocks, changes nothing.

Knows folders and files, not whose they are nor what the books say of them.
"""

from limner.pictures.store import PictureStore


def measure_arrived(store: PictureStore, generation_id: str) -> int | None:
    """Return the bytes of an unfinished generation's pictures; None: nothing of it is here. Raises OSError."""
    path = store.get_draft_path(generation_id)
    if not path.is_dir():
        return None
    return sum(file.stat().st_size for file in path.glob("picture-*"))
