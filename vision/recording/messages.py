"""What goes between the building and its recorder: two closed unions of values, framed as those of the eyes are.

Times are `time.monotonic()` seconds. Pictures go over a channel of their own, numbered by who asked for them.
"""

from dataclasses import dataclass

from cattrs import BaseValidationError
from cattrs.preconf.orjson import make_converter
from cattrs.strategies import configure_tagged_union

from vision.messages import MessageError, Polygon, frame


@dataclass(frozen=True, slots=True)
class Watch:
    """Keep the last `ring` seconds of this camera's packets. `burnt` is painted before anything is kept."""

    camera: str
    url: str
    username: str
    password: str
    ring: float
    burnt: tuple[Polygon, ...] = ()

    def __repr__(self) -> str:
        return f"Watch(camera={self.camera!r}, url={self.url!r})"  # the password stays out of every log


@dataclass(frozen=True, slots=True)
class Record:
    """Write a clip of what arrives from `since` to `until`, sealed under `key` and `label`, into `path`."""

    clip: str
    camera: str
    path: str
    key: bytes
    label: str
    since: float
    until: float

    def __repr__(self) -> str:
        return f"Record(clip={self.clip!r}, camera={self.camera!r})"


@dataclass(frozen=True, slots=True)
class Extend:
    """Let a clip go on until then; one that is finished stays as it is."""

    clip: str
    until: float


@dataclass(frozen=True, slots=True)
class Still:
    """Keep the picture that this camera gave last before `at`, sealed."""

    still: str
    camera: str
    path: str
    key: bytes
    label: str
    at: float

    def __repr__(self) -> str:
        return f"Still(still={self.still!r}, camera={self.camera!r})"


@dataclass(frozen=True, slots=True)
class Live:
    """Send this camera's own stream as fragments under this number, or no longer."""

    number: int
    camera: str
    on: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """Finish what is being written, and end."""


Command = Watch | Record | Extend | Still | Live | Stop


@dataclass(frozen=True, slots=True)
class ClipDone:
    """A clip is finished and closed: its first and last packet arrived then; size and SHA-256 are of it in clear."""

    clip: str
    began: float
    ended: float
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class StillDone:
    """A picture is kept."""

    still: str
    taken: float
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class NotKept:
    """A clip or a still could not be kept."""

    recording: str
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Of this camera `expected` seconds were to be kept since the last word, and `recorded` were."""

    camera: str
    expected: float
    recorded: float


@dataclass(frozen=True, slots=True)
class Beat:
    """The recorder goes round."""

    at: float


Value = ClipDone | StillDone | NotKept | Kept | Beat

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
        raise MessageError("not a command of a recorder") from error  # its bytes may hold a key


def decode_value(body: bytes) -> Value:
    """Read a frame's body as a value; raises MessageError."""
    try:
        return _converter.loads(body, Value)  # type: ignore[arg-type]
    except _MALFORMED as error:
        raise MessageError(f"not a value of a recorder: {body[:80]!r}") from error
