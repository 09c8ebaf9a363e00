"""What is to be drawn, and the way from there to a file: scene or edit, grain, words, encoding.

It must not know requests or models; everything it needs is in the `Sketch`.
"""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops

from limner.emulator.drawing.brush import seed_chance
from limner.emulator.drawing.captions import letter_caption
from limner.emulator.drawing.editing import edit_pictures
from limner.emulator.drawing.files import encode_picture
from limner.emulator.drawing.scene import paint_scene

_GRAIN_SIDE = 512
# Gives JPEG files about half the weight Gemini's have: 0.3 MB at 1K, 4 MB at 4K.
_GRAIN_LEVELS = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One picture to draw. `pictures` are files to be changed; `variant` tells several answers to one call apart."""

    prompt: str
    width: int
    height: int
    mime_type: str = "image/jpeg"
    jpeg_quality: int = 90
    pictures: tuple[bytes, ...] = ()
    variant: int = 0
    seed: int = 0


@lru_cache(maxsize=8)
def draw_picture(sketch: Sketch) -> bytes:
    """The file of a sketch; the same sketch gives the same bytes.

    Raises `OSError` for a picture to be changed whose pixels cannot be read.
    """
    if sketch.pictures:
        picture = edit_pictures(sketch.pictures, sketch.prompt, sketch.width, sketch.height)
    else:
        scene = paint_scene(sketch.prompt, sketch.width, sketch.height, sketch.variant, sketch.seed)
        picture = _add_grain(scene, sketch)
        letter_caption(picture, sketch.prompt)
    return encode_picture(picture, sketch.mime_type, sketch.jpeg_quality)


def _add_grain(picture: Image.Image, sketch: Sketch) -> Image.Image:
    """The picture with the fine noise of film: it hides the steps of gradients and keeps files from being toys."""
    chance = seed_chance("grain", sketch.prompt, sketch.variant, sketch.seed)
    noise = Image.frombytes("L", (_GRAIN_SIDE, _GRAIN_SIDE), chance.randbytes(_GRAIN_SIDE**2))
    tile = noise.point([128 - _GRAIN_LEVELS // 2 + level * _GRAIN_LEVELS // 256 for level in range(256)])
    grain = Image.new("L", picture.size)
    for top in range(0, picture.height, _GRAIN_SIDE):
        for left in range(0, picture.width, _GRAIN_SIDE):
            grain.paste(tile, (left, top))
    return ImageChops.add(picture, Image.merge("RGB", (grain, grain, grain)), 1, -128)
