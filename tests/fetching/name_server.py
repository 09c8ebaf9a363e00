"""A DNS server whose answers change as a test says, and how a fetcher asks it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dnslib import QTYPE, RR, A, DNSRecord  # type: ignore[import-untyped] # it has no annotations
from dnslib.dns import AAAA, CNAME, RCODE  # type: ignore[import-untyped] # as above
from dnslib.server import BaseResolver, DNSLogger, DNSServer  # type: ignore[import-untyped] # as above

Answers = dict[str, list[list[str]]]
"""By name: the answers it gives one after another, and again from the first; each a list of addresses, or
`CNAME name`. An empty list of answers: it never says anything."""

_KINDS = {"A": A, "AAAA": AAAA, "CNAME": CNAME}


class NameServer(BaseResolver):  # type: ignore[misc] # it has no annotations
    """Answers from `answers`. `asked` lists the names it was asked for, once for each A question.

    `has_been_asked` is released at each of these.
    """

    def __init__(self) -> None:
        self.answers: Answers = {}
        self.asked: list[str] = []
        self.port = 0
        self.has_been_asked = threading.Semaphore(0)
        self._is_over = threading.Event()

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:  # noqa: ARG002 - as dnslib calls it
        """Return the answer to one question."""
        name = str(request.q.qname).rstrip(".")
        kind = QTYPE[request.q.qtype]
        if kind == "A":
            self.asked.append(name)
            self.has_been_asked.release()
        reply = request.reply()
        rounds = self.answers.get(name)
        if rounds is None:
            reply.header.rcode = RCODE.NXDOMAIN
            return reply
        if not rounds:
            self._is_over.wait()
            return reply
        # A client asks for AAAA after A: both belong to one look-up, and get the same round.
        for record in rounds[(self.asked.count(name) - 1) % len(rounds)]:
            found, _, value = record.rpartition(" ")
            found = found or ("AAAA" if ":" in value else "A")
            if found in {kind, "CNAME"}:
                reply.add_answer(RR(name, getattr(QTYPE, found), rdata=_KINDS[found](value), ttl=0))
        return reply

    async def look_up(self, host: str, port: int) -> list[str]:  # noqa: ARG002 - a fetcher gives both
        """Return all addresses of a name, as a stub resolver finds them. Raises OSError: there are none."""
        return await asyncio.get_running_loop().run_in_executor(None, self._look_up, host)

    def _look_up(self, host: str) -> list[str]:
        addresses = []
        for kind in ("A", "AAAA"):
            answer = DNSRecord.parse(DNSRecord.question(host, kind).send("127.0.0.1", self.port, timeout=20))
            for record in answer.rr:
                if QTYPE[record.rtype] == "CNAME":
                    return self._look_up(str(record.rdata).rstrip("."))
                addresses.append(str(record.rdata))
        if not addresses:
            raise OSError(f"{host} is not known")
        return addresses

    def restart(self, answers: Answers) -> None:
        """Answer whoever still waits, and from now on from these."""
        self._is_over.set()
        self._is_over = threading.Event()
        self.answers = answers
        self.asked.clear()
        self.has_been_asked = threading.Semaphore(0)


@contextmanager
def running_name_server() -> Iterator[NameServer]:
    """Run a name server on loopback, which knows no names yet."""
    names = NameServer()
    server = DNSServer(names, address="127.0.0.1", port=0, logger=DNSLogger(logf=lambda _: None))
    names.port = server.server.server_address[1]
    server.start_thread()
    try:
        yield names
    finally:
        names.restart({})
        server.stop()
        server.server.server_close()
