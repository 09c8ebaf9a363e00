"""A client's stay at a generation: from the moment it is counted to the moment it counts as gone."""

from collections.abc import Callable

from limner.generation.record import Generation


class Visit:
    """One client of a generation. `leave` may be called by whoever sees it first that the client is done."""

    def __init__(
        self,
        generation: Generation,
        *,
        is_first: bool,
        is_replayed: bool,
        on_leave: Callable[[Generation, bool], None],
    ) -> None:
        self.generation = generation
        self.is_first = is_first
        """Whether the generation was made for this call."""
        self.is_replayed = is_replayed
        """Whether the answer comes from the store."""
        self.has_left = False
        self._on_leave = on_leave
        generation.clients += 1

    def leave(self, *, is_delivered: bool) -> None:
        """Count as gone, with the answer or without it; only the first time counts."""
        if self.has_left:
            return
        self.has_left = True
        self.generation.clients -= 1
        self._on_leave(self.generation, is_delivered)
