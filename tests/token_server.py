"""A small server in place of Google's OAuth 2 token endpoint, for credentials google-auth reads from a file.

It gives tokens the emulator takes, and checks what is signed for them itself: with `cryptography`, not with
google-auth, which is on the other side. It must not know who asks for tokens or why.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl

import pybase64
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
# google-auth 2.63 signs for Google's endpoint whichever `token_uri` an account has.
_AUDIENCE = "https://oauth2.googleapis.com/token"
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_MOST_LIFE_SECONDS = 3600
_CLIENT = {"client_id": "client-of-the-tests", "client_secret": "client-secret-of-the-tests"}

Trouble = Literal["internal_failure", "invalid_grant"]


class Refusal(Exception):
    """A request that gets no token: `error` is OAuth's word for it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(slots=True, kw_only=True)
class TokenServer:
    """The running server. What it does next may be changed at any time by its fields.

    A token is announced to be good for `expires_in_seconds` and is good for `lives_seconds`, as long if None.
    google-auth fetches another 225 s before the announced end, so 226 makes it do so after a second. `trouble` is an
    error in place of a token, `delay_seconds` comes before every answer. `tokens` are those given, by account in
    `given_to`; `requests` counts all asked for, `refusals` says why some got none.
    """

    url: str
    expires_in_seconds: int = 3600
    lives_seconds: int | None = None
    trouble: Trouble | None = None
    delay_seconds: float = 0.0
    requests: int = 0
    tokens: list[str] = field(default_factory=list)
    given_to: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    _keys: dict[str, rsa.RSAPublicKey] = field(default_factory=dict)
    _refresh_tokens: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def token_url(self) -> str:
        """The `token_uri` of credentials."""
        return f"{self.url}/token"

    def write_service_account(self, folder: Path, name: str = "painter", project: str = "p-1") -> Path:
        """Make a service account with an RSA key of its own and return its JSON file; its tokens end in its name."""
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        email = f"{name}@{project}.iam.gserviceaccount.com"
        self._keys[email] = key.public_key()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        account = {
            "type": "service_account",
            "project_id": project,
            "private_key_id": f"key-of-{name}",
            "private_key": pem,
            "client_email": email,
            "client_id": "100000000000000000001",
            "token_uri": self.token_url,
        }
        path = folder / f"{name}.json"
        path.write_text(json.dumps(account), encoding="utf-8")
        path.chmod(0o600)
        return path

    def register_user(self, name: str = "user") -> dict[str, str]:
        """Let a user log in and return what refreshes the login, as `google.oauth2.credentials.Credentials` takes it.

        There is no file of it: google-auth 2.63 sends a user's file to Google's endpoint whatever stands in it.
        """
        refresh_token = f"1//refresh-token-of-{name}"
        self._refresh_tokens[refresh_token] = name
        return {**_CLIENT, "refresh_token": refresh_token, "token_uri": self.token_url}

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer one request for a token with a status and a body."""
        with self._lock:
            self.requests += 1
        time.sleep(self.delay_seconds)
        if self.trouble == "internal_failure":
            return 500, {"error": "internal_failure", "error_description": "Backend Error"}
        try:
            account = self._recognise(form)
        except Refusal as refusal:
            self.refusals.append(str(refusal))
            return 400, {"error": refusal.error, "error_description": str(refusal)}
        lives_seconds = self.expires_in_seconds if self.lives_seconds is None else self.lives_seconds
        with self._lock:
            ends_at = int(time.time()) + lives_seconds
            token = f"ya29.{len(self.tokens) + 1}.expires-{ends_at}.{account}"
            self.tokens.append(token)
            self.given_to.append(account)
        given = {"access_token": token, "expires_in": self.expires_in_seconds, "token_type": "Bearer"}
        return 200, {**given, "scope": SCOPE} if "refresh_token" in form else given

    def _recognise(self, form: dict[str, str]) -> str:
        """The name of the account that may have a token, or raise `Refusal`."""
        if self.trouble is not None:
            raise Refusal(self.trouble, "Invalid grant: account not found")
        grant = form.get("grant_type")
        if grant == _JWT_GRANT:
            return self._check_assertion(form.get("assertion", ""))
        if grant != "refresh_token":
            raise Refusal("unsupported_grant_type", f"Invalid grant_type: {grant}")
        if {name: form.get(name) for name in _CLIENT} != _CLIENT:
            raise Refusal("invalid_client", "Unauthorized")
        if form.get("refresh_token") not in self._refresh_tokens:
            raise Refusal("invalid_grant", "Bad Request")
        return self._refresh_tokens[form["refresh_token"]]

    def _check_assertion(self, assertion: str) -> str:
        """Check signature, audience, scope and times of a signed request for a token."""
        try:
            head, body, signature = (_decode(piece) for piece in assertion.split("."))
            header, claims = json.loads(head), json.loads(body)
        except ValueError:
            raise Refusal("invalid_grant", "Bad Request") from None
        email = claims.get("iss", "")
        if email not in self._keys:
            raise Refusal("invalid_grant", "Invalid grant: account not found")
        signed = assertion.rpartition(".")[0].encode()
        try:
            self._keys[email].verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Refusal("invalid_grant", "Invalid JWT Signature.") from None
        name = email.partition("@")[0]
        if (header.get("alg"), header.get("kid")) != ("RS256", f"key-of-{name}"):
            raise Refusal("invalid_grant", "Invalid JWT header.")
        if claims.get("aud") != _AUDIENCE:
            raise Refusal("invalid_grant", "Invalid JWT: Failed audience check.")
        if SCOPE not in claims.get("scope", "").split():
            raise Refusal("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        now = time.time()
        begins_at, ends_at = (claims.get(name, 0) for name in ("iat", "exp"))
        if not begins_at - 60 <= now < ends_at <= begins_at + _MOST_LIFE_SECONDS:
            raise Refusal("invalid_grant", "Invalid JWT: Token must be a short-lived token.")
        return str(name)


def _decode(piece: str) -> bytes:
    return pybase64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))


@contextmanager
def run_token_server() -> Iterator[TokenServer]:
    """Run a server on loopback for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        tokens: ClassVar[TokenServer]

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            status, answer = self.tokens.answer(form) if self.path == "/token" else (404, {})
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.tokens = TokenServer(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Handler.tokens
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
