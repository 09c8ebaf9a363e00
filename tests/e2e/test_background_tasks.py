"""Background tasks of chat UIs at a running gateway: answered, and Gemini is not asked."""

import pytest
from openai import OpenAI

from asking import ask, ask_for_answer, ask_for_stream, chat
from programs import CLIENT_KEY, Gateway, ListCalls, StartGateway

PICTURE = "![image](data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==)"
TITLE = f"""### Task:
Find a title.
### Output:
JSON format: {{ "title": "words" }}
### Chat History:
<chat_history>
USER: Draw a lighthouse at dusk
ASSISTANT: {PICTURE}
</chat_history>"""
ANSWER = '{"title":"Lighthouse at dusk"}'


def test_a_title_is_answered_without_a_call(gateway: Gateway, journal: ListCalls) -> None:
    """A task is answered at once, whole and streamed, costs nothing, and never reaches Gemini."""
    reply = ask(gateway, chat(TITLE))
    assert reply.json()["choices"][0]["message"]["content"] == ANSWER
    assert reply.json()["limner"]["notices"][0]["code"] == "answered_locally"
    assert reply.headers["x-limner-generation-id"] is None
    assert ask_for_stream(gateway, chat(TITLE)).content == ANSWER
    assert journal() == []


def test_the_official_client_reads_it(gateway: Gateway) -> None:
    """The openai client reads the answer, and each task is answered anew."""
    client = OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0)
    first, second = (
        client.chat.completions.create(model="nano-banana", messages=[{"role": "user", "content": TITLE}])
        for _ in range(2)
    )
    assert first.choices[0].message.content == second.choices[0].message.content == ANSWER
    assert first.id != second.id


@pytest.mark.parametrize(
    ("fields", "code"), [({"model": "no-such-model"}, 404), ({"aspect_ratio": "7:5"}, 400)]
)
def test_what_is_wrong_is_refused_as_ever(gateway: Gateway, fields: dict[str, str], code: int) -> None:
    """A task with an unknown model or a wrong setting is refused like any call."""
    assert ask(gateway, chat(TITLE, **fields)).status == code


def test_a_wish_that_sounds_like_a_task_is_drawn(gateway: Gateway, journal: ListCalls) -> None:
    """Who wants a title card gets a picture."""
    answer = ask_for_answer(gateway, chat("Create a concise title card for my lighthouse film"))
    assert len(answer["limner"]["images"]) == 1
    assert len(journal()) == 1


def test_a_text_model_can_be_asked(start_gateway: StartGateway, journal: ListCalls) -> None:
    """Where a text model is set, it is asked, and the model of the chat is not."""
    gateway = start_gateway(LIMNER_BACKGROUND_TASKS="gemini-3.1-flash-lite")
    answer = ask_for_answer(gateway, chat(TITLE))
    assert answer["limner"]["images"] == []
    assert [call["model"] for call in journal()] == ["gemini-3.1-flash-lite"]


def test_recognition_can_be_turned_off(start_gateway: StartGateway, journal: ListCalls) -> None:
    """With `draw` a task is a call like any other."""
    gateway = start_gateway(LIMNER_BACKGROUND_TASKS="draw")
    assert len(ask_for_answer(gateway, chat(TITLE.replace(PICTURE, "Done")))["limner"]["images"]) == 1
    assert len(journal()) == 1
