"""Gateways behind real proxies: Debian's nginx with our configuration, with and without TLS, and liars beside it."""

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from asking import Reply, ask, ask_for_answer, chat
from nginx import Nginx, run_nginx
from programs import CLIENT_KEY, Gateway, Program, StartGateway

AS_LINK = {
    "extra_body": {"google": {"image_config": {"image_size": "512"}}, "limner": {"image_output": "url"}}
}
LIES = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil",
    "Forwarded": "for=6.6.6.6;proto=https;host=evil",
    "X-Real-IP": "6.6.6.6",
}


@pytest.fixture(scope="module")
def trusting(start_gateway: StartGateway) -> Gateway:
    """A gateway that trusts this machine's proxies and knows no public address."""
    return start_gateway(LIMNER_TRUSTED_PROXIES="127.0.0.1,::1", LIMNER_ALLOWED_HOSTS="draw.example.org")


@pytest.fixture(scope="module")
def nginx(trusting: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """It, behind nginx as `deploy/nginx/nginx.conf` stands."""
    with run_nginx(tmp_path_factory.mktemp("nginx"), [trusting.url]) as nginx:
        yield nginx


def draw_link(program: Program, **headers: str) -> str:
    """Return the link to a picture that is drawn."""
    answer = ask_for_answer(program, {**chat(), **AS_LINK}, headers=headers)
    link: str = answer["limner"]["images"][0]["url"]
    assert f"![image]({link})" in answer["choices"][0]["message"]["content"]
    return link


@contextmanager
def running_tls(folder: Path, gateway: Gateway) -> Iterator[tuple[Nginx, ssl.SSLContext]]:
    """Run nginx with TLS, as the comment in our configuration says, and give what trusts its certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on this machine to make a certificate with")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=draw.example.org"),
            *("-addext", "subjectAltName=DNS:draw.example.org"),
        ],
        check=True,
        capture_output=True,
    )
    with run_nginx(folder, [gateway.url]) as nginx:
        file = folder / "nginx" / "nginx.conf"
        text = file.read_text(encoding="utf-8")
        address = urlsplit(nginx.url).netloc
        assert text.count(f"listen {address};") == 1
        tls = f"listen {address} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};"
        file.write_text(text.replace(f"listen {address};", tls), encoding="utf-8")
        nginx.reload()
        yield nginx, ssl.create_default_context(cafile=str(certificate))


def ask_by_tls(
    nginx: Nginx, trust: ssl.SSLContext, path: str, body: bytes | None = None, **headers: str
) -> Reply:
    """Ask as a browser at https://draw.example.org does."""
    connection = HTTPSConnection("draw.example.org", timeout=60, context=trust)
    plain = socket.create_connection(nginx.address, timeout=60)
    connection.sock = trust.wrap_socket(plain, server_hostname="draw.example.org")
    with closing(connection):
        given = {"Authorization": f"Bearer {CLIENT_KEY}", "Content-Type": "application/json", **headers}
        connection.request("GET" if body is None else "POST", path, body=body, headers=given)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())


def test_links_are_right_behind_tls(trusting: Gateway, tmp_path: Path) -> None:
    """Behind TLS links begin with https and the browser's own host, without LIMNER_PUBLIC_URL, and lead to the picture."""
    with running_tls(tmp_path, trusting) as (nginx, trust):
        body = json.dumps({**chat(), **AS_LINK}).encode()
        reply = ask_by_tls(nginx, trust, "/v1/chat/completions", body, Host="draw.example.org")
        assert reply.status == 200, reply.body
        link = reply.json()["limner"]["images"][0]["url"]
        parts = urlsplit(link)
        assert (parts.scheme, parts.netloc) == ("https", "draw.example.org")
        picture = ask_by_tls(nginx, trust, f"{parts.path}?{parts.query}")
        assert (picture.status, picture.headers["content-type"][:6]) == (200, "image/")
        lied = ask_by_tls(nginx, trust, "/v1/chat/completions", body, **{**LIES, "X-Forwarded-Proto": "http"})
        assert lied.json()["limner"]["images"][0]["url"].startswith("https://draw.example.org/")


def test_links_have_the_proxys_address(nginx: Nginx) -> None:
    """Without TLS they begin with what the client called nginx, whatever the client claims of itself."""
    assert draw_link(nginx).startswith(f"{nginx.url}/images/")
    assert draw_link(nginx, **LIES).startswith(f"{nginx.url}/images/")


def test_the_log_has_the_client_that_nginx_saw(nginx: Nginx, trusting: Gateway) -> None:
    """A client behind nginx is logged by the address that nginx saw, not by the one it claims."""
    before = len(trusting.lines)
    reply = ask(nginx, path="/v1/models", headers=LIES)
    request_id = reply.headers["x-request-id"]
    trusting.wait_until_said(request_id)
    (line,) = [line for line in trusting.lines[before:] if request_id in line]
    assert line.rstrip().endswith("client=127.0.0.1")
    assert "6.6.6.6" not in trusting.said


def test_hosts_are_checked_as_the_client_wrote_them(nginx: Nginx) -> None:
    """Through nginx too a host is answered only if it may be."""
    assert ask(nginx, path="/v1/models", headers={"Host": "draw.example.org"}).status == 200
    refused = ask(nginx, path="/v1/models", headers={"Host": "evil.example.org"})
    assert (refused.status, refused.error["code"]) == (403, "host_not_allowed")


def test_a_trusted_peer_says_what_counts(trusting: Gateway) -> None:
    """What a trusted proxy says counts in links, in the log and in the check of hosts."""
    said = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "draw.example.org",
    }
    assert draw_link(trusting, **said).startswith("https://draw.example.org/images/")
    trusting.wait_until_said("client=203.0.113.9")
    refused = ask(trusting, path="/v1/models", headers={**said, "X-Forwarded-Host": "evil.example.org"})
    assert refused.error["code"] == "host_not_allowed"
    hidden = ask(trusting, path="/v1/models", headers={**said, "Host": "inner.example.org"})
    assert hidden.status == 200


def test_liars_change_nothing(gateway: Gateway) -> None:
    """Where no proxy is trusted all these headers mean nothing at all."""
    assert draw_link(gateway, **LIES).startswith(f"{gateway.url}/images/")
    assert ask(gateway, path="/v1/models", headers={"X-Forwarded-Host": "evil.example.org"}).status == 200
    refused = ask(
        gateway, path="/v1/models", headers={"Host": "evil.example.org", "X-Forwarded-Host": "localhost"}
    )
    assert refused.error["code"] == "host_not_allowed"
    assert "6.6.6.6" not in gateway.said


def test_metrics_stay_inside(nginx: Nginx) -> None:
    """Nginx leads nobody to metrics, however the path is written."""
    for path in ("/metrics", "/metrics/", "//metrics", "/v1/metrics", "/%6detrics", "/./metrics"):
        assert ask(nginx, path=path).status == 404
