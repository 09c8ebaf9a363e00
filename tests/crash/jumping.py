"""Runs `limner` on a machine whose clock someone sets: `python -m jumping FILE serve …`.

FILE holds the seconds by which the clock is wrong, and is read whenever the time is. Steady clocks go on as
they do. In SQLite and in log lines the time stays right.
"""

import sys
import time
from pathlib import Path

from limner.cli import main

if __name__ == "__main__":
    offset = Path(sys.argv.pop(1))
    tell_time = time.time
    time.time = lambda: tell_time() + float(offset.read_text(encoding="ascii"))
    main()
