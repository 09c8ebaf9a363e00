"""The request messages of the Gemini API: which fields exist and of what kind. A table, no behaviour.

Source: the message types in google-genai 3.4.0 (built 2026-11-16). It must not know models: which values a model
takes is not the schema's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

STRING: Final = "TYPE_STRING"
BYTES: Final = "TYPE_BYTES"
BOOLEAN: Final = "TYPE_BOOL"
INTEGER: Final = "TYPE_INT32"
NUMBER: Final = "TYPE_FLOAT"
ANY: Final = "ANY"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a scalar kind, or the name of a message or an enumeration."""

    kind: str
    repeated: bool = False


def _many(kind: str) -> Field:
    return Field(kind, repeated=True)


_STRING, _BYTES, _BOOLEAN, _INTEGER, _NUMBER, _ANY = (
    Field(kind) for kind in (STRING, BYTES, BOOLEAN, INTEGER, NUMBER, ANY)
)

_CONTENT = {"parts": _many("Part"), "role": _STRING}

_GENERATION_CONFIG = {
    "candidateCount": _INTEGER,
    "temperature": _NUMBER,
    "topP": _NUMBER,
    "topK": _NUMBER,
    "maxOutputTokens": _INTEGER,
    "stopSequences": _many(STRING),
    "seed": _INTEGER,
    "responseModalities": _many("GenerationConfig.Modality"),
    "imageConfig": Field("ImageConfig"),
    "thinkingConfig": Field("ThinkingConfig"),
    "mediaResolution": Field("GenerationConfig.MediaResolution"),
    "responseMimeType": _STRING,
    "responseSchema": _ANY,
    "responseJsonSchema": _ANY,
    "responseFormat": _many("ResponseFormat"),
    "presencePenalty": _NUMBER,
    "frequencyPenalty": _NUMBER,
    "responseLogprobs": _BOOLEAN,
    "logprobs": _INTEGER,
    "speechConfig": _ANY,
    "enableEnhancedCivicAnswers": _BOOLEAN,
}

MESSAGES: Mapping[str, Mapping[str, Field]] = {
    "GenerateContentRequest": {
        "model": _STRING,
        "contents": _many("Content"),
        "systemInstruction": Field("Content"),
        "generationConfig": Field("GenerationConfig"),
        "safetySettings": _many("SafetySetting"),
        "tools": _many("Tool"),
        "toolConfig": _ANY,
        "cachedContent": _STRING,
        "serviceTier": _STRING,
        "store": _BOOLEAN,
        "continuationToken": _STRING,
    },
    "CountTokensRequest": {
        "model": _STRING,
        "contents": _many("Content"),
        "generateContentRequest": Field("GenerateContentRequest"),
    },
    "Content": _CONTENT,
    "Part": {
        "text": _STRING,
        "inlineData": Field("Blob"),
        "fileData": Field("FileData"),
        "functionCall": _ANY,
        "functionResponse": _ANY,
        "executableCode": _ANY,
        "codeExecutionResult": _ANY,
        "thought": _BOOLEAN,
        "thoughtSignature": _BYTES,
        "partMetadata": _ANY,
        "mediaResolution": _ANY,
        "videoMetadata": _ANY,
    },
    "Blob": {"mimeType": _STRING, "data": _BYTES, "displayName": _STRING},
    "FileData": {"mimeType": _STRING, "fileUri": _STRING, "displayName": _STRING},
    "GenerationConfig": _GENERATION_CONFIG,
    "ImageConfig": {"aspectRatio": _STRING, "imageSize": _STRING},
    "ResponseFormat": {
        "text": _ANY,
        "audio": _ANY,
        "video": _ANY,
        "image": Field("ImageResponseFormat"),
    },
    "ImageResponseFormat": {
        "aspectRatio": Field("ImageResponseFormat.AspectRatio"),
        "imageSize": Field("ImageResponseFormat.ImageSize"),
        "delivery": Field("ImageResponseFormat.Delivery"),
        "mimeType": _STRING,
    },
    "ThinkingConfig": {
        "includeThoughts": _BOOLEAN,
        "thinkingBudget": _INTEGER,
        "thinkingLevel": Field("ThinkingConfig.ThinkingLevel"),
    },
    "SafetySetting": {
        "category": Field("HarmCategory"),
        "threshold": Field("SafetySetting.HarmBlockThreshold"),
    },
    "Tool": dict.fromkeys(
        (
            "functionDeclarations",
            "googleSearch",
            "googleSearchRetrieval",
            "googleMaps",
            "codeExecution",
            "urlContext",
            "fileSearch",
            "computerUse",
        ),
        _ANY,
    ),
}

# Vertex AI's messages have these besides (google-genai 3.4.0 sends them to Vertex only).
VERTEX_FIELDS: Mapping[str, Mapping[str, Field]] = {
    "GenerateContentRequest": {
        "labels": _ANY,
        "modelArmorConfig": _ANY,
        "outputConfig": _ANY,
    },
    "CountTokensRequest": {
        "systemInstruction": Field("Content"),
        "tools": _many("Tool"),
        "generationConfig": Field("GenerationConfig"),
    },
    "ImageConfig": {
        "personGeneration": Field("ImageConfig.PersonGeneration"),
        "prominentPeople": Field("ImageConfig.ProminentPeople"),
        "imageOutputOptions": Field("ImageOutputOptions"),
    },
    "ImageOutputOptions": {"mimeType": _STRING, "compressionQuality": _INTEGER},
    "GenerationConfig": {"audioTimestamp": _BOOLEAN, "modelConfig": _ANY, "routingConfig": _ANY},
    "SafetySetting": {"method": _STRING},
}

# And these not (google-genai 3.4.0 sends them to the Developer API only, or in no request of Vertex AI's at all).
NOT_VERTEX_FIELDS: Mapping[str, frozenset[str]] = {
    "GenerateContentRequest": frozenset(["store"]),
    "CountTokensRequest": frozenset(["generateContentRequest"]),
    "Part": frozenset(["partMetadata"]),
    "GenerationConfig": frozenset(["enableEnhancedCivicAnswers"]),
    "Tool": frozenset(["fileSearch"]),
}

_HARMS = "HARASSMENT HATE_SPEECH SEXUALLY_EXPLICIT DANGEROUS_CONTENT CIVIC_INTEGRITY JAILBREAK"
_IMAGE_HARMS = "IMAGE_HATE IMAGE_DANGEROUS_CONTENT IMAGE_HARASSMENT IMAGE_SEXUALLY_EXPLICIT"

_RATIOS = (
    "ONE_BY_ONE TWO_BY_THREE THREE_BY_TWO THREE_BY_FOUR FOUR_BY_THREE FOUR_BY_FIVE FIVE_BY_FOUR NINE_BY_SIXTEEN "
    "SIXTEEN_BY_NINE TWENTY_ONE_BY_NINE ONE_BY_EIGHT EIGHT_BY_ONE ONE_BY_FOUR FOUR_BY_ONE"
)

ENUMS: Mapping[str, frozenset[str]] = {
    "ImageConfig.PersonGeneration": frozenset(
        ["PERSON_GENERATION_UNSPECIFIED", "ALLOW_ALL", "ALLOW_ADULT", "ALLOW_NONE"]
    ),
    "ImageConfig.ProminentPeople": frozenset(
        ["PROMINENT_PEOPLE_UNSPECIFIED", "ALLOW_PROMINENT_PEOPLE", "BLOCK_PROMINENT_PEOPLE"]
    ),
    "ImageResponseFormat.AspectRatio": frozenset(
        f"ASPECT_RATIO_{name}" for name in ["UNSPECIFIED", *_RATIOS.split()]
    ),
    "ImageResponseFormat.ImageSize": frozenset(
        f"IMAGE_SIZE_{name}" for name in ["UNSPECIFIED", "FIVE_TWELVE", "ONE_K", "TWO_K", "FOUR_K"]
    ),
    "ImageResponseFormat.Delivery": frozenset(["DELIVERY_UNSPECIFIED", "INLINE", "URI"]),
    "GenerationConfig.Modality": frozenset(["MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO"]),
    "GenerationConfig.MediaResolution": frozenset(
        f"MEDIA_RESOLUTION_{name}" for name in ["UNSPECIFIED", "LOW", "MEDIUM", "HIGH", "ULTRA_HIGH"]
    ),
    "ThinkingConfig.ThinkingLevel": frozenset(
        ["THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"]
    ),
    "HarmCategory": frozenset(
        f"HARM_CATEGORY_{name}" for name in ["UNSPECIFIED", *_HARMS.split(), *_IMAGE_HARMS.split()]
    ),
    "SafetySetting.HarmBlockThreshold": frozenset(
        [
            "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
            "BLOCK_LOW_AND_ABOVE",
            "BLOCK_MEDIUM_AND_ABOVE",
            "BLOCK_ONLY_HIGH",
            "BLOCK_NONE",
            "OFF",
        ],
    ),
}
