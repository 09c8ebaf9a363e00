"""Order and form of an answer's pieces: the contract's rules, and live equals afterwards."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcripts import (
    FORMS,
    JPEG,
    PNG,
    UNKNOWN,
    Drawn,
    Receiver,
    Scene,
    Words,
    compose,
    events_of,
    find_link,
    receive,
    render,
    scenes,
)

from limner.translate.composition import Composer, PictureSegment, Segment, TextSegment
from limner.translate.events import Event, PictureBytes, PictureEnds, PictureSettled


def markdown(number: int, mime_type: str = "image/png") -> str:
    return f"![image](data:{mime_type};base64,<{number}>)"


def take_live(
    events: Sequence[Event], *, form: str, wants_thoughts: bool, refusal: str | None
) -> list[Segment]:
    """Return the segments taken after each event and at the end."""
    receiver = Receiver()
    composer = Composer(receiver.transcript, form=form, wants_thoughts=wants_thoughts, find_link=find_link)
    segments: list[Segment] = []
    for event in events:
        receiver.take(event)
        segments.extend(composer.take())
    return [*segments, *composer.take_rest(refusal)]


@given(scenes(), st.sampled_from(FORMS), st.booleans(), st.sampled_from([None, "No."]))
@settings(max_examples=500, deadline=None)
def test_live_equals_afterwards(scene: Scene, form: str, wants_thoughts: bool, refusal: str | None) -> None:
    """What is taken as the answer comes, joined, is what is taken at its end."""
    live = take_live(list(events_of(scene)), form=form, wants_thoughts=wants_thoughts, refusal=refusal)
    whole = compose(scene, form=form, wants_thoughts=wants_thoughts, refusal=refusal)
    assert render(live) == render(whole)


@given(scenes(), st.sampled_from(FORMS), st.booleans(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_client_that_joins_late_gets_the_same(
    scene: Scene, form: str, wants_thoughts: bool, data: st.DataObject
) -> None:
    """A listener that comes after some events gets what the one from the beginning gets."""
    events = list(events_of(scene))
    joins_at = data.draw(st.integers(0, len(events)))
    receiver = Receiver()
    for event in events[:joins_at]:
        receiver.take(event)
    composer = Composer(receiver.transcript, form=form, wants_thoughts=wants_thoughts, find_link=find_link)
    segments = list(composer.take())
    for event in events[joins_at:]:
        receiver.take(event)
        segments.extend(composer.take())
    segments.extend(composer.take_rest(None))
    whole = compose(scene, form=form, wants_thoughts=wants_thoughts)
    assert render(segments) == render(whole)


@given(scenes(), st.sampled_from(FORMS), st.booleans())
@settings(max_examples=200, deadline=None)
def test_pictures_come_once_each(scene: Scene, form: str, wants_thoughts: bool) -> None:
    """All pictures but thoughts are delivered in order, equal bytes once; if there is none the last thought."""
    scene = [replace(piece, announced=True) if isinstance(piece, Drawn) else piece for piece in scene]
    pictures = [piece for piece in scene if isinstance(piece, Drawn)]
    first_of: dict[bytes, int] = {}
    for number, picture in enumerate(pictures):
        if picture.data and not picture.is_thought:
            first_of.setdefault(picture.data, number)
    thoughts = [number for number, picture in enumerate(pictures) if picture.data and picture.is_thought]
    segments = compose(scene, form=form, wants_thoughts=wants_thoughts)
    assert render(segments)[2] == (sorted(first_of.values()) or thoughts[-1:])


@pytest.mark.parametrize(
    ("scene", "content"),
    [
        ([Words("Here"), Words(" you"), Words(" go.")], "Here you go."),
        ([Words("Here "), Drawn()], f"Here \n{markdown(0)}"),
        ([Drawn(), Words(" done")], f"{markdown(0)}\n done"),
        (
            [Drawn(), Words(""), Words("done"), Words("."), Drawn(JPEG)],
            f"{markdown(0)}\ndone.\n{markdown(1, 'image/jpeg')}",
        ),
        ([Drawn(), Drawn(JPEG)], f"{markdown(0)}\n{markdown(1, 'image/jpeg')}"),
        ([Drawn(), Drawn(), Words("x"), Drawn()], f"{markdown(0)}\nx"),
        ([Words("a"), Words("hm", is_thought=True), Words("b")], "ab"),
        ([Drawn(), Words("hm", is_thought=True), Words("b")], f"{markdown(0)}\nb"),
        ([Drawn(JPEG, mime_type="image/png")], markdown(0, "image/jpeg")),
        ([Drawn(UNKNOWN, mime_type="image/avif")], markdown(0, "image/avif")),
        ([Drawn(UNKNOWN, mime_type=None)], markdown(0, "application/octet-stream")),
    ],
)
def test_markdown_content(scene: Scene, content: str) -> None:
    """Texts are joined as sent; one line feed stands between text and picture and between pictures."""
    assert render(compose(scene))[0] == content


@pytest.mark.parametrize(
    ("scene", "content", "pictures"),
    [
        ([Words("Here"), Drawn(), Words(" you go."), Drawn(JPEG)], "Here you go.", [0, 1]),
        ([Drawn()], "Here is your picture.", [0]),
        ([Words(""), Drawn(), Words("hm", is_thought=True)], "Here is your picture.", [0]),
        ([Drawn(), Drawn()], "Here is your picture.", [0]),
        ([Words("Sorry.")], "Sorry.", []),
    ],
)
def test_images_content(scene: Scene, content: str, pictures: list[int]) -> None:
    """In `images` the content is text only, and never empty."""
    assert render(compose(scene, form="images"))[::2] == (content, pictures)


@pytest.mark.parametrize("form", FORMS)
def test_thought_pictures_are_not_delivered(form: str) -> None:
    """A picture marked as a thought is left out where there is another."""
    scene: Scene = [Drawn(is_thought=True), Words("so"), Drawn(JPEG), Drawn(PNG + b"3", is_thought=True)]
    for wants_thoughts in (True, False):
        segments = compose(scene, form=form, wants_thoughts=wants_thoughts)
        assert render(segments)[2] == [1]


@pytest.mark.parametrize("wants_thoughts", [True, False])
def test_the_last_thought_picture_is_the_last_resort(wants_thoughts: bool) -> None:
    """Where only thought pictures came the last is delivered, after everything else."""
    scene: Scene = [Drawn(is_thought=True), Drawn(JPEG, is_thought=True), Words("so")]
    content, _, pictures = render(compose(scene, wants_thoughts=wants_thoughts, refusal="No."))
    assert (content, pictures) == (f"so\n{markdown(1, 'image/jpeg')}", [1])


def test_thoughts_go_to_the_reasoning() -> None:
    """Thought texts are joined apart from the content, whether pictures are among them or not."""
    scene: Scene = [Words("first ", is_thought=True), Drawn(), Words("then", is_thought=True)]
    assert render(compose(scene, wants_thoughts=True)) == (markdown(0), "first then", [0])


@pytest.mark.parametrize("form", FORMS)
def test_a_refusal_is_the_content_where_gemini_wrote_none(form: str) -> None:
    """Without picture and text the refusal is the content; with text Gemini's own words are."""
    assert render(compose([], form=form, refusal="No."))[0] == "No."
    assert render(compose([Words("Sorry.")], form=form, refusal="No."))[0] == "Sorry."


def test_unreadable_pictures_are_left_out() -> None:
    """A picture whose base64 was broken is not delivered, not even as a last resort."""
    transcript = receive([Drawn(), Drawn(JPEG), Drawn(is_thought=True)])
    for picture in transcript.pictures[::2]:
        picture.is_unreadable = True
    composer = Composer(transcript, form="markdown", wants_thoughts=False)
    assert render(composer.take_rest(None))[2] == [1]
    for picture in transcript.pictures:
        picture.is_unreadable = True
    composer = Composer(transcript, form="markdown", wants_thoughts=False)
    assert render(composer.take_rest("No."))[::2] == ("No.", [])


def test_an_empty_picture_is_none() -> None:
    """Inline data with an empty string is no picture, first or later."""
    assert render(compose([Drawn(b""), Drawn(), Drawn(b"", is_thought=True)]))[2] == [1]
    assert render(compose([Drawn(b"")], refusal="No."))[::2] == ("No.", [])


def taken_after(scene: Scene, *, wants_thoughts: bool = False) -> list[str]:
    """Return after which event each segment could be taken."""
    receiver = Receiver()
    composer = Composer(receiver.transcript, form="markdown", wants_thoughts=wants_thoughts)
    seen = []
    for event in events_of(scene):
        receiver.take(event)
        kinds = {TextSegment: "text", PictureSegment: "picture"}
        seen += [f"{kinds[type(segment)]} at {type(event).__name__}" for segment in composer.take()]
    return seen


def test_a_first_picture_is_relayed_as_it_arrives() -> None:
    """Its type must be certain: declared or not, 32 bytes must have come."""
    assert taken_after([Drawn()]) == ["picture at PictureBytes"]
    assert taken_after([Drawn(announced=False)]) == ["picture at PictureBytes"]
    assert taken_after([Drawn(JPEG, first_bytes=3)]) == ["picture at PictureBytes"]
    assert taken_after([Drawn(b"abc")]) == ["picture at PictureSettled"]
    assert taken_after([Drawn(UNKNOWN, announced=False)]) == ["picture at PictureSettled"]


def test_the_type_is_certain_before_a_picture_is_relayed() -> None:
    """A first piece too short to tell the type by does not fix a wrongly declared one."""
    receiver = Receiver()
    composer = Composer(receiver.transcript, form="markdown", wants_thoughts=False)
    events = iter(events_of([Drawn(JPEG, mime_type="image/png", first_bytes=2)]))
    for event in events:
        receiver.take(event)
        if isinstance(event, PictureBytes):
            break
    assert list(composer.take()) == []
    receiver.take(next(events))
    (segment,) = composer.take()
    assert isinstance(segment, PictureSegment)
    assert segment.before == "![image](data:image/jpeg;base64,"


def test_other_pictures_wait_for_their_part_to_close() -> None:
    """A second picture, one said to be a thought, and any where thoughts were asked for, are held."""
    assert taken_after([Drawn(), Words("a"), Drawn(JPEG)]) == [
        "picture at PictureBytes",
        "text at Text",
        "picture at PictureSettled",
    ]
    assert taken_after([Drawn()], wants_thoughts=True) == ["picture at PictureSettled"]
    assert taken_after([Drawn(is_thought=True), Words("a")]) == ["text at Text"]


def test_a_whole_picture_of_an_answer_that_broke_off_is_delivered() -> None:
    """A second picture whose string had closed counts though its part never did; half a picture does not."""
    events = list(events_of([Drawn(), Drawn(JPEG), Drawn(UNKNOWN)]))
    last_end = max(i for i, event in enumerate(events) if isinstance(event, PictureEnds))
    second_settled = [i for i, event in enumerate(events) if isinstance(event, PictureSettled)][1]
    live = take_live(
        [*events[:second_settled], *events[second_settled + 1 : last_end]],
        form="markdown",
        wants_thoughts=False,
        refusal=None,
    )
    assert render(live)[2] == [0, 1]


def test_a_link_is_given_out_once_the_answer_is_over() -> None:
    """Text before the first picture comes at once; everything from it on waits for the end."""
    receiver = Receiver()
    composer = Composer(receiver.transcript, form="url", wants_thoughts=False, find_link=find_link)
    taken: list[Segment] = []
    for event in events_of([Words("Here"), Drawn(), Words("and"), Drawn(JPEG)]):
        receiver.take(event)
        taken.extend(composer.take())
    assert taken == [TextSegment("Here")]
    content, _, pictures = render(composer.take_rest(None))
    assert content == f"\n![image]({find_link('img_0')})\nand\n![image]({find_link('img_1')})"
    assert pictures == [0, 1]


def test_where_there_is_no_link_the_picture_itself_is_given() -> None:
    """The form stays that of the content: Markdown with the bytes in it."""
    composer = Composer(
        receive([Words("Here"), Drawn()]), form="url", wants_thoughts=False, find_link=lambda _: None
    )
    assert render(composer.take_rest(None))[0] == f"Here\n{markdown(0)}"


@pytest.mark.parametrize("form", FORMS)
def test_a_text_is_no_picture_that_did_not_come(form: str) -> None:
    """Where no picture is due nothing stands in its place, however little was said."""
    composer = Composer(receive([]), form=form, wants_thoughts=False, draws=False)
    assert render(composer.take_rest(None)) == ("", "", [])
