"""OSDP frames on the wire: SOM, address, length, control, security block, code, payload, MAC, check (clause 5.9).

A frame is little-endian. Its check is CRC-16 (polynomial 0x1021, initial value 0x1D0F) or an 8-bit checksum.
"""

from binascii import crc_hqx
from dataclasses import dataclass, field

from devices.osdp.errors import LocalError

START_OF_MESSAGE = 0x53
REPLY_BIT = 0x80
BROADCAST_ADDRESS = 0x7F
MAX_ADDRESS = 0x7E
MAX_FRAME = 1440
"""Longest frame accepted from a peer, in bytes (clause 5.9, table 1)."""

_CRC_INITIAL = 0x1D0F
_HEADER = 5
_MAC = 4
_SEQUENCE_MASK = 0x03
_CONTROL_CRC = 0x04
_CONTROL_SECURITY = 0x08
_CONTROL_RESERVED = 0xF0
_SECURED_TYPES = range(0x15, 0x19)


@dataclass(frozen=True, slots=True)
class SecurityBlock:
    """The security block of a frame: its SCS_nn type and whatever data follows the type."""

    kind: int
    data: bytes = b""

    @property
    def has_mac(self) -> bool:
        """Whether frames of this type (SCS_15 to SCS_18) carry a MAC."""
        return self.kind in _SECURED_TYPES

    def encode(self) -> bytes:
        """Length (itself included), type, data."""
        return bytes((len(self.data) + 2, self.kind)) + self.data


@dataclass(frozen=True, slots=True)
class Frame:
    """One OSDP frame. `payload` is as it stands on the wire, so encrypted in SCS_17 and SCS_18.

    `mac` is empty, or the 4 bytes that SCS_15 to SCS_18 carry. `covered` are the bytes that it covers, where they are
    known already; nothing that is made of this frame inherits them.
    """

    address: int
    sequence: int
    code: int
    payload: bytes = b""
    reply: bool = False
    security: SecurityBlock | None = None
    mac: bytes = b""
    crc: bool = True
    covered: bytes = field(default=b"", init=False, compare=False, repr=False)

    def authenticated(self) -> bytes:
        """The bytes a MAC covers: from SOM to the end of the payload, the length counting MAC and check too."""
        if self.covered:
            return self.covered
        block = self.security.encode() if self.security else b""
        mac_length = _MAC if self.security and self.security.has_mac else 0
        length = _HEADER + len(block) + 1 + len(self.payload) + mac_length + _check_length(crc=self.crc)
        if length > MAX_FRAME:
            raise LocalError(f"a frame of {length} bytes is longer than {MAX_FRAME}")
        address = self.address | (REPLY_BIT if self.reply else 0)
        header = (START_OF_MESSAGE, address, length & 0xFF, length >> 8, self._control())
        return bytes((*header, *block, self.code)) + self.payload

    def encode(self) -> bytes:
        """The whole frame as it goes on the wire."""
        body = self.authenticated() + self.mac
        return body + _check(body, crc=self.crc)

    def _control(self) -> int:
        crc = _CONTROL_CRC if self.crc else 0
        return self.sequence | crc | (_CONTROL_SECURITY if self.security else 0)


def covering(frame: Frame, covered: bytes) -> Frame:
    """Note in a frame that was just made which bytes its MAC covers: they are not put together again then."""
    object.__setattr__(frame, "covered", covered)
    return frame


class FrameParser:
    """Finds frames in a stream of bytes: any chunking, any noise around them, never an error.

    A frame whose check fails is skipped byte by byte, so that a whole frame behind a damaged one is still found.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def in_frame(self) -> bool:
        """Whether the beginning of a frame waits for its rest."""
        return bool(self._buffer)

    def feed(self, received: bytes) -> list[Frame]:
        """Return the frames that `received` completes, in order."""
        self._buffer += received
        frames = []
        while self._align():
            length = self._expected()
            if length is None or len(self._buffer) < length:
                break
            frame = _decode(bytes(self._buffer[:length]))
            del self._buffer[: length if frame else 1]
            if frame:
                frames.append(frame)
        return frames

    def flush(self) -> list[Frame]:
        """Give up the frame under way, after the inter-character time-out; return whole frames found behind it."""
        frames = []
        while self._buffer:
            del self._buffer[:1]
            frames += self.feed(b"")
        return frames

    def clear(self) -> None:
        """Forget everything that is under way."""
        self._buffer.clear()

    def _align(self) -> bool:
        """Drop bytes until the buffer starts like a frame; False if nothing is left."""
        while self._buffer:
            start = self._buffer.find(START_OF_MESSAGE)
            del self._buffer[: len(self._buffer) if start < 0 else start]
            if _plausible(self._buffer):
                break
            del self._buffer[:1]
        return bool(self._buffer)

    def _expected(self) -> int | None:
        if len(self._buffer) < _HEADER:
            return None
        return int.from_bytes(self._buffer[2:4], "little")


def crc16(message: bytes) -> int:
    """CRC-16 of clause 5.9: polynomial 0x1021, initial value 0x1D0F, not reflected."""
    return crc_hqx(message, _CRC_INITIAL)


def checksum(message: bytes) -> int:
    """Two's complement of the 8-bit sum of all bytes."""
    return -sum(message) & 0xFF


def _check_length(*, crc: bool) -> int:
    return 2 if crc else 1


def _check(body: bytes, *, crc: bool) -> bytes:
    return crc16(body).to_bytes(2, "little") if crc else bytes((checksum(body),))


def _plausible(buffer: bytearray) -> bool:
    """Whether what is there of a header can be one: early refusal keeps noise from swallowing the frame behind it."""
    if len(buffer) >= _HEADER:
        minimum = _HEADER + 1 + _check_length(crc=bool(buffer[4] & _CONTROL_CRC))
        return not buffer[4] & _CONTROL_RESERVED and minimum <= int.from_bytes(buffer[2:4], "little") <= MAX_FRAME
    return len(buffer) < 4 or buffer[3] <= MAX_FRAME >> 8


def _decode(whole: bytes) -> Frame | None:
    """The frame in exactly these bytes, or None where check or structure is wrong."""
    control = whole[4]
    crc = bool(control & _CONTROL_CRC)
    body = whole[: -_check_length(crc=crc)]
    if _check(body, crc=crc) != whole[len(body) :]:
        return None
    block, rest = _split_security(control, body[_HEADER:])
    if rest is None:
        return None
    mac = rest[-_MAC:] if block and block.has_mac else b""
    message = rest[: len(rest) - len(mac)]
    if not message or (block and block.has_mac and len(mac) < _MAC):
        return None
    frame = Frame(
        address=whole[1] & ~REPLY_BIT,
        sequence=control & _SEQUENCE_MASK,
        code=message[0],
        payload=message[1:],
        reply=bool(whole[1] & REPLY_BIT),
        security=block,
        mac=mac,
        crc=crc,
    )
    return covering(frame, body[: len(body) - len(mac)])


def _split_security(control: int, body: bytes) -> tuple[SecurityBlock | None, bytes | None]:
    if not control & _CONTROL_SECURITY:
        return None, body
    if len(body) < 2 or not 2 <= body[0] <= len(body):
        return None, None
    return SecurityBlock(body[1], body[2 : body[0]]), body[body[0] :]
