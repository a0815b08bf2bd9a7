"""A camera on a pan-tilt-zoom head that takes Pelco-D on a serial line: where it truly looks, moved by orders and time.

It has inertia of a kind: it turns no faster than its motors do, and one that is told no more stops after a while.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from devices.pelco_d import (
    CIRCLE,
    TOP_SPEED,
    TURBO,
    Axis,
    ClearPreset,
    GoToPreset,
    Message,
    Motion,
    PelcoParser,
    Position,
    QueryPosition,
    SetPosition,
    SetPreset,
    encode,
)

PAN_SPEED = 80.0
"""Degrees a second at top speed; turbo is half as fast again."""
TILT_SPEED = 40.0
ZOOM_SPEED = 0.5
"""Of its whole range, in a second."""
STOPS_AFTER = 15.0
"""Seconds after the last order at which it stops by itself, lest a lost stop leaves it turning."""

LOWEST, HIGHEST = -90.0, 20.0
_TURBO_FACTOR = 1.5
_HUNDREDTHS = 100
_FULL_ZOOM = 0xFFFF


@dataclass(frozen=True, slots=True)
class Aim:
    """Where it looks: `pan` 0 to 360 degrees clockwise, `tilt` -90 (down) to 20, `zoom` 0 (wide) to 1 (tele)."""

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0


class CameraHead:
    """A peripheral of `simulators.bus`. `aim` and `presets` are the ground truth; calls from any thread are safe.

    It sits at `address`, and goes to a preset or a position at once: how long that takes is no matter of the protocol.
    """

    def __init__(self, address: int) -> None:
        self.address = address
        self.presets: dict[int, Aim] = {}
        self.ignored = 0
        """Frames that were whole, and not for it or not to be done."""
        self._aim = Aim()
        self._motion = Motion()
        self._since = self._ordered = 0.0
        self._parser = PelcoParser()
        self._lock = threading.Lock()

    def aim(self, now: float) -> Aim:
        """Return where it looks now."""
        with self._lock:
            return self._moved(now)

    def receive(self, received: bytes, now: float) -> list[bytes]:
        """Take bytes from the line; return the answers, each a whole frame."""
        with self._lock:
            answers = [self._obey(message, now) for address, message in self._mine(received) if address == self.address]
            return [encode(self.address, answer) for answer in answers if answer]

    def get_timer(self) -> float:
        """When something happens in here without the line."""
        return float("inf")

    def handle_timer(self, now: float) -> list[bytes]:
        """Nothing: it moves by the time at which it is looked at."""
        del now
        return []

    def _mine(self, received: bytes) -> list[tuple[int, Message]]:
        heard = self._parser.feed(received)
        self.ignored += sum(address != self.address for address, _ in heard)
        return heard

    def _obey(self, message: Message, now: float) -> Position | None:
        self._aim, self._since, self._ordered = self._moved(now), now, now
        match message:
            case Motion():
                self._motion = message
            case SetPreset(number=number):
                self.presets[number] = self._aim
            case ClearPreset(number=number):
                self.presets.pop(number, None)
            case GoToPreset(number=number):
                self._motion = Motion()
                self._aim = self.presets.get(number, self._aim)
            case SetPosition(axis=axis, value=value):
                self._motion = Motion()
                self._aim = _set(self._aim, axis, value)
            case QueryPosition(axis=axis):
                return Position(axis, _value(self._aim, axis))
            case Position():
                self.ignored += 1
        return None

    def _moved(self, now: float) -> Aim:
        seconds = max(0.0, min(now, self._ordered + STOPS_AFTER) - self._since)
        pan = PAN_SPEED * (_TURBO_FACTOR if abs(self._motion.pan) == TURBO else abs(self._motion.pan) / TOP_SPEED)
        return Aim(
            (self._aim.pan + seconds * (pan if self._motion.pan > 0 else -pan)) % 360.0,
            min(HIGHEST, max(LOWEST, self._aim.tilt + seconds * TILT_SPEED * self._motion.tilt / TOP_SPEED)),
            min(1.0, max(0.0, self._aim.zoom + seconds * ZOOM_SPEED * self._motion.zoom)),
        )


def _set(aim: Aim, axis: Axis, value: int) -> Aim:
    degrees = value / _HUNDREDTHS
    match axis:
        case Axis.PAN:
            return replace(aim, pan=degrees)
        case Axis.TILT:  # counted all around, downwards from the horizon
            return replace(aim, tilt=min(HIGHEST, max(LOWEST, -degrees if degrees <= 180.0 else 360.0 - degrees)))
        case Axis.ZOOM:
            return replace(aim, zoom=value / _FULL_ZOOM)


def _value(aim: Aim, axis: Axis) -> int:
    match axis:
        case Axis.PAN:
            return round(aim.pan * _HUNDREDTHS) % CIRCLE
        case Axis.TILT:
            return round(-aim.tilt * _HUNDREDTHS) % CIRCLE
        case Axis.ZOOM:
            return round(aim.zoom * _FULL_ZOOM)
