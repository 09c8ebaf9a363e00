"""Edits: simple instructions are followed in several languages, any other leaves its mark, sizes are kept."""

import io

import pytest
from looking import compare, draw, mean_colour, read
from PIL import Image, ImageDraw, ImageFilter, ImageOps, ImageStat

BODY = (0, 90, 512, 512)
"""Below the band with the instruction."""
INSTRUCTIONS = (
    "make it blue",
    "变成蓝色",
    "make it brighter",
    "rotate left",
    "rotate 180",
    "mirror it",
    "make it black and white",
    "blur it",
    "sharpen it",
    "crop it",
    'write "Hello"',
    "add a moon",
    "add a red balloon",
    "improve it a little",
)


def encode(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def corners() -> Image.Image:
    """Four quarters: red and green above, blue and yellow below."""
    picture = Image.new("RGB", (512, 512))
    for box, colour in (
        ((0, 0, 256, 256), "red"),
        ((256, 0, 512, 256), "lime"),
        ((0, 256, 256, 512), "blue"),
        ((256, 256, 512, 512), "yellow"),
    ):
        picture.paste(colour, box)
    return picture


def edit(instruction: str, picture: Image.Image, width: int = 512, height: int = 512) -> Image.Image:
    return read(draw(instruction, encode(picture), width=width, height=height))


def light_of(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture.convert("L")).mean[0])


def sharpness(picture: Image.Image) -> float:
    """How much a picture's edges stand out."""
    return float(ImageStat.Stat(picture.convert("L").filter(ImageFilter.FIND_EDGES)).mean[0])


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_an_edit_changes_the_picture_and_keeps_what_it_shows(instruction: str) -> None:
    """Below the band with the instruction an edit differs from its picture, and is nearer to it than to another."""
    source, stranger = draw("a cottage in autumn"), draw("city at night, neon")
    body = (20, 90, 492, 492)
    edited = read(draw(instruction, source)).crop(body)
    assert compare(edited, read(source).crop(body)) > 1
    assert compare(edited, read(source).crop(body)) < compare(edited, read(stranger).crop(body))


@pytest.mark.parametrize(
    ("instruction", "strongest"),
    [
        ("make it red", 0),
        ("make it green", 1),
        ("make it blue", 2),
        ("make the red fox blue", 2),
        ("变成蓝色", 2),
        ("把它变成红色", 0),
        ("緑にして", 1),
        ("сделай синим", 2),
        ("اجعله أحمر", 0),
        ("파란색으로 바꿔줘", 2),
    ],
)
def test_a_colour_word_tints(instruction: str, strongest: int) -> None:
    """Made red, green or blue a picture gains in that colour over the others, whatever the language."""
    source = draw("a grey cat")
    before, after = mean_colour(read(source)), mean_colour(read(draw(instruction, source)))
    gains = [late - early for early, late in zip(before, after, strict=True)]
    assert gains.index(max(gains)) == strongest


@pytest.mark.parametrize(
    "instruction", ["make it black and white", "变成黑白", "in Schwarz-Weiß, monochrome"]
)
def test_grey_has_no_colour(instruction: str) -> None:
    """Made black and white a picture has equal channels below the band."""
    red, _, blue = read(draw(instruction, draw("a red fox"))).crop(BODY).split()
    assert compare(red, blue) < 1


@pytest.mark.parametrize(
    ("instruction", "is_brighter"),
    [
        ("make it brighter", True),
        ("调亮一点", True),
        ("make it darker", False),
        ("变暗", False),
        ("темнее", False),
    ],
)
def test_light_follows_the_word(instruction: str, is_brighter: bool) -> None:
    """Brighter is lighter than before and darker is darker."""
    source = draw("a cottage in autumn")
    before, after = (light_of(read(data).crop(BODY)) for data in (source, draw(instruction, source)))
    assert (after > before * 1.1) if is_brighter else (after < before * 0.8)


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("rotate it by 90 degrees", Image.Transpose.ROTATE_270),
        ("rotate left", Image.Transpose.ROTATE_90),
        ("rotate 180", Image.Transpose.ROTATE_180),
        ("turn it upside down", Image.Transpose.ROTATE_180),
        ("旋转180度", Image.Transpose.ROTATE_180),
        ("mirror it", Image.Transpose.FLIP_LEFT_RIGHT),
        ("flip it vertically", Image.Transpose.FLIP_TOP_BOTTOM),
    ],
)
def test_turns_put_every_corner_where_it_belongs(instruction: str, expected: Image.Transpose) -> None:
    """After a turn or a mirroring each quarter of the picture is where the transposition puts it."""
    source = corners()
    assert compare(edit(instruction, source).crop(BODY), source.transpose(expected).crop(BODY)) < 3


def test_to_turn_into_a_colour_is_no_turn() -> None:
    """`Turn it blue` tints and leaves everything in its place."""
    edited = edit("turn it blue", ImageOps.grayscale(corners()).convert("RGB"))
    red, _, blue = mean_colour(edited.crop(BODY))
    assert blue > red + 20
    assert light_of(edited.crop((300, 120, 500, 240))) > light_of(edited.crop((20, 120, 200, 240)))


def test_blurred_has_fewer_edges_and_sharpened_more() -> None:
    """Blur takes edges away, sharpen adds to them."""
    source = read(draw("a cottage in autumn"))
    blurred, same, sharp = (
        sharpness(edited.crop(BODY)) for edited in (edit("模糊", source), source, edit("sharpen it", source))
    )
    assert blurred * 2 < same < sharp / 1.3


@pytest.mark.parametrize(
    "instruction",
    ['write "blue"', "write “blue”", "schreibe „blue“", "écris «blue»", "写上「blue」", "write 'blue'"],
)
def test_words_in_quotes_are_written_and_not_obeyed(instruction: str) -> None:
    """Whatever the quotes, their words stand in white across the middle, and a colour among them tints nothing."""
    source = Image.new("RGB", (512, 512), (90, 90, 90))
    edited = edit(instruction, source)
    middle = edited.crop((60, 180, 452, 320)).convert("L").histogram()
    assert sum(middle[240:]) > 1_500
    assert mean_colour(edited.crop((0, 400, 512, 512))) == pytest.approx([90, 90, 90], abs=2)


@pytest.mark.parametrize(("width", "height"), [(688, 384), (192, 1536), (1536, 192), (512, 512)])
def test_an_edit_is_cropped_to_the_ratio_asked_for(width: int, height: int) -> None:
    """A square is cropped, not squeezed: a circle in its middle stays round, and the size is exact."""
    source = Image.new("RGB", (600, 600), "white")
    ImageDraw.Draw(source).ellipse((250, 250, 350, 350), fill="black")
    edited = edit("crop it to the ratio", source, width, height)
    assert edited.size == (width, height)
    left, top, right, bottom = ImageOps.invert(
        edited.convert("L").point(lambda level: 255 * (level > 60)).crop((0, height * 2 // 9, width, height))
    ).getbbox() or (0, 0, 0, 1)
    if max(width, height) < 800:
        assert (right - left) / (bottom - top) == pytest.approx(1, abs=0.03)


def test_a_turn_and_a_ratio_together_lose_nothing() -> None:
    """A wide picture turned by 90 degrees into a tall sheet is shown whole."""
    source = corners().resize((688, 384))
    edited = edit("rotate 90", source, 384, 688)
    expected = source.transpose(Image.Transpose.ROTATE_270)
    body = (0, 100, 384, 688)
    assert compare(edited.crop(body), expected.crop(body)) < 3


def test_several_pictures_are_all_shown() -> None:
    """An edit of a red and a blue picture shows both, side by side."""
    files = [encode(Image.new("RGB", (300, 300), colour)) for colour in ("red", "blue")]
    picture = read(draw("combine these", *files, width=688, height=384))
    left, right = (mean_colour(picture.crop(box)) for box in ((60, 100, 300, 340), (400, 100, 640, 340)))
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]
