"""Files of keys, read: whose columns they have, what each cell stands for, and everything that is wrong with its line."""

from hashlib import sha256
from typing import Any

import pytest

from limner.ledger.key_formats import LeftOut, Wanted
from limner.ledger.key_reading import KeyFile, read_key_file
from limner.ledger.key_secrets import SecretDigests
from limner.ledger.key_table import ImportRefused

NOW = 1_795_942_800  # 2026-11-29 09:00 UTC
DIGESTS = SecretDigests(b"a signing secret of the tests")
NEW_API_HEAD = (
    "id,user_id,key,status,name,created_time,accessed_time,expired_time,remain_quota,unlimited_quota,"
    "model_limits_enabled,model_limits,allow_ips,used_quota,group,cross_group_retry,deleted_at"
)
NEW_API_KEY = "0123456789abcdefghijABCDEFGHIJ0123456789abcdefgh"
LITELLM_HEAD = (
    "token,key_name,key_alias,soft_budget_cooldown,spend,expires,models,aliases,config,user_id,team_id,permissions,"
    "max_parallel_requests,metadata,blocked,tpm_limit,rpm_limit,max_budget,budget_duration,budget_reset_at"
)
LITELLM_SECRET = "sk-litellm-0123456789abcdef"
LITELLM_TOKEN = sha256(LITELLM_SECRET.encode()).hexdigest()


def read(*lines: str, owner_from: str | None = None) -> KeyFile:
    """Read a file of these lines."""
    return read_key_file("\n".join(lines).encode(), DIGESTS, owner_from=owner_from, now=NOW)


def read_one(*lines: str) -> Wanted:
    """Read a file with one key that is well."""
    file = read(*lines)
    assert file.problems == ()
    (one,) = file.candidates
    return one.wanted


def new_api(**cells: Any) -> str:
    """Return a row of new-api's table."""
    usual = {
        "id": 7, "user_id": 3, "key": NEW_API_KEY, "status": 1, "name": "shop", "expired_time": -1,
        "remain_quota": 1_250_000, "unlimited_quota": 0, "model_limits_enabled": 0, "used_quota": 9,
    }  # fmt: skip
    return ",".join(f'"{({**usual, **cells}).get(name, "")}"' for name in NEW_API_HEAD.split(","))


def litellm(**cells: Any) -> str:
    """Return a row of litellm's table, as PostgreSQL's COPY writes it."""
    usual = {
        "token": LITELLM_TOKEN, "key_name": "sk-...cdef", "key_alias": "shop", "spend": "0.25", "models": "{}",
        "aliases": "{}", "user_id": "default_user_id", "blocked": "f",
    }  # fmt: skip
    return ",".join(f'"{({**usual, **cells}).get(name, "")}"' for name in LITELLM_HEAD.split(","))


def test_own_columns() -> None:
    """Each of Limner's own columns is read as `limner keys create` reads its option."""
    one = read_one(
        "name,key,owner,budget_usd,budget_period,images_per_minute,requests_per_minute,models,expires,image_output,admin",
        'shop,sk-brought-along-0123456789,studio,25.5,month,3,60,"nano-banana, nano-banana-2",30d,url,yes',
    )
    assert (one.name, one.secret) == ("shop", "sk-brought-along-0123456789")
    assert one.fields == {
        "owner": "studio",
        "budget_micro_usd": 25_500_000,
        "budget_period": "month",
        "images_per_minute": 3,
        "requests_per_minute": 60,
        "models": frozenset({"gemini-2.5-flash-image", "gemini-3.1-flash-image"}),
        "expires_at": NOW + 30 * 86400,
        "image_output": "url",
        "is_admin": True,
    }


def test_a_file_says_nothing_of_columns_it_lacks() -> None:
    """A column that is not there says nothing; a cell that is empty says that there is no such limit."""
    assert read_one("name", "shop").fields == {}
    empty = read_one("name,owner,budget_usd,models,expires,images_per_minute", "shop,,,,,").fields
    assert empty == {
        "owner": None, "budget_micro_usd": None, "models": None, "expires_at": None, "images_per_minute": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("12h", NOW + 12 * 3600),
        ("2027-01-01", 1_798_761_600),
        ("2027-01-01T01:00:00+01:00", 1_798_761_600),
        ("2027-01-01 00:00:00", 1_798_761_600),
        ("1798761600", 1_798_761_600),
        ("never", None),
        ("", None),
    ],
)
def test_ends(written: str, end: int | None) -> None:
    """A key's end is a span from now, a date, a time or epoch seconds."""
    assert read_one("name,expires", f"a,{written}").fields["expires_at"] == end


@pytest.mark.parametrize(
    "written",
    [
        '"nano-banana,nano-banana-pro"',
        "nano-banana nano-banana-pro",
        "nano-banana;nano-banana-pro",
        '"[""nano-banana"", ""nano-banana-pro""]"',
        '"{nano-banana,nano-banana-pro}"',
    ],
)
def test_lists_of_models(written: str) -> None:
    """Models are listed with commas, spaces or semicolons, as JSON, or as PostgreSQL writes an array."""
    expected = frozenset({"gemini-2.5-flash-image", "gemini-3-pro-image"})
    assert read_one("name,models", f"x,{written}").fields["models"] == expected


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_marks(separator: str) -> None:
    """Commas, semicolons and tabs separate; a byte order mark, quotes over lines and capitals do no harm."""
    text = separator.join(("\ufeffName", "Owner")) + "\r\n" + separator.join(('"a"', "o")) + "\r\n\r\n"
    (one,) = read(text).candidates
    assert (one.wanted.name, one.wanted.fields) == ("a", {"owner": "o"})
    file = read("name,owner", '"two\nlines",o', "x,y,z")
    assert file.problems == ((4, "there are 3 cells, and 2 columns"),)


def test_new_apis_columns() -> None:
    """A token of new-api keeps its key with sk- before it, and what is left of its money, 500,000 units a dollar."""
    one = read_one(NEW_API_HEAD, new_api(expired_time=1_999_999_999))
    assert (one.name, one.secret) == ("shop", f"sk-{NEW_API_KEY}")
    assert one.fields == {
        "models": None, "expires_at": 1_999_999_999, "budget_micro_usd": 2_500_000, "budget_period": "total",
    }  # fmt: skip
    unlimited = read_one(NEW_API_HEAD, new_api(unlimited_quota="t")).fields
    assert (unlimited["budget_micro_usd"], unlimited["expires_at"]) == (None, None)
    assert read_one(NEW_API_HEAD, new_api(status=4, remain_quota=-3)).fields["budget_micro_usd"] == 0


def test_new_apis_models() -> None:
    """Models that a token was limited to are kept where Limner knows them; a token of none of them is left out."""
    limits = "gemini-2.5-flash-image,gpt-4o"
    one = read_one(NEW_API_HEAD, new_api(model_limits_enabled=1, model_limits=limits))
    assert one.fields["models"] == frozenset({"gemini-2.5-flash-image"})
    assert one.notes == ("model_limits: models that Limner does not know are not kept",)
    assert read_one(NEW_API_HEAD, new_api(model_limits=limits)).fields["models"] is None
    file = read(NEW_API_HEAD, new_api(model_limits_enabled=1, model_limits="gpt-4o"))
    assert file.left_out == (LeftOut(line=2, reason="it may use no model that Limner knows"),)


def test_new_apis_names_need_not_differ() -> None:
    """Tokens of the same name get their numbers behind it; one without a name is called by its number."""
    rows = [
        new_api(id=1, key=f"1{NEW_API_KEY}"),
        new_api(id=2, key=f"2{NEW_API_KEY}"),
        new_api(id=3, name=""),
    ]
    file = read(NEW_API_HEAD, *rows)
    assert [one.wanted.name for one in file.candidates] == ["shop-1", "shop-2", "new-api-3"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"status": 2}, "it is disabled or expired there"),
        ({"status": 3}, "it is disabled or expired there"),
        ({"expired_time": NOW}, "it is expired there"),
        ({"deleted_at": "2026-01-01 00:00:00"}, "it is deleted there"),
    ],
)
def test_new_apis_dead_tokens_are_left_out(cells: dict[str, Any], reason: str) -> None:
    """What opens nothing there opens nothing here, and does not keep the rest from being imported."""
    file = read(NEW_API_HEAD, new_api(**cells))
    assert (file.candidates, file.problems) == ((), ())
    assert file.left_out == (LeftOut(line=2, reason=reason),)


def test_new_apis_masked_keys_are_refused() -> None:
    """A list copied from new-api's page, where keys are masked, is refused with what to do instead."""
    file = read(NEW_API_HEAD, new_api(key="abcd**********wxyz"))
    assert "take the table from the database" in file.problems[0][1]
    assert "wxyz" not in repr(file.problems)


def test_litellms_columns() -> None:
    """A key of litellm is taken by its SHA-256, with its alias, its end, its requests and what is left of its budget."""
    row = litellm(
        expires="2027-01-01 00:00:00", rpm_limit="30", max_budget="10.0", models='{""gemini/nano-banana""}'
    )
    one = read_one(LITELLM_HEAD, row)
    assert (one.name, one.secret, one.sha256) == ("shop", None, bytes.fromhex(LITELLM_TOKEN))
    assert one.fields == {
        "models": frozenset({"gemini-2.5-flash-image"}),
        "expires_at": 1_798_761_600,
        "requests_per_minute": 30,
        "budget_micro_usd": 9_750_000,
        "budget_period": "total",
    }
    plain = read_one(
        LITELLM_HEAD.replace("token", "key"), litellm(token=LITELLM_SECRET).replace("token", "key")
    )
    assert (plain.secret, plain.sha256) == (LITELLM_SECRET, None)


@pytest.mark.parametrize(
    ("duration", "period"), [("1d", "day"), ("24h", "day"), ("30d", "month"), ("1mo", "month")]
)
def test_litellms_periods(duration: str, period: str) -> None:
    """A budget that is renewed there is renewed here, and begins whole."""
    fields = read_one(LITELLM_HEAD, litellm(max_budget="1e1", budget_duration=duration)).fields
    assert (fields["budget_micro_usd"], fields["budget_period"]) == (10_000_000, period)


def test_litellms_other_periods_are_refused() -> None:
    """A budget with a period that Limner has not is for the operator to decide on."""
    (problem,) = read(LITELLM_HEAD, litellm(max_budget="10", budget_duration="7d")).problems
    assert problem[0] == 2
    assert problem[1].startswith("budget_duration is '7d'; accepted: 1d, 24h, 30d")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"blocked": "t"}, "it is blocked there"),
        ({"expires": "2026-01-01 00:00:00"}, "it is expired there"),
        ({"team_id": "litellm-dashboard"}, "it is a session of litellm's page"),
        ({"models": "{gpt-4o}"}, "it may use no model that Limner knows"),
    ],
)
def test_litellms_dead_keys_are_left_out(cells: dict[str, Any], reason: str) -> None:
    """What opens nothing there, or is no client's key, is left out."""
    assert read(LITELLM_HEAD, litellm(**cells)).left_out == (LeftOut(line=2, reason=reason),)


def test_limits_that_limner_has_not_are_told() -> None:
    """What a key was limited in and is not any more is told by name."""
    notes = read_one(LITELLM_HEAD, litellm(tpm_limit="1000", max_parallel_requests="2")).notes
    assert [note.partition(":")[0] for note in notes] == ["tpm_limit", "max_parallel_requests"]
    notes = read_one(NEW_API_HEAD, new_api(allow_ips="10.0.0.1")).notes
    assert notes[0].startswith("allow_ips:")


def test_keys_without_an_alias_have_a_name_that_stays() -> None:
    """A key of litellm without an alias is always called the same, by nothing that tells of the key."""
    first, second = (read_one(LITELLM_HEAD, litellm(key_alias="")).name for _ in range(2))
    assert first == second
    assert first.removeprefix("litellm-") not in LITELLM_TOKEN
    rows = [litellm(), litellm(token=sha256(b"sk-another").hexdigest())]
    names = [one.wanted.name for one in read(LITELLM_HEAD, *rows).candidates]
    assert len(set(names)) == 2
    assert all(name.startswith("shop-") for name in names)


def test_owners_are_taken_when_asked_for() -> None:
    """Nobody shares pictures because of an import, unless the operator names the column that says who does."""
    file = read(NEW_API_HEAD, new_api())
    assert "owner" not in file.candidates[0].wanted.fields
    file = read(NEW_API_HEAD, new_api(), owner_from="user_id")
    assert file.candidates[0].wanted.fields["owner"] == "3"
    file = read("name,Team", "a,red", "b,", owner_from="TEAM")
    assert [one.wanted.fields["owner"] for one in file.candidates] == ["red", None]
    with pytest.raises(ImportRefused, match="no column 'team' to take owners from"):
        read(NEW_API_HEAD, new_api(), owner_from="team")


def test_all_problems_are_found_at_once() -> None:
    """Every cell that cannot be is told with its line, and what two lines cannot both have."""
    secret = "sk-brought-along-0123456789"
    file = read(
        "name,key,sha256,budget_usd,budget_period,images_per_minute,models,expires,image_output,admin",
        f"a,{secret},,much,,1.5,nobody,soon,fax,perhaps",
        f"a,{secret},,,day,,,,,",
        "b,sk-short,,,,,,,,",
        f"c,,{'0' * 63},,,,,,,",
        f"d,{secret}-2,{'0' * 64},,,,,,,",
        "e",
        f"f,,{sha256(secret.encode()).hexdigest()},,,,,,,",
    )
    found = sorted((line, text.split(";")[0]) for line, text in file.problems)
    assert found == [
        (2, "admin is 'perhaps'"),
        (2, "budget_usd is 'much'"),
        (2, "expires is 'soon'"),
        (2, "image_output is 'fax'"),
        (2, "images_per_minute is '1.5'"),
        (2, "models names no model Limner knows: 'nobody'"),
        (3, "budget_period is nothing without budget_usd"),
        (3, "its key is in line 2 already"),
        (3, "the name 'a' is in line 2 already"),
        (4, "the key brought along is refused"),
        (5, "sha256 is no SHA-256"),
        (6, "there is both a key and a sha256"),
        (7, "there are 1 cells, and 10 columns"),
        (8, "its key is in line 2 already"),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ("name,models", "a,sk-canary-0123456789-0123456789"),
        ("name,models", "a,canarycanarycanarycanary0123456789"),
        ("name,budget_usd,expires", "a,sk-canary-0123456789,sk-canary-0123456789"),
        ("a,sk-canary-0123456789-0123456789", "b,c"),
        ("name,key", "sk-canary-0123456789,sk-short", "sk-canary-0123456789,"),
        ("name,key", "a,canary-without-its-beginning"),
        ("name,sha256", "a,canary"),
        (NEW_API_HEAD, new_api(remain_quota="sk-canary-0123456789")),
        (LITELLM_HEAD, litellm(budget_duration="sk-canary-0123456789", max_budget="1")),
        (LITELLM_HEAD, litellm(token="canary")),
    ],
)
def test_no_problem_tells_a_secret(lines: tuple[str, ...]) -> None:
    """A secret in the wrong column, or in a first line that is no head, is in no message."""
    try:
        file = read(*lines)
        said = repr(file.problems)
        assert file.problems
    except ImportRefused as refused:
        said = str(refused)
    assert "canary" not in said


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"name\n\xff\xfe\n", "line 2: the file is not UTF-8"),
        (b'name\n"a\n', "the file is not CSV"),
        (b"name,name\na,b\n", "there are two columns 'name'"),
        (b"name,colour\na,red\n", "no column is called 'colour'"),
        (b"owner\nann\n", "there is no column 'name'"),
        (b"name\n" + b"a\n" * 100_001, "more than 100000 keys"),
    ],
)
def test_what_is_no_file_of_keys(data: bytes, reason: str) -> None:
    """A file that cannot be read as a whole is refused with the reason."""
    with pytest.raises(ImportRefused, match=reason):
        read_key_file(data, DIGESTS, owner_from=None, now=NOW)
