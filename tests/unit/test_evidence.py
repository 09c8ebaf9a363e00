"""What speaks for it that a call with an unknown outcome was bought: by what Gemini said, and by what came of it."""

import pytest

from limner.generation.evidence import Terms, weigh
from limner.ledger.records import GenerationRecord, UpstreamCall

HOUR_MS = 3_600_000


def make_record(code: str = "upstream_timeout") -> GenerationRecord:
    return GenerationRecord(
        id="gen_" + "0" * 32, state="unknown", door="chat", owner="ann", end_user="", key_id="key_1",
        model="gemini-nano-banana-2.1", asked=b"{}", is_stream=False, store=None, reserved_micro_usd=50_000,
        claimed_at_ms=0, sent_at_ms=1, ended_at_ms=HOUR_MS, delivered_at_ms=None, cost_micro_usd=None, answer=None,
        error=b'{"code":"%s","message":"It is unknown."}' % code.encode(), error_status=504, is_keyed=False,
        metadata=None, folder=None, stored_bytes=0, uploaded_at_ms=None, replica_id="",
    )  # fmt: skip


def make_call(choice: int = 0, *, status: int | None = None, response_id: str | None = None) -> UpstreamCall:
    return UpstreamCall(
        choice=choice,
        upstream="main",
        kind="gemini",
        model="gemini-nano-banana-2.1",
        attempts=1,
        status=status,
        response_id=response_id,
    )


@pytest.mark.parametrize(
    ("call", "code", "leaning", "said"),
    [
        (make_call(status=200, response_id="r1"), "upstream_unknown_outcome", "post", "had begun its answer"),
        (make_call(status=200), "upstream_unknown_outcome", "post", "had taken the call"),
        (make_call(status=504), "upstream_timeout", "void", "answered 504"),
        (make_call(status=502), "upstream_unknown_outcome", "open", "was 502"),
        (make_call(status=499), "upstream_timeout", "open", "was 499"),
        (make_call(), "upstream_timeout", "open", "No byte was answered before our deadline"),
        (make_call(), "upstream_unknown_outcome", "open", "broke before a byte was answered"),
    ],
)
def test_what_gemini_said_is_weighed(call: UpstreamCall, code: str, leaning: str, said: str) -> None:
    """An answer that had begun speaks for bought, Gemini's own failure against it, and silence for neither."""
    evidence = weigh(make_record(code), [call], arrived_bytes=None)
    assert evidence.leaning == leaning
    assert said in evidence.reasons[0]
    assert ("compare the day" in evidence.reasons[-1]) == (leaning == "open")


def test_what_has_come_of_a_picture_is_weighed() -> None:
    """A part of a picture in the spool speaks for bought, whatever else is known; an empty spool says nothing."""
    found = weigh(make_record(), [make_call()], arrived_bytes=1_234_567)
    assert (found.leaning, "1,234,567 bytes" in found.reasons[-1]) == ("post", True)
    assert weigh(make_record(), [make_call()], arrived_bytes=0).leaning == "open"
    killed = weigh(make_record(), [], arrived_bytes=None)
    assert (killed.leaning, "nothing is on record" in killed.reasons[0]) == ("open", True)


def test_one_bought_choice_is_enough() -> None:
    """Of several choices each is named; one that was bought speaks for all, and only all together against it."""
    failed, begun = make_call(0, status=504), make_call(1, status=200)
    mixed = weigh(make_record(), [failed, begun], arrived_bytes=None)
    assert mixed.leaning == "post"
    assert [reason[:9] for reason in mixed.reasons] == ["Choice 0:", "Choice 1:"]
    assert weigh(make_record(), [failed, make_call(1)], arrived_bytes=None).leaning == "open"
    assert weigh(make_record(), [failed, make_call(1, status=504)], arrived_bytes=None).leaning == "void"


def test_when_the_policy_decides() -> None:
    """A policy decides so long after the end; `hold` never does."""
    assert Terms(policy="void", unknown_ms=72 * HOUR_MS).find_end_ms(make_record()) == 73 * HOUR_MS
    assert Terms(policy="hold", unknown_ms=72 * HOUR_MS).find_end_ms(make_record()) is None
