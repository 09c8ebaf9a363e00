"""Where credentials are answered, and what stands for them in the books."""

import pytest
from msgspec.structs import replace

from limner.upstream.credential import Credential, find_address, find_url, hide_key, identify

KEYED = Credential(id="1", name="key-1", key="secret-key", base_url="https://relay.example/gemini")
CLOUD = Credential(id="2", name="cloud", kind="vertex", project="p-1")


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
    ],
)
def test_vertex_ai_is_asked_where_the_project_is(location: str, host: str) -> None:
    """Each location has its host, and stands in the path with the project."""
    credential = replace(CLOUD, location=location)
    assert find_address(credential) == host
    assert find_url(credential, "m", "generateContent") == (
        f"https://{host}/v1beta1/projects/p-1/locations/{location}/publishers/google/models/m:generateContent"
    )


def test_express_mode_has_no_project() -> None:
    """A key without a project is asked for at the path without one, at the global host."""
    express = Credential(id="3", name="express", kind="vertex", key="k", location="us-central1")
    assert find_url(express, "m", "countTokens") == (
        "https://aiplatform.googleapis.com/v1beta1/publishers/google/models/m:countTokens"
    )
    keyed = replace(express, project="p-1")
    assert find_url(keyed, "m", "x").startswith(
        "https://us-central1-aiplatform.googleapis.com/v1beta1/projects"
    )


def test_a_relay_may_have_a_path() -> None:
    """A base URL keeps its path, and takes Google's place for Vertex AI too."""
    assert find_url(KEYED, "m", "generateContent") == (
        "https://relay.example/gemini/v1beta/models/m:generateContent"
    )
    assert find_address(KEYED) == "relay.example"
    relayed = replace(CLOUD, base_url="https://relay.example:8443/v")
    assert find_url(relayed, "m", "x").startswith("https://relay.example:8443/v/v1beta1/projects/p-1/")
    assert find_address(relayed) == "relay.example:8443"


def test_a_credential_shows_no_key() -> None:
    """Neither its text nor what stands for it in the books has anything of the key, and a quoted one is taken out."""
    assert "secret" not in repr(KEYED)
    identity = identify(b"signing secret", "gemini", KEYED.base_url, KEYED.key)
    assert "secret" not in identity
    assert identity == identify(b"signing secret", "gemini", KEYED.base_url, KEYED.key)
    assert identity != identify(b"another secret", "gemini", KEYED.base_url, KEYED.key)
    assert identity != identify(b"signing secret", "gemini", KEYED.base_url, "another key")
    assert hide_key(KEYED, b'{"key": "secret-key"}') == b'{"key": "..."}'
    assert hide_key(CLOUD, b"secret-key") == b"secret-key"
