"""The systems under measurement: how each is started, and how each is asked for a picture.

A system is pinned to its processor, talks to one upstream, and lives in a folder that is thrown away.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from answers import MODEL
from load import SERIAL_MARK
from scenarios import Scenario

CLIENT_KEY = "sk-bench-0123456789abcdef0123"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as `load.py` takes it."""

    path: str
    body: str
    headers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class System:
    """A program that relays pictures."""

    name: str
    # From its own folder, the upstream's port and the port to listen on, to the command that serves.
    prepare: Callable[[Path, int, int], Sequence[str]]
    ask: Callable[[Scenario], Call]
    environment: Callable[[Path, int], Mapping[str, str]] = field(default=lambda _folder, _port: {})
    start_seconds: float = 20


def ask_gemini(scenario: Scenario) -> Call:
    """The call as Gemini takes it, for a relay that does not translate."""
    action = "streamGenerateContent?alt=sse" if scenario.streamed else "generateContent"
    body = {"contents": [{"role": "user", "parts": [{"text": _prompt(scenario)}]}]}
    return Call(f"/v1beta/models/{MODEL}:{action}", json.dumps(body))


def ask_chat(scenario: Scenario) -> Call:
    """The call as a chat completion."""
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": _prompt(scenario)}],
        "stream": scenario.streamed,
    }
    return Call("/v1/chat/completions", json.dumps(body), [f"Authorization: Bearer {CLIENT_KEY}"])


def find_nginx() -> str | None:
    """The program, if it is installed; Debian keeps it where an ordinary user's PATH does not look."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def nginx(program: str) -> System:
    """A plain reverse proxy, the floor for a hop that does nothing."""

    def prepare(folder: Path, upstream_port: int, port: int) -> Sequence[str]:
        configuration = folder / "nginx.conf"
        configuration.write_text(_nginx_configuration(folder, upstream_port, port))
        return [program, "-p", f"{folder}/", "-c", str(configuration), "-e", str(folder / "error.log")]

    return System("nginx", prepare, ask_gemini)


def limner() -> System:
    """The gateway of this checkout with all its promises: every answer is claimed, stored and settled."""

    def prepare(_folder: Path, _upstream_port: int, port: int) -> Sequence[str]:
        return [sys.executable, "-m", "limner.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]

    def environment(folder: Path, upstream_port: int) -> Mapping[str, str]:
        return {
            "GEMINI_API_KEY": "bench",
            "LIMNER_GEMINI_BASE_URL": f"http://127.0.0.1:{upstream_port}",
            "LIMNER_API_KEYS": CLIENT_KEY,
            "LIMNER_DATA_DIR": str(folder / "data"),
        }

    return System("limner", prepare, ask_chat, environment)


def litellm(program: str) -> System:
    """A peer: litellm's proxy with one model, a master key and no database."""

    def prepare(folder: Path, upstream_port: int, port: int) -> Sequence[str]:
        configuration = {
            "model_list": [
                {
                    "model_name": MODEL,
                    "litellm_params": {
                        "model": f"gemini/{MODEL}",
                        "api_base": f"http://127.0.0.1:{upstream_port}/v1beta",
                        "api_key": "bench",
                    },
                }
            ],
            "litellm_settings": {"telemetry": False},
        }
        # Its format is YAML, of which JSON is a part.
        path = folder / "litellm.yaml"
        path.write_text(json.dumps(configuration))
        return [
            program,
            "--config",
            str(path),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--num_workers",
            "1",
        ]

    def environment(_folder: Path, _upstream_port: int) -> Mapping[str, str]:
        return {
            "LITELLM_MASTER_KEY": CLIENT_KEY,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOG": "ERROR",
        }

    return System("litellm", prepare, ask_chat, environment, start_seconds=90)


def clean_environment() -> dict[str, str]:
    """Ours without what would steer a system behind the bench's back: its settings, proxies, allocators."""
    foreign = ("LIMNER_", "GEMINI_", "GOOGLE_", "LITELLM_", "MALLOC_", "LD_PRELOAD", "GLIBC_TUNABLES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}


def _prompt(scenario: Scenario) -> str:
    return f"Draw a small red cat in watercolour on white paper. bench-{scenario.word} {SERIAL_MARK}"


def _nginx_configuration(folder: Path, upstream_port: int, port: int) -> str:
    """One worker that passes bytes on as they come, connections kept on both sides."""
    # Started by root it would give its worker to a user who may not enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n  "
        for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
    )
    return f"""daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  {temporary}
  keepalive_requests 1000000;
  upstream gemini {{
    server 127.0.0.1:{upstream_port};
    keepalive 64;
    keepalive_requests 1000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location = /healthz {{
      return 200;
    }}
    location / {{
      proxy_pass http://gemini;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_buffer_size 64k;
      proxy_buffers 8 64k;
    }}
  }}
}}
"""
