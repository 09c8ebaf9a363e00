"""A client of a call that waits, which can leave."""

from collections.abc import Callable


class Leaver:
    """What a connection is to a call that waits."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], None]] = []

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called when it leaves; return what takes that back."""
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def leave(self) -> None:
        for callback in tuple(self.callbacks):
            callback()
