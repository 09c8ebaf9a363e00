"""`docs/errors.md` beside the error tree and the one place that writes its bodies and headers."""

import json
import re
from collections.abc import Iterator

import msgspec
from doc_tables import ROOT, find_table, read_page, read_spans

from limner.errors import RETRY_PATIENCE_SECONDS, GatewayError, InternalError
from limner.translate.failure import to_gateway_error
from limner.upstream.client import IDLE_TIMEOUT_SECONDS, MAX_ANSWER_BYTES
from limner.web.failures import to_error_body, to_response


def list_errors() -> Iterator[type[GatewayError]]:
    """Yield every class of the tree that can be raised."""
    waiting = [GatewayError]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        waiting += kinds
        yield from kinds


def test_every_error_is_listed() -> None:
    """The error table has every code with its status, type and retry rule, each once, and nothing else."""
    rows = find_table(read_page("errors.md"), "status")
    listed = [(status, *read_spans(kind), *read_spans(code), retry) for status, kind, code, _, retry in rows]
    raised = [
        (str(kind.status), kind.type, code, "yes" if code in kind.retried_codes else "no")
        for kind in list_errors()
        for code in kind.codes
    ]
    assert sorted(listed) == sorted(raised)


def make_error(kind: type[GatewayError]) -> GatewayError:
    """Return an error of this kind."""
    return InternalError() if kind is InternalError else kind("…")


def test_a_long_wait_is_not_worth_a_retry() -> None:
    """The longest wait that the error page calls worth a retry is the longest that is said to be worth it."""
    assert f"wait is over {RETRY_PATIENCE_SECONDS} s" in read_page("errors.md")
    for kind in list_errors():
        for code in kind.retried_codes:
            waits = {
                seconds: kind("…", code=code, retry_after_seconds=seconds).should_retry
                for seconds in (RETRY_PATIENCE_SECONDS, RETRY_PATIENCE_SECONDS + 1)
            }
            assert list(waits.values()) == [True, False], code


def test_waits_and_limits() -> None:
    """The error page has the waits that clients are told and the limits that end a call."""
    page = read_page("errors.md")
    quota, access = to_gateway_error(429, None, "m"), to_gateway_error(403, None, "m")
    (other,) = {make_error(kind).retry_after_seconds for kind in list_errors() if kind.status == 503}
    assert f"{quota.retry_after_seconds:g} s if it says nothing" in page
    assert f"{access.retry_after_seconds:g} s for `{access.code}`" in page
    assert f"{other:g} s for every other 503" in page
    assert f"{IDLE_TIMEOUT_SECONDS:g} s without a byte" in page
    assert f"over {MAX_ANSWER_BYTES // 2**20} MiB" in page


def test_headers() -> None:
    """The header table has every header that an error's answer carries, each once, and no other."""
    written = {name for kind in list_errors() for name in to_response(make_error(kind)).headers}
    written -= {"content-length", "content-type"}
    added_at_the_edge = {"x-request-id", "x-limner-generation-id", "allow"}
    listed = [
        name for cell, _, _ in find_table(read_page("errors.md"), "header") for name in read_spans(cell)
    ]
    assert sorted(listed) == sorted(written | added_at_the_edge)


def test_on_which_errors_headers_are() -> None:
    """The header table says on which errors a header is."""
    for cell, where, _ in find_table(read_page("errors.md"), "header"):
        (name,) = read_spans(cell)
        statuses = {
            str(kind.status) for kind in list_errors() if name in to_response(make_error(kind)).headers
        }
        if statuses == {str(kind.status) for kind in list_errors()}:
            assert where == "every error"
        elif statuses:
            assert where == f"every {' and '.join(sorted(statuses))}"


def test_keys_of_an_error() -> None:
    """The error page's two examples have all keys of an error: in a stream the generation's id too."""
    page = read_page("errors.md")
    whole, framed = (
        json.loads(page.partition(mark)[2].partition("\n")[0])["error"] for mark in ("```json\n", "\ndata: ")
    )
    body = to_error_body(InternalError())
    assert list(whole) == list(msgspec.to_builtins(body))
    assert list(framed) == list(msgspec.to_builtins(to_error_body(InternalError(), "gen_…")))


def test_errors_are_cited_as_they_are() -> None:
    """Wherever a page names a status with a code, that code has that status."""
    tree = {(str(kind.status), code) for kind in list_errors() for code in kind.codes}
    pages = sorted((ROOT / "docs").glob("*.md"))
    cited = {
        found for page in pages for found in re.findall(r"\b([45]\d\d) `([a-z_]+)`", read_page(page.name))
    }
    assert len(cited) > 5
    assert sorted(cited - tree) == []
