"""Names whose answers change, mix or do not come, asked of a real name server."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from attempts import make_rules, opened, refuse, refuse_with
from name_server import Answers, NameServer
from test_fetching import Dials

from limner.fetching.fetcher import _Checked

PUBLIC = "93.184.215.14"
URL = "https://pictures.test/p.png"


def refuse_all(names: NameServer, times: int = 1) -> list[str]:
    """Fetch one link some times; return the messages it was refused with."""

    async def run() -> list[str]:
        async with opened(make_rules(), names.look_up) as fetcher:
            return [await refuse_with(fetcher, URL) for _ in range(times)]

    return asyncio.run(run())


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "fd00:ec2::254"])
def test_rebinding(inside: str, names: NameServer, dials: Dials) -> None:
    """A name that is public when it is checked and leads inside the next time is not asked a next time before it is dialled."""
    names.answers = {"pictures.test": [[PUBLIC], [inside]]}
    messages = refuse_all(names, times=6)
    assert dials == [(PUBLIC, 443)] * 3
    assert names.asked == ["pictures.test"] * 6
    assert ["cannot be reached" in message for message in messages] == [True, False] * 3
    assert ["not on the public internet" in message for message in messages] == [False, True] * 3


@pytest.mark.parametrize(
    "answer",
    [
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        [PUBLIC, "::1"],
        [PUBLIC, "2606:2800:220:1::1", "10.0.0.1"],
        ["2606:2800:220:1::1", "fd00::1"],
        [PUBLIC, "::ffff:7f00:1"],
        [PUBLIC, "64:ff9b::7f00:1"],
        [PUBLIC, "0.0.0.0"],
        [PUBLIC] * 20 + ["192.168.0.1"],
    ],
)
def test_mixed_answers(answer: list[str], names: NameServer, dials: Dials) -> None:
    """A name with one address that is not public is refused for all of them."""
    names.answers = {"pictures.test": [answer]}
    messages = refuse_all(names)
    assert "its host is not on the public internet" in messages[0]
    assert dials == []


def test_several_addresses(names: NameServer, dials: Dials) -> None:
    """Of a name with several public addresses each is tried, and no other."""
    addresses = [PUBLIC, "93.184.215.15", "2606:2800:220:1::1"]
    names.answers = {"pictures.test": [addresses]}
    messages = refuse_all(names)
    assert "its server cannot be reached" in messages[0]
    assert sorted({address for address, _ in dials}) == sorted(addresses)
    assert names.asked == ["pictures.test"]


@pytest.mark.parametrize(
    "chain",
    [
        {
            "pictures.test": [["CNAME metadata.google.internal"]],
            "metadata.google.internal": [["169.254.169.254"]],
        },
        {"pictures.test": [["CNAME a.test"]], "a.test": [["CNAME b.test"]], "b.test": [["168.63.129.16"]]},
        {"pictures.test": [["CNAME instance-data"]], "instance-data": [["fd00:ec2::254"]]},
        {"pictures.test": [["CNAME localhost.test"]], "localhost.test": [["127.0.0.1", PUBLIC]]},
    ],
)
def test_names_of_other_names(chain: Answers, names: NameServer, dials: Dials) -> None:
    """A name that stands for the name of a metadata server is refused as that is."""
    names.answers = chain
    messages = refuse_all(names)
    assert "its host is not on the public internet" in messages[0]
    assert "internal" not in messages[0].replace("public internet", "")
    assert dials == []


@pytest.mark.parametrize("answers", [{}, {"pictures.test": [[]]}], ids=["no name", "no address"])
def test_names_of_nobody(answers: Answers, names: NameServer, dials: Dials) -> None:
    """A name that does not exist, or has no address, is refused."""
    names.answers = answers
    messages = refuse_all(names)
    assert "its host is not known" in messages[0]
    assert dials == []


def test_a_name_server_that_is_silent(names: NameServer, dials: Dials) -> None:
    """A name whose server never answers is given up at the deadline."""

    async def run() -> str:
        message = await refuse(make_rules(), URL, resolve=names.look_up, seconds=0.5)
        names.restart({})
        return message

    names.answers = {"pictures.test": []}
    assert "it took too long" in asyncio.run(run())
    assert dials == []


def test_slow_names_hold_up_no_others(names: NameServer, dials: Dials) -> None:
    """While the answers for some names do not come, other names are looked up."""

    async def run() -> None:
        async with opened(make_rules(), names.look_up) as fetcher:
            slow = [asyncio.create_task(refuse_with(fetcher, f"{URL}?{n}")) for n in range(3)]
            for _ in slow:
                await asyncio.to_thread(names.has_been_asked.acquire)
            assert "not known" in await refuse_with(fetcher, "https://other.test/p.png")
            assert not any(task.done() for task in slow)
            names.restart({})
            for message in await asyncio.gather(*slow):
                assert "its host is not known" in message

    names.answers = {"pictures.test": []}
    asyncio.run(run())
    assert dials == []


def test_look_ups_have_threads_of_their_own(dials: Dials) -> None:
    """The system's resolver is asked even while every thread that the process shares is taken."""

    async def run() -> None:
        is_over = threading.Event()
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        taken = asyncio.create_task(asyncio.to_thread(is_over.wait))
        await asyncio.sleep(0)
        try:
            message = await refuse(make_rules(), "https://localhost/p.png")
        finally:
            is_over.set()
            await taken
        assert "its host is not on the public internet" in message

    asyncio.run(run())
    assert dials == []


def test_no_other_host_is_dialled() -> None:
    """A connection knows the one host that was checked for it, and its addresses as they were then."""

    async def run() -> None:
        checked = _Checked("pictures.test", [PUBLIC])
        assert [found["host"] for found in await checked.resolve("pictures.test", 443)] == [PUBLIC]
        with pytest.raises(OSError, match="not checked"):
            await checked.resolve("other.test", 443)

    asyncio.run(run())
