"""Pelco-D, as pan-tilt-zoom heads take it over RS-485 (Pelco TF-0002, rev. 2): bytes in, values out, and back; pure.

A frame is seven bytes: 0xFF, address, two command bytes, two data bytes, and the sum of the five before it, modulo 256.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

SYNC = 0xFF
FRAME_LENGTH = 7
TOP_SPEED = 0x3F
TURBO = 0x40
"""A pan faster than the fastest step, where a head has one."""

PRESETS = range(1, 0x100)
ADDRESSES = range(0x100)
CIRCLE = 36_000
"""Hundredths of a degree all around."""

_SPEED_TURBO = 0xFF
_RIGHT, _LEFT, _UP, _DOWN, _TELE, _WIDE, _FAR = 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80
_NEAR, _IRIS_OPEN, _IRIS_CLOSE = 0x01, 0x02, 0x04
_EXTENDED = 0x01
_SET_PRESET, _CLEAR_PRESET, _GO_TO_PRESET = 0x03, 0x05, 0x07
_SET_POSITION, _QUERY_POSITION, _POSITION = 0x4B, 0x51, 0x59


class Axis(IntEnum):
    """What a position is of; the codes of the three axes follow each other in this order, two apart."""

    PAN = 0
    TILT = 1
    ZOOM = 2


@dataclass(frozen=True, slots=True)
class Motion:
    """Move until told otherwise. `pan` is -64 (`TURBO` to the left) to 64, `tilt` -63 (down) to 63; 0 is still.

    `zoom`: -1 wide, 1 tele; `focus`: -1 near, 1 far; `iris`: -1 close, 1 open. `Motion()` stops everything.
    """

    pan: int = 0
    tilt: int = 0
    zoom: int = 0
    focus: int = 0
    iris: int = 0


@dataclass(frozen=True, slots=True)
class SetPreset:
    """Keep where the head looks now under a number (1 to 255)."""

    number: int


@dataclass(frozen=True, slots=True)
class ClearPreset:
    """Forget a number."""

    number: int


@dataclass(frozen=True, slots=True)
class GoToPreset:
    """Look where a number says."""

    number: int


@dataclass(frozen=True, slots=True)
class SetPosition:
    """Go to a place on one axis: hundredths of a degree (0 to 35,999), for the zoom 0 to 65,535 of its range."""

    axis: Axis
    value: int


@dataclass(frozen=True, slots=True)
class QueryPosition:
    """Ask where one axis stands."""

    axis: Axis


@dataclass(frozen=True, slots=True)
class Position:
    """The head's answer, as `SetPosition` counts."""

    axis: Axis
    value: int


_PRESET_KINDS: Mapping[int, type[SetPreset] | type[ClearPreset] | type[GoToPreset]] = {
    _SET_PRESET: SetPreset,
    _CLEAR_PRESET: ClearPreset,
    _GO_TO_PRESET: GoToPreset,
}

Message = Motion | SetPreset | ClearPreset | GoToPreset | SetPosition | QueryPosition | Position


def encode(address: int, message: Message) -> bytes:
    """Return the frame. ValueError for an address, a speed, a preset or a position that Pelco-D cannot say."""
    if address not in ADDRESSES:
        raise ValueError(f"no head has address {address}")
    body = bytes((address, *_words(message)))
    return bytes((SYNC, *body, sum(body) & 0xFF))


class PelcoParser:
    """Finds frames in a stream of bytes: any chunking, any noise around them, never an error."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> list[tuple[int, Message]]:
        """Return address and message of each frame that `received` completes; those that mean nothing are left out."""
        self._buffer += received
        found = []
        while len(self._buffer) >= FRAME_LENGTH:
            start = self._buffer.find(SYNC)
            del self._buffer[: len(self._buffer) if start < 0 else start]
            if len(self._buffer) < FRAME_LENGTH:
                break
            frame = bytes(self._buffer[:FRAME_LENGTH])
            genuine = sum(frame[1:-1]) & 0xFF == frame[-1]
            del self._buffer[: FRAME_LENGTH if genuine else 1]
            message = _message(*frame[2:6]) if genuine else None
            if message is not None:
                found.append((frame[1], message))
        return found


def _words(message: Message) -> tuple[int, int, int, int]:
    """The two command bytes and the two data bytes."""
    match message:
        case Motion():
            return _motion_words(message)
        case SetPreset(number=number):
            return 0, _SET_PRESET, 0, _preset(number)
        case ClearPreset(number=number):
            return 0, _CLEAR_PRESET, 0, _preset(number)
        case GoToPreset(number=number):
            return 0, _GO_TO_PRESET, 0, _preset(number)
        case SetPosition(axis=axis, value=value):
            return 0, _SET_POSITION + 2 * axis, *_place(axis, value)
        case QueryPosition(axis=axis):
            return 0, _QUERY_POSITION + 2 * axis, 0, 0
        case Position(axis=axis, value=value):
            return 0, _POSITION + 2 * axis, *_place(axis, value)


def _motion_words(motion: Motion) -> tuple[int, int, int, int]:
    if abs(motion.pan) > TURBO or abs(motion.tilt) > TOP_SPEED:
        raise ValueError(f"no head moves as fast as {motion.pan}, {motion.tilt}")
    first = _bit(motion.focus, 0, _NEAR) | _bit(motion.iris, _IRIS_OPEN, _IRIS_CLOSE)
    second = (
        _bit(motion.pan, _RIGHT, _LEFT)
        | _bit(motion.tilt, _UP, _DOWN)
        | _bit(motion.zoom, _TELE, _WIDE)
        | _bit(motion.focus, _FAR, 0)
    )
    return first, second, _SPEED_TURBO if abs(motion.pan) == TURBO else abs(motion.pan), abs(motion.tilt)


def _message(first: int, second: int, high: int, low: int) -> Message | None:
    if not second & _EXTENDED:
        return _motion(first, second, high, low)
    if first:
        return None
    if second in _PRESET_KINDS:
        return _PRESET_KINDS[second](low) if low in PRESETS else None
    return _of_axis(second, high << 8 | low)


def _of_axis(code: int, value: int) -> Message | None:
    for axis in Axis:
        if code == _QUERY_POSITION + 2 * axis:
            return QueryPosition(axis)
        if axis is not Axis.ZOOM and value >= CIRCLE:
            continue
        if code == _SET_POSITION + 2 * axis:
            return SetPosition(axis, value)
        if code == _POSITION + 2 * axis:
            return Position(axis, value)
    return None


def _motion(first: int, second: int, high: int, low: int) -> Motion | None:
    pan = TURBO if high == _SPEED_TURBO else high
    if pan > TURBO or low > TOP_SPEED:
        return None
    return Motion(
        pan=pan * _sign(second, _RIGHT, _LEFT),
        tilt=low * _sign(second, _UP, _DOWN),
        zoom=_sign(second, _TELE, _WIDE),
        focus=bool(second & _FAR) - bool(first & _NEAR),
        iris=_sign(first, _IRIS_OPEN, _IRIS_CLOSE),
    )


def _bit(way: int, forward: int, backward: int) -> int:
    return forward if way > 0 else backward if way < 0 else 0


def _sign(word: int, forward: int, backward: int) -> int:
    return bool(word & forward) - bool(word & backward)


def _preset(number: int) -> int:
    if number not in PRESETS:
        raise ValueError(f"no preset has number {number}")
    return number


def _place(axis: Axis, value: int) -> tuple[int, int]:
    if not 0 <= value < (0x10000 if axis is Axis.ZOOM else CIRCLE):
        raise ValueError(f"{value} is nowhere on the {axis.name.lower()} axis")
    return value >> 8, value & 0xFF
