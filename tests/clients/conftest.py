"""One gateway for each image output, all in front of one recorder, and everything litellm may not fetch."""

import os
from collections.abc import Iterator

import pytest
from client import OpenGateway
from recorder import Recorder, recording

from programs import Emulator, Gateway, StartGateway

# litellm fetches its table of prices from the network as it is imported, unless it is told to take its own.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


@pytest.fixture(scope="session")
def recorder_of_the_session(emulator: Emulator) -> Iterator[Recorder]:
    """The recorder in front of the emulator."""
    with recording(emulator) as recorder:
        yield recorder


@pytest.fixture
def recorder(recorder_of_the_session: Recorder) -> Recorder:
    """The same, with nothing written down yet."""
    recorder_of_the_session.forget()
    return recorder_of_the_session


@pytest.fixture(scope="session")
def open_gateway(start_gateway: StartGateway, recorder_of_the_session: Recorder) -> OpenGateway:
    """Return the session's gateway with an image output."""

    def start(image_output: str) -> Gateway:
        return start_gateway(recorder_of_the_session.url, LIMNER_IMAGE_OUTPUT=image_output)

    return start
