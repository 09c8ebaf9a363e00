"""How clients spell a picture in a message's content: `URI` stands for its data URI, `BARE` for its base64."""

import json
from typing import Any

SPELLINGS: dict[str, Any] = {
    "image_url": {"type": "image_url", "image_url": {"url": "URI", "detail": "high"}},
    "image_url with a type": {"type": "image_url", "image_url": {"url": "URI", "mime_type": "image/gif"}},
    "image_url string": {"type": "image_url", "image_url": "URI"},
    "image_url bare": {"type": "image_url", "image_url": {"url": "BARE", "mime_type": "image/jpeg"}},
    "input_image": {"type": "input_image", "image_url": "URI", "file_id": None},
    "file": {"type": "file", "file": {"file_data": "URI", "filename": "a.png"}},
    "file bare": {"type": "file", "file": {"file_data": "BARE", "filename": "a.png"}},
    "input_file": {"type": "input_file", "file_data": "URI", "filename": "a.png"},
    "file of the AI SDK": {"type": "file", "data": "BARE", "mediaType": "image/png"},
    "image": {"type": "image", "image": "URI"},
    "image bare": {"type": "image", "image": "BARE"},
    "source": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "BARE"}},
    "source with a URI": {"type": "image", "source": {"type": "url", "url": "URI"}},
    "inline_data": {"type": "inline_data", "inline_data": {"mime_type": "image/png", "data": "BARE"}},
    "inlineData": {"inlineData": {"mimeType": "image/png", "data": "BARE"}},
    "no type": {"image_url": {"url": "URI"}},
    "Markdown": {"type": "text", "text": "![a picture](URI)"},
    "Markdown string": "![](URI)",
    "text": {"type": "input_text", "text": "URI"},
}


def spell(name: str, bare: str) -> Any:
    """Return the part of this spelling with a picture's base64 in it."""
    uri = f"data:image/png;base64,{bare}"
    return json.loads(json.dumps(SPELLINGS[name]).replace("URI", uri).replace("BARE", bare))
