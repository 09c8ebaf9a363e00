"""Upstreams, models and fallbacks in `limner.toml`: what is read, and every problem told with what is accepted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from limner.catalogue import (
    Additions,
    find_fallbacks,
    find_model,
    list_models,
    price_nano_usd,
    use_additions,
)
from limner.config import SettingsError, load_settings
from limner.config_tables import ModelTable, UpstreamTable

ROOT = Path(__file__).resolve().parents[2]
KEY = "a-key-nobody-may-see"


@pytest.fixture(autouse=True)
def _own_table() -> Iterator[None]:
    """What a test adds to the models ends with it."""
    yield
    use_additions(Additions())


def load(tmp_path: Path, text: str, **variables: str) -> "list[str]":
    """Read a file, and return the problems."""
    path = tmp_path / "limner.toml"
    path.write_text(text, encoding="utf-8")
    try:
        load_settings({"LIMNER_CONFIG": str(path), "GEMINI_API_KEY": "k", **variables}, None)
    except SettingsError as error:
        return [problem.removeprefix(f"{path}: ") for problem in error.problems]
    return []


def test_upstreams_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come from the table, a file or a variable; what is left out has its default."""
    monkeypatch.setenv("A_KEY", KEY)
    (tmp_path / "key").write_text(f"{KEY}-of-a-file\n")
    (tmp_path / "limner.toml").write_text(
        f'[[upstream]]\nkey = "{KEY}-here"\n'
        '[[upstream]]\nname = "two"\nkey_env = "A_KEY"\nweight = 7\nmodels = ["nano-banana-pro"]\nproxy = ""\n'
        f'[[upstream]]\nkind = "developer"\nkey_file = "{tmp_path / "key"}"\nbase_url = "http://relay/x"\n'
        '[[upstream]]\nkind = "vertex"\nproject = "my-project"\nlocation = "eu"\n'
    )
    settings = load_settings({"LIMNER_CONFIG": str(tmp_path / "limner.toml")}, None)
    first, second, third, fourth = settings.file_upstreams
    keys = [None if each.key is None else each.key.get_secret_value() for each in settings.file_upstreams]
    assert keys == [f"{KEY}-here", KEY, f"{KEY}-of-a-file", None]
    assert (first.table.weight, first.table.name, first.models) == (1, None, None)
    assert (second.table.weight, second.table.name) == (7, "two")
    assert (second.models, second.table.proxy) == (frozenset({"gemini-3-pro-image"}), "")
    assert third.table.base_url == "http://relay/x"
    assert (fourth.table.project, fourth.table.location) == ("my-project", "eu")
    assert settings.has_upstream
    assert settings.has_vertex
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[upstream]]\n", "upstream[1]: it has no key; accepted: key, key_file or key_env"),
        ('[[upstream]]\nkey = "a"\nkey_env = "B"\n', "upstream[1]: it has key and key_env; accepted: one of"),
        ('[[upstream]]\nkey = "a b"\n', "upstream[1].key (value not shown) is refused"),
        ('[[upstream]]\nkey_env = "NOT_SET_ANYWHERE"\n', "upstream[1]: key_env is 'NOT_SET_ANYWHERE', which"),
        ('[[upstream]]\nkey_file = "nowhere"\n', "upstream[1]: key_file is 'nowhere', which cannot be read"),
        ('[[upstream]]\nkey = "a"\nweight = 0\n', "upstream[1].weight is 0; accepted: a whole number from 1"),
        ('[[upstream]]\nkey = "a"\nweight = 1.5\n', "upstream[1].weight is 1.5"),
        (
            '[[upstream]]\nkey = "a"\nweigth = 1\n',
            "upstream[1].weigth is not known to this version; accepted",
        ),
        ('[[upstream]]\nkind = "openai"\nkey = "a"\n', "upstream[1].kind is 'openai'"),
        ('[[upstream]]\nkey = "a"\nproject = "my-project"\n', 'accepted: with kind = "vertex" only'),
        ('[[upstream]]\nkind = "vertex"\n', "it has neither project nor key"),
        ('[[upstream]]\nkind = "vertex"\nproject = "NO SUCH"\n', "upstream[1].project is 'NO SUCH'"),
        ('[[upstream]]\nkind = "vertex"\nproject = "p-123456"\nlocation = "Mars!"\n', "upstream[1].location"),
        (
            '[[upstream]]\nkind = "vertex"\nkey = "a"\ncredentials_file = "x"\n',
            "it has a key and credentials_file",
        ),
        ('[[upstream]]\nkey = "a"\nproxy = "ftp://x"\n', "upstream[1].proxy (value not shown) is refused"),
        ('[[upstream]]\nkey = "a"\nmodels = ["no-such"]\n', "upstream[1].models names 'no-such'"),
        ('[[upstream]]\nkey = "a"\nmodels = []\n', "upstream[1].models"),
        (
            '[[upstream]]\nname = "x"\nkey = "a"\n[[upstream]]\nname = "x"\nkey = "b"\n',
            "upstream[2].name is 'x', which stands there twice",
        ),
        ("[upstream]\nkey = 1\n", "upstream is not an array of tables; accepted: [[upstream]]"),
        ('[[model]]\nid = "new"\n', "model[1] has no like; accepted: the name of a model"),
        ('[[model]]\nid = "new"\nlike = "older"\n', "model[1].like is 'older'"),
        ('[[model]]\nid = "no spaces"\nlike = "nano-banana"\n', "model[1].id is 'no spaces'"),
        (
            '[[model]]\nid = "new"\nlike = "nano-banana"\ninput_usd = -1\n',
            "model[1].input_usd is -1; accepted: dollars for a million tokens",
        ),
        ('[[model]]\nid = "new"\nlike = "nano-banana"\ninput_usd = 0.00001\n', "three decimal places"),
        ('[[model]]\nid = "new"\nlike = "nano-banana"\nratios = ["7:5"]\n', "model[1].ratios names 7:5"),
        (
            '[[model]]\nid = "new"\nlike = "nano-banana"\naliases = ["nano-banana-pro"]\n',
            "model[1].aliases names nano-banana-pro, a model already",
        ),
        (
            '[[model]]\nid = "new"\nlike = "nano-banana"\nimage_tokens = { "9K" = 1 }\n',
            "model[1].image_tokens",
        ),
        ('[fallback]\n"no-such" = "nano-banana"\n', "fallback.no-such is no model that is known"),
        ('[fallback]\n"nano-banana" = "no-such"\n', "fallback.nano-banana names 'no-such'"),
        ('[fallback]\n"nano-banana" = ["nano-banana"]\n', "fallback.nano-banana names 'nano-banana'"),
        (
            '[fallback]\n"nano-banana" = "gemini-3.8-flash"\n',
            "accepted: other models of which each draws",
        ),
        ('[fallback]\n"nano-banana" = []\n', "fallback.nano-banana is []"),
        ("fallback = 7\n", "'fallback' is 7"),
    ],
)
def test_problems_are_told(text: str, told: str, tmp_path: Path) -> None:
    """A problem names its place, the value unless it is a secret, and what is accepted."""
    problems = load(tmp_path, text)
    assert len(problems) == 1, problems
    assert told in problems[0]
    assert "accepted" in problems[0]


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """Each table is read for itself, and none hides another's problem, nor one of the environment."""
    text = '[[upstream]]\nweight = 0\nkey = "a"\n[[upstream]]\n[[model]]\nid = "x"\n[fallback]\nno = "x"\n'
    problems = load(tmp_path, text, LIMNER_MAX_N="99")
    assert len(problems) == 5
    assert any("LIMNER_MAX_N" in problem for problem in problems)


def test_an_added_model_is_like_another(tmp_path: Path) -> None:
    """A new model has the ratios, sizes and limits of the one it is like, its own names and its own prices."""
    text = (
        '[[model]]\nid = "gemini-4-flash-image"\nlike = "nano-banana-2.1"\ntitle = "Four"\naliases = ["nano-4"]\n'
        'output_image_usd = 24\nimage_tokens = { "1K" = 1000, "2K" = 2000 }\n'
    )
    assert load(tmp_path, text) == []
    added, like = find_model("Nano-4"), find_model("nano-banana-2.1")
    assert added is not None
    assert like is not None
    assert (added.id, added.title, added.ratios) == ("gemini-4-flash-image", "Four", like.ratios)
    assert added.sizes == ("1K", "2K")
    assert price_nano_usd(added, "2K") == 2000 * 24_000
    assert added.prices.input_nano_usd == like.prices.input_nano_usd
    assert added in list_models()


def test_a_known_model_gets_other_prices(tmp_path: Path) -> None:
    """With the id of a known model its prices are replaced, and nothing else; a later reading without it has the table's."""
    assert load(tmp_path, '[[model]]\nid = "gemini-3-pro-image"\noutput_image_usd = "60"\n') == []
    model = find_model("nano-banana-pro")
    assert model is not None
    assert price_nano_usd(model, "1K") == 1120 * 60_000
    assert len([each for each in list_models() if each.id == model.id]) == 1
    assert load(tmp_path, '[[model]]\nid = "gemini-3-pro-image"\ninput_usd = 1\n') == []
    model = find_model("nano-banana-pro")
    assert model is not None
    assert price_nano_usd(model, "1K") == 1120 * 120_000


def test_fallbacks_are_in_their_order(tmp_path: Path) -> None:
    """By whatever names, the models that stand in for one are those of the table, each once."""
    text = '[fallback]\nNANO-BANANA-PRO = ["nano-banana-2", "gemini-nano-banana-2.1", "nano-banana-2.1"]\n'
    assert load(tmp_path, text) == []
    pro = find_model("gemini-3-pro-image")
    assert pro is not None
    assert [model.id for model in find_fallbacks(pro)] == ["gemini-3.1-flash-image", "gemini-nano-banana-2.1"]


def test_a_file_with_problems_changes_no_model(tmp_path: Path) -> None:
    """What is reported takes no effect."""
    text = '[[model]]\nid = "new"\nlike = "nano-banana"\n[[upstream]]\n'
    assert len(load(tmp_path, text)) == 1
    assert find_model("new") is None


def test_every_field_is_documented() -> None:
    """The page on upstreams names each field of both tables, and no other stands in its table."""
    page = (ROOT / "docs" / "upstream.md").read_text(encoding="utf-8")
    for table in (UpstreamTable, ModelTable):
        assert [
            name for name in table.model_fields if f"`{name}`" not in page and f"{name} =" not in page
        ] == []
