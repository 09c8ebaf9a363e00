"""Several gateways of one database: what one has found out of a credential, the others know."""

import time
from collections import Counter

from credentials import ALPHA, BETA, StartPool, list_asked, vary, write_keys

from asking import ask
from programs import Emulator, Follow
from s3 import S3Server

SECRET = "the-signing-secret-of-all-gateways-here"


def test_rests_are_shared(
    start_pool: StartPool, emulator: Emulator, follow: Follow, postgres_url: str, s3: S3Server
) -> None:
    """A key that one gateway found refused is not asked by the other; once one has had it answered both ask it again."""
    variables = {"LIMNER_DATABASE_URL": postgres_url, "LIMNER_SIGNING_SECRET": SECRET}
    variables |= {"LIMNER_IMAGE_STORE_URL": s3.store_url, **s3.variables}
    text = write_keys(ALPHA, BETA)
    one, two = (start_pool(text, folder=name, **variables) for name in ("one", "two"))
    follow("[[key=aaaa reason=key]]")
    assert ask(one, vary(1)[0]).status == 200
    time.sleep(3)
    for body in vary(4, prompt="elsewhere"):
        assert ask(two, body).status == 200
    assert Counter(list_asked(emulator)) == {"a": 1, "b": 5}
    follow("[[key=bbbb status=429 retry=60s]]")
    assert ask(one, vary(1, prompt="the other one")[0]).status == 200  # tried early, and answered
    time.sleep(3)
    emulator.forget_calls()
    for body in vary(3, prompt="both"):
        assert ask(two, body).status == 200
    assert list_asked(emulator) == "aaa"
    assert [gateway.stop() for gateway in (one, two)] == [0, 0]  # while there is a store to share pictures in
