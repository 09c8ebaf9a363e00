"""The text models: prices, limits, lifecycle. One dated table; does no I/O.

Facts, as of 2026-11-25, all of the Developer API's paid tier:
  * Ids: the list of google-genai 3.4.0 (2026-11-16). Left out are 2.5 Pro and 2.5 Flash (Google's deprecations page,
    read 2026-11-10: shut down on 2026-12-01), 3.5 Flash and 3.7 Flash (its release notes of 2026-10-08: deprecated, their
    calls go to other models), and previews and `-latest` names whose price can change under the same name.
  * Gemini 4 Argon and Carbon: Google's "What's new in Gemini 4 Argon" (2026-10): $2 and $10 through 2026-11-30, then
    $4 and $20; Carbon the same from its release on 2026-11-10 (pages of LaoZhang and Apidog of 2026-11-11, LiteLLM's notice).
  * Gemini 4 Hydrogen: $1.50 and $7.50, one price for all prompts, released 2026-11-12 (pages of LaoZhang and Apidog of
    2026-11-13 and -14, LiteLLM's notice).
  * 3.8 Flash: $0.75 and $3.75 through 2026-12-31, then $1.50 and $7.50 (Google's pricing page as transcribed on
    2026-10-07). 3.6 Flash the same (that page as quoted in models.dev, LiteLLM 1.110.2; Google's own guide to it still has
    the full price).
  * 3.5 Flash-Lite and 3.1 Pro: the same transcription. 3.1 Pro alone has other prices for prompts over 200,000 tokens.
  * 3.1 Flash-Lite: LiteLLM 1.110.2 and a price page of Vercel (2026-11).
  * A price change is taken to begin with its day in UTC, some hours before it does in California.
  * 65,536 tokens of output, thoughts included, in one call: Google's model pages (2026-11). Gemini 4 can be led on beyond
    that by continuation tokens, which are not used here.
  * From 3.5 Flash-Lite on temperature and top_p are ignored, and penalties are an error; Gemini 4 takes no thinking
    budget (model pages and developer guides, 2026-07 to 2026-11).
  * 1,048,576 tokens of input: the same model pages.
  * An input picture is 1,120 tokens (Gemini 3 developer guide: the default media resolution).
"""

from limner.catalogue.model import Model, Prices

_INPUT_IMAGE_TOKENS = 1120
_MAX_OUTPUT_TOKENS = 65_536
_TOKEN_LIMITS = (1_048_576, _MAX_OUTPUT_TOKENS)

_2026_12_01 = 1796083200
_2027_01_01 = 1798761600

_GEMINI_4_PRICES = Prices(input_nano_usd=2000, output_text_nano_usd=10_000)
_GEMINI_4_LATER_PRICES = {_2026_12_01: Prices(input_nano_usd=4000, output_text_nano_usd=20_000)}
_FLASH_PRICES = Prices(input_nano_usd=750, output_text_nano_usd=3750)
_FLASH_LATER_PRICES = {_2027_01_01: Prices(input_nano_usd=1500, output_text_nano_usd=7500)}

TEXT_MODELS: tuple[Model, ...] = (
    Model(
        id="gemini-4-carbon",
        title="Gemini 4 Carbon",
        version="4",
        description="Gemini 4 Carbon.",
        token_limits=_TOKEN_LIMITS,
        created=1794268800,  # 2026-11-10
        prices=_GEMINI_4_PRICES,
        later_prices=_GEMINI_4_LATER_PRICES,
        input_image_tokens=_INPUT_IMAGE_TOKENS,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        thinking_levels=("low", "medium", "high"),
        takes_thinking_budget=False,
        takes_sampling=False,
    ),
    Model(
        id="gemini-4-argon",
        title="Gemini 4 Argon",
        version="4",
        description="Gemini 4 Argon.",
        token_limits=_TOKEN_LIMITS,
        created=1791849600,  # 2026-10-13
        prices=_GEMINI_4_PRICES,
        later_prices=_GEMINI_4_LATER_PRICES,
        input_image_tokens=_INPUT_IMAGE_TOKENS,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        thinking_levels=("low", "medium", "high"),
        takes_thinking_budget=False,
        takes_sampling=False,
    ),
    Model(
        id="gemini-4-hydrogen",
        title="Gemini 4 Hydrogen",
        version="4",
        description="Gemini 4 Hydrogen.",
        token_limits=_TOKEN_LIMITS,
        created=1794441600,  # 2026-11-12
        prices=Prices(input_nano_usd=1500, output_text_nano_usd=7500),
        input_image_tokens=_INPUT_IMAGE_TOKENS,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        thinking_levels=("low", "medium", "high", "xhigh"),
        takes_thinking_budget=False,
        takes_sampling=False,
    ),
    Model(
        id="gemini-3.8-flash",
        title="Gemini 3.8 Flash",
        version="3.8",
        description="Gemini 3.8 Flash.",
        token_limits=_TOKEN_LIMITS,
        created=1788307200,  # 2026-09-02
        prices=_FLASH_PRICES,
        later_prices=_FLASH_LATER_PRICES,
        input_image_tokens=_INPUT_IMAGE_TOKENS,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        thinking_levels=("low", "medium", "high"),
        takes_sampling=False,
    ),
    Model(
        id="gemini-3.6-flash",
        title="Gemini 3.6 Flash",
        version="3.6",
        description="Gemini 3.6 Flash.",
        token_limits=_TOKEN_LIMITS,
        created=1784592000,  # 2026-07-21
        prices=_FLASH_PRICES,
        later_prices=_FLASH_LATER_PRICES,
        input_image_tokens=_INPUT_IMAGE_TOKENS,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        thinking_levels=("minimal", "low", "medium", "high"),
        takes_sampling=False,
    ),
    Model(
        id="gemini-3.5-flash-lite",
        title="Gemini 3.5 Flash-Lite",
        version="3.5",
        description="Gemini 3.5 Flash-Lite.",
        token_limits=_TOKEN_LIMITS,
        created=1784592000,  # 2026-07-21
        prices=Prices(input_nano_usd=300, output_text_nano_usd=2500),
        input_image_tokens=_INPUT_IMAGE_TOKENS,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        thinking_levels=("minimal", "low", "medium", "high"),
        takes_sampling=False,
    ),
    Model(
        id="gemini-3.1-flash-lite",
        title="Gemini 3.1 Flash-Lite",
        version="3.1",
        description="Gemini 3.1 Flash-Lite.",
        token_limits=_TOKEN_LIMITS,
        created=1778112000,  # 2026-05-07; its shutdown is set for 2027-05-07
        prices=Prices(input_nano_usd=250, output_text_nano_usd=1500),
        input_image_tokens=_INPUT_IMAGE_TOKENS,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        thinking_levels=("minimal", "low", "medium", "high"),
        deprecated=True,
    ),
    Model(
        id="gemini-3.1-pro-preview",
        title="Gemini 3.1 Pro",
        version="3.1",
        description="Gemini 3.1 Pro.",
        token_limits=_TOKEN_LIMITS,
        created=1771459200,  # 2026-02-19
        aliases=("gemini-3.1-pro",),
        prices=Prices(input_nano_usd=2000, output_text_nano_usd=12_000),
        long_prompt_prices=Prices(input_nano_usd=4000, output_text_nano_usd=18_000),
        input_image_tokens=_INPUT_IMAGE_TOKENS,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        thinking_levels=("low", "medium", "high"),
    ),
)
