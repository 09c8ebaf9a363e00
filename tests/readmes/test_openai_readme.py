"""The chat programs of the README of OpenAI's own client run as they stand there: address, key and aliases are all they need."""

from pathlib import Path

import pytest
from readme import read_programs, run_program

from programs import CLIENT_KEY, Gateway, StartGateway

ELSEWHERE = ("azure", "workload_identity", "responses.create")
"""Programs for other services."""

PROGRAMS = [
    program
    for program in read_programs("openai")
    if "chat.completions" in program and not any(word in program for word in ELSEWHERE)
]
SYNC = "from openai import OpenAI\nclient = OpenAI()"
ASYNC = "from openai import AsyncOpenAI\nclient = AsyncOpenAI()"


@pytest.fixture(scope="module")
def aliased_gateway(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """A gateway that knows the models of the README by their names."""
    path = tmp_path_factory.mktemp("settings") / "limner.toml"
    path.write_text('[aliases]\n"gpt-5.5" = "gemini-3.8-flash"\n"gpt-image-2" = "nano-banana-2"\n')
    return start_gateway(LIMNER_CONFIG=str(path))


def test_there_are_programs() -> None:
    """The README still has its programs for chat completions."""
    assert len(PROGRAMS) >= 6


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_program_runs_as_it_stands(number: int, aliased_gateway: Gateway, tmp_path: Path) -> None:
    """A program of the README ends well, with nothing of it changed."""
    program = PROGRAMS[number]
    variables = {"OPENAI_BASE_URL": f"{aliased_gateway.url}/v1", "OPENAI_API_KEY": CLIENT_KEY}
    made_before = "" if "client = " in program or "as client" in program else SYNC
    if "await client" in program and made_before:
        made_before = ASYNC
    printed = run_program(program, folder=tmp_path, variables=variables, made_before=made_before)
    assert bool(printed.strip()) is ("print(" in program and "except" not in program)
