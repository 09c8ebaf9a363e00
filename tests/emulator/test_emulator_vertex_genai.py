"""Google's own client and google-auth take the token server and the emulator's Vertex AI paths for Google's."""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import google.auth
import pytest
from calling import FLASH, PRO
from google import genai
from google.auth import exceptions
from google.auth.transport.requests import Request
from google.genai import errors, types
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials
from PIL import Image

from programs import Emulator, ListCalls
from token_server import SCOPE, TokenServer

pytestmark = pytest.mark.usefixtures("_no_proxy")

MakeClient = Callable[..., genai.Client]
SQUARE = types.ImageConfig(aspect_ratio="1:1", image_size="512")


def read_account(path: Path, *scopes: str) -> Any:
    """Credentials of a service account's file."""
    return service_account.Credentials.from_service_account_file(path, scopes=scopes or [SCOPE])  # type: ignore[no-untyped-call]


@pytest.fixture
def make_client(emulator: Emulator) -> Iterator[MakeClient]:
    """Return a function that makes the official client for Vertex AI with credentials, asking once."""
    made: list[genai.Client] = []

    def make(credentials: Any = None, location: str = "global") -> genai.Client:
        options = types.HttpOptions(base_url=emulator.url, retry_options=types.HttpRetryOptions(attempts=1))
        client = genai.Client(
            vertexai=True, project="p-1", location=location, credentials=credentials, http_options=options
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


def draw(client: genai.Client, prompt: str = "a red fox", model: str = FLASH, **image: Any) -> list[bytes]:
    """Ask for a small picture."""
    config = types.GenerateContentConfig(image_config=SQUARE.model_copy(update=image))
    response = client.models.generate_content(model=model, contents=prompt, config=config)
    found = [part.inline_data.data for part in response.parts or [] if part.inline_data]
    return [data for data in found if data]


def format_of(data: bytes) -> str | None:
    return Image.open(io.BytesIO(data)).format


def test_a_service_account_draws_png_and_jpeg(
    make_client: MakeClient, token_server: TokenServer, tmp_path: Path, journal: ListCalls
) -> None:
    """One signed request for a token serves all calls, in both formats, with people's fields, region by region."""
    client = make_client(read_account(token_server.write_service_account(tmp_path)))
    jpeg = {"output_mime_type": "image/jpeg", "output_compression_quality": 60}
    people = {
        "person_generation": "ALLOW_NONE",
        "prominent_people": types.ProminentPeople.BLOCK_PROMINENT_PEOPLE,
    }
    assert [format_of(draw(client, **asked)[0]) for asked in ({}, jpeg, people)] == ["PNG", "JPEG", "PNG"]
    assert token_server.requests == len(token_server.tokens) == 1
    assert {(call["key_suffix"], call["project"], call["location"]) for call in journal()} == {
        ("nter", "p-1", "global")
    }


def test_it_streams_and_counts(make_client: MakeClient, token_server: TokenServer, tmp_path: Path) -> None:
    """A stream ends with the plain call's picture, usage says how it was paid, and tokens can be counted."""
    client = make_client(read_account(token_server.write_service_account(tmp_path)), location="us-central1")
    config = types.GenerateContentConfig(image_config=SQUARE)
    chunks = list(client.models.generate_content_stream(model=FLASH, contents="a red fox", config=config))
    streamed = [part.inline_data.data for chunk in chunks for part in chunk.parts or [] if part.inline_data]
    assert streamed == draw(client)
    usage = chunks[-1].usage_metadata
    assert usage is not None
    assert usage.traffic_type == types.TrafficType.ON_DEMAND
    assert [detail.modality for detail in usage.candidates_tokens_details or []] == [
        types.MediaModality.TEXT,
        types.MediaModality.IMAGE,
    ]
    assert client.models.count_tokens(model=FLASH, contents="a" * 40).total_tokens == 10


def test_application_default_credentials_are_found(
    make_client: MakeClient, token_server: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service account's file is found by the variable google-auth reads, and its project with it."""
    path = token_server.write_service_account(tmp_path, "other", project="p-7")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    assert len(draw(make_client())) == 1
    assert google.auth.default()[1] == "p-7"
    assert token_server.given_to == ["other"]


def test_a_users_login_draws(make_client: MakeClient, token_server: TokenServer) -> None:
    """A refresh token is exchanged for a token; one that was never given is not."""
    login = token_server.register_user()
    assert len(draw(make_client(Credentials(None, **login)))) == 1  # type: ignore[no-untyped-call]
    assert token_server.given_to == ["user"]
    with pytest.raises(exceptions.RefreshError):
        Credentials(None, **{**login, "refresh_token": "1//other"}).refresh(Request())  # type: ignore[no-untyped-call]


def test_a_token_is_renewed_before_its_end(
    make_client: MakeClient, token_server: TokenServer, tmp_path: Path
) -> None:
    """google-auth asks again 225 seconds before the announced end."""
    token_server.expires_in_seconds = 227
    client = make_client(read_account(token_server.write_service_account(tmp_path)))
    assert len(draw(client)) == 1
    time.sleep(2.1)
    assert len(draw(client)) == 1
    assert len(token_server.tokens) == 2


def test_a_token_that_ends_early_is_refused(
    make_client: MakeClient, token_server: TokenServer, tmp_path: Path
) -> None:
    """A token that lives shorter than announced is 401 while google-auth holds it for good."""
    token_server.lives_seconds = 0
    client = make_client(read_account(token_server.write_service_account(tmp_path)))
    with pytest.raises(errors.ClientError) as caught:
        draw(client)
    assert (caught.value.code, caught.value.status) == (401, "UNAUTHENTICATED")
    token_server.lives_seconds = None


def test_a_forged_or_wrong_request_gets_no_token(token_server: TokenServer, tmp_path: Path) -> None:
    """Another key, another audience, another scope and an unknown account are each refused in words."""
    forged = read_account(token_server.write_service_account(tmp_path))
    token_server.write_service_account(tmp_path)
    path = token_server.write_service_account(tmp_path, "other")
    path.write_text(path.read_text().replace("other@p-1", "nobody@p-1"))
    unknown = read_account(path)
    narrow = read_account(token_server.write_service_account(tmp_path, "third"), "https://scope/other")
    for credentials in (forged, unknown, narrow):
        with pytest.raises(exceptions.RefreshError):
            credentials.refresh(Request())
    assert token_server.refusals == [
        "Invalid JWT Signature.",
        "Invalid grant: account not found",
        "Invalid OAuth scope or ID token audience provided.",
    ]
    assert token_server.tokens == []


def test_trouble_can_be_switched_on_and_off(token_server: TokenServer, tmp_path: Path) -> None:
    """A lasting grant error is told at once, an inner failure after retries, a slow answer comes late but good."""
    credentials = read_account(token_server.write_service_account(tmp_path))
    token_server.trouble = "invalid_grant"
    with pytest.raises(exceptions.RefreshError) as lasting:
        credentials.refresh(Request())
    assert (lasting.value.retryable, token_server.requests) == (False, 1)
    token_server.trouble = "internal_failure"
    with pytest.raises(exceptions.RefreshError) as passing:
        credentials.refresh(Request())
    assert (passing.value.retryable, token_server.requests) == (True, 4)
    token_server.trouble, token_server.delay_seconds = None, 0.3
    started = time.monotonic()
    credentials.refresh(Request())
    assert time.monotonic() - started >= 0.3
    assert credentials.token == token_server.tokens[0]


def test_a_model_and_a_script_fail_the_client_too(
    make_client: MakeClient, emulator: Emulator, token_server: TokenServer, tmp_path: Path
) -> None:
    """A service account that may not call, by a script on its tokens' end, is the client's exception."""
    client = make_client(read_account(token_server.write_service_account(tmp_path)))
    emulator.follow("[[key=painter reason=iam]]")
    try:
        with pytest.raises(errors.ClientError) as caught:
            draw(client)
    finally:
        emulator.follow("")
    assert (caught.value.code, caught.value.status) == (403, "PERMISSION_DENIED")
    with pytest.raises(errors.ClientError) as caught:
        draw(client, model=f"{PRO}-9")
    assert (caught.value.message or "").startswith("Publisher Model `projects/p-1/locations/global/")
