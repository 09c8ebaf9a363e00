"""The checks of `contents`: roles, parts, input pictures, thought signatures, with Google's texts.

It must not know settings or answers.
"""

import io
import warnings
from dataclasses import dataclass
from typing import Any

import pybase64
from PIL import Image

from limner.emulator.failures import BAD_PICTURE, GoogleError, bad_request, invalid_argument
from limner.emulator.models import Model
from limner.emulator.signatures import DUMMY_SIGNATURES, has_form_of_signature, is_signature_of

_PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif")
_DATA_FIELDS = frozenset(
    [
        "text",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
        "executableCode",
        "codeExecutionResult",
    ],
)


@dataclass(frozen=True, slots=True)
class InputPicture:
    """A picture of the conversation, and the index of the content it stands in."""

    data: bytes
    content_index: int
    pixels: tuple[int, int]


def check_contents(
    contents: list[dict[str, Any]],
    model: Model,
    *,
    demand_roles: bool,
    demand_signatures: bool,
    accept_dummy_signature: bool,
) -> list[InputPicture]:
    """The conversation's pictures in order, or raise `GoogleError` for contents Google refuses."""
    roles = {"user", "model"} if demand_roles else {None, "", "user", "model"}
    if not contents:
        raise invalid_argument("* GenerateContentRequest.contents: contents is not specified\n")
    for content in contents:
        if content.get("role") not in roles:
            raise invalid_argument("Please use a valid role: user, model.")
    if not all(content.get("parts") for content in contents):
        raise invalid_argument("Request has empty input.")
    pictures = []
    for index, content in enumerate(contents):
        for position, part in enumerate(content["parts"]):
            picture = _check_part(part, index, f"contents[{index}].parts[{position}]")
            if content.get("role") == "model" and demand_signatures:
                _check_signature(part, picture, model, (index, position), accept_dummy=accept_dummy_signature)
            if picture is not None:
                pictures.append(picture)
    return pictures


def _check_part(part: dict[str, Any], content_index: int, path: str) -> InputPicture | None:
    given = sorted(_DATA_FIELDS & part.keys())
    if not given:
        raise invalid_argument(
            f"* GenerateContentRequest.{path}.data: required oneof field 'data' must have one initialized field\n",
        )
    if len(given) > 1:
        text = (
            f"Invalid value at '{path}' (oneof), oneof field 'data' is already set. Cannot set '{given[1]}'"
        )
        raise bad_request([(path, text)])
    if "thoughtSignature" in part and part["thoughtSignature"] not in DUMMY_SIGNATURES:
        decode_bytes(part["thoughtSignature"], f"{path}.thought_signature")
    if "fileData" in part:
        raise _no_file(part["fileData"].get("fileUri", ""))
    if "inlineData" not in part:
        return None
    blob = part["inlineData"]
    data = decode_bytes(blob.get("data", ""), f"{path}.inline_data.data")
    mime_type = blob.get("mimeType", "")
    if mime_type not in _PICTURE_TYPES:
        raise invalid_argument(f"Unsupported MIME type: {mime_type}")
    return InputPicture(data, content_index, _read_pixels(data))


def decode_bytes(value: str, path: str) -> bytes:
    """Decode base64 of either alphabet, padded or not, as protobuf's JSON form allows."""
    standard = value.translate({ord("-"): "+", ord("_"): "/"}) if "-" in value or "_" in value else value
    try:
        return pybase64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        text = f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed for \"{value[:64]}\""
        raise bad_request([(path, text)]) from None


def _read_pixels(data: bytes) -> tuple[int, int]:
    if data[4:8] == b"ftyp":
        # Pillow reads no HEIC; such a picture passes unseen and counts as a square.
        return 1, 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as picture:
                return picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise invalid_argument(BAD_PICTURE) from None


def _no_file(uri: str) -> GoogleError:
    """The emulator keeps no files and fetches no addresses; Google's refusals for both."""
    _, is_file, name = uri.rpartition("files/")
    if is_file:
        text = f"You do not have permission to access the File {name} or it may not exist."
        return GoogleError(403, text)
    return invalid_argument("Cannot fetch content from the provided URL.")


def _check_signature(
    part: dict[str, Any],
    picture: InputPicture | None,
    model: Model,
    place: tuple[int, int],
    *,
    accept_dummy: bool,
) -> None:
    """Demand a signature on a picture the model is said to have drawn; text may go without, but not with a bad one."""
    signature = part.get("thoughtSignature", "")
    if not signature:
        if picture is not None and not part.get("thought"):
            # Both positions count from 1 (many reports, 2025-11 to 2026-06).
            raise invalid_argument(
                "Image part is missing a thought_signature in content position "
                f"{place[0] + 1}, part position {place[1] + 1}.",
            )
        return
    if signature in DUMMY_SIGNATURES and (picture is None or accept_dummy):
        return
    # Google's own client sends back the other base64 alphabet than it was given.
    raw = decode_bytes(signature, f"contents[{place[0]}].parts[{place[1]}].thought_signature")
    if not has_form_of_signature(raw):
        raise invalid_argument("Corrupted thought signature.")
    if not is_signature_of(raw, model.family, picture.data if picture else None):
        raise invalid_argument("Invalid thought signature.")
