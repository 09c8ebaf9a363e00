"""The checks of `generationConfig` for text models, with Google's texts where they are known.

Texts: the ratio's, the candidates' and a last model turn's from public reports of 2026; for others a general one stands in.
This module must not know pictures or answers.
"""

from typing import Any

from limner.emulator.failures import invalid_argument
from limner.emulator.models import Model

_GENERAL = "Request contains an invalid argument."
_MAX_STOP_SEQUENCES = 5


def check_text_settings(payload: dict[str, Any], model: Model) -> None:
    """Raise `GoogleError` for what a text model does not take."""
    config = payload.get("generationConfig", {})
    image_config = config.get("imageConfig", {})
    if image_config.get("aspectRatio"):
        raise invalid_argument("Aspect ratio is not enabled for this model")
    if image_config.get("imageSize"):
        raise invalid_argument("Image size is not enabled for this model")
    drawn = [asked.lower() for asked in config.get("responseModalities", []) if asked != "TEXT"]
    if drawn:
        raise invalid_argument(f"Model does not support the requested response modalities: {','.join(drawn)}")
    if not model.samples and (config.get("presencePenalty") or config.get("frequencyPenalty")):
        raise invalid_argument("Penalty is not enabled for this model")
    if config.get("maxOutputTokens", 1) < 1:
        raise invalid_argument(
            "* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive.\n"
        )
    if len(config.get("stopSequences", [])) > _MAX_STOP_SEQUENCES:
        raise invalid_argument(_GENERAL)
    if config.get("responseMimeType", "") not in {"", "text/plain", "application/json", "text/x.enum"}:
        raise invalid_argument(_GENERAL)
    if "thinkingBudget" in config.get("thinkingConfig", {}) and not model.takes_thinking_budget:
        raise invalid_argument("Thinking budget is not supported for this model")
    contents = payload.get("contents", [])
    if not model.samples and contents and contents[-1].get("role") == "model":
        raise invalid_argument("Requests ending with a model turn are not supported.")
