import pytest

from vision.messages import (
    LENGTH_BYTES,
    MAX_MESSAGE,
    CameraLost,
    CameraUp,
    CancelChallenge,
    Challenge,
    EngineKind,
    EngineReady,
    EngineRefused,
    Enrol,
    Enrolled,
    EnrolmentRefused,
    FaceAtDoor,
    FaceVerdict,
    FrameCount,
    Heartbeat,
    MessageError,
    Outcome,
    PhotoProblem,
    Stop,
    TemplateMode,
    Trouble,
    ViewJudged,
    Watch,
    decode_command,
    decode_value,
    encode_command,
    encode_value,
    frame,
    length_of,
)

ROW = bytes(range(256)) * 2

COMMANDS = [
    Watch("lobby", "rtsp://camera/lobby", "ostiary", "secret"),
    Challenge("c1", "lobby", "alice", ROW, TemplateMode.MEAN, 1.25, 6.25),
    Challenge("c2", "lobby", "alice", bytes(320 * 4), TemplateMode.MEAN, 1.25, 6.25, EngineKind.FUSION),
    CancelChallenge("c1"),
    Enrol("r1", "alice", (b"\xff\xd8one", b"\xff\xd8two")),
    Stop(),
]
VALUES = [
    CameraUp("lobby"),
    CameraLost("lobby", "the stream ended"),
    ViewJudged("lobby", Trouble.TURNED),
    ViewJudged("lobby", None),
    FaceVerdict("c1", "lobby", Outcome.MATCHED, 0.25, 2, 3.5),
    FaceVerdict("c1", "lobby", Outcome.NOBODY, None, 0, 3.5),
    FaceAtDoor("lobby", 3.5),
    Enrolled("r1", "alice", ROW, "dlib", TemplateMode.MEAN, 6, (PhotoProblem.BLURRED,)),
    EnrolmentRefused("r1", "alice", (PhotoProblem.NOBODY, None), PhotoProblem.TOO_FEW_PHOTOS),
    FrameCount("lobby", 8),
    EngineReady("dlib"),
    EngineRefused("a model is missing"),
    Heartbeat(3.5),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_arrives_as_it_was_sent(command):
    assert decode_command(encode_command(command)[LENGTH_BYTES:]) == command


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_arrives_as_it_was_sent(value):
    body = encode_value(value)[LENGTH_BYTES:]
    assert decode_value(body) == value
    assert len(body) == length_of(encode_value(value)[:LENGTH_BYTES])


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"nonsense", b'{"_type": "Watch"}', b'{"_type": "exec"}'])
def test_nonsense_is_refused_by_name(body):
    with pytest.raises(MessageError):
        decode_command(body)
    with pytest.raises(MessageError):
        decode_value(body)


def test_a_command_is_no_value():
    with pytest.raises(MessageError):
        decode_value(encode_command(CancelChallenge("c1"))[LENGTH_BYTES:])


def test_a_length_above_the_limit_is_refused():
    with pytest.raises(MessageError):
        length_of((MAX_MESSAGE + 1).to_bytes(LENGTH_BYTES, "big"))
    with pytest.raises(MessageError):
        frame(bytes(MAX_MESSAGE + 1))


@pytest.mark.parametrize(
    ("template", "mode"),
    [
        (b"", TemplateMode.MEAN),
        (bytes(len(ROW) - 1), TemplateMode.MEAN),
        (ROW * 2, TemplateMode.MEAN),
        (ROW * 2, TemplateMode.SINGLE),
        (b"", TemplateMode.BEST_OF),
    ],
)
def test_a_challenge_with_no_usable_template_cannot_be_made(template, mode):
    with pytest.raises(ValueError, match="no template"):
        Challenge("c1", "lobby", "alice", template, mode, 0.0, 5.0)


def test_the_password_of_a_camera_is_not_in_its_repr():
    assert "secret" not in repr(COMMANDS[0])
