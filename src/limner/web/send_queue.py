"""Asks the kernel how much of what it was given the client's kernel has not acknowledged.

Knows sockets and nothing of HTTP.

Facts (tcp(7) and tcp_ioctl of Linux 6.18, tried 2026-11-23): SIOCOUTQ is what was written and is not yet
acknowledged, sent or not. After a reset, and after both sides have closed, the state is TCP_CLOSE and the
number means nothing: it stays, or reads 0 where the kernel empties the queue. macOS: SO_NWRITE is the same
number, TCP_CONNECTION_INFO begins with the state (netinet/tcp.h of xnu-11215, read 2026-11, not tried).
"""

import asyncio
import socket
import struct
import sys

_CLOSED = {"linux": 7, "darwin": 0}.get(sys.platform, -1)
_IP_FAMILIES = {socket.AF_INET, socket.AF_INET6}

if sys.platform == "linux":
    import fcntl
    import termios

    def _read_queued_bytes(endpoint: socket.socket) -> int:
        answer = fcntl.ioctl(endpoint.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")  # SIOCOUTQ is the same number
        return int(struct.unpack("i", answer)[0])

    def _read_state(endpoint: socket.socket) -> int:
        return endpoint.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]

elif sys.platform == "darwin":
    _SO_NWRITE = 0x1024
    _TCP_CONNECTION_INFO = 0x106

    def _read_queued_bytes(endpoint: socket.socket) -> int:
        return endpoint.getsockopt(socket.SOL_SOCKET, _SO_NWRITE)

    def _read_state(endpoint: socket.socket) -> int:
        return endpoint.getsockopt(socket.IPPROTO_TCP, _TCP_CONNECTION_INFO, 112)[0]

else:

    def _read_queued_bytes(endpoint: socket.socket) -> int:  # noqa: ARG001 - as where it can be asked
        return 0

    def _read_state(endpoint: socket.socket) -> int:  # noqa: ARG001 - as where it can be asked
        return 0


class SendQueue:
    """The kernel's queue of one connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        # uvloop's stand-in for the socket and asyncio's say -1 for their descriptor from the moment it is
        # closed, so that another connection's is never asked.
        endpoint = transport.get_extra_info("socket")
        is_plain = transport.get_extra_info("sslcontext") is None  # TLS writes more bytes than it is given
        is_countable = endpoint is not None and endpoint.family in _IP_FAMILIES and is_plain
        self._endpoint: socket.socket | None = endpoint if is_countable else None
        self._is_open = True

    def measure_bytes(self) -> int | None:
        """Return the bytes that wait there, 0 if that cannot be asked; None once the connection is closed."""
        if not self._is_open:
            return None
        if self._endpoint is None:
            return 0
        try:
            if self._endpoint.fileno() >= 0:
                queued_bytes = _read_queued_bytes(self._endpoint)
                if _read_state(self._endpoint) != _CLOSED:  # asked last: then the number was still good
                    return queued_bytes
        except OSError:
            pass  # no longer a connection
        self._is_open = False
        return None
