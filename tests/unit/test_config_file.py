"""The file of what is structured: what is read of it, and that all that is wrong with it stops the start."""

from pathlib import Path

import pytest

from limner.catalogue.aliases import Aliases
from limner.config import SettingsError, load_settings


def load_file(folder: Path, text: str) -> dict[str, str]:
    """Return the aliases of a file that says `text`."""
    path = folder / "limner.toml"
    path.write_text(text, encoding="utf-8")
    return dict(load_settings({"LIMNER_CONFIG": str(path)}, None).aliases)


def find_problems(folder: Path, text: str) -> list[str]:
    """Return what is reported of a file that says `text`."""
    with pytest.raises(SettingsError) as caught:
        load_file(folder, text)
    return list(caught.value.problems)


def test_aliases_are_read(tmp_path: Path) -> None:
    """Aliases are names in any case of models by any of their names, with settings behind these."""
    text = '[aliases]\n"GPT-Image-1" = "nano-banana-2-2k"\n"gpt-5.2" = "models/gemini-3.8-flash"\n'
    expected = {"gpt-image-1": "nano-banana-2-2k", "gpt-5.2": "models/gemini-3.8-flash"}
    assert load_file(tmp_path, text) == expected


def test_without_a_file_there_are_no_aliases() -> None:
    """No file, no aliases."""
    assert load_settings({}, None).aliases == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[aliases", "cannot be read"),
        ("aliases = 3", "'aliases' is 3"),
        ("[aliases]\na = 3", "aliases.a is 3"),
        ('[aliases]\na = "no-such-model"', "aliases.a is 'no-such-model'"),
        ('[aliases]\nnano-banana = "nano-banana-2"', "aliases.nano-banana is a name of a model already"),
        ('[aliases]\n" " = "nano-banana-2"', "has no name"),
        ('[aliases]\na = "nano-banana-2"\nA = "nano-banana-2"', "stands there twice"),
        ("[upstreams]\nkey = 3", "'upstreams' is not known to this version"),
    ],
)
def test_what_is_wrong_is_reported(tmp_path: Path, text: str, told: str) -> None:
    """A problem is told with its place and what is accepted, and stops the start."""
    (problem,) = find_problems(tmp_path, text)
    assert told in problem
    assert "accepted" in problem


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    """A path that leads nowhere stops the start, together with all other problems."""
    with pytest.raises(SettingsError) as caught:
        load_settings({"LIMNER_CONFIG": str(tmp_path / "none.toml"), "LIMNER_FOO": "1"}, None)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gpt-image-1", "nano-banana-2"),
        ("GPT-Image-1-16x9", "nano-banana-2-16x9"),
        ("gpt-image-1-mini", "nano-banana"),
        ("gpt-image-1-mini-4k", "nano-banana-4k"),
        ("gpt-image-10", "gpt-image-10"),
        ("nano-banana-2", "nano-banana-2"),
    ],
)
def test_an_alias_stands_for_a_name(name: str, meant: str) -> None:
    """An alias stands for its model with whatever settings stand behind it; what only begins like one does not."""
    aliases = Aliases({"gpt-image-1": "nano-banana-2", "gpt-image-1-mini": "nano-banana"})
    assert aliases.resolve(name) == meant
