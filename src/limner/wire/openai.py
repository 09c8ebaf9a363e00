"""OpenAI's chat completions, as records: what clients send and what they are answered.

Requests are read leniently: unknown fields are ignored, null means absent. Answers conform to OpenAI's
shapes (openai-python 3.54 types, 2026-11) and add `limner`. Where an answer holds a picture its JSON is given
raw, with PICTURE in the picture's place.
"""

from typing import Any, Literal

from msgspec import UNSET, Raw, Struct, UnsetType

from limner.wire.parts import ContentPart, GeminiPart

PICTURE = b"\0"
"""Stands in encoded JSON for a picture's base64. JSON never holds this byte, so no text can look like it."""


class Message(Struct):
    """One turn of the conversation."""

    role: str | None = None
    content: str | list[str | ContentPart] | None = None
    name: str | None = None
    images: list[str | ContentPart | None] | None = None
    """Pictures beside the content, as OpenRouter and LiteLLM write them; Limner's own answers too."""
    content_blocks: list[str | ContentPart | None] | None = None
    """The same in Portkey's form, with the text once more."""
    multi_mod_content: list[str | ContentPart | None] | None = None
    """The same in AiHubMix's."""
    reasoning_details: Any = None
    """What an answer said it came from, in whatever form another gateway writes it."""


class GeminiContent(Struct):
    """A turn in Gemini's form, as the documented operation also takes it."""

    role: str | None = None
    parts: list[GeminiPart] | None = None


class ThinkingConfig(Struct):
    """How much the model thinks, and whether its thoughts are shown."""

    include_thoughts: bool | None = None
    thinking_level: str | None = None
    thinking_budget: int | None = None


class GoogleOptions(Struct):
    """`extra_body.google`."""

    thinking_config: ThinkingConfig | None = None
    safety_settings: list[dict[str, Any]] | None = None
    max_output_tokens: int | None = None


class LimnerOptions(Struct):
    """Limner's own options."""

    image_output: str | None = None


class ExtraBody(Struct):
    """The `extra_body` that clients of the documented operation put on the wire as it is."""

    google: GoogleOptions | None = None
    limner: LimnerOptions | None = None


class StreamOptions(Struct):
    """Options of a stream."""

    include_usage: bool | None = None


class ChatCompletionRequest(Struct):
    """The body of `POST /v1/chat/completions`, as far as it is read here.

    Ratio and size have too many spellings for fields; `translate.spellings` reads them from the body.
    """

    model: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    store: bool | None = None
    metadata: dict[str, Any] | None = None
    user: str | None = None
    messages: list[Message] | None = None
    contents: list[GeminiContent] | None = None
    extra_body: ExtraBody | None = None
    google: GoogleOptions | None = None
    limner: LimnerOptions | None = None
    modalities: list[str] | None = None
    n: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    reasoning_effort: str | None = None
    response_format: dict[str, Any] | None = None


class PromptTokensDetails(Struct):
    """Input tokens by kind."""

    text_tokens: int
    image_tokens: int
    cached_tokens: int = 0


class CompletionTokensDetails(Struct):
    """Output tokens by kind."""

    image_tokens: int
    reasoning_tokens: int
    text_tokens: int


class Usage(Struct):
    """Tokens, and what they cost in dollars."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails
    completion_tokens_details: CompletionTokensDetails
    cost: float | None


class DataUrl(Struct):
    """`image_url` of an entry in `images`."""

    url: Raw


class AnswerImage(Struct):
    """One entry of `message.images`, as OpenRouter and LiteLLM write it."""

    index: int
    image_url: DataUrl
    type: Literal["image_url"] = "image_url"


class ReasoningDetail(Struct):
    """One entry of `reasoning_details`, as OpenRouter writes it: a reference to what made an answer."""

    data: str
    """The generation's id, and of a choice after the first its index: `gen_…/1`."""
    id: str
    type: Literal["reasoning.encrypted"] = "reasoning.encrypted"
    format: Literal["google-gemini-v1"] = "google-gemini-v1"
    index: int = 0


class AnswerMessage(Struct):
    """The assistant's message."""

    content: Raw
    role: str = "assistant"
    refusal: str | UnsetType | None = UNSET
    reasoning_content: str | UnsetType = UNSET
    images: list[AnswerImage] | UnsetType = UNSET
    reasoning_details: list[ReasoningDetail] | UnsetType = UNSET


class Choice(Struct):
    """One choice of an answer."""

    index: int
    message: AnswerMessage
    finish_reason: str
    logprobs: None = None


class Notice(Struct, frozen=True):
    """Something the caller should know that is not an error."""

    code: str
    message: str


class UpstreamNote(Struct):
    """Who drew."""

    kind: str
    model: str


class ImageNote(Struct):
    """One delivered picture, described."""

    id: str
    url: str | None
    sha256: str
    mime_type: str
    width: int | None
    height: int | None
    bytes: int


class LimnerNote(Struct):
    """What Limner adds to an answer."""

    generation_id: str | None
    """None where nothing was generated: a background task answered here."""
    cost_usd: float | None
    upstream: UpstreamNote
    notices: list[Notice]
    images: list[ImageNote]


class ChatCompletion(Struct):
    """A whole answer."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    limner: LimnerNote
    object: Literal["chat.completion"] = "chat.completion"
    metadata: dict[str, str] | UnsetType = UNSET


class Delta(Struct):
    """What a chunk adds."""

    role: str | UnsetType = UNSET
    content: str | Raw | UnsetType = UNSET
    refusal: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET
    images: list[AnswerImage] | UnsetType = UNSET
    reasoning_details: list[ReasoningDetail] | UnsetType = UNSET


class ChunkChoice(Struct):
    """One choice of a chunk."""

    index: int
    delta: Delta
    finish_reason: str | None = None
    logprobs: None = None


class ChatCompletionChunk(Struct):
    """One chunk of a stream."""

    id: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | UnsetType = UNSET
    limner: LimnerNote | UnsetType = UNSET
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"


class ErrorBody(Struct):
    """The inside of an error answer; all four keys always."""

    message: str
    type: str
    param: str | None
    code: str
    generation_id: str | UnsetType = UNSET


class ErrorAnswer(Struct):
    """An error answer."""

    error: ErrorBody
