"""`docs/keys.md` beside the code: its sample files can be imported, and its tables name what there is."""

import re

from doc_tables import find_table, read_page, read_spans
from msgspec.structs import fields

from limner.ledger.key_foreign import FOREIGN
from limner.ledger.key_formats import OWN_COLUMNS
from limner.ledger.key_import import ON_CONFLICT
from limner.ledger.key_reading import KeyFile, read_key_file
from limner.ledger.key_secrets import SecretDigests
from limner.wire.limner_keys import KeyOrder

NOW = 1_795_942_800  # 2026-11-29


def read_samples() -> dict[str, KeyFile]:
    """Return the sample files of the page, by whose columns they have."""
    digests = SecretDigests(b"a signing secret of the tests")
    texts = re.findall(r"^```csv\n(.*?)^```$", read_page("keys.md"), re.MULTILINE | re.DOTALL)
    files = [read_key_file(text.encode(), digests, owner_from=None, now=NOW) for text in texts]
    return {file.format: file for file in files}


def test_samples_can_be_imported() -> None:
    """There is a sample for each gateway's columns; none has a problem, and none of its rows is left out."""
    samples = read_samples()
    assert set(samples) == {"limner", *(kind.name for kind in FOREIGN)}
    for file in samples.values():
        assert (file.problems, file.left_out) == ((), ())
        assert len(file.candidates) == 2


def test_samples_become_what_the_page_says() -> None:
    """Names that occur twice have their numbers, money is what is left, and models are those that Limner knows."""
    samples = read_samples()
    first, second = (one.wanted for one in samples["new-api"].candidates)
    assert (first.name, second.name) == ("default-1", "default-2")
    assert (first.fields["budget_micro_usd"], second.fields["budget_micro_usd"]) == (25_000_000, None)
    assert first.fields["models"] == frozenset({"gemini-2.5-flash-image"})
    shop, blog = (one.wanted for one in samples["litellm"].candidates)
    assert (shop.fields["budget_micro_usd"], shop.fields["budget_period"]) == (8_750_000, "total")
    assert (blog.fields["budget_micro_usd"], blog.fields["budget_period"]) == (25_000_000, "month")


def test_every_field_is_listed() -> None:
    """The table of what a key may have lists each option's field, and the page each column of Limner's own."""
    page = read_page("keys.md")
    listed = {
        name
        for _, field, _ in find_table(page, "option of `limner keys create`")
        for name in read_spans(field)
    }
    assert listed == {field.name for field in fields(KeyOrder)} - {"expires_at"}
    section = page.partition("### Limner's own columns")[2].partition("```csv")[0]
    assert set(OWN_COLUMNS) - {"is_admin", "expires_at"} <= set(read_spans(section))


def test_every_choice_is_explained() -> None:
    """The page says of each thing that can be done with keys that are there what it does."""
    (row,) = [
        row
        for row in find_table(read_page("keys.md"), "option, and parameter of the door")
        if "on_conflict" in row[0]
    ]
    assert set(ON_CONFLICT) <= set(read_spans(row[1]))
