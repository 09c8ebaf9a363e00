"""Reads the conversation that a background task's prompt quotes: text in, who said what out. Pure.

It must not know what is done with it. Nothing here is trusted to be what a UI wrote: a chat's text can hold
labels and tags itself, which at worst makes a worse title.
"""

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

_MAX_READ_CHARACTERS = 64 * 1024
_QUOTE_TAGS = ("chat_history", "conversation")
_TAG = re.compile(r"<(user|assistant|system|tool|initial_message|response)>")
_LABEL = re.compile(
    r"^(?:- )?(user|you|human|system|assistant|ai|session|model|tool) ?: ?", re.IGNORECASE | re.MULTILINE
)
"""`USER:` in Open WebUI, `user:` in LobeChat, `User:` and `AI:` in LibreChat, `- You:` in big-AGI, `Session:` for the
model in Cherry Studio."""
_USERS = frozenset({"user", "you", "human", "initial_message"})
_LIST_HEAD = re.compile(r"Prompts:\s{0,4}1\. ")
"""Above the prompts that LobeChat wants a title for."""
_SEPARATOR = "\n---------\n"
"""Between the messages that Chatbox quotes."""

_PICTURE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\s]{0,4000}\)?")
_ADDRESS = re.compile(r"(?:https?://|data:)[^\s)>\"]+")
_MARK = re.compile(r"\0[0-9]{0,9}")
"""What the body's reader leaves where a picture was."""


class Utterance(Struct, frozen=True):
    """Something that was said, without its pictures."""

    is_users: bool
    text: str


class _QuotedMessage(Struct):
    """A message in Cherry Studio's JSON."""

    role: str | None = None
    mainText: str | None = None  # noqa: N815 - Cherry Studio's name


def read_quoted(text: str) -> tuple[Utterance, ...]:
    """Return what was said in the conversation that `text` quotes; all of it a user's if nothing says whose."""
    quoted = _MARK.sub("", _cut_tags(text)[:_MAX_READ_CHARACTERS])
    found = _read_json(quoted) or list(_read_tags(quoted)) or list(_read_labels(quoted))
    if not found:
        first, _, rest = _LIST_HEAD.sub("", _cut_fence(quoted)).partition(_SEPARATOR)
        found = [Utterance(is_users=True, text=first), Utterance(is_users=False, text=rest)]
    cleaned = (Utterance(is_users=said.is_users, text=remove_pictures(said.text)) for said in found)
    return tuple(said for said in cleaned if said.text)


def remove_pictures(text: str) -> str:
    """Return `text`, so far as it is read, without pictures and addresses, and without white space around it."""
    read = text[:_MAX_READ_CHARACTERS]
    return _MARK.sub("", _ADDRESS.sub("", _PICTURE.sub("", read))).strip()


def _cut_tags(text: str) -> str:
    for tag in _QUOTE_TAGS:
        start, end = text.find(f"<{tag}>"), text.rfind(f"</{tag}>")
        if 0 <= start < end:
            return text[start + len(tag) + 2 : end]
    return text


def _cut_fence(text: str) -> str:
    start, end = text.find("```"), text.rfind("```")
    return text[start + 3 : end] if 0 <= start < end else text


def _read_json(text: str) -> list[Utterance]:
    if not text.lstrip().startswith("["):
        return []
    end = text.rfind("]")  # `/no_think` may follow
    try:
        messages = msgspec.json.decode(text[: end + 1], type=list[_QuotedMessage])
    except msgspec.MsgspecError:
        return []
    return [
        Utterance(is_users=message.role == "user", text=message.mainText)
        for message in messages
        if message.mainText
    ]


def _read_tags(text: str) -> Iterator[Utterance]:
    place = 0
    while (found := _TAG.search(text, place)) is not None:
        end = text.find(f"</{found[1]}>", found.end())
        if end < 0:
            return
        yield Utterance(is_users=found[1] in _USERS, text=text[found.end() : end])
        place = end


def _read_labels(text: str) -> Iterator[Utterance]:
    labels = list(_LABEL.finditer(text))
    ends = [*(label.start() for label in labels), len(text)][1:]
    for label, end in zip(labels, ends, strict=True):
        yield Utterance(is_users=label[1].lower() in _USERS, text=text[label.end() : end])
