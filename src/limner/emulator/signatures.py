"""Thought signatures: made for the parts of an answer, checked when those parts come back in the next turn.

A real one is opaque and about as large as its picture; Google refuses one that is missing, altered, or from another
model (facts of 2025-11 to 2026-09). Here it is a keyed digest over the model, the part and its own filling, under a
key fixed in the source: it survives a restart and protects nothing. This module must not know requests or answers.
"""

import hashlib
import hmac

import pybase64

DUMMY_SIGNATURES = frozenset({"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"})

_KEY = b"Limner's Gemini emulator, thought signatures, 1"
_DIGEST_BYTES = 32
# Recorded signatures begin with a length-delimited protobuf field 2, hence with the letter E.
_FIRST_BYTE = b"\x12"
SMALLEST_CHARACTERS = 64


def sign_part(family: str, content: bytes | None, characters: int) -> str:
    """A signature of about `characters` base64 characters for a picture's bytes, or for text (`content` None).

    Text is bound to the model only: clients join and trim what was streamed in pieces.
    """
    raw_bytes = max(characters, SMALLEST_CHARACTERS) // 4 * 3
    seed = _seed(family, content)
    filling = hashlib.shake_256(seed).digest(raw_bytes - _DIGEST_BYTES - 1)
    return pybase64.b64encode(_FIRST_BYTE + _digest(seed, filling) + filling).decode()


def has_form_of_signature(signature: bytes) -> bool:
    """Whether bytes could be a signature at all: its first byte and length are right."""
    return signature[:1] == _FIRST_BYTE and len(signature) >= SMALLEST_CHARACTERS // 4 * 3


def is_signature_of(signature: bytes, family: str, content: bytes | None) -> bool:
    """Whether this emulator made the signature, here without its base64, for this model and these bytes."""
    digest, filling = signature[1 : _DIGEST_BYTES + 1], signature[_DIGEST_BYTES + 1 :]
    return hmac.compare_digest(digest, _digest(_seed(family, content), filling))


def _seed(family: str, content: bytes | None) -> bytes:
    bound = b"text" if content is None else hashlib.sha256(content).digest()
    return family.encode() + b"\0" + bound


def _digest(seed: bytes, filling: bytes) -> bytes:
    return hmac.new(_KEY, seed + b"\0" + filling, hashlib.sha256).digest()
