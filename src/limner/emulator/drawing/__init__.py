"""Pictures for the emulator: real files of an exact size that show their prompt.

`draw_picture` is the one way in. Nothing in this package knows Gemini's models or HTTP.
"""

from limner.emulator.drawing.sketch import Sketch, draw_picture

__all__ = ["Sketch", "draw_picture"]
