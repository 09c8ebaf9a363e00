"""How a finished answer is judged: finish reason, refusal, notices, or an error."""

import pytest
from transcripts import JPEG, Drawn, Scene, Words, receive

from limner.errors import GatewayError, InvalidRequest, UpstreamFailure, UpstreamTimeout, UpstreamUnavailable
from limner.translate.events import Blocked, Finish, UpstreamError
from limner.translate.outcome import Outcome, judge
from limner.translate.transcript import Transcript

FINISH_REASONS = {
    "stop": [
        "STOP",
        "NO_IMAGE",
        "IMAGE_OTHER",
        "OTHER",
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
    ],
    "length": ["MAX_TOKENS"],
    "content_filter": [
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "ESCALATION",
        "PUP_LIMITED_DISABLED",
        "CONTINUATION",
        "MODEL_ARMOR",
        "SOMETHING_NEW",
    ],
}


def finished(scene: Scene, reason: str = "STOP", message: str | None = None) -> Transcript:
    transcript = receive(scene)
    transcript.add(Finish(reason, message))
    return transcript


def judge_scene(scene: Scene, reason: str = "STOP", message: str | None = None) -> Outcome:
    return judge(finished(scene, reason, message), None, "m")


def codes(outcome: Outcome) -> list[str]:
    return [notice.code for notice in outcome.notices]


@pytest.mark.parametrize(
    ("reason", "expected"), [(reason, name) for name, reasons in FINISH_REASONS.items() for reason in reasons]
)
def test_finish_reasons(reason: str, expected: str) -> None:
    """Each of Gemini's reasons becomes one of OpenAI's, with a picture or without."""
    assert judge_scene([Drawn()], reason) == Outcome(finish_reason=expected, refusal=None, notices=())
    without = judge_scene([], reason)
    assert without.finish_reason == expected
    assert without.refusal == f"Gemini returned no picture: {reason}."
    assert reason in without.notices[0].message


def test_a_refusal_says_geminis_reason() -> None:
    """The finish message goes before Gemini's text, that before the reason's name."""
    message = "Unable to show\n the generated image."
    assert (
        judge_scene([Words("Sorry.")], "IMAGE_SAFETY", message).refusal
        == "Unable to show the generated image."
    )
    assert judge_scene([Words(" Sor"), Words("hm", is_thought=True), Words("ry. ")]).refusal == "Sorry."
    assert judge_scene([Words("hm", is_thought=True)]).refusal == "Gemini returned no picture: STOP."
    assert codes(judge_scene([Words("Sorry.")])) == ["no_picture"]


def test_a_blocked_prompt_is_the_callers_fault() -> None:
    """A blocked prompt is a policy violation that quotes Gemini's reason."""
    transcript = Transcript()
    transcript.add(Blocked("PROHIBITED_CONTENT", "Not\nthis."))
    with pytest.raises(
        InvalidRequest, match=r"^Gemini blocked the prompt: PROHIBITED_CONTENT\. Not this\.$"
    ) as caught:
        judge(transcript, None, "m")
    assert caught.value.code == "content_policy_violation"


@pytest.mark.parametrize(
    ("code", "expected"), [(499, UpstreamTimeout), (503, UpstreamUnavailable), (500, UpstreamFailure)]
)
def test_an_error_that_is_the_whole_answer_is_the_outcome(code: int, expected: type[GatewayError]) -> None:
    """An error that Gemini reported instead of an answer is told as if it had been its status."""
    transcript = receive([])
    transcript.finish = None
    transcript.add(UpstreamError(code, "X", "told"))
    with pytest.raises(expected):
        judge(transcript, None, "m")


@pytest.mark.parametrize("code", [429, 503])
def test_an_error_in_mid_answer_is_no_leave_to_ask_again(code: int) -> None:
    """Once Gemini has said something, nobody knows what was bought, whatever its error would otherwise mean."""
    transcript = receive([Words("Here")])
    transcript.add(UpstreamError(code, "X", "told"))
    with pytest.raises(UpstreamFailure) as caught:
        judge(transcript, None, "m")
    assert (caught.value.code, caught.value.should_retry) == ("upstream_unknown_outcome", False)


@pytest.mark.parametrize("failure", [None, UpstreamFailure("lost"), UpstreamTimeout("late")])
def test_a_cut_after_a_whole_picture_delivers_it(failure: GatewayError | None) -> None:
    """What broke off after a picture was complete is a short answer, not an error."""
    transcript = receive([Words("Here"), Drawn(), Words("and")])
    transcript.finish = None
    if failure is None:
        transcript.add(UpstreamError(499, "CANCELLED", ""))
    outcome = judge(transcript, failure, "m")
    assert (outcome.finish_reason, outcome.refusal, outcome.is_truncated) == ("length", None, True)
    assert codes(outcome) == ["upstream_truncated"]


@pytest.mark.parametrize("scene", [[], [Words("Here")], [Drawn(is_thought=True)], [Drawn(b"")]])
def test_a_cut_without_a_whole_picture_is_an_error(scene: Scene) -> None:
    """Without a picture to give the failure is told as it is."""
    failure = UpstreamFailure("lost")
    with pytest.raises(UpstreamFailure) as caught:
        judge(receive(scene), failure, "m")
    assert caught.value is failure


def test_an_answer_without_an_end_is_invalid() -> None:
    """A transcript with neither finish, block, error nor failure is not an answer."""
    with pytest.raises(UpstreamFailure) as caught:
        judge(Transcript(), None, "m")
    assert caught.value.code == "upstream_invalid_response"


def test_thought_pictures_alone_are_delivered_with_a_notice() -> None:
    """Where all pictures were thoughts a notice says that one is delivered."""
    assert codes(judge_scene([Drawn(is_thought=True)])) == ["thought_picture_delivered"]
    assert codes(judge_scene([Drawn(is_thought=True), Drawn(JPEG)])) == []


def test_unreadable_pictures_are_told() -> None:
    """One unreadable picture among others is a notice; alone it is an invalid answer."""
    transcript = finished([Drawn(), Drawn(JPEG)])
    transcript.pictures[1].is_unreadable = True
    outcome = judge(transcript, None, "m")
    assert (codes(outcome), outcome.refusal) == (["picture_unreadable"], None)
    transcript.pictures[0].is_unreadable = True
    with pytest.raises(UpstreamFailure) as caught:
        judge(transcript, None, "m")
    assert caught.value.code == "upstream_invalid_response"


@pytest.mark.parametrize(
    ("reason", "expected"), [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter")]
)
def test_where_no_picture_is_due_none_is_missed(reason: str, expected: str) -> None:
    """A text model's answer ends by Gemini's reason, with no refusal and no notice, whatever it says."""
    scenes: tuple[Scene, ...] = ([Words("Dear sir")], [])
    for scene in scenes:
        outcome = judge(finished(scene, reason), None, "m", draws=False)
        assert outcome == Outcome(finish_reason=expected, refusal=None, notices=())
