"""Requests to the outside, never proof that something happened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from controller.domain.faces import Liveness
from controller.domain.heads import HeadOrder
from controller.domain.ids import CameraId, CardholderId, DoorId, OutputId, ReaderId, RequestId


class Light(StrEnum):
    """What a reader shows: red or green, or what it wants next. It never says why."""

    GRANTED = "granted"
    DENIED = "denied"
    ENTER_PIN = "enter_pin"
    LOOK_AT_CAMERA = "look_at_camera"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    CLOSE_EYES = "close_eyes"
    WAIT = "wait"
    NEXT_BADGE = "next_badge"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Unlock:
    """Release a door for somebody coming in, for ``seconds``; dropped once monotonic time passes ``deadline``."""

    door: DoorId
    request: RequestId
    seconds: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Release:
    """Release a door for somebody going out, for ``seconds``."""

    door: DoorId
    seconds: float


@dataclass(frozen=True, slots=True)
class HoldUnlocked:
    """Hold a door released for whoever comes, until a ``Relock``; a device that loses its link locks by itself."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class FireRelease:
    """Hold a door released because of fire, until a ``Relock``, whatever becomes of the link."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class Relock:
    """Lock a door now, and hold it released no longer."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep a barrier that is open from closing, until it is told to lock: something stands in its way."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class Signal:
    """Light and sounder of a reader."""

    reader: ReaderId
    light: Light


@dataclass(frozen=True, slots=True)
class AskFace:
    """Look for this person's face until monotonic ``until``; ``liveness``: what is asked of it besides."""

    request: RequestId
    camera: CameraId
    cardholder: CardholderId
    until: float
    liveness: Liveness = Liveness.OFF


@dataclass(frozen=True, slots=True)
class StopFace:
    """No longer look for it."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class SetOutput:
    """Switch an output that locks no door: on for ``seconds``, or until told otherwise (None); or off."""

    output: OutputId
    on: bool
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class MoveHead:
    """Have a camera's head do what an operator ordered. ``by``: monotonic; past it the order is dropped."""

    order: HeadOrder
    by: float


DoorEffect = Unlock | Release | HoldUnlocked | FireRelease | Relock | Hold
Effect = DoorEffect | Signal | AskFace | StopFace | SetOutput | MoveHead


def waits_for_log(effect: Effect) -> bool:
    """Tell whether the effect may only be posted once its record is durable: an ingress unlock and its green light.

    Everything else (egress, relock, lockdown, sirens, red lights) is posted at once, whatever the disk does.
    """
    match effect:
        case Unlock() | HoldUnlocked():
            return True
        case Signal(light=light):
            return light is Light.GRANTED
        case Release() | FireRelease() | Relock() | Hold() | AskFace() | StopFace() | SetOutput() | MoveHead():
            return False
    assert_never(effect)
