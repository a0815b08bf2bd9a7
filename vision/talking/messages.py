"""What goes between the building and the process that talks to cameras, framed as the eyes' messages are.

Times are `time.monotonic()` seconds, on the clock that all processes of a machine share.
"""

from dataclasses import dataclass

from cattrs import BaseValidationError
from cattrs.preconf.orjson import make_converter
from cattrs.strategies import configure_tagged_union

from vision.messages import MessageError, frame


@dataclass(frozen=True, slots=True)
class Meet:
    """Talk to this camera from now on, at `HOST:PORT`: `turns` its head, or hear of its `motion`, or both."""

    camera: str
    address: str
    username: str
    password: str
    turns: bool
    motion: bool

    def __repr__(self) -> str:
        return f"Meet(camera={self.camera!r}, address={self.address!r})"  # the password stays out of every log


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn so fast (-1 to 1 of top speed) for `seconds`, then stop."""

    camera: str
    pan: float
    tilt: float
    zoom: float
    seconds: float
    by: float


@dataclass(frozen=True, slots=True)
class Halt:
    """Stop turning."""

    camera: str


@dataclass(frozen=True, slots=True)
class GoTo:
    """Look where the preset of this name says, or of this number where no preset has the name."""

    camera: str
    number: int
    name: str
    by: float


@dataclass(frozen=True, slots=True)
class Keep:
    """Where it looks now is the preset of this name from now on."""

    camera: str
    number: int
    name: str
    by: float


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop every head, and end."""


HeadCommand = Turn | Halt | GoTo | Keep
Command = Meet | HeadCommand | Stop


@dataclass(frozen=True, slots=True)
class Fine:
    """It answers, and does what it is told."""

    camera: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """It does not, and why, in words for a technician."""

    camera: str
    why: str


@dataclass(frozen=True, slots=True)
class Stirred:
    """Something moves before it, or no longer does, as it says itself."""

    camera: str
    active: bool


@dataclass(frozen=True, slots=True)
class Beat:
    """The process goes round."""

    at: float


Value = Fine | Trouble | Stirred | Beat

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
        raise MessageError("not a command to those who talk to cameras") from error  # its bytes may hold a password


def decode_value(body: bytes) -> Value:
    """Read a frame's body as a value; raises MessageError."""
    try:
        return _converter.loads(body, Value)  # type: ignore[arg-type]
    except _MALFORMED as error:
        raise MessageError(f"not a value of those who talk to cameras: {body[:80]!r}") from error
