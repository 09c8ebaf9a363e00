"""Words on pictures: every script has its letters, in the right order and direction, in lines that fit."""
# ruff: noqa: RUF001 - words in many scripts, letters of which look alike

import re
from pathlib import Path

import pytest
from looking import compare, draw, read
from PIL import Image, ImageDraw

from limner.emulator.drawing.coverage import read_coverage
from limner.emulator.drawing.fonts import FONT_PACKAGES, PILLOW_FACE, Face, list_faces, load_font
from limner.emulator.drawing.lettering import (
    LINE_HEIGHT,
    Setting,
    arrange_run,
    measure,
    read_script,
    set_text,
    write_line,
)
from limner.emulator.drawing.runs import Run, guess_language, is_rtl_text, split_clusters, split_runs

SAMPLES = {
    "latin": "Żółw på øya, naïve café",
    "cyrillic": "Красная лиса под луной",
    "greek": "Η κόκκινη αλεπού",
    "simplified": "月光下的红狐狸",
    "traditional": "變成藍色的城堡",
    "japanese": "月夜の赤いキツネ",
    "korean": "달빛 아래 붉은 여우",
    "arabic": "ثعلب أحمر تحت ضوء القمر",
    "hebrew": "שועל אדום לאור ירח",
    "devanagari": "चाँद के नीचे लाल लोमड़ी",
    "thai": "สุนัขจิ้งจอกสีแดง",
    "georgian": "წითელი მელა",
    "armenian": "կարմիր աղվես",
    "emoji": "🦊🌙👩‍🚀❤️🇩🇪",
    "signs": "→ ✓ ½ € ₽ ¥ № ∞",
}
LONG = (
    "fox",
    "a red fox under the silver moon",
    "Donaudampfschifffahrtsgesellschaftskapitän " * 12,
    "月光下的红狐狸，灯塔旁的海港，安静的夜晚。" * 8,
    "ثعلب أحمر تحت ضوء القمر " * 12,
)


def faces_of(text: str) -> tuple[Face, ...]:
    return read_script(text).faces


def ink(text: str, size: float = 60) -> Image.Image:
    """A line in white on black."""
    picture = Image.new("L", (1400, 120))
    setting = Setting((text,), size, read_script(text))
    write_line(ImageDraw.Draw(picture), (20, 10), text, setting, "white")
    return picture


@pytest.mark.parametrize("script", SAMPLES)
def test_every_letter_has_a_font_that_knows_it(script: str) -> None:
    """No run holds a character its font lacks, so that no box is drawn, and nothing is dropped."""
    text = SAMPLES[script]
    runs = split_runs(text, faces_of(text), rtl=is_rtl_text(text))
    lacking = [
        character
        for run in runs
        for character in run.text
        if character not in "\u200d\ufe0f" and not run.face.has(character)
    ]
    assert lacking == []
    assert sorted("".join(run.text for run in runs)) == sorted(text)


@pytest.mark.parametrize("text", ["ཀཁག", "ok ཀ fox", "\x07fox\u2028\ud800"])
def test_what_no_font_has_drops_out_gracefully(text: str) -> None:
    """Unknown letters are dots, what cannot be seen is nothing, and the picture is drawn."""
    shown = "".join(run.text for run in split_runs(text, faces_of(text)))
    assert shown == text.translate(
        {ord(letter): "\u00b7" for letter in "ཀཁག"} | {7: "", 0x2028: "", 0xD800: ""}
    )
    assert draw(text)[:2] == b"\xff\xd8"


def test_coverage_agrees_with_what_a_font_draws() -> None:
    """A character a font is said to lack is drawn as the box for unknown ones, one it has is not."""
    face = list_faces()[0]
    font = load_font(face, 40)
    box = font.getmask("\uffff")
    assert bytes(font.getmask("Ж")) != bytes(box)
    assert (face.has("Ж"), face.has("ก"), face.has("狐")) == (True, False, False)
    assert bytes(font.getmask("ก")) == bytes(box)


@pytest.mark.parametrize("file", [b"", b"GIF89a" * 40, b"\0\1\0\0\0\0\0\0\0\0\0\0"])
def test_a_file_that_is_no_font_is_told(file: bytes) -> None:
    """Reading the coverage of anything else raises ValueError."""
    with pytest.raises(ValueError, match="font"):
        read_coverage(file)


def test_pictures_are_drawn_without_the_font_packages() -> None:
    """Where no font package is installed there is Pillow's own font, and Latin words are written with it."""
    faces = list_faces("zh", ("no_such_package",))
    assert faces == (PILLOW_FACE,)
    runs = split_runs("fox 狐", faces)
    assert [run.text for run in runs] == ["fox \u00b7"]
    assert load_font(PILLOW_FACE, 40).getlength("fox") > 40


def test_the_fonts_come_from_packages_and_not_from_the_machine() -> None:
    """Every font lies in a package of this environment."""
    folders = {Path(face.path).parent.name for face in list_faces() if face.path}
    assert folders == set(FONT_PACKAGES)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("月光下的红狐狸", "zh"),
        ("變成藍色", "zh-hant"),
        ("月夜の狐", "ja"),
        ("여우 狐", "ko"),
        ("山", "zh"),
        ("fox", "zh"),
    ],
)
def test_east_asian_letters_take_their_languages_form(text: str, language: str) -> None:
    """Kana means Japanese, Hangul Korean, and the characters themselves tell the two ways of writing Chinese apart."""
    assert guess_language(text) == language


def test_the_same_character_is_drawn_otherwise_in_japanese() -> None:
    """Where the languages differ in a character's form, so do the drawn letters."""
    forms = [bytes(load_font(face, 80).getmask("骨")) for face in (_east_asian("zh"), _east_asian("ja"))]
    assert forms[0] != forms[1]


def _east_asian(language: str) -> Face:
    return next(face for face in list_faces(language) if face.has("骨"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Hello مرحبا بالعالم ok", "Hello {مرحبا بالعالم} ok"),
        ("السعر 120 دولار", "{دولار} 120 {السعر}"),
        ("גרסה Limner 2", "Limner 2 {גרסה}"),
        ("קנה (ok) עכשיו", "{עכשיו} (ok) {קנה}"),
        ("a 狐 b", "a 狐 b"),
    ],
)
def test_runs_stand_as_a_reader_expects(text: str, line: str) -> None:
    """From left to right on the line: right-to-left words (in braces) turned as a whole, what is inside them not."""
    runs = split_runs(text, faces_of(text), rtl=is_rtl_text(text))
    shown = "".join(_mirrored(run.text) if run.is_rtl else run.text for run in runs)
    assert shown == re.sub(r"\{(.*?)\}", lambda match: match.group(1)[::-1], line)


def _mirrored(text: str) -> str:
    return text[::-1].translate(str.maketrans("()", ")("))


def test_arabic_letters_are_joined() -> None:
    """A shaped word is narrower than its letters one by one."""
    script = read_script("قمر")
    assert measure("قمر", script) < sum(measure(letter, script) for letter in "قمر") * 0.9


def test_right_to_left_words_are_turned_by_hand_where_nothing_shapes() -> None:
    """Without Raqm a right-to-left run is given in reverse, marks with their letters, and others as they are."""
    face = next(face for face in list_faces() if face.has("ש"))
    assert arrange_run(Run("שָׁלום", face, is_rtl=True), can_shape=False) == ("םולשָׁ", None)
    assert arrange_run(Run("fox", PILLOW_FACE), can_shape=False) == ("fox", None)
    assert arrange_run(Run("שלום", face, is_rtl=True), can_shape=True) == ("שלום", "rtl")


def test_marks_joined_emoji_and_flags_are_not_parted() -> None:
    """A letter with its mark, a joined emoji, a flag and a keycap are each one piece."""
    assert split_clusters("e\u0301👩‍🚀🇩🇪🇯🇵1\ufe0f\u20e3👍🏽") == [
        "e\u0301",
        "👩‍🚀",
        "🇩🇪",
        "🇯🇵",
        "1\ufe0f\u20e3",
        "👍🏽",
    ]


@pytest.mark.parametrize(("width", "height"), [(900, 300), (150, 400), (60, 60)])
def test_set_text_stays_in_its_box(width: int, height: int) -> None:
    """Lines are within the box whatever the text's length and script; what does not fit ends with an ellipsis."""
    for text in LONG:
        setting = set_text(text, width, height, 60, 11)
        assert setting.height <= max(height, 11 * LINE_HEIGHT)
        assert setting.width <= width
    assert set_text("word " * 900, width, height, 60, 11).lines[-1].endswith("\u2026")
    assert set_text("月光" * 900, width, height, 60, 11).lines[-1].endswith("\u2026")


def test_chinese_lines_end_anywhere_but_before_a_stop() -> None:
    """A text without spaces is broken between its characters, and no line begins with closing punctuation."""
    text = "月光下的红狐狸，灯塔旁的海港（安静的夜晚）。"
    broken = {set_text(text, width, 900, 30, 29).lines for width in range(90, 330, 15)}
    assert all("".join(lines) == text for lines in broken)
    assert len({len(lines) for lines in broken}) > 3
    lines = [line for lines in broken for line in lines]
    assert [line for line in lines if line[0] in "，。）" or line[-1] == "（"] == []


def test_latin_lines_end_at_spaces() -> None:
    """Words stay whole where they fit, and join to the text again."""
    text = "a red fox under the silver moon"
    lines = set_text(text, 160, 400, 30, 12).lines
    assert len(lines) > 1
    assert " ".join(lines) == text


def test_twice_the_size_is_twice_the_width() -> None:
    """Letters grow evenly, so that measuring once is enough."""
    for text in ("lighthouse", "月光", "قمر"):
        face = split_runs(text, faces_of(text))[0].face
        small, large = (load_font(face, size).getlength(text) for size in (40, 80))
        assert large == pytest.approx(2 * small, rel=0.02)


def test_what_is_measured_is_what_is_drawn() -> None:
    """The ink of a line of several scripts is as wide as the line was measured."""
    for text in ("fox 狐狸 лиса", "مرحبا Limner 12", "🦊 and 여우"):
        left, _, right, _ = ink(text).getbbox() or (0, 0, 0, 0)
        assert right - left == pytest.approx(measure(text, read_script(text)) * 60, abs=9)


def test_a_right_to_left_caption_begins_at_the_right() -> None:
    """The words of an Arabic prompt are in the right half of the picture, those of a Latin one in the left."""
    bare = read(draw("fox", width=688, height=384))
    for prompt, box in (("قمر", (380, 310, 680, 380)), ("fox", (8, 310, 300, 380))):
        words = read(draw(prompt, width=688, height=384)).crop(box).convert("L").histogram()
        assert sum(words[235:]) > 100
    assert sum(bare.crop((380, 310, 680, 380)).convert("L").histogram()[235:]) == 0


@pytest.mark.parametrize("script", SAMPLES)
def test_a_prompt_in_any_script_is_written_on_its_picture(script: str) -> None:
    """Two pictures with words of a script differ where the words are, by light letters on a dark ground."""
    text = SAMPLES[script]
    lower = read(draw(text)).crop((0, 350, 512, 512)).convert("L")
    shares = lower.histogram()
    assert 0.004 < sum(shares[235:]) / sum(shares) < 0.4
    assert compare(ink(text[: len(text) // 2]).convert("RGB"), ink(text).convert("RGB")) > 0.5
