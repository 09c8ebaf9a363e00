"""Pictures as their owner pages through and searches them, and that ten thousand of them are no burden."""

import re
from typing import Any

import msgspec
import pytest
from books import DAY, HOUR, START_MS, Books, make_key, make_picture, open_books, settled

from limner.ledger import calls, claims, endings, gallery, retention
from limner.ledger.gallery import PictureChoice, Place, ShownPicture, search
from limner.ledger.queries import Query, load_queries
from limner.ledger.records import NewGeneration, Scope

books = pytest.fixture(open_books)

ANN = Scope(owner="ann", end_user=None)
BOB = make_key("bob")


def draw(books: Books, *, asked: dict[str, Any] | None = None, pictures: Any = None, **changes: Any) -> str:
    """Draw a picture that its client gets, or several, and return the generation's id."""
    if asked is not None:
        changes["asked"] = msgspec.json.encode({"model": "nano-banana", **asked})
    generation_id = books.claim(is_always_new=True, **changes)
    books.send(generation_id)
    made = (make_picture(generation_id),) if pictures is None else pictures(generation_id)
    books.end(settled(generation_id, pictures=made))
    books.leave(generation_id, is_delivered=True)
    return generation_id


def list_all(books: Books, scope: Scope = ANN, page: int = 100, **choice: Any) -> list[str]:
    """Return the ids of all pictures that a choice shows, read in pages, without what all of them begin with."""
    chosen = PictureChoice(limit=page, **choice)
    place: Place | None = gallery.begin(chosen)
    found: list[ShownPicture] = []
    while place is not None:
        more, place = gallery.list_some(books.database, scope, chosen, place)
        found += more
    return [shown.picture.id.removeprefix("picture-") for shown in found]


def several(count: int) -> Any:
    """Return what makes an answer of some pictures, every other a thought."""
    return lambda name: tuple(
        make_picture(name, number, is_thought=number % 2 == 1) for number in range(count)
    )


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_pages_are_in_order_and_whole(books: Books, page: int) -> None:
    """In pages of any length every picture comes once, the newest first or the oldest, and no thought."""
    first = draw(books, pictures=several(5))
    books.now_ms += HOUR
    second = draw(books)
    third = draw(books, pictures=several(3))
    draw(books, pictures=lambda _: ())
    draw(books, key=BOB)
    expected = [f"{third}-2", f"{third}-0", f"{second}-0", f"{first}-4", f"{first}-2", f"{first}-0"]
    assert list_all(books, page=page) == expected
    assert list_all(books, page=page, is_newest_first=False) == expected[::-1]


def test_a_page_says_what_a_picture_is(books: Books) -> None:
    """A picture comes with its call and what was asked there in words, also one by one."""
    generation_id = draw(books, prompt="Ein GROẞES Haus", pictures=several(2))
    (shown,), _ = gallery.list_some(books.database, ANN, PictureChoice(), gallery.begin(PictureChoice()))
    assert shown == gallery.find_picture(books.database, f"picture-{generation_id}-0", ANN)
    assert (shown.prompt, shown.record) == ("Ein GROẞES Haus", books.find(generation_id))
    assert shown.picture == make_picture(generation_id)
    assert gallery.find_picture(books.database, f"picture-{generation_id}-1", ANN) is None


def test_what_was_let_go_is_shown_no_more(books: Books) -> None:
    """A picture whose answer was deleted is neither listed nor found."""
    gone, kept = draw(books), draw(books)
    with books.database.transaction():
        retention.forget_files(books.database, [gone])
    assert list_all(books) == [f"{kept}-0"]
    assert gallery.find_picture(books.database, f"picture-{gone}-0", ANN) is None


def test_owners_and_end_users_are_apart(books: Books) -> None:
    """Each owner sees the own pictures, and of an end user only that one's where it is named."""
    of_ann = draw(books)
    of_kim = draw(books, end_user="kim")
    of_bob = draw(books, key=BOB)
    assert list_all(books) == [f"{of_kim}-0", f"{of_ann}-0"]
    assert list_all(books, Scope(owner="ann", end_user="kim")) == [f"{of_kim}-0"]
    assert list_all(books, Scope(owner="ann", end_user="")) == [f"{of_ann}-0"]
    assert list_all(books, Scope(owner="bob", end_user=None)) == [f"{of_bob}-0"]
    assert gallery.find_picture(books.database, f"picture-{of_bob}-0", ANN) is None
    assert (
        gallery.find_picture(books.database, f"picture-{of_ann}-0", Scope(owner="ann", end_user="kim"))
        is None
    )


PROMPTS = (
    "A red cat on a mat",
    "Ein GROẞES rotes Haus",
    "花园里的红猫",
    "100% wool_hat \\ [x]",
    "ΣΊΣΥΦΟΣ pushes",
    "İstanbul by night",
    None,
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", (0, 1, 2, 3, 4, 5, 6)),
        ("CAT", (0,)),
        ("mat red", (0,)),
        ("red mouse", ()),
        ("grosses", (1,)),
        ("GROSSES haus", (1,)),
        ("红猫", (2,)),
        ("红 花园", (2,)),
        ("%", (3,)),
        ("l_h", (3,)),
        ("a_c", ()),
        ("\\", (3,)),
        ("[x]", (3,)),
        ("σίσυφος", (4,)),
        ("i\N{COMBINING DOT ABOVE}stanbul", (5,)),
        ("'; DROP TABLE generations; --", ()),
    ],
)
def test_search_by_words(books: Books, query: str, found: tuple[int, ...]) -> None:
    """Every word has to be there, anywhere and in any case of any script, and no character is a wildcard."""
    drawn = [draw(books, prompt=prompt) for prompt in PROMPTS]
    expected = [f"{drawn[number]}-0" for number in found]
    assert list_all(books, words=search(query), is_newest_first=False) == expected


def test_filters(books: Books) -> None:
    """Model, ratio and time each leave out what is not meant."""
    old = draw(
        books, asked={"model": "my-alias"}, pictures=lambda n: (make_picture(n, width=2752, height=1536),)
    )
    books.now_ms += DAY
    new = draw(
        books,
        model="gemini-3-pro-image",
        pictures=lambda n: (make_picture(n, width=1024, height=1024), make_picture(n, 1, width=None)),
    )
    both = [f"{new}-1", f"{new}-0", f"{old}-0"]
    assert list_all(books, model="gemini-3-pro-image") == both[:2]
    assert list_all(books, model="x", asked_begin='{"model":"my-alias"') == both[2:]
    assert list_all(books, ratio=(16, 9)) == both[2:]
    assert list_all(books, ratio=(1, 1)) == [f"{new}-0"]
    assert list_all(books, ratio=(9, 16)) == []
    assert list_all(books, since_ms=START_MS + 1) == both[:2]
    assert list_all(books, since_ms=START_MS) == both
    assert list_all(books, until_ms=START_MS + DAY) == both[2:]
    assert list_all(books, until_ms=START_MS + DAY + 1, is_newest_first=False) == both[::-1]


def test_a_search_goes_on_where_it_stopped(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """One among many is found though only some calls are gone through at once, in both directions."""
    monkeypatch.setattr(gallery, "CALLS_AT_ONCE", 2)
    drawn = [draw(books, prompt="needle" if number in {1, 8} else "hay") for number in range(10)]
    chosen = PictureChoice(words=search("needle"))
    found, place = gallery.list_some(books.database, ANN, chosen, gallery.begin(chosen))
    assert ([shown.picture.id for shown in found], place is None) == ([f"picture-{drawn[8]}-0"], False)
    expected = [f"{drawn[8]}-0", f"{drawn[1]}-0"]
    assert list_all(books, words=search("needle")) == expected
    assert list_all(books, words=search("needle"), is_newest_first=False) == expected[::-1]


PICTURES = {"sqlite": 10_000, "postgres": 2_000}
"""Fewer where each statement is a way to a server and back: it is the plan that counts."""


def fill(books: Books, count: int) -> None:
    """Draw many pictures of ann's, three in four in the same millisecond as others, a hundred in a transaction."""
    for start in range(0, count, 100):
        with books.database.transaction():
            for number in range(start, start + 100):
                now_ms = books.now_ms + number // 4
                new = NewGeneration(
                    generation_id=f"m{number:05}",
                    door="chat",
                    owner="ann",
                    end_user="",
                    key_id="key_ann",
                    fingerprint=number.to_bytes(32, "big"),
                    idempotency_digest=None,
                    model="gemini-2.5-flash-image",
                    asked=b'{"model": "nano-banana"}',
                    is_stream=False,
                    store=None,
                    prompt=f"picture {number}",
                    reserved_micro_usd=100_000,
                    claimed_at_ms=now_ms,
                )
                claims.insert(books.database, new, clients=0)
                assert endings.end(books.database, settled(new.generation_id), now_ms)


def explain(books: Books, query: Query, values: dict[str, Any]) -> str:
    """Return how a database goes about a query."""
    if books.database.dialect == "sqlite":
        rows = books.database.fetch_all("EXPLAIN QUERY PLAN " + query.sqlite, values)
        return "\n".join(str(row[3]) for row in rows)
    explained = Query("", "EXPLAIN " + query.postgres)
    return "\n".join(str(line) for (line,) in books.database.fetch_all(explained, values))


def test_ten_thousand_pictures(books: Books) -> None:
    """Every page of ten thousand is read along an index from where it begins: nothing is sorted or read whole."""
    count = PICTURES[books.database.dialect]
    fill(books, count)
    if books.database.dialect == "postgres":
        books.database.change("ANALYZE generations, pictures")
        for way in (
            "sort",
            "bitmapscan",
            "seqscan",
        ):  # of few rows it likes any; what is shown is that it need not
            books.database.change(f"SET enable_{way} = off")
    found = list_all(books)
    assert found == [f"m{number:05}-0" for number in range(count - 1, -1, -1)]
    assert list_all(books, words=search("picture 1234")) == ["m01234-0"]
    values = {
        "owner": "ann", "end_user": None, "after_ms": START_MS + 400, "after_id": "m01600", "after_number": 0,
        "edge_ms": START_MS + 300, "edge_id": "m01200", "since_ms": 0, "until_ms": 2**62, "model": None,
        "asked_begin": None, "ratio_width": 0, "ratio_height": 0, "words": '["cat"]', "limit": 50,
    }  # fmt: skip
    for name in ("list_newest_first", "list_oldest_first"):
        check_plan(explain(books, load_queries("gallery")[name], values))
    for name in ("find_edge_newest_first", "find_edge_oldest_first"):
        check_plan(explain(books, load_queries("gallery")[name], {**values, "offset": 499}))
    for name in ("list_calls", "find_edge", "list_calls_of_all", "find_edge_of_all"):
        more = {"state": "settled", "offset": 999}
        check_plan(explain(books, load_queries("calls")[name], {**values, **more}))
    assert len(calls.list_some(books.database, ANN, None, calls.NEWEST, 100)[0]) == 100


def check_plan(plan: str) -> None:
    """Fail if a plan reads a table whole, or sorts more than what an index has put beside each other."""
    assert "generations_" in plan, plan
    assert not re.search(r"Seq Scan on (generations|pictures)|SCAN (generations|pictures)", plan), plan
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan, plan
    assert not re.search(
        r"(?<!Incremental )\bSort\b", plan.replace("Sort Key", "").replace("Presorted Key", "")
    ), plan
