"""One request for both kinds of upstream: what each of them takes."""

from msgspec import UNSET, to_builtins

from limner.translate.adaptation import adapt, adapt_count
from limner.wire.gemini import (
    DEVELOPER,
    VERTEX,
    GenerateContentRequest,
    GenerationConfig,
    ImageOutputOptions,
    RequestContent,
    RequestImageConfig,
    RequestPart,
)

ASKED = GenerateContentRequest(
    contents=[
        RequestContent(parts=[RequestPart(text="a fox")]),
        RequestContent(parts=[RequestPart(text="here")], role="model"),
    ],
    generation_config=GenerationConfig(image_config=RequestImageConfig(aspect_ratio="1:1")),
    store=False,
)
JPEG = ImageOutputOptions(mime_type="image/jpeg", compression_quality=80)


def test_the_developer_api_gets_what_was_made() -> None:
    """A request goes to the Developer API unchanged, whatever file is asked for."""
    assert adapt(ASKED, DEVELOPER, JPEG) is ASKED
    fields = {"contents": [{"parts": []}], "store": False}
    assert adapt(fields, DEVELOPER, None) is fields


def test_vertex_ai_is_told_roles_and_files_and_no_store() -> None:
    """For Vertex AI each turn has a role, `store` is left out, and the file that is asked for is said."""
    sent = to_builtins(adapt(ASKED, VERTEX, JPEG))
    assert "store" not in sent
    assert [content["role"] for content in sent["contents"]] == ["user", "model"]
    assert sent["generationConfig"]["imageConfig"] == {
        "aspectRatio": "1:1",
        "imageOutputOptions": {"mimeType": "image/jpeg", "compressionQuality": 80},
    }
    assert ASKED.store is False
    assert ASKED.contents[0].role is UNSET


def test_a_request_of_gemini_s_own_format_is_adapted_alike() -> None:
    """What a client wrote itself keeps every field but those that Vertex AI does not know."""
    fields = {
        "model": "models/m",
        "store": True,
        "contents": {"parts": [{"text": "a"}]},
        "toolConfig": {"x": 1},
    }
    assert adapt(fields, VERTEX, None) == {
        "contents": [{"role": "user", "parts": [{"text": "a"}]}],
        "toolConfig": {"x": 1},
    }
    assert fields["store"] is True


def test_counts_are_unwrapped_for_vertex_ai() -> None:
    """A request wrapped for a count, in either spelling, goes to Vertex AI bare."""
    inner = {"model": "models/m", "contents": [{"role": "user", "parts": []}]}
    for name in ("generateContentRequest", "generate_content_request"):
        assert adapt_count({name: inner}, VERTEX) == {"contents": inner["contents"]}
        assert adapt_count({name: inner}, DEVELOPER) == {name: inner}
    assert adapt_count({"contents": []}, VERTEX) == {"contents": []}
