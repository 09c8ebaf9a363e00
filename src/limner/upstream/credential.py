"""Credentials for Gemini, and where each of them is answered. Records and addresses: opens nothing, asks nobody.

Facts (google-genai 3.4.0, 2026-11): the Developer API takes a key in `x-goog-api-key`. Vertex AI takes an OAuth token
for the paths of a project, or a key: in express mode for paths without a project. The location `global` has a host
without a prefix, the multi-regions `us` and `eu` have hosts of their own, every other has its name in front.
"""

from hashlib import sha256
from hmac import digest
from urllib.parse import urlsplit

from msgspec import Struct

from limner.wire.gemini import DEVELOPER

_MULTI_REGIONS = frozenset({"us", "eu"})


class Credential(Struct, frozen=True, kw_only=True):
    """One way to be answered by Gemini. Its text never shows the key."""

    id: str
    """Stands for it in the books, the same in every process: a digest."""
    name: str
    """What the operator calls it, or `key-1`, `vertex`."""
    kind: str = DEVELOPER
    base_url: str = ""
    """Without a slash at its end and without a version; '' is Google's own, for kind vertex alone."""
    key: str | None = None
    """None: a token is had for it (`tokens`)."""
    project: str | None = None
    location: str = "global"
    credentials_file: str | None = None
    """Of Google's credentials in JSON; None: the application default ones."""
    proxy: str | None = None
    ca_file: str | None = None
    weight: int = 1
    """Of how many calls it gets its share, beside the weights of the others."""
    models: frozenset[str] | None = None
    """Ids of the models it is asked for; None: all."""

    def __repr__(self) -> str:
        return f"Credential({self.name})"

    def serves(self, model_id: str) -> bool:
        """Return whether it may be asked for a model."""
        return self.models is None or model_id in self.models


def identify(secret: bytes, *parts: str | None) -> str:
    """Return what stands for a credential: nothing of it can be read from that without the signing secret."""
    text = "\0".join(part or "" for part in parts)
    return digest(secret, b"upstream credential\0" + text.encode(), sha256).hex()[:32]


def find_url(credential: Credential, model_id: str, method: str) -> str:
    """Return where a method of a model is."""
    if credential.kind == DEVELOPER:
        return f"{credential.base_url}/v1beta/models/{model_id}:{method}"
    base_url = credential.base_url or find_vertex_base_url(credential)
    path = f"publishers/google/models/{model_id}:{method}"
    if credential.project is None:
        return f"{base_url}/v1beta1/{path}"
    return f"{base_url}/v1beta1/projects/{credential.project}/locations/{credential.location}/{path}"


def find_vertex_base_url(credential: Credential) -> str:
    """Return Google's own host for a location."""
    location = credential.location
    if credential.project is None or location == "global":
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def find_address(credential: Credential) -> str:
    """Return the host that is asked, with its port if it has one of its own."""
    base_url = credential.base_url
    return urlsplit(
        base_url if credential.kind == DEVELOPER or base_url else find_vertex_base_url(credential)
    ).netloc


def hide_key(credential: Credential, body: bytes) -> bytes:
    """Return the body of a refusal without the key: relays quote the one that they refuse."""
    return body if credential.key is None else body.replace(credential.key.encode(), b"...")


def find_list_url(credential: Credential) -> str:
    """Return where the Developer API lists its models."""
    return f"{credential.base_url}/v1beta/models"
