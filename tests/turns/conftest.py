"""What tests of conversations share: an upstream that writes down what came and has the emulator answer it."""

import urllib.error
import urllib.request

import pytest
from sendings import Sendings

from programs import Emulator, Gateway
from upstreams import Answer, Call, Upstream


@pytest.fixture
def sent(upstream: Upstream, emulator: Emulator) -> Sendings:
    """What the gateway of `talkative` sends, each call as Gemini sees it; the emulator answers."""

    def forward(call: Call) -> Answer:
        request = urllib.request.Request(  # noqa: S310 - the emulator is on loopback
            f"{emulator.url}{call.path}",
            data=call.body,
            headers={"x-goog-api-key": "AIza-test", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
                return Answer([response.read()], response.headers["Content-Type"], response.status)
        except urllib.error.HTTPError as error:
            return Answer([error.read()], error.headers["Content-Type"], error.code)

    upstream.respond = forward
    return Sendings(upstream)


@pytest.fixture
def talkative(scripted_gateway: Gateway, sent: Sendings) -> Gateway:  # noqa: ARG001 - what answers it
    """The gateway in front of that upstream."""
    return scripted_gateway
