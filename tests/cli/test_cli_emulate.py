"""`limner emulate` as a program."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

EMULATE = [sys.executable, "-m", "limner.cli", "emulate"]


def test_it_listens_until_a_signal(tmp_path: Path) -> None:
    """One line tells the address, which takes connections until the process is told to end."""
    with subprocess.Popen(
        [*EMULATE, "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said, _, address = process.stdout.readline().strip().rpartition("http://")
            assert said == "Limner's Gemini emulator listens on "
            host, port = address.split(":")
            socket.create_connection((host, int(port)), timeout=5).close()
            process.send_signal(signal.SIGTERM)
            process.wait(10)
        finally:
            process.kill()


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    """A port somebody listens on ends it with code 1 and one line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [*EMULATE, "--port", str(port)]
        done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert done.stderr == f"limner: cannot listen on 127.0.0.1 port {port} (Address already in use)\n"
