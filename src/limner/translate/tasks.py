"""Recognises the background tasks of chat UIs, and answers them from the conversation they quote. Pure.

A title, tags or suggestions asked of a model that draws would buy a picture nobody sees. What is recognised is in
`task_forms`; everything else is a wish for a picture, for a picture that does not come is worse than one too many.
It must not know how an answer is sent.

Facts (read in source 2026-11-25): Open WebUI takes the JSON from the first `{` to the last `}` of the content; its
browser half first makes double quotes of all single quotes and backticks in it, so none may stand in a value. Its
template for answers from documents begins `### Task:` too, with a `<context>`: that is a user's turn, no task.
"""

import re
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from limner.translate.task_forms import (
    EMOJI_DEMANDS,
    FORMS,
    QUOTE,
    Casing,
    Form,
    Kind,
    Place,
    Shape,
    demands_key,
)
from limner.translate.task_quotes import Utterance, read_quoted, remove_pictures
from limner.translate.task_wording import (
    LANGUAGE_NAMES,
    LOCALES,
    MAX_CHARACTERS,
    capitalize_words,
    find_language,
    find_topic,
    word_follow_ups,
    word_summary,
    word_tags,
    word_title,
)
from limner.wire.openai import Message
from limner.wire.parts import ContentPart

_SYSTEM_ROLES = frozenset({"system", "developer"})
_MODEL_ROLES = frozenset({"assistant", "model", "tool", "function"})
_MAX_CLOSING_CHARACTERS = 400
_MAX_ANSWER_CHARACTERS = 8000
_MAX_INSTRUCTION_CHARACTERS = 8000
_CHARACTER_LIMIT = re.compile(
    r"([0-9]{1,3}) characters max|max(?:imum)? ([0-9]{1,3}) characters", re.IGNORECASE
)
_QUOTES = re.compile(r"['‘’`]")  # noqa: RUF001 - the characters that Open WebUI replaces
_TRANSLATION_WRAP = re.compile(r"请将以下内容 (.*)，翻译为 .*", re.DOTALL)
_DOCUMENTS = "<context>"
_FACE = "😊"


class Task(Struct, frozen=True, kw_only=True):
    """A background task: its form, and what it is about."""

    form: Form
    instructions: str
    """What the UI wrote."""
    text: str
    """What the last message says."""
    conversation: tuple[Utterance, ...]

    @property
    def name(self) -> str:
        """What is asked for, in a word or two."""
        return self.form.kind.value


class _Said(Struct, frozen=True):
    role: str
    text: str
    has_picture: bool


def find_task(messages: Sequence[Message]) -> Task | None:
    """Return the task that `messages` are, or None if they are anything else."""
    said = [_read(message) for message in messages]
    said = [message for message in said if message.text or message.has_picture]
    if not said:
        return None
    return next((task for task in (_match(form, said) for form in FORMS) if task is not None), None)


def answer_task(task: Task) -> str:
    """Return the content of the answer, in the form that the task's UI reads."""
    return _ANSWERS[task.form.kind](task)


def _read(message: Message) -> _Said:
    role = (message.role or "user").lower()
    parts = [message.content] if isinstance(message.content, str) else message.content or ()
    text = "\n".join((part if isinstance(part, str) else part.text) or "" for part in parts).strip()
    return _Said(role, text, has_picture=bool(message.images) or any(map(_is_more_than_text, parts)))


def _is_more_than_text(part: str | ContentPart) -> bool:
    """Whether a part may be a picture, in whatever spelling."""
    return not isinstance(part, str) and (
        part.text is None or part.image_url is not None or part.file is not None
    )


def _match(form: Form, said: Sequence[_Said]) -> Task | None:
    match form.place:
        case Place.PROMPT:
            return _match_prompt(form, said)
        case Place.CLOSING:
            return _match_closing(form, said)
        case Place.SYSTEM | Place.SYSTEM_WITH_EXAMPLES:
            return _match_system(form, said)


def _match_prompt(form: Form, said: Sequence[_Said]) -> Task | None:
    last = said[-1]
    if not _is_users(last) or not _has_marks(form, last.text):
        return None
    instructions = last.text.partition(QUOTE)[0][: _MAX_INSTRUCTION_CHARACTERS + 1]
    if form.key is not None and not _demands(instructions, form.key):
        return None
    return Task(
        form=form,
        instructions=instructions,
        text=last.text,
        conversation=read_quoted(last.text),
    )


def _match_closing(form: Form, said: Sequence[_Said]) -> Task | None:
    *before, last = said
    is_possible = last.role not in _MODEL_ROLES and len(last.text) <= _MAX_CLOSING_CHARACTERS
    if not is_possible or last.has_picture or not _has_marks(form, last.text):
        return None
    talk = tuple(
        Utterance(is_users=_is_users(message), text=remove_pictures(message.text))
        for message in before
        if message.role not in _SYSTEM_ROLES
    )
    if not any(utterance.is_users for utterance in talk):
        return None
    return Task(form=form, instructions=last.text, text=last.text, conversation=talk)


def _match_system(form: Form, said: Sequence[_Said]) -> Task | None:
    rest = [message for message in said if message.role not in _SYSTEM_ROLES]
    if not rest or not _is_users(rest[-1]) or any(message.has_picture for message in rest):
        return None
    if form.place is Place.SYSTEM and len(rest) != 1:
        return None
    text = rest[-1].text
    for message in said:
        if message.role in _SYSTEM_ROLES and _has_marks(form, message.text):
            return Task(form=form, instructions=message.text, text=text, conversation=read_quoted(text))
    return None


def _is_users(message: _Said) -> bool:
    return message.role not in _SYSTEM_ROLES and message.role not in _MODEL_ROLES


def _has_marks(form: Form, text: str) -> bool:
    return text.startswith(form.openings) and all(mark in text for mark in form.marks)


def _demands(instructions: str, key: str) -> bool:
    if len(instructions) > _MAX_INSTRUCTION_CHARACTERS or _DOCUMENTS in instructions:
        return False
    return demands_key(instructions, key)


def _repeat_last_request(task: Task) -> str:
    requests = [said.text for said in task.conversation if said.is_users] or [""]
    return _write_json({"prompt": " ".join(requests[-1].split())[:_MAX_ANSWER_CHARACTERS]})


def _leave_untranslated(task: Task) -> str:
    wrapped = _TRANSLATION_WRAP.fullmatch(task.text)
    return remove_pictures(wrapped[1] if wrapped else task.text)[:_MAX_ANSWER_CHARACTERS]


def _write_title(task: Task) -> str:
    found = _CHARACTER_LIMIT.search(task.instructions)
    limit = int(found[1] or found[2]) if found else MAX_CHARACTERS
    title = word_title(task.conversation, min(limit or MAX_CHARACTERS, MAX_CHARACTERS))
    said = "\n".join(utterance.text for utterance in task.conversation if utterance.is_users)
    if task.form.casing is Casing.TITLE:
        title = capitalize_words(title)
    elif task.form.casing is Casing.LOWER:
        title = title.lower()
    if any(demand in task.instructions for demand in EMOJI_DEMANDS):
        title = f"{find_topic(said).emoji} {title}"
    match task.form.shape:
        case Shape.PLAIN:
            return title
        case Shape.JSON:
            return _write_json({"title": title})
        case Shape.JSON_WITH_LANGUAGE:
            return _write_json({"language": LANGUAGE_NAMES[find_language(said)], "title": title})
        case Shape.TAG:
            return f"<title>{title}</title>"


def _write_json(answer: dict[str, str | list[str]]) -> str:
    cleaned = {
        key: _QUOTES.sub("", value) if isinstance(value, str) else [_QUOTES.sub("", item) for item in value]
        for key, value in answer.items()
    }
    return msgspec.json.encode(cleaned).decode()


_ANSWERS: dict[Kind, Callable[[Task], str]] = {
    Kind.TITLE: _write_title,
    Kind.TAGS: lambda task: _write_json({"tags": word_tags(task.conversation)}),
    Kind.FOLLOW_UPS: lambda task: _write_json({"follow_ups": word_follow_ups(task.conversation)}),
    Kind.QUERIES: lambda _: _write_json({"queries": []}),
    Kind.COMPLETION: lambda _: _write_json({"text": ""}),
    Kind.PICTURE_PROMPT: _repeat_last_request,
    Kind.TOOL_CALLS: lambda _: _write_json({"tool_calls": []}),
    Kind.FACE: lambda _: _FACE,
    Kind.EMOJI: lambda task: find_topic(task.text).emoji,
    Kind.SUMMARY: lambda task: word_summary(task.conversation),
    Kind.TRANSLATION: _leave_untranslated,
    Kind.LANGUAGE: lambda task: LOCALES[find_language(task.text)],
}
