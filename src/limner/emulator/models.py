"""What a model is, and the image models: ratios, sizes, exact pixels, tokens, MIME types. One dated table.

Facts: Google's image-generation page, copy of 2026-09-08, its pixel table checked again on 2026-10-03; live tests of
2026-09-02; Nano Banana 2.1 from its release notes of 2026-10-06. This module must not know requests or answers.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# The list of the aspect-ratio check that comes before any model's own, in the order its error text gives.
ALL_RATIOS = (
    "1:1",
    "1:4",
    "1:8",
    "2:3",
    "3:2",
    "3:4",
    "4:1",
    "4:3",
    "4:5",
    "5:4",
    "8:1",
    "9:16",
    "16:9",
    "21:9",
)
# Vertex AI's page of 3.1 Flash Image has one more, its pages of other models and the Developer API's do not (2026).
VERTEX_RATIOS = ("9:21",)
_TEN_RATIOS = tuple(ratio for ratio in ALL_RATIOS if ratio not in {"1:4", "1:8", "4:1", "8:1"})

# Other spellings of 512 which the server's error text names.
SIZE_SPELLINGS: Mapping[str, str] = MappingProxyType({"512P": "512", "512PX": "512"})
ALL_SIZES = ("1K", "2K", "4K", "512")

# Pixels at 1K. Every other size is this multiplied: the page's 792x168 for 21:9 at 512 is a misprint of 792x336.
_PIXELS_AT_1K: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "1:1": (1024, 1024),
        "1:4": (512, 2048),
        "1:8": (384, 3072),
        "2:3": (848, 1264),
        "3:2": (1264, 848),
        "3:4": (896, 1200),
        "4:1": (2048, 512),
        "4:3": (1200, 896),
        "4:5": (928, 1152),
        "5:4": (1152, 928),
        "8:1": (3072, 384),
        "9:16": (768, 1376),
        # Listed without pixels: those of 21:9 on end.
        "9:21": (672, 1584),
        "16:9": (1376, 768),
        "21:9": (1584, 672),
    },
)
# What Gemini 3 models mostly choose when no ratio is asked for (recorded 2025-11 to 2026-07).
_UNASKED_PIXELS_AT_1K = (1408, 768)
_SIZE_FACTORS: Mapping[str, float] = MappingProxyType({"512": 0.5, "1K": 1, "2K": 2, "4K": 4})

_PIXELS_OF_2_5: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "1:1": (1024, 1024),
        "2:3": (832, 1248),
        "3:2": (1248, 832),
        "3:4": (864, 1184),
        "4:3": (1184, 864),
        "4:5": (896, 1152),
        "5:4": (1152, 896),
        "9:16": (768, 1344),
        "16:9": (1344, 768),
        "21:9": (1536, 672),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model. `tokens` is what one picture costs, by image size; models without sizes draw at 1K.

    `vertex_ratios` are those it has on Vertex AI besides `ratios`.
    `draws` is False for models that answer text alone. `samples`: whether it takes penalties and a model's turn at the end.
    """

    id: str
    family: str
    display_name: str
    description: str
    version: str
    input_token_limit: int
    output_token_limit: int
    ratios: tuple[str, ...] = ALL_RATIOS
    vertex_ratios: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    ignored_sizes: bool = False
    pixels_at_1k: Mapping[str, tuple[int, int]] = field(default_factory=lambda: _PIXELS_AT_1K)
    unasked_pixels_at_1k: tuple[int, int] = _UNASKED_PIXELS_AT_1K
    tokens: Mapping[str, int]
    mime_type: str = "image/jpeg"
    tokens_per_input_picture: int = 1120
    thinking_levels: tuple[str, ...] = ()
    default_thinking_level: str | None = None
    signs: bool = True
    searches: bool = True
    draws: bool = True
    samples: bool = True
    takes_thinking_budget: bool = True

    def pixels(self, ratio: str | None, size: str | None) -> tuple[int, int]:
        """Width and height of the picture drawn for a ratio and size this model has been found to take."""
        width, height = self.unasked_pixels_at_1k if ratio is None else self.pixels_at_1k[ratio]
        factor = 1.0 if self.ignored_sizes else _SIZE_FACTORS[size or "1K"]
        return int(width * factor), int(height * factor)

    def nearest_ratio(self, width: int, height: int) -> str:
        """The ratio closest to a picture's own, which an edit without a ratio keeps."""
        wanted = math.log(width / height)
        return min(self.ratios, key=lambda ratio: abs(math.log(ratio_value(ratio)) - wanted))

    def tokens_per_picture(self, size: str | None) -> int:
        """Output tokens of one picture; they do not depend on the ratio."""
        return self.tokens["1K"] if self.ignored_sizes else self.tokens[size or "1K"]

    def listing(self) -> dict[str, object]:
        """The entry of `GET /models`."""
        entry: dict[str, object] = {
            "name": f"models/{self.id}",
            "version": self.version,
            "displayName": self.display_name,
            "description": self.description,
            "inputTokenLimit": self.input_token_limit,
            "outputTokenLimit": self.output_token_limit,
            "supportedGenerationMethods": [
                "generateContent",
                "countTokens",
                *([] if self.draws else ["createCachedContent"]),
                "batchGenerateContent",
            ],
            "temperature": 1,
            "topP": 0.95,
            "topK": 64,
            "maxTemperature": 1 if self.draws else 2,
        }
        if self.thinking_levels:
            entry["thinking"] = True
        return entry


def ratio_value(ratio: str) -> float:
    """Width divided by height of a ratio such as `16:9`."""
    width, height = ratio.split(":")
    return int(width) / int(height)


def _pro(model_id: str, display_name: str, description: str) -> Model:
    return Model(
        id=model_id,
        family="gemini-3-pro-image",
        display_name=display_name,
        description=description,
        version="3.0",
        input_token_limit=65_536,
        output_token_limit=32_768,
        ratios=_TEN_RATIOS,
        sizes=("1K", "2K", "4K"),
        tokens={"1K": 1120, "2K": 1120, "4K": 2000},
        # Always on and not adjustable; a level is taken without effect (66 requests, 2026).
        thinking_levels=("MINIMAL", "LOW", "MEDIUM", "HIGH"),
        default_thinking_level="HIGH",
    )


MODELS: Mapping[str, Model] = MappingProxyType(
    {
        model.id: model
        for model in (
            Model(
                id="gemini-2.5-flash-image",
                family="gemini-2.5-flash-image",
                display_name="Nano Banana",
                description="Gemini 2.5 Flash Preview Image",
                version="2.0",
                input_token_limit=32_768,
                output_token_limit=32_768,
                ratios=_TEN_RATIOS,
                # 2K, 4K and even 8K are ignored, 512 is refused (live, 2026-09-02).
                ignored_sizes=True,
                pixels_at_1k=_PIXELS_OF_2_5,
                unasked_pixels_at_1k=(1024, 1024),
                tokens={"1K": 1290},
                mime_type="image/png",
                tokens_per_input_picture=258,
                signs=False,
                searches=False,
            ),
            Model(
                id="gemini-3.1-flash-image",
                family="gemini-3.1-flash-image",
                display_name="Nano Banana 2",
                description="Gemini 3.1 Flash Image.",
                version="3.0",
                input_token_limit=65_536,
                output_token_limit=65_536,
                vertex_ratios=VERTEX_RATIOS,
                sizes=("512", "1K", "2K", "4K"),
                tokens={"512": 747, "1K": 1120, "2K": 1680, "4K": 2520},
                thinking_levels=("MINIMAL", "HIGH"),
                default_thinking_level="MINIMAL",
            ),
            Model(
                id="gemini-3.1-flash-lite-image",
                family="gemini-3.1-flash-lite-image",
                display_name="Nano Banana 2 Lite",
                description="Gemini 3.1 Flash Lite Image.",
                version="3.0",
                input_token_limit=65_536,
                output_token_limit=4_096,
                tokens={"1K": 1120},
                thinking_levels=("MINIMAL", "HIGH"),
                default_thinking_level="MINIMAL",
                searches=False,
            ),
            _pro("gemini-3-pro-image", "Nano Banana Pro", "Gemini 3 Pro Image"),
            Model(
                id="gemini-nano-banana-2.1",
                family="gemini-nano-banana-2.1",
                display_name="Nano Banana 2.1",
                description="Gemini Nano Banana 2.1.",
                version="3.0",
                input_token_limit=65_536,
                output_token_limit=65_536,
                sizes=("1K", "2K", "4K"),
                tokens={"1K": 1120, "2K": 1680, "4K": 3780},
                thinking_levels=("MINIMAL", "MEDIUM", "HIGH"),
                default_thinking_level="MEDIUM",
            ),
            _pro("nano-banana-pro-preview", "Nano Banana Pro Preview", "Gemini 3 Pro Image Preview"),
        )
    },
)
