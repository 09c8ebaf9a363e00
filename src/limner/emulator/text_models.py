"""The text models: limits and thinking. One dated table.

Facts: Google's model pages and developer guides for Gemini 3.1 to 4, read 2026-11; ids from google-genai 3.4.0 (2026-11-16).
This module must not know requests or answers.
"""

from collections.abc import Mapping
from types import MappingProxyType

from limner.emulator.models import MODELS, Model

_LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH")


def _text(
    model_id: str,
    display_name: str,
    levels: tuple[str, ...],
    default_level: str,
    *,
    samples: bool = False,
    takes_budget: bool = True,
) -> Model:
    return Model(
        id=model_id,
        family=model_id,
        display_name=display_name,
        description=f"{display_name}.",
        version=model_id.removeprefix("gemini-").partition("-")[0],
        input_token_limit=1_048_576,
        output_token_limit=65_536,
        draws=False,
        ratios=(),
        tokens={},
        thinking_levels=levels,
        default_thinking_level=default_level,
        # Penalties are an error and a model's turn at the end is too from 3.5 Flash-Lite on.
        samples=samples,
        takes_thinking_budget=takes_budget,
    )


TEXT_MODELS: Mapping[str, Model] = MappingProxyType(
    {
        model.id: model
        for model in (
            _text("gemini-3-flash-preview", "Gemini 3 Flash Preview", _LEVELS, "HIGH", samples=True),
            _text("gemini-3.1-flash-lite", "Gemini 3.1 Flash Lite", _LEVELS, "MINIMAL", samples=True),
            _text("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview", _LEVELS[1:], "HIGH", samples=True),
            _text("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite", _LEVELS, "MINIMAL"),
            _text("gemini-3.6-flash", "Gemini 3.6 Flash", _LEVELS, "MEDIUM"),
            _text("gemini-3.8-flash", "Gemini 3.8 Flash", _LEVELS[1:], "MEDIUM"),
            _text("gemini-4-argon", "Gemini 4 Argon", _LEVELS[1:], "MEDIUM", takes_budget=False),
            _text("gemini-4-carbon", "Gemini 4 Carbon", _LEVELS[1:], "MEDIUM", takes_budget=False),
            _text(
                "gemini-4-hydrogen", "Gemini 4 Hydrogen", (*_LEVELS[1:], "XHIGH"), "HIGH", takes_budget=False
            ),
        )
    },
)

SERVED_MODELS: Mapping[str, Model] = MappingProxyType({**MODELS, **TEXT_MODELS})
