"""Gemini's generateContent, as records: what is sent and what its answers say beside the pictures.

Facts (google-genai 3.4.0's types and recorded answers, 2025-10 to 2026-07): answers are camelCase; every
stream event is a whole response; `finishReason` and full usage stand on the last one; error bodies are
`{"error": {code, message, status, details?}}`.
"""

from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

DEVELOPER = "gemini"
"""The kind of upstream that is Google's Developer API, or a relay that speaks it."""
VERTEX = "vertex"
"""The kind that is Vertex AI, which Google also calls Agent Platform."""

PICTURE = b"\0"
"""Stands in encoded JSON for base64 that is put in later. JSON never holds this byte, so no text can look like it."""

PLACE = Raw(b'"' + PICTURE + b'"')
"""A string of such base64."""


class InlineDataNote(Struct, rename="camel"):
    """What is left of inline data once its bytes have passed."""

    mime_type: str | None = None


class Part(Struct, rename="camel"):
    """One part of an answer without its long strings."""

    text: str | None = None
    thought: bool | None = None
    inline_data: InlineDataNote | None = None


class Content(Struct):
    """An answer's content; its parts are read one by one as they close."""

    role: str | None = None


class Candidate(Struct, rename="camel"):
    """One candidate."""

    content: Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None


class ModalityTokenCount(Struct, rename="camel"):
    """Tokens of one modality."""

    modality: str = ""
    token_count: int = 0


class UsageMetadata(Struct, rename="camel"):
    """Tokens as Gemini counts them; refusals often carry only prompt and total."""

    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    total_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    prompt_tokens_details: list[ModalityTokenCount] | None = None
    candidates_tokens_details: list[ModalityTokenCount] | None = None


class PromptFeedback(Struct, rename="camel"):
    """Why a prompt was blocked, if it was."""

    block_reason: str | None = None
    block_reason_message: str | None = None


class ErrorStatus(Struct):
    """Google's error."""

    code: int | None = None
    message: str | None = None
    status: str | None = None
    details: list[dict[str, Any]] | None = None


class GenerateContentResponse(Struct, rename="camel"):
    """One answer, or one event of a stream, without its parts."""

    candidates: list[Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: UsageMetadata | None = None
    model_version: str | None = None
    response_id: str | None = None
    error: ErrorStatus | None = None


class InlineData(Struct, rename="camel"):
    """A picture to send; its base64 is put in the place of PICTURE as the body is sent."""

    mime_type: str
    data: Raw = PLACE


class RequestPart(Struct, rename="camel"):
    """One part of a request."""

    text: str | UnsetType = UNSET
    inline_data: InlineData | UnsetType = UNSET
    thought_signature: Raw | UnsetType = UNSET
    """PLACE, if the part has one; its base64 is put in as the body is sent."""


class RequestContent(Struct):
    """One turn of a request."""

    parts: list[RequestPart]
    role: str | UnsetType = UNSET


class ImageOutputOptions(Struct, rename="camel"):
    """What file a picture comes as. Vertex AI alone knows these."""

    mime_type: str
    compression_quality: int | UnsetType = UNSET
    """Of a JPEG, 0 to 100."""


class RequestImageConfig(Struct, rename="camel"):
    """Ratio and size; absent ones are the model's choice."""

    aspect_ratio: str | UnsetType = UNSET
    image_size: str | UnsetType = UNSET
    image_output_options: ImageOutputOptions | UnsetType = UNSET


class RequestThinkingConfig(Struct, rename="camel"):
    """Thinking."""

    include_thoughts: bool | UnsetType = UNSET
    thinking_level: str | UnsetType = UNSET
    thinking_budget: int | UnsetType = UNSET


class GenerationConfig(Struct, rename="camel"):
    """How to generate."""

    response_modalities: list[str] | UnsetType = UNSET
    """Absent: text alone, for the models that answer nothing else."""
    image_config: RequestImageConfig | UnsetType = UNSET
    thinking_config: RequestThinkingConfig | UnsetType = UNSET
    temperature: float | UnsetType = UNSET
    top_p: float | UnsetType = UNSET
    seed: int | UnsetType = UNSET
    max_output_tokens: int | UnsetType = UNSET
    stop_sequences: list[str] | UnsetType = UNSET
    response_mime_type: str | UnsetType = UNSET
    response_json_schema: dict[str, Any] | UnsetType = UNSET


class GenerateContentRequest(Struct, rename="camel"):
    """The body of a generateContent call."""

    contents: list[RequestContent]
    generation_config: GenerationConfig
    system_instruction: RequestContent | UnsetType = UNSET
    safety_settings: list[dict[str, Any]] | UnsetType = UNSET
    store: bool | UnsetType = UNSET
