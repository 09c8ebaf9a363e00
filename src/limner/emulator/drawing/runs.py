"""A text as runs: pieces of one font and one direction, in the order they stand on a line from left to right.

Directions follow the Unicode bidirectional algorithm as far as captions need it: no explicit embeddings, no mirrored
brackets. This module must not know sizes, lines or pictures.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from limner.emulator.drawing.fonts import PILLOW_FACE, Face

# What stands for a character no font has.
_UNKNOWN = "\u00b7"
_KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
# Controls, formats, separators of lines, halves of pairs, private letters.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co"})
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f\u20e3")


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one font and one direction, in the order they are read."""

    text: str
    face: Face
    is_rtl: bool = False


def guess_language(text: str) -> str:
    """In which language's forms East Asian characters are to be drawn: `ja`, `ko`, `zh` or `zh-hant`."""
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    for character in text:
        if "\u4e00" <= character <= "\u9fff" and not _is_in(character, "gb2312"):
            # The old national character sets tell the two ways of writing Chinese apart.
            return "zh-hant" if _is_in(character, "big5") else "zh"
    return "zh"


def _is_in(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def is_rtl_text(text: str) -> bool:
    """Whether a text begins in a script that runs from right to left."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind == "L":
            return False
        if kind in _RIGHT_TO_LEFT:
            return True
    return False


def split_clusters(text: str) -> list[str]:
    """The text in pieces no line or font may part: a character with its marks, a flag, a joined emoji."""
    clusters: list[str] = []
    for character in text:
        last = clusters[-1] if clusters else ""
        sticks = unicodedata.category(character) in {"Mn", "Mc", "Me"} or character in _JOINERS
        sticks = sticks or "\U0001f3fb" <= character <= "\U0001f3ff" or last.endswith("\u200d")
        pairs = _is_flag_letter(character) and _is_flag_letter(last)
        if last and last != " " and (sticks or pairs):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _is_flag_letter(text: str) -> bool:
    return len(text) == 1 and "\U0001f1e6" <= text <= "\U0001f1ff"


@lru_cache(maxsize=8192)
def split_runs(text: str, faces: tuple[Face, ...], *, rtl: bool = False) -> tuple[Run, ...]:
    """The runs of a line as they stand from left to right; `rtl` is the direction of the text it is taken from."""
    clusters = [(cluster, face) for cluster in split_clusters(text) for face in [_find_face(cluster, faces)]]
    drawn = [_drawable(cluster, face) for cluster, face in clusters]
    pieces = [(cluster, face) for cluster, face in drawn if cluster]
    pieces = _keep_spaces_with_neighbours(pieces)
    levels = _find_levels([cluster for cluster, _ in pieces], rtl=rtl)
    runs: list[tuple[int, Run]] = []
    for (level, face), group in groupby(
        zip(levels, pieces, strict=True), key=lambda item: (item[0], item[1][1])
    ):
        joined = "".join(cluster for _, (cluster, _) in group)
        runs.append((level, Run(joined, face, level % 2 == 1)))
    return tuple(_reorder(runs))


def _find_face(cluster: str, faces: tuple[Face, ...]) -> Face | None:
    """The first font that has all of a cluster, else the first that has its first character."""
    if "\ufe0f" in cluster:
        # The sign that asks for the emoji form of a character: emoji fonts are tried last otherwise.
        faces = tuple(reversed(faces))
    shown = [character for character in cluster if character not in _JOINERS]
    for wanted in (shown, shown[:1]):
        for face in faces:
            if wanted and all(face.has(character) for character in wanted):
                return face
    return None


def _drawable(cluster: str, face: Face | None) -> tuple[str, Face]:
    """What is drawn of a cluster: itself, nothing for what cannot be seen, a dot for what no font has."""
    if unicodedata.category(cluster[0]) in _UNSEEN:
        return "", PILLOW_FACE
    if face is not None:
        return cluster, face
    return ("" if unicodedata.combining(cluster[0]) else " " if cluster.isspace() else _UNKNOWN), PILLOW_FACE


def _keep_spaces_with_neighbours(pieces: list[tuple[str, Face]]) -> list[tuple[str, Face]]:
    """Spaces take the font of what stands before them, so that a phrase in one script is one run."""
    kept: list[tuple[str, Face]] = []
    for cluster, face in pieces:
        kept.append((cluster, kept[-1][1] if kept and cluster == " " and kept[-1][1].has(" ") else face))
    return kept


def _find_levels(clusters: list[str], *, rtl: bool) -> list[int]:
    """The embedding level of each cluster: even runs left to right, odd right to left (rules N1, N2, I1, I2)."""
    base = int(rtl)
    kinds = [_direction(cluster) for cluster in clusters]
    afters: list[str] = []
    after = "LR"[base]
    for kind in reversed(kinds):
        afters.append(after)
        after = after if kind == " " else kind
    levels: list[int] = []
    before = "LR"[base]
    for kind, after in zip(kinds, reversed(afters), strict=True):
        if kind == "N":
            # A number in right-to-left words is read from left to right inside them.
            levels.append(2 if before == "R" or base else 0)
        elif kind == " ":
            levels.append(_level(before if after in {before, "N"} else "LR"[base], base))
        else:
            levels.append(_level(kind, base))
            before = kind
    return levels


def _level(kind: str, base: int) -> int:
    return 1 if kind == "R" else 2 * base


def _direction(cluster: str) -> str:
    kind = unicodedata.bidirectional(cluster[0])
    if kind == "L":
        return "L"
    if kind in _RIGHT_TO_LEFT:
        return "R"
    return "N" if kind in {"EN", "AN"} else " "


def _reorder(runs: list[tuple[int, Run]]) -> list[Run]:
    """From the order of reading to the order on the line: every stretch of a level or higher is turned (rule L2)."""
    line = list(runs)
    for level in range(max((found for found, _ in line), default=0), 0, -1):
        start = 0
        while start < len(line):
            end = start
            while end < len(line) and line[end][0] >= level:
                end += 1
            line[start:end] = reversed(line[start:end])
            start = max(end, start + 1)
    return [run for _, run in line]
