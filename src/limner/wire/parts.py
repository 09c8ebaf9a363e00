"""The parts of a message, as records: text and pictures in all the spellings that clients send. Records only.

Read leniently: unknown fields are ignored, null means absent. What is picture in one client's spelling and something
else in another's stays unread here (`Any`); `translate.parts` says by the part's type what it is.
"""

from typing import Any

from msgspec import Struct


class ImageUrl(Struct):
    """Where a picture is: a data URI or a link."""

    url: str


class FileContent(Struct):
    """A file given inside a message."""

    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class GeminiBlob(Struct):
    """Inline data in Gemini's form, either spelling."""

    data: str | None = None
    mimeType: str | None = None  # noqa: N815 - the wire's name
    mime_type: str | None = None


class GeminiFile(Struct):
    """A file that lies elsewhere, in Gemini's form, either spelling."""

    fileUri: str | None = None  # noqa: N815 - the wire's name
    file_uri: str | None = None


class ContentPart(Struct):
    """One piece of a message, or one entry of its `images`."""

    type: str | None = None
    text: str | None = None
    image_url: str | ImageUrl | None = None
    file: FileContent | None = None
    inlineData: GeminiBlob | None = None  # noqa: N815 - the wire's name
    inline_data: GeminiBlob | None = None
    url: Any = None
    image: Any = None
    source: Any = None
    data: Any = None
    b64_json: Any = None
    file_data: Any = None
    file_url: Any = None
    file_id: Any = None
    fileData: GeminiFile | None = None  # noqa: N815 - the wire's name


class GeminiPart(Struct):
    """A part in Gemini's form, either spelling."""

    text: str | None = None
    inlineData: GeminiBlob | None = None  # noqa: N815 - the wire's name
    inline_data: GeminiBlob | None = None
    fileData: GeminiFile | None = None  # noqa: N815 - the wire's name
    file_data: GeminiFile | None = None
