"""The picture models: ratios, sizes, pixels, tokens, prices, lifecycle. One dated table; does no I/O.

Facts, as of 2026-11-22:
  * Ratios, sizes and pixels: Google's image-generation page for generateContent (copy of 2026-09-08) with
    live checks of 2026-08 to 2026-10; 21:9 at 512 is printed there as 792x168, which no 21:9 picture can be.
  * 3.1 Flash Lite takes no imageSize at all and 2.5 Flash ignores it; for both `1K` is legal and not sent.
  * 2.1 refuses 512 (model page and models.list, 2026-10); one report of 2026-10-18 says otherwise.
  * Tokens per picture do not depend on the ratio. 2.1's 3,780 at 4K was measured from live usage.
  * Versions, descriptions and limits of tokens: Google's own list of models (2026-06 and 2026-10), for 3 Pro and 3.1 Flash Lite
    its model pages.
  * Prices: Google's paid tier of the Developer API, pricing page of 2026-07 and the notices of 2026-10.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from limner.catalogue.model import SIZES, Model, Pixels, Prices

_GEMINI_3_PIXELS: Mapping[str, tuple[Pixels, Pixels, Pixels, Pixels]] = MappingProxyType(
    {
        "1:1": ((512, 512), (1024, 1024), (2048, 2048), (4096, 4096)),
        "1:4": ((256, 1024), (512, 2048), (1024, 4096), (2048, 8192)),
        "1:8": ((192, 1536), (384, 3072), (768, 6144), (1536, 12288)),
        "2:3": ((424, 632), (848, 1264), (1696, 2528), (3392, 5056)),
        "3:2": ((632, 424), (1264, 848), (2528, 1696), (5056, 3392)),
        "3:4": ((448, 600), (896, 1200), (1792, 2400), (3584, 4800)),
        "4:1": ((1024, 256), (2048, 512), (4096, 1024), (8192, 2048)),
        "4:3": ((600, 448), (1200, 896), (2400, 1792), (4800, 3584)),
        "4:5": ((464, 576), (928, 1152), (1856, 2304), (3712, 4608)),
        "5:4": ((576, 464), (1152, 928), (2304, 1856), (4608, 3712)),
        "8:1": ((1536, 192), (3072, 384), (6144, 768), (12288, 1536)),
        "9:16": ((384, 688), (768, 1376), (1536, 2752), (3072, 5504)),
        "16:9": ((688, 384), (1376, 768), (2752, 1536), (5504, 3072)),
        "21:9": ((792, 336), (1584, 672), (3168, 1344), (6336, 2688)),
    }
)

_GEMINI_2_PIXELS: Mapping[str, Pixels] = MappingProxyType(
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
    }
)

_COMMON_RATIOS = tuple(_GEMINI_2_PIXELS)
ALL_RATIOS = tuple(_GEMINI_3_PIXELS)
"""Every ratio that some model draws."""


def _gemini_3_pixels(ratios: tuple[str, ...], *sizes: str) -> Mapping[tuple[str, str], Pixels]:
    return {(ratio, size): _GEMINI_3_PIXELS[ratio][SIZES.index(size)] for ratio in ratios for size in sizes}


IMAGE_MODELS: tuple[Model, ...] = (
    Model(
        id="gemini-nano-banana-2.1",
        title="Nano Banana 2.1",
        version="3.0",
        description="Gemini Nano Banana 2.1.",
        token_limits=(65_536, 65_536),
        created=1791244800,  # 2026-10-06
        aliases=("nano-banana-2.1",),
        ratios=ALL_RATIOS,
        image_tokens={"1K": 1120, "2K": 1680, "4K": 3780},
        takes_image_size=True,
        input_image_tokens=1120,
        prices=Prices(input_nano_usd=1500, output_text_nano_usd=7500, output_image_nano_usd=30_000),
        thinking_levels=("minimal", "medium", "high"),
        pixels=_gemini_3_pixels(ALL_RATIOS, "1K", "2K", "4K"),
    ),
    Model(
        id="gemini-3-pro-image",
        title="Nano Banana Pro",
        version="3.0",
        description="Gemini 3 Pro Image",
        token_limits=(65_536, 32_768),
        created=1779926400,  # 2026-05-28
        aliases=("nano-banana-pro",),
        ratios=_COMMON_RATIOS,
        image_tokens={"1K": 1120, "2K": 1120, "4K": 2000},
        takes_image_size=True,
        input_image_tokens=560,
        prices=Prices(input_nano_usd=2000, output_text_nano_usd=12_000, output_image_nano_usd=120_000),
        thinking_levels=("low", "high"),
        pixels=_gemini_3_pixels(_COMMON_RATIOS, "1K", "2K", "4K"),
    ),
    Model(
        id="gemini-3.1-flash-image",
        title="Nano Banana 2",
        version="3.0",
        description="Gemini 3.1 Flash Image.",
        token_limits=(65_536, 65_536),
        created=1779926400,  # 2026-05-28
        aliases=("nano-banana-2",),
        ratios=ALL_RATIOS,
        image_tokens={"512": 747, "1K": 1120, "2K": 1680, "4K": 2520},
        takes_image_size=True,
        input_image_tokens=1120,
        prices=Prices(input_nano_usd=500, output_text_nano_usd=3000, output_image_nano_usd=60_000),
        thinking_levels=("minimal", "high"),
        deprecated=True,  # 2026-10-06; whether it was shut down on 2026-10-29 is disputed
        pixels=_gemini_3_pixels(ALL_RATIOS, *SIZES),
    ),
    Model(
        id="gemini-3.1-flash-lite-image",
        title="Nano Banana 2 Lite",
        version="3.0",
        description="Gemini 3.1 Flash Lite Image.",
        token_limits=(65_536, 4096),
        created=1782777600,  # 2026-06-30
        aliases=("nano-banana-2-lite",),
        ratios=ALL_RATIOS,
        image_tokens={"1K": 1120},
        takes_image_size=False,
        input_image_tokens=1120,
        prices=Prices(input_nano_usd=250, output_text_nano_usd=1500, output_image_nano_usd=30_000),
        thinking_levels=("minimal", "high"),
        pixels=_gemini_3_pixels(ALL_RATIOS, "1K"),
    ),
    Model(
        id="gemini-2.5-flash-image",
        title="Nano Banana",
        version="2.0",
        description="Gemini 2.5 Flash Preview Image",
        token_limits=(32_768, 32_768),
        created=1759363200,  # 2025-10-02
        aliases=("nano-banana",),
        ratios=_COMMON_RATIOS,
        image_tokens={"1K": 1290},
        takes_image_size=False,
        input_image_tokens=258,
        prices=Prices(input_nano_usd=300, output_text_nano_usd=2500, output_image_nano_usd=30_000),
        has_signatures=False,
        deprecated=True,  # shutdown was set for 2026-10-02; seen working after it
        pixels={(ratio, "1K"): pixels for ratio, pixels in _GEMINI_2_PIXELS.items()},
    ),
)


def describe_pixels(
    like: Model, ratios: Sequence[str], sizes: Sequence[str]
) -> Mapping[tuple[str, str], Pixels]:
    """Return the pixels of a model that draws these as `like` draws, and what that one does not have as Gemini 3 does."""
    wanted = _gemini_3_pixels(tuple(ratios), *sizes)
    return {place: like.pixels.get(place, pixels) for place, pixels in wanted.items()}
