"""The fold of the reader's events."""

from transcripts import JPEG, PNG, Drawn, Receiver, Words, events_of, receive

from limner.translate.events import (
    Blocked,
    Finish,
    PictureBegins,
    PictureEnds,
    PictureSettled,
    SignatureEnds,
    UpstreamError,
    Usage,
)
from limner.translate.transcript import TextPiece, Transcript
from limner.wire.gemini import UsageMetadata


def test_pieces_keep_their_order() -> None:
    """Texts and pictures stand in the order in which they came, each picture numbered among pictures."""
    transcript = receive([Words("a"), Drawn(), Words("b", is_thought=True), Drawn(JPEG, is_thought=True)])
    assert [piece for piece in transcript.pieces if isinstance(piece, TextPiece)] == [
        TextPiece("a", is_thought=False),
        TextPiece("b", is_thought=True),
    ]
    assert [(p.number, p.part, p.id, p.is_thought) for p in transcript.pictures] == [
        (0, 1, "img_0", False),
        (1, 3, "img_1", True),
    ]
    assert [p.media_type for p in transcript.pictures] == ["image/png", "image/jpeg"]


def test_a_picture_is_known_step_by_step() -> None:
    """What its part says after the bytes counts once the part has closed."""
    receiver = Receiver()
    scene = [Drawn(PNG, is_thought=True, announced=False, mime_type="image/webp")]
    seen = []
    for event in list(events_of(scene))[:-1]:
        receiver.take(event)
        (picture,) = receiver.transcript.pictures
        seen.append((picture.is_thought, picture.is_complete, picture.is_settled, picture.mime_type))
    assert seen == [
        (False, False, False, None),
        (False, False, False, None),
        (False, True, False, None),
        (True, True, True, "image/webp"),
    ]


def test_the_bytes_say_the_type() -> None:
    """A picture is served as what its bytes are, else as declared, else as unknown bytes."""
    for data, mime_type, expected in (
        (JPEG, "image/png", "image/jpeg"),
        (b"?", "image/png", "image/png"),
        (b"?", None, "application/octet-stream"),
    ):
        (picture,) = receive([Drawn(data, mime_type=mime_type)]).pictures
        assert picture.media_type == expected


def test_endings_are_kept() -> None:
    """Finish, usage, block and error stand beside the pieces; the last usage counts."""
    transcript = Transcript()
    blocked, error, finish = Blocked("SAFETY", None), UpstreamError(503, "", ""), Finish("STOP", None)
    for event in (blocked, error, Usage(UsageMetadata(1)), finish, Usage(UsageMetadata(2)), SignatureEnds(0)):
        transcript.add(event)
    assert (transcript.blocked, transcript.error, transcript.finish) == (blocked, error, finish)
    assert transcript.usage == UsageMetadata(2)


def test_blocks_and_errors_are_no_beginning() -> None:
    """A stream opens at text, a picture or a finish, not at a block or an error."""
    transcript = Transcript()
    transcript.add(Blocked("SAFETY", None))
    transcript.add(UpstreamError(503, "", ""))
    transcript.add(Usage(UsageMetadata(1)))
    begun = [transcript.has_begun]
    transcript.add(Finish("STOP", None))
    assert [*begun, transcript.has_begun] == [False, True]
    assert receive([Words("a")]).has_begun


def test_inline_data_without_data_is_no_picture() -> None:
    """A part that announces a picture and has none is passed over."""
    transcript = Transcript()
    transcript.add(PictureSettled(0, is_thought=False, mime_type="image/png"))
    assert transcript.pictures == []


def test_a_part_with_data_twice_has_two_pictures() -> None:
    """A part that says `data` twice is odd, and both end."""
    transcript = Transcript()
    for _ in range(2):
        transcript.add(PictureBegins(0, is_thought=False, mime_type=None))
        transcript.add(PictureEnds(0))
    transcript.add(PictureSettled(0, is_thought=True, mime_type="image/png"))
    assert [(p.is_complete, p.is_settled, p.is_thought) for p in transcript.pictures] == [
        (True, True, True)
    ] * 2
