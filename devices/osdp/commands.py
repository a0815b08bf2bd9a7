"""Commands, panel to peripheral (clause 6), one frozen dataclass each."""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self, TypeVar

from devices.osdp.errors import MessageError
from devices.osdp.message import Message, at_least, exactly, records

_KEY_TYPE_SCBK = 0x01
_KEY_LENGTH = 16
_Enum = TypeVar("_Enum", bound=IntEnum)


class Color(IntEnum):
    """LED colours (clause 6.10)."""

    BLACK = 0
    RED = 1
    GREEN = 2
    AMBER = 3
    BLUE = 4
    MAGENTA = 5
    CYAN = 6
    WHITE = 7


class OutputControl(IntEnum):
    """What OUT does with one output (clause 6.9)."""

    NOP = 0
    OFF = 1
    ON = 2
    OFF_AFTER_TIMER = 3
    ON_AFTER_TIMER = 4
    TIMED_ON = 5
    TIMED_OFF = 6


class Tone(IntEnum):
    """What the buzzer sounds (clause 6.11)."""

    NONE = 0
    OFF = 1
    DEFAULT = 2


class TextStyle(IntEnum):
    """How TEXT shows its characters (clause 6.12)."""

    PERMANENT = 1
    PERMANENT_WRAPPED = 2
    TEMPORARY = 3
    TEMPORARY_WRAPPED = 4


class TemporaryLed(IntEnum):
    """What the temporary part of an LED record does."""

    NOP = 0
    CANCEL = 1
    SET = 2


class PermanentLed(IntEnum):
    """What the permanent part of an LED record does."""

    NOP = 0
    SET = 1


@dataclass(frozen=True, slots=True)
class Poll(Message):
    """Ask for whatever the peripheral has to report."""

    code: ClassVar[int] = 0x60


@dataclass(frozen=True, slots=True)
class IdentityRequest(Message):
    """ID: ask for vendor, model, serial number."""

    code: ClassVar[int] = 0x61

    def payload(self) -> bytes:
        """Reply type 0, the standard one."""
        return b"\0"


@dataclass(frozen=True, slots=True)
class CapabilitiesRequest(Message):
    """CAP: ask what the peripheral can do."""

    code: ClassVar[int] = 0x62

    def payload(self) -> bytes:
        """Reply type 0, the standard one."""
        return b"\0"


@dataclass(frozen=True, slots=True)
class LocalStatusRequest(Message):
    """LSTAT: ask for tamper and power."""

    code: ClassVar[int] = 0x64


@dataclass(frozen=True, slots=True)
class InputStatusRequest(Message):
    """ISTAT: ask for all inputs."""

    code: ClassVar[int] = 0x65


@dataclass(frozen=True, slots=True)
class OutputStatusRequest(Message):
    """OSTAT: ask for all outputs."""

    code: ClassVar[int] = 0x66


@dataclass(frozen=True, slots=True)
class ReaderStatusRequest(Message):
    """RSTAT: ask for the state of attached readers."""

    code: ClassVar[int] = 0x67


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """One output: `timer` in units of 100 ms, 0 to 65535."""

    output: int
    control: OutputControl
    timer: int = 0

    def encode(self) -> bytes:
        """Four bytes."""
        return bytes((self.output, self.control)) + self.timer.to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Output(Message):
    """OUT: drive one or more outputs."""

    code: ClassVar[int] = 0x68
    records: tuple[OutputRecord, ...]

    def payload(self) -> bytes:
        """The records, four bytes each."""
        return b"".join(record.encode() for record in self.records)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """One record or more of four bytes."""
        rows = records(payload, 4, "OUT")
        return cls(
            tuple(OutputRecord(r[0], _enum(OutputControl, r[1]), int.from_bytes(r[2:4], "little")) for r in rows)
        )


@dataclass(frozen=True, slots=True)
class LedTemporary:
    """A blink that ends by itself: times in units of 100 ms, `timer` 0 to 65535."""

    control: TemporaryLed = TemporaryLed.NOP
    on_time: int = 0
    off_time: int = 0
    on_color: Color = Color.BLACK
    off_color: Color = Color.BLACK
    timer: int = 0


@dataclass(frozen=True, slots=True)
class LedPermanent:
    """What the LED shows when nothing temporary runs: times in units of 100 ms."""

    control: PermanentLed = PermanentLed.NOP
    on_time: int = 0
    off_time: int = 0
    on_color: Color = Color.BLACK
    off_color: Color = Color.BLACK


@dataclass(frozen=True, slots=True)
class LedRecord:
    """One LED of one reader."""

    reader: int = 0
    led: int = 0
    temporary: LedTemporary = LedTemporary()
    permanent: LedPermanent = LedPermanent()

    def encode(self) -> bytes:
        """Fourteen bytes."""
        t, p = self.temporary, self.permanent
        temporary = bytes((t.control, t.on_time, t.off_time, t.on_color, t.off_color)) + t.timer.to_bytes(2, "little")
        permanent = bytes((p.control, p.on_time, p.off_time, p.on_color, p.off_color))
        return bytes((self.reader, self.led)) + temporary + permanent

    @classmethod
    def decode(cls, row: bytes) -> Self:
        """Read fourteen bytes."""
        timer = int.from_bytes(row[7:9], "little")
        colors = [_enum(Color, row[index]) for index in (5, 6, 12, 13)]
        temporary = LedTemporary(_enum(TemporaryLed, row[2]), row[3], row[4], colors[0], colors[1], timer)
        permanent = LedPermanent(_enum(PermanentLed, row[9]), row[10], row[11], colors[2], colors[3])
        return cls(row[0], row[1], temporary, permanent)


@dataclass(frozen=True, slots=True)
class Led(Message):
    """LED: set one or more lights."""

    code: ClassVar[int] = 0x69
    records: tuple[LedRecord, ...]

    def payload(self) -> bytes:
        """The records, fourteen bytes each."""
        return b"".join(record.encode() for record in self.records)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """One record or more of fourteen bytes."""
        return cls(tuple(LedRecord.decode(row) for row in records(payload, 14, "LED")))


@dataclass(frozen=True, slots=True)
class Buzzer(Message):
    """BUZ: sound a reader's buzzer; times in units of 100 ms, `count` 0 for ever."""

    code: ClassVar[int] = 0x6A
    reader: int
    tone: Tone
    on_time: int
    off_time: int
    count: int

    def payload(self) -> bytes:
        """Five bytes."""
        return bytes((self.reader, self.tone, self.on_time, self.off_time, self.count))

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly five bytes."""
        row = exactly(payload, 5, "BUZ")
        return cls(row[0], _enum(Tone, row[1]), row[2], row[3], row[4])


@dataclass(frozen=True, slots=True)
class Text(Message):
    """TEXT: show characters at a place of a reader's display, for `seconds` where `how` is temporary."""

    code: ClassVar[int] = 0x6B
    reader: int
    how: TextStyle
    seconds: int
    row: int
    column: int
    characters: bytes

    def payload(self) -> bytes:
        """Six bytes and the characters."""
        head = (self.reader, self.how, self.seconds, self.row, self.column, len(self.characters))
        return bytes(head) + self.characters

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly as many characters as the count says."""
        row = at_least(payload, 6, "TEXT")
        exactly(payload, 6 + row[5], "TEXT")
        return cls(row[0], _enum(TextStyle, row[1]), row[2], row[3], row[4], payload[6:])


@dataclass(frozen=True, slots=True)
class CommunicationSet(Message):
    """COMSET: change address and speed; answered by COM."""

    code: ClassVar[int] = 0x6E
    address: int
    baud: int

    def payload(self) -> bytes:
        """Five bytes."""
        return bytes((self.address,)) + self.baud.to_bytes(4, "little")

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly five bytes."""
        row = exactly(payload, 5, "COMSET")
        return cls(row[0], int.from_bytes(row[1:], "little"))


@dataclass(frozen=True, slots=True, repr=False)
class KeySet(Message):
    """KEYSET: give the peripheral its base key (SCBK, 16 bytes). Only ever inside a secure channel."""

    code: ClassVar[int] = 0x75
    key: bytes

    def payload(self) -> bytes:
        """Type, length, key."""
        return bytes((_KEY_TYPE_SCBK, len(self.key))) + self.key

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly 18 bytes, of key type SCBK."""
        row = exactly(payload, 2 + _KEY_LENGTH, "KEYSET")
        if row[:2] != bytes((_KEY_TYPE_SCBK, _KEY_LENGTH)):
            raise MessageError("KEYSET: only a 16-byte SCBK can be set")
        return cls(row[2:])


@dataclass(frozen=True, slots=True)
class Manufacturer(Message):
    """MFG: what only its maker understands. `vendor` is an IEEE OUI of 3 bytes."""

    code: ClassVar[int] = 0x80
    vendor: bytes
    said: bytes

    def payload(self) -> bytes:
        """Three bytes, and whatever the maker wants."""
        return self.vendor + self.said

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """At least the vendor."""
        return cls(at_least(payload, 3, "MFG")[:3], payload[3:])


@dataclass(frozen=True, slots=True)
class Challenge(Message):
    """CHLNG: begin the secure channel with the panel's random number (8 bytes)."""

    code: ClassVar[int] = 0x76
    panel_random: bytes

    def payload(self) -> bytes:
        """Eight bytes."""
        return self.panel_random

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly eight bytes."""
        return cls(exactly(payload, 8, "CHLNG"))


@dataclass(frozen=True, slots=True)
class ServerCryptogram(Message):
    """SCRYPT: the panel's proof that it holds the key (16 bytes)."""

    code: ClassVar[int] = 0x77
    cryptogram: bytes

    def payload(self) -> bytes:
        """Sixteen bytes."""
        return self.cryptogram

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly sixteen bytes."""
        return cls(exactly(payload, 16, "SCRYPT"))


Command = (
    Poll
    | IdentityRequest
    | CapabilitiesRequest
    | LocalStatusRequest
    | InputStatusRequest
    | OutputStatusRequest
    | ReaderStatusRequest
    | Output
    | Led
    | Buzzer
    | Text
    | CommunicationSet
    | KeySet
    | Manufacturer
    | Challenge
    | ServerCryptogram
)

_COMMANDS: dict[int, type[Command]] = {kind.code: kind for kind in Command.__args__}


def parse_command(code: int, payload: bytes) -> Command:
    """Read a command's plain payload; raises MessageError where code or payload is unknown."""
    kind = _COMMANDS.get(code)
    if kind is None:
        raise MessageError(f"unknown command 0x{code:02X}")
    return kind.parse(payload)


def _enum(kind: type[_Enum], value: int) -> _Enum:
    try:
        return kind(value)
    except ValueError as error:
        raise MessageError(f"{kind.__name__}: {value} is not defined") from error
