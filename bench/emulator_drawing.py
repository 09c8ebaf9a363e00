"""Times the emulator's drawing at its largest square: scenes, an edit, and both file types.

A 4096x4096 picture should take less than two seconds on two cores. Run it with
`.venv/bin/python bench/emulator_drawing.py [rounds]`.
"""

import sys
import time

from limner.emulator.drawing import Sketch, draw_picture

SIDE = 4096
PROMPTS = ("a red fox in a forest at night", "a city at dusk", "sailing boats at sunset", "quarterly results")


def time_drawing(sketch: Sketch, rounds: int) -> tuple[float, int]:
    """The best time of several, in seconds, and the file's size in bytes."""
    best_seconds = float("inf")
    size_bytes = 0
    for _ in range(rounds):
        draw_picture.cache_clear()
        start = time.perf_counter()
        size_bytes = len(draw_picture(sketch))
        best_seconds = min(best_seconds, time.perf_counter() - start)
    return best_seconds, size_bytes


def list_sketches() -> list[tuple[str, Sketch]]:
    """What is drawn, each with its name in the table."""
    sketches = [(f"{prompt} (JPEG)", Sketch(prompt=prompt, width=SIDE, height=SIDE)) for prompt in PROMPTS]
    source = draw_picture(sketches[0][1])
    edit = Sketch(prompt="make it blue", width=SIDE, height=SIDE, pictures=(source,))
    png = Sketch(prompt=PROMPTS[0], width=SIDE, height=SIDE, mime_type="image/png")
    return [*sketches, ("edit: make it blue (JPEG)", edit), (f"{PROMPTS[0]} (PNG)", png)]


def main() -> None:
    """Draw everything several times and print the best times."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{SIDE}x{SIDE}, best of {rounds}")
    print(f"{'drawing':<44}{'seconds':>9}{'MB':>8}")
    for name, sketch in list_sketches():
        seconds, size_bytes = time_drawing(sketch, rounds)
        print(f"{name:<44}{seconds:>9.2f}{size_bytes / 1e6:>8.1f}")


if __name__ == "__main__":
    main()
