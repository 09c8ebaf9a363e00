"""Links that lead inside, however they are spelled."""

import asyncio
import contextlib

import pytest
from attempts import PARAM, make_rules, opened, refuse, refuse_with
from hypothesis import given
from hypothesis import strategies as st
from link_spellings import IPV4_TARGETS, IPV6_TARGETS, spell

from limner.errors import InvalidRequest
from limner.fetching.links import FetchRules, Unfetchable, check_url, follow, normalise_host, read_link

TARGETS = IPV4_TARGETS + IPV6_TARGETS


@pytest.mark.parametrize("schemes", [("https",), ("https", "http")])
@pytest.mark.parametrize("target", TARGETS)
def test_every_spelling_is_refused(target: str, schemes: tuple[str, ...], dials: list[object]) -> None:
    """No spelling of an address that is not public opens a socket, and each is a 400."""
    rules = make_rules(schemes=schemes)

    async def try_all() -> None:
        async with opened(rules) as fetcher:
            for url in spell(target):
                assert "secret" not in await refuse_with(fetcher, url)

    asyncio.run(try_all())
    assert dials == []


def test_there_are_many_spellings() -> None:
    """The corpus holds more than a thousand different links to 28 addresses."""
    assert len(TARGETS) == 28
    assert len({url for target in TARGETS for url in spell(target)}) > 1000


@pytest.mark.parametrize("target", TARGETS)
def test_names_that_lead_inside(target: str, dials: list[object]) -> None:
    """A name with such an address is refused as the address is, and the address is not told."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return [target]

    message = asyncio.run(refuse(make_rules(), "https://pictures.test/p.png", resolve=resolve))
    assert "its host is not on the public internet" in message
    assert target not in message.replace("pictures.test", "")
    assert dials == []


@pytest.mark.parametrize("name", ["localhost", "localhost.localdomain", "ip6-localhost"])
def test_the_systems_own_names(name: str, dials: list[object]) -> None:
    """A name of this machine is looked up as every program does, and refused."""
    asyncio.run(refuse(make_rules(), f"https://{name}/p.png"))
    assert dials == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/p.png", "its scheme is 'http'; accepted: https links"),
        ("ftp://example.com/p.png", "its scheme is 'ftp'; accepted: https links"),
        ("file:///etc/passwd", "its scheme is 'file'; accepted: https links"),
        ("javascript:alert(1)", "its scheme is 'javascript'; accepted: https links"),
        ("example.com/p.png", "it has no scheme; accepted: https links"),
        ("https://", "it names no host"),
        ("https://example.com:8443/p.png", "its port is 8443; accepted: port 443"),
        ("https://example.com:80/p.png", "its port is 80; accepted: port 443"),
        ("https://2130706433/p.png", "'2130706433' is no host; accepted: a host name, or an address as"),
        ("https://example.com:+443/p.png", "'example.com:+443' is no host"),
        ("https://example.com:4_43/p.png", "'example.com:4_43' is no host"),
        ("https://[v1.example]/p.png", "'[v1.example]' is no host"),
        ("https://allowed.test:0/p.png", "its port is 0; accepted: port 443"),
        ("https://u:p@example.com/p.png", "a user or an @ stands before its path"),
        ("https://example.com/a b.png", "white space, a control character or a backslash is in it"),
        ("https://example.com/" + "a" * 9000, "it has 9020 characters; accepted: links of up to 8192"),
    ],
)
def test_what_a_refusal_says(url: str, reason: str) -> None:
    """A refusal says what is wrong with the link and what would be accepted, before anything is looked up."""
    with pytest.raises(InvalidRequest, match="which cannot be fetched: ") as refusal:
        check_url(url, make_rules("allowed.test"), PARAM)
    assert reason in refusal.value.message
    assert len(refusal.value.message) < 400


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com:1/p.png?token=secret#secret",
        "https://secret:secret@example.com/p.png",
        "https://secret@example.com:1/p.png",
        "https:\\\\secret@example.com\\p.png",
        "ftp://example.com/p.png?secret",
        "ftp://example.com?secret",
    ],
)
def test_what_a_refusal_does_not_say(url: str) -> None:
    """Query, fragment and user of a link are not repeated: they may be secrets."""
    with pytest.raises(InvalidRequest) as refusal:
        check_url(url, make_rules(), PARAM)
    assert "secret" not in refusal.value.message
    assert "example.com" in refusal.value.message


def test_no_scheme_at_all() -> None:
    """Where no scheme is fetched, the refusal says how pictures can come all the same."""
    with pytest.raises(InvalidRequest, match="accepted: pictures as data URIs, since no links are fetched"):
        check_url("https://example.com/p.png", make_rules(schemes=()), PARAM)


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.COM:443/P.png", "https://example.com/P.png"),
        ("https://example.com/a%2Fb/%7e.png?sig=a%2Bb%3D%2c/+", None),
        ("https://example.com/@me/p.png?x=@", None),
        ("https://example.com/p.png#fragment", "https://example.com/p.png"),
        ("https://bücher.example/ü.png", "https://xn--bcher-kva.example/%C3%BC.png"),
        ("https://1.1.1.1/p.png", None),
        ("https://[2606:4700::0:1111]/p.png", "https://[2606:4700::1111]/p.png"),
        ("https://under_score.example.com/p.png", None),
        ("http://example.com/p.png", None),
        ("https://10.0.0.5:8443/p.png", None),
        ("https://[fd00::5]:8443/p.png", None),
        ("https://Store.internal:9000/p.png", "https://store.internal:9000/p.png"),
    ],
)
def test_what_is_dialled(text: str, dialled: str | None) -> None:
    """A link's host is normalised; path and query go out as they were written, since a signature may cover them."""
    rules = make_rules("10.0.0.5", "[FD00:0::5]", "STORE.internal", schemes=("https", "http"))
    assert str(read_link(text, rules).url) == (dialled or text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Store.Internal", "store.internal"),
        (" 10.0.0.5 ", "10.0.0.5"),
        ("[FD00:0:0::5]", "fd00::5"),
        ("fd00::5", "fd00::5"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("minio", "minio"),
    ],
)
def test_allowed_hosts(text: str, host: str) -> None:
    """Allowed hosts are compared in the spelling that links have after they were read."""
    assert normalise_host(text) == host


@pytest.mark.parametrize(
    "text", ["*", "", "https://a", "a:80", "a/b", "10.0.0", "a@b", "fe80::1%eth0", "*.a"]
)
def test_what_is_no_host(text: str) -> None:
    """Rules with an allowed host that is none are not made."""
    with pytest.raises(ValueError, match=r".+"):
        FetchRules(schemes=frozenset({"https"}), allowed_hosts=frozenset({text}))


URLS = st.lists(
    st.sampled_from(
        [
            "https",
            "http",
            ":",
            "/",
            "//",
            "a.example",
            "127.0.0.1",
            "@",
            "[",
            "]",
            "::1",
            "%",
            "%25",
            "?",
            "#",
        ]
    )
    | st.text(max_size=3),
    max_size=12,
).map("".join)


@given(URLS | URLS.map("https://".__add__))
def test_any_text(text: str) -> None:
    """Whatever text is given as a link is read or refused, nothing else; so is whatever a redirect says."""
    rules = make_rules(schemes=("https", "http"))
    start = read_link("https://example.com/p.png", rules)
    with contextlib.suppress(Unfetchable):
        found = read_link(text, rules)
        assert found.url.raw_host == found.host
        assert found.url.user is None
        assert read_link(str(found.url), rules) == found
    with contextlib.suppress(Unfetchable):
        follow(start, text, rules)
