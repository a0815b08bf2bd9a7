"""Replies, peripheral to panel (clause 7), one frozen dataclass each."""

from dataclasses import dataclass
from typing import ClassVar, Self

from devices.osdp.errors import MessageError
from devices.osdp.message import Message, at_least, exactly, records

NAK_CHECK = 1
NAK_LENGTH = 2
NAK_UNKNOWN_COMMAND = 3
NAK_SEQUENCE = 4
NAK_SECURITY_UNSUPPORTED = 5
NAK_SECURITY_REQUIRED = 6
NAK_UNABLE = 9

CAP_CONTACTS = 1
CAP_OUTPUTS = 2
CAP_CARD_FORMAT = 3
CAP_LED = 4
CAP_BUZZER = 5
CAP_TEXT = 6
CAP_CHECK = 8
CAP_SECURITY = 9
CAP_RECEIVE_BUFFER = 10
CAP_READERS = 13


@dataclass(frozen=True, slots=True)
class Ack(Message):
    """Done, nothing to report."""

    code: ClassVar[int] = 0x40


@dataclass(frozen=True, slots=True)
class Nak(Message):
    """Refused, and why (clause 7.3)."""

    code: ClassVar[int] = 0x41
    reason: int

    def payload(self) -> bytes:
        """One byte."""
        return bytes((self.reason,))

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """One byte; what may follow depends on the reason and is not used."""
        return cls(at_least(payload, 1, "NAK")[0])


@dataclass(frozen=True, slots=True)
class Identity(Message):
    """PDID: who the peripheral is. `vendor` is an IEEE OUI of 3 bytes, `firmware` (major, minor, build)."""

    code: ClassVar[int] = 0x45
    vendor: bytes
    model: int
    version: int
    serial: int
    firmware: tuple[int, int, int]

    @property
    def nameplate(self) -> str:
        """Vendor, model and serial number in words: what stays the same whatever firmware is put into it."""
        return f"vendor {self.vendor.hex()} model {self.model} serial {self.serial:08x}"

    def payload(self) -> bytes:
        """Twelve bytes."""
        return (
            self.vendor + bytes((self.model, self.version)) + self.serial.to_bytes(4, "little") + bytes(self.firmware)
        )

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly twelve bytes."""
        row = exactly(payload, 12, "PDID")
        return cls(row[:3], row[3], row[4], int.from_bytes(row[5:9], "little"), (row[9], row[10], row[11]))


@dataclass(frozen=True, slots=True)
class Capability:
    """One function of annex B: how far it is supported, and how many of it there are."""

    function: int
    compliance: int
    items: int


@dataclass(frozen=True, slots=True)
class Capabilities(Message):
    """PDCAP: what the peripheral can do."""

    code: ClassVar[int] = 0x46
    functions: tuple[Capability, ...]

    def items(self, function: int) -> int:
        """How many of this function there are; 0 where it is not supported. Readers are counted without compliance."""
        if function == CAP_READERS:
            return max((f.items for f in self.functions if f.function == CAP_READERS), default=0)
        return max((f.items for f in self.functions if f.function == function and f.compliance), default=0)

    @property
    def secure_channel(self) -> bool:
        """Whether the peripheral says that it speaks the AES-128 secure channel."""
        return any(f.function == CAP_SECURITY and f.compliance & 1 for f in self.functions)

    def payload(self) -> bytes:
        """Three bytes for each function."""
        return b"".join(bytes((f.function, f.compliance, f.items)) for f in self.functions)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """One record or more of three bytes."""
        return cls(tuple(Capability(*row) for row in records(payload, 3, "PDCAP")))


@dataclass(frozen=True, slots=True)
class LocalStatus(Message):
    """LSTATR: tamper and power of the peripheral itself."""

    code: ClassVar[int] = 0x48
    tamper: bool
    power_failed: bool

    def payload(self) -> bytes:
        """Two bytes."""
        return bytes((self.tamper, self.power_failed))

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly two bytes."""
        row = exactly(payload, 2, "LSTATR")
        return cls(bool(row[0]), bool(row[1]))


@dataclass(frozen=True, slots=True)
class InputStatus(Message):
    """ISTATR: one value per input, 0 inactive, 1 active; what more a supervised input says is the maker's."""

    code: ClassVar[int] = 0x49
    states: tuple[int, ...]

    def payload(self) -> bytes:
        """One byte per input."""
        return bytes(self.states)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Any number of bytes."""
        return cls(tuple(payload))


@dataclass(frozen=True, slots=True)
class OutputStatus(Message):
    """OSTATR: one value per output, 0 off, 1 on."""

    code: ClassVar[int] = 0x4A
    states: tuple[int, ...]

    def payload(self) -> bytes:
        """One byte per output."""
        return bytes(self.states)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Any number of bytes."""
        return cls(tuple(payload))


@dataclass(frozen=True, slots=True)
class ReaderStatus(Message):
    """RSTATR: one value per attached reader, 0 normal, 1 not connected, 2 tampered."""

    code: ClassVar[int] = 0x4B
    states: tuple[int, ...]

    def payload(self) -> bytes:
        """One byte per reader."""
        return bytes(self.states)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Any number of bytes."""
        return cls(tuple(payload))


@dataclass(frozen=True, slots=True, repr=False)
class RawCard(Message):
    """RAW: the bits of a card, most significant first, left-aligned in `raw`; `format` 1 says Wiegand."""

    code: ClassVar[int] = 0x50
    reader: int
    format: int
    bit_count: int
    raw: bytes

    def payload(self) -> bytes:
        """Four bytes and the bits."""
        return bytes((self.reader, self.format)) + self.bit_count.to_bytes(2, "little") + self.raw

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """At least one bit, in exactly as many bytes as the count asks for."""
        head = at_least(payload, 4, "RAW")
        count = int.from_bytes(head[2:4], "little")
        if not count or len(payload) != 4 + (count + 7) // 8:
            raise MessageError(f"RAW: {count} bits in {len(payload) - 4} bytes")
        return cls(head[0], head[1], count, payload[4:])


@dataclass(frozen=True, slots=True, repr=False)
class FormattedCard(Message):
    """FMT: the characters of a card, where the reader has decoded it."""

    code: ClassVar[int] = 0x51
    reader: int
    direction: int
    characters: bytes

    def payload(self) -> bytes:
        """Three bytes and the characters."""
        return bytes((self.reader, self.direction, len(self.characters))) + self.characters

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly as many characters as the count says."""
        head = at_least(payload, 3, "FMT")
        exactly(payload, 3 + head[2], "FMT")
        return cls(head[0], head[1], payload[3:])


@dataclass(frozen=True, slots=True, repr=False)
class Keypad(Message):
    """KEYPAD: keys pressed, in ASCII; 0x7F stands for `*`, 0x0D for `#`."""

    code: ClassVar[int] = 0x53
    reader: int
    keys: bytes

    def payload(self) -> bytes:
        """Two bytes and the keys."""
        return bytes((self.reader, len(self.keys))) + self.keys

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly as many keys as the count says."""
        head = at_least(payload, 2, "KEYPAD")
        exactly(payload, 2 + head[1], "KEYPAD")
        return cls(head[0], payload[2:])


@dataclass(frozen=True, slots=True)
class CommunicationReport(Message):
    """COM: the address and speed that hold from now on."""

    code: ClassVar[int] = 0x54
    address: int
    baud: int

    def payload(self) -> bytes:
        """Five bytes."""
        return bytes((self.address,)) + self.baud.to_bytes(4, "little")

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly five bytes."""
        row = exactly(payload, 5, "COM")
        return cls(row[0], int.from_bytes(row[1:], "little"))


@dataclass(frozen=True, slots=True)
class ClientCryptogram(Message):
    """CCRYPT: the peripheral's id (8 bytes), random number (8) and proof that it holds the key (16)."""

    code: ClassVar[int] = 0x76
    client_id: bytes
    peripheral_random: bytes
    cryptogram: bytes

    def payload(self) -> bytes:
        """Thirty-two bytes."""
        return self.client_id + self.peripheral_random + self.cryptogram

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly thirty-two bytes."""
        row = exactly(payload, 32, "CCRYPT")
        return cls(row[:8], row[8:16], row[16:])


@dataclass(frozen=True, slots=True)
class InitialMac(Message):
    """RMAC_I: the start of the MAC chain (16 bytes)."""

    code: ClassVar[int] = 0x78
    mac: bytes

    def payload(self) -> bytes:
        """Sixteen bytes."""
        return self.mac

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Exactly sixteen bytes."""
        return cls(exactly(payload, 16, "RMAC_I"))


@dataclass(frozen=True, slots=True)
class Busy(Message):
    """BUSY: ask again later."""

    code: ClassVar[int] = 0x79


@dataclass(frozen=True, slots=True)
class ManufacturerReply(Message):
    """MFGREP: what only its maker understands. `vendor` is an IEEE OUI of 3 bytes."""

    code: ClassVar[int] = 0x90
    vendor: bytes
    said: bytes

    def payload(self) -> bytes:
        """Three bytes, and whatever the maker wants."""
        return self.vendor + self.said

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """At least the vendor."""
        row = at_least(payload, 3, "MFGREP")
        return cls(row[:3], row[3:])


Reply = (
    Ack
    | Nak
    | Identity
    | Capabilities
    | LocalStatus
    | InputStatus
    | OutputStatus
    | ReaderStatus
    | RawCard
    | FormattedCard
    | Keypad
    | CommunicationReport
    | ClientCryptogram
    | InitialMac
    | Busy
    | ManufacturerReply
)

_REPLIES: dict[int, type[Reply]] = {kind.code: kind for kind in Reply.__args__}


def parse_reply(code: int, payload: bytes) -> Reply:
    """Read a reply's plain payload; raises MessageError where code or payload is unknown."""
    kind = _REPLIES.get(code)
    if kind is None:
        raise MessageError(f"unknown reply 0x{code:02X}")
    return kind.parse(payload)
