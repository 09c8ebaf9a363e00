"""The programs of the README of Google's own client run as they stand there: address and key are all they need."""

from pathlib import Path

import pytest
from readme import read_programs, run_program

from programs import CLIENT_KEY, Gateway, ListCalls

WANTED = ("generate_content(", "generate_content_stream(", "chats.create(", "count_tokens(", "models.list(")
"""Generate, stream, chat, count and list; each of them is there for asyncio as well."""

ELSEWHERE = ("enterprise=True", "LocalTokenizer", "query_base", "gs://", "tts", "files.upload", "tuned_model")
"""Programs for Vertex AI, for other modalities, and for what runs on the client's machine."""

UNFINISHED = ("tools=", "cached_content", "response.function_calls", "your_image_path", "mcp", "my_file")
"""Programs that need a function call, a file or a cache made before."""

PROGRAMS = [
    program
    for program in read_programs("google-genai")
    if any(word in program for word in WANTED)
    and not any(word in program for word in (*ELSEWHERE, *UNFINISHED))
]
MADE_BEFORE = """
from google import genai
from google.genai import types
MODEL_ID = "gemini-3.8-flash"
types.Image.show = lambda image: print(len(image.image_bytes))  # there is no screen
client = genai.Client()
"""


def test_there_are_programs() -> None:
    """The README still has all kinds of programs, for asyncio too."""
    assert len(PROGRAMS) >= 20
    for word in WANTED:
        assert any(word in program for program in PROGRAMS), word
        assert any(word in program and "await" in program for program in PROGRAMS), word


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_program_runs_as_it_stands(
    number: int, gateway: Gateway, journal: ListCalls, tmp_path: Path
) -> None:
    """A program of the README ends well, with nothing of it changed, and what it draws or says was asked of Gemini."""
    program = PROGRAMS[number]
    variables = {"GOOGLE_GEMINI_BASE_URL": gateway.url, "GEMINI_API_KEY": CLIENT_KEY}
    printed = run_program(program, folder=tmp_path, variables=variables, made_before=MADE_BEFORE)
    assert bool(printed.strip()) is ("print(" in program or ".show()" in program)
    is_asked = "generate_content" in program or "chats" in program
    assert bool(journal()) is (is_asked and "invalid-model-name" not in program)
