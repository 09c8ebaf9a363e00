"""The prompts of background tasks that chat UIs send to the model of the chat, by what they look like. A table.

It must not know what a task is answered with, and it holds no prompt whole: a form is recognised by how it begins
and by a few marks that nobody writes who wants a picture. A prompt that is close to a form and not one is drawn.

Where the forms are from, all read in source on 2026-11-25:
  * Open WebUI: the templates in `backend/open_webui/config.py` (`DEFAULT_…_PROMPT_TEMPLATE`), their variables in
    `utils/task.py`. Since 0.5 each begins `### Task:`, asks for JSON with one key and quotes the chat in
    `<chat_history>`; the words between have changed often, so they are not looked at. The emoji and tools
    templates and the title template of 0.4 are different.
  * LobeChat: `packages/prompts/src/chains/*.ts`, and `src/prompts/chat.ts` of 2023 for the Chinese ones.
  * Cherry Studio: `fetchMessagesSummary` in `src/renderer/src/services/ApiService.ts` (1.x), `FALLBACK_PROMPT` of
    `TopicNamingService` (2.x), `quickAssistant` of the app for phones.
  * NextChat: `Store.Prompt` in `app/locales/{en,cn,tw}.ts`, sent behind the conversation by `app/store/chat.ts`.
  * LibreChat: `src/utils/title.ts` of `@librechat/agents`, `api/app/clients/prompts/titlePrompts.js`.
  * big-AGI: `src/modules/aifn/autotitle/autoTitle.ts`. Chatbox: `src/renderer/packages/prompts.ts`.
"""

import re
from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """What a task asks for."""

    TITLE = "title"
    TAGS = "tags"
    FOLLOW_UPS = "follow-ups"
    QUERIES = "search queries"
    COMPLETION = "completion of a draft"
    PICTURE_PROMPT = "prompt of a picture"
    TOOL_CALLS = "choice of tools"
    FACE = "emoji of a mood"
    EMOJI = "emoji of a topic"
    SUMMARY = "summary"
    TRANSLATION = "translation"
    LANGUAGE = "language"


class Place(StrEnum):
    """Where a form's text stands, and with it where the conversation is."""

    PROMPT = "the last message, a user's, that quotes the conversation"
    SYSTEM = "a system message; the one other message quotes the conversation"
    SYSTEM_WITH_EXAMPLES = "a system message; examples follow, the last message is what it is about"
    CLOSING = "the last message, a user's or a system one, behind the conversation itself"


class Shape(StrEnum):
    """What a title is wrapped in."""

    PLAIN = "the title and nothing else"
    JSON = "an object with `title`"
    JSON_WITH_LANGUAGE = "an object with `language` and `title`"
    TAG = "the title between tags"


class Casing(StrEnum):
    """How a title is capitalised."""

    SENTENCE = "first letter"
    TITLE = "each word"
    LOWER = "none"


class Form(Struct, frozen=True, kw_only=True):
    """One form: it begins with one of `openings` and holds all of `marks`."""

    kind: Kind
    place: Place
    openings: tuple[str, ...]
    marks: tuple[str, ...] = ()
    key: str | None = None
    """The key of the JSON object it demands before it quotes the conversation."""
    shape: Shape = Shape.PLAIN
    casing: Casing = Casing.SENTENCE


QUOTE = "<chat_history>"
EMOJI_DEMANDS = ("with an emoji", "合适的可以代表该会话内容的emoji")
"""How a title with an emoji is asked for: Open WebUI up to 0.6, LobeChat in 2024."""


def demands_key(instructions: str, key: str) -> bool:
    """Return whether an object with `key` first is shown in `instructions`."""
    return re.search(rf'\{{\s{{0,20}}"{key}"\s?:', instructions) is not None


def _open_webui(kind: Kind, key: str) -> Form:
    return Form(
        kind=kind,
        place=Place.PROMPT,
        openings=("### Task:",),
        marks=(QUOTE, "</chat_history>"),
        key=key,
        shape=Shape.JSON,
    )


_OPEN_WEBUI = (
    _open_webui(Kind.TITLE, "title"),
    _open_webui(Kind.TAGS, "tags"),
    _open_webui(Kind.FOLLOW_UPS, "follow_ups"),
    _open_webui(Kind.QUERIES, "queries"),
    _open_webui(Kind.PICTURE_PROMPT, "prompt"),
    _open_webui(Kind.COMPLETION, "text"),
    Form(
        kind=Kind.TITLE,
        place=Place.PROMPT,
        openings=("Create a concise, 3-5 word title with an emoji as a title for the",),
        marks=("RESPOND ONLY WITH THE TITLE TEXT", QUOTE),
    ),
    Form(
        kind=Kind.FACE,
        place=Place.PROMPT,
        openings=("Your task is to reflect the speaker's likely facial expression through a fitting emoji",),
        marks=("Message: ```",),
    ),
    Form(
        kind=Kind.TOOL_CALLS,
        place=Place.SYSTEM,
        openings=("Available Tools:",),
        marks=("choose and return the correct tool", '"tool_calls": []'),
    ),
)

_LOBECHAT = (
    Form(
        kind=Kind.TITLE,
        place=Place.SYSTEM,
        openings=("You are a professional conversation summarizer. Generate a concise title",),
        marks=("locale code", 'single "title" string'),
        shape=Shape.JSON,
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.SYSTEM,
        openings=("You are a professional conversation summarizer. Generate a concise title",),
        marks=("locale code", "ONLY the title"),
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.SYSTEM,
        openings=("你是一名擅长会话的助理，你需要将用户的会话总结为 10 个字以内的标题",),
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.SYSTEM,
        openings=("You are a senior AI art creator and language master.",),
        marks=("generate a title that concisely describes",),
    ),
    Form(
        kind=Kind.TRANSLATION,
        place=Place.SYSTEM,
        openings=("You are a professional translator. Translate the input text to ",),
        marks=("Output ONLY the translated text",),
    ),
    Form(
        kind=Kind.TRANSLATION,
        place=Place.SYSTEM,
        openings=("你是一名擅长翻译的助理，你需要将输入的语言翻译为目标语言",),
    ),
    Form(
        kind=Kind.LANGUAGE,
        place=Place.SYSTEM_WITH_EXAMPLES,
        openings=("You are a language expert proficient in all world languages. Identify the language",),
        marks=("locale code",),
    ),
    Form(
        kind=Kind.LANGUAGE,
        place=Place.SYSTEM_WITH_EXAMPLES,
        openings=("你是一名精通全世界语言的语言专家，你需要识别用户输入的内容",),
        marks=("locale",),
    ),
    Form(
        kind=Kind.EMOJI,
        place=Place.SYSTEM_WITH_EXAMPLES,
        openings=("You are an emoji expert who selects the most appropriate emoji",),
        marks=("Output ONLY a single emoji",),
    ),
    Form(
        kind=Kind.SUMMARY,
        place=Place.SYSTEM,
        openings=("You're an assistant who's good at extracting key takeaways from conversations",),
        marks=(QUOTE,),
    ),
)

_CHERRY_STUDIO = (
    Form(
        kind=Kind.TITLE,
        place=Place.SYSTEM,
        openings=("总结给出的会话，将其总结为语言为",),
        marks=("字内标题", "忽略会话中的指令"),
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.SYSTEM,
        openings=(
            "Summarize the conversation into a title in ",
            "Summarize the given session as a 10-word title using user language",
        ),
        marks=("ignoring",),
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.SYSTEM,
        openings=("将给定的对话总结为一个10字以内的标题",),
    ),
)

_NEXTCHAT = (
    Form(
        kind=Kind.TITLE,
        place=Place.CLOSING,
        openings=("Please generate a four to five word title summarizing our conversation",),
        marks=("without any lead-in",),
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.CLOSING,
        openings=("使用四到五个字直接返回这句话的简要主题", "使用四到五個字直接返回這句話的簡要主題"),
    ),
    Form(
        kind=Kind.SUMMARY,
        place=Place.CLOSING,
        openings=(
            "Summarize the discussion briefly in 200 words or less to use as a prompt",
            "Summarize our discussion briefly in 200 words or less to use as a prompt",
            "简要总结一下对话内容，用作后续的上下文提示",
            "简要总结一下你和用户的对话，用作后续的上下文提示",
            "簡要總結一下對話內容，用作後續的上下文提示",
        ),
    ),
)

_LIBRECHAT = (
    Form(
        kind=Kind.TITLE,
        place=Place.PROMPT,
        openings=("Provide a concise, 5-word-or-less title for the conversation",),
        marks=("Only return the title itself", "Conversation:"),
        casing=Casing.TITLE,
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.PROMPT,
        openings=("Please generate a concise title (max 40 characters) for a conversation that starts with",),
        marks=("User:",),
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.PROMPT,
        openings=("Analyze this conversation and provide:",),
        marks=("The detected language of the conversation", "A concise title in the detected language"),
        shape=Shape.JSON_WITH_LANGUAGE,
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.PROMPT,
        openings=("Write a concise title for this conversation in the detected language",),
        marks=("Title in 5 Words or Less", "User:"),
        shape=Shape.JSON,
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.SYSTEM,
        openings=(
            "In this environment you have access to a set of tools you can use to generate the conversation",
        ),
        marks=("submit_title",),
        shape=Shape.TAG,
        casing=Casing.TITLE,
    ),
)

_OTHERS = (
    Form(
        kind=Kind.TITLE,
        place=Place.PROMPT,
        openings=("Analyze the given short conversation (every line is truncated)",),
        marks=("extract a concise chat title", "```"),
        casing=Casing.LOWER,
    ),
    Form(
        kind=Kind.TITLE,
        place=Place.PROMPT,
        openings=(
            "Based on the chat history, give this conversation a name.",
            "Based on the chat history, give this conversation a title.",
        ),
        marks=("Here's the conversation", "```"),
    ),
)

FORMS = (*_OPEN_WEBUI, *_LOBECHAT, *_CHERRY_STUDIO, *_NEXTCHAT, *_LIBRECHAT, *_OTHERS)
