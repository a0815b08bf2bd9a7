"""What goes between the building and its eyes: two closed unions of values, and their bytes.

Times are `time.monotonic()` seconds. On Linux that is CLOCK_MONOTONIC, one clock for all processes of one boot, so
values compare between the worker and its supervisor. No message carries pixels but `Enrol`; live pictures have a
channel of their own (see `Supervisor.picture`). The wire is length-prefixed JSON rather than pickle: the worker
parses video from outside, and whoever broke into it must not gain the controller by it.
"""

from dataclasses import dataclass
from enum import StrEnum

from cattrs import BaseValidationError
from cattrs.preconf.orjson import make_converter
from cattrs.strategies import configure_tagged_union

LENGTH_BYTES = 4
"""Big-endian length before every message and every picture."""
NUMBER_BYTES = 8
"""Big-endian number of a picture's request, before the camera's name in it and before the JPEG in the answer."""
MAX_MESSAGE = 64 * 1024 * 1024
"""Above any enrolment (twenty 2 MB photos in base 85); a longer length is a broken peer."""
MAX_PICTURE = 1024 * 1024
"""Above any JPEG of 640 pixels' width."""


Polygon = tuple[tuple[float, float], ...]
"""A privacy mask: corners in parts of the picture, 0 to 1, origin top left."""
CLEAR = "!"
"""Before a camera's name in a picture's request: whoever asks may see behind its veil."""
RESTS = "~"
"""Before that: while nothing moves there, a picture a minute old will do."""


class MessageError(ValueError):
    """The peer sent what is no message."""


class EngineKind(StrEnum):
    """Who compares faces."""

    DLIB = "dlib"
    MOBILEFACENET = "mobilefacenet"
    FUSION = "fusion"


DIMENSIONS = {EngineKind.DLIB: 128, EngineKind.MOBILEFACENET: 192, EngineKind.FUSION: 128 + 192}
"""Numbers in one embedding."""
NUMBER_OF_BYTES = 4
"""Each is a float32, little-endian."""


class TemplateMode(StrEnum):
    """How a template was made from the enrolment's embeddings; each has a threshold of its own."""

    SINGLE = "single"
    MEAN = "mean"
    BEST_OF = "best_of"


class Outcome(StrEnum):
    """What the eyes say at the end of a challenge."""

    MATCHED = "matched"
    MISMATCH = "mismatch"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TURNED = "turned"
    BAD_LIGHT = "bad_light"
    SEVERAL_FACES = "several_faces"
    NOBODY = "nobody"
    NOT_LIVE = "not_live"
    UNSURE = "unsure"


class Liveness(StrEnum):
    """What is asked of a face besides its likeness."""

    OFF = "off"
    PASSIVE = "passive"
    CHALLENGE = "challenge"


class Gesture(StrEnum):
    """What somebody may be asked to do; left and right are their own."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    CLOSE_EYES = "close_eyes"


class PhotoProblem(StrEnum):
    """Why one enrolment photo, or the whole enrolment, was refused."""

    UNREADABLE = "unreadable"
    NOBODY = "nobody"
    SEVERAL_FACES = "several_faces"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TURNED = "turned"
    BAD_LIGHT = "bad_light"
    ANOTHER_PERSON = "another_person"
    TOO_FEW_PHOTOS = "too_few_photos"
    ENGINE_REFUSED = "engine_refused"


class Looks(StrEnum):
    """What is looked for in a part of a picture, or at a line through it."""

    INTRUSION = "intrusion"
    LINE = "line"
    LOITERING = "loitering"


@dataclass(frozen=True, slots=True)
class Sight:
    """A point of the building that a camera sees; answered by `SightChanged`. ``shape``: corners, or a line's two ends.

    ``people``: only people count, else whatever moves. ``beyond``: only crossing towards this place counts (None: both
    ways do). ``seconds``: so long somebody must stay to loiter.
    """

    point: str
    looks: Looks
    shape: Polygon
    people: bool = True
    beyond: tuple[float, float] | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CountingLine:
    """A line that whoever goes through a door crosses; answered by one `PersonCrossed` for each."""

    door: str
    ends: Polygon
    beyond: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Watch:
    """Look through this camera from now on; an empty username means no authentication.

    ``burnt`` is painted on every picture that is shown, ``veiled`` on those for whom the veil is not lifted. ``sights``
    and ``counting`` are looked for, but not where motion is to be ``ignored``; ``least``: what share of the picture
    must move to count. ``gestures``: somebody before it may be asked for one.
    """

    camera: str
    url: str
    username: str = ""
    password: str = ""
    burnt: tuple[Polygon, ...] = ()
    veiled: tuple[Polygon, ...] = ()
    sights: tuple[Sight, ...] = ()
    counting: tuple[CountingLine, ...] = ()
    ignored: tuple[Polygon, ...] = ()
    least: float = 0.003
    gestures: bool = False

    def __repr__(self) -> str:
        return f"Watch(camera={self.camera!r}, url={self.url!r})"  # the password stays out of every log


@dataclass(frozen=True, slots=True)
class Challenge:
    """Is the person now before `camera` this cardholder? Answered by one `FaceVerdict`, at `until` at the latest.

    `template` is float32, little-endian: one embedding of `engine`, or n of them for `TemplateMode.BEST_OF`; other
    lengths raise ValueError. A face counts only if it was seen after `started_mono`, by that camera, with one person in
    view.
    """

    challenge_id: str
    camera: str
    cardholder: str
    template: bytes
    mode: TemplateMode
    started_mono: float
    until: float
    engine: EngineKind = EngineKind.DLIB
    liveness: Liveness = Liveness.OFF

    def __post_init__(self) -> None:
        rows, rest = divmod(len(self.template), DIMENSIONS[self.engine] * NUMBER_OF_BYTES)
        if rest or rows < 1 or (rows > 1 and self.mode is not TemplateMode.BEST_OF):
            raise ValueError(f"{len(self.template)} bytes are no template of {self.engine}, mode {self.mode}")


@dataclass(frozen=True, slots=True)
class CancelChallenge:
    """Forget a challenge; no verdict follows (unless it was on its way already)."""

    challenge_id: str


@dataclass(frozen=True, slots=True)
class LearnAnew:
    """Forget what this camera should see: it is to look elsewhere from now on."""

    camera: str


@dataclass(frozen=True, slots=True)
class Enrol:
    """Make a template from photos (JPEG) of one person; five good ones at least."""

    request_id: str
    cardholder: str
    images: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """Say of each photo whether it would do for an enrolment; ``portrait``: and cut the head out of the first."""

    request_id: str
    images: tuple[bytes, ...]
    portrait: bool = False


@dataclass(frozen=True, slots=True)
class WatchList:
    """Look for these faces through these cameras; it takes the place of the list before.

    `templates` are those of `people`, of the engine that looks, one row of float32 each (`TemplateMode.MEAN`).
    """

    cameras: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    templates: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.people) != len(self.templates):
            raise ValueError(f"{len(self.people)} people and {len(self.templates)} templates")


@dataclass(frozen=True, slots=True)
class Stop:
    """Close the cameras and end the process."""


Command = Watch | LearnAnew | Challenge | CancelChallenge | Enrol | Judge | WatchList | Stop


@dataclass(frozen=True, slots=True)
class CameraUp:
    """Frames arrive from this camera."""

    camera: str


@dataclass(frozen=True, slots=True)
class CameraLost:
    """No more frames, or none yet; said once per loss, and the worker keeps trying."""

    camera: str
    why: str


class Trouble(StrEnum):
    """What is wrong with a picture that arrives."""

    BLACK = "black"
    COVERED = "covered"
    BLURRED = "blurred"
    TURNED = "turned"


@dataclass(frozen=True, slots=True)
class ViewJudged:
    """This camera sees what it should (None), or no longer does; said anew whenever that changes."""

    camera: str
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class SightChanged:
    """Somebody is where a point looks, or nobody is any more; said once at first, then whenever it changes."""

    camera: str
    point: str
    active: bool


@dataclass(frozen=True, slots=True)
class PersonCrossed:
    """One person crossed a door's counting line, to the side that is `beyond` it or back."""

    camera: str
    door: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class FaceVerdict:
    """The one answer to a challenge.

    `distance` is the engine's to the template, 0 is the same picture (matched: the best of the agreeing frames;
    mismatch: the best of all); `frames` how many frames were judged; `seen_at` when the
    last was seen, or, if none was, when it was given up.
    """

    challenge_id: str
    camera: str
    outcome: Outcome
    distance: float | None
    frames: int
    seen_at: float


@dataclass(frozen=True, slots=True)
class GestureAsked:
    """The face before the camera is the one that was asked for; now it shall do this, to be told from a picture."""

    challenge_id: str
    camera: str
    gesture: Gesture


@dataclass(frozen=True, slots=True)
class FaceSpotted:
    """A face of the watch list is before this camera; once per presence of somebody."""

    camera: str
    person: str
    distance: float


@dataclass(frozen=True, slots=True)
class FaceAtDoor:
    """Somebody's face is in view and no challenge asks for one; once per person, no identity."""

    camera: str
    seen_at: float


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A template, made by `engine` in `mode` from `used` photos; `photos` has the problem of each, None for those."""

    request_id: str
    cardholder: str
    template: bytes
    engine: str
    mode: TemplateMode
    used: int
    photos: tuple[PhotoProblem | None, ...]


@dataclass(frozen=True, slots=True)
class EnrolmentRefused:
    """No template: the problem of each photo (None: it is good), and what that amounts to."""

    request_id: str
    cardholder: str
    photos: tuple[PhotoProblem | None, ...]
    why: PhotoProblem


@dataclass(frozen=True, slots=True)
class Judged:
    """The problem of each photo (None: it will do); `portrait` is a small JPEG where it was asked for and can be."""

    request_id: str
    photos: tuple[PhotoProblem | None, ...]
    portrait: bytes = b""


@dataclass(frozen=True, slots=True)
class FrameCount:
    """Frames decoded from this camera since the last `FrameCount` for it (add them up)."""

    camera: str
    frames: int


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The worker can judge faces; `engine` names the models."""

    engine: str


@dataclass(frozen=True, slots=True)
class EngineRefused:
    """The face models are missing or not the ones that were calibrated: pictures go on, no face will match."""

    why: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The thread that judges faces goes on with its round; taken by the supervisor, not handed on."""

    at: float


Value = (
    CameraUp
    | CameraLost
    | ViewJudged
    | SightChanged
    | PersonCrossed
    | FaceVerdict
    | FaceAtDoor
    | Enrolled
    | EnrolmentRefused
    | Judged
    | GestureAsked
    | FaceSpotted
    | FrameCount
    | EngineReady
    | EngineRefused
    | Heartbeat
)

_MALFORMED = (BaseValidationError, AttributeError, KeyError, TypeError, ValueError)
_converter = make_converter(forbid_extra_keys=True)
configure_tagged_union(Command, _converter)
configure_tagged_union(Value, _converter)


def encode_command(command: Command) -> bytes:
    """Return the command as one frame: length, then JSON."""
    return frame(_converter.dumps(command, unstructure_as=Command))


def encode_value(value: Value) -> bytes:
    """Return the value as one frame: length, then JSON."""
    return frame(_converter.dumps(value, unstructure_as=Value))


def decode_command(body: bytes) -> Command:
    """Read a frame's body as a command; raises MessageError."""
    try:
        return _converter.loads(body, Command)  # type: ignore[arg-type]
    except _MALFORMED as error:
        raise MessageError(f"not a command: {body[:80]!r}") from error


def decode_value(body: bytes) -> Value:
    """Read a frame's body as a value; raises MessageError."""
    try:
        return _converter.loads(body, Value)  # type: ignore[arg-type]
    except _MALFORMED as error:
        raise MessageError(f"not a value: {body[:80]!r}") from error


def frame(body: bytes) -> bytes:
    """Put the length before the body; raises MessageError if it is too long to send."""
    if len(body) > MAX_MESSAGE:
        raise MessageError(f"a message of {len(body)} bytes is longer than {MAX_MESSAGE}")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def length_of(prefix: bytes, limit: int = MAX_MESSAGE) -> int:
    """Read a length; raises MessageError above the limit."""
    length = int.from_bytes(prefix, "big")
    if length > limit:
        raise MessageError(f"a length of {length} bytes is above {limit}")
    return length
