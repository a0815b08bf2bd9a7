"""The words of the MQTT contract and the building's own, side by side."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.doors import LockStatus
from controller.domain.effects import Light
from controller.domain.events import UnlockFailure
from controller.domain.points import PointCondition
from devices.mqtt import messages as mqtt

LOCKS: Mapping[mqtt.LockWord, LockStatus] = {
    mqtt.LockWord.LOCKED: LockStatus.LOCKED,
    mqtt.LockWord.UNLOCKED: LockStatus.UNLOCKED,
    mqtt.LockWord.LOCKING: LockStatus.UNLOCKED,
    mqtt.LockWord.UNLOCKING: LockStatus.UNLOCKED,
    mqtt.LockWord.JAMMED: LockStatus.JAMMED,
}
"""A bolt on its way is not a locked bolt."""

CONDITIONS: Mapping[mqtt.InputWord, PointCondition] = {
    mqtt.InputWord.NORMAL: PointCondition.NORMAL,
    mqtt.InputWord.ACTIVE: PointCondition.ACTIVE,
    mqtt.InputWord.OPEN_LOOP: PointCondition.OPEN_LOOP,
    mqtt.InputWord.SHORTED: PointCondition.SHORTED,
}
LIGHTS: Mapping[Light, mqtt.ReaderSignal] = {
    Light.GRANTED: mqtt.ReaderSignal.GRANTED,
    Light.DENIED: mqtt.ReaderSignal.DENIED,
    Light.ENTER_PIN: mqtt.ReaderSignal.ENTER_PIN,
    Light.LOOK_AT_CAMERA: mqtt.ReaderSignal.PROMPT,
    Light.TURN_LEFT: mqtt.ReaderSignal.PROMPT,
    Light.TURN_RIGHT: mqtt.ReaderSignal.PROMPT,
    Light.CLOSE_EYES: mqtt.ReaderSignal.PROMPT,
    Light.WAIT: mqtt.ReaderSignal.PROMPT,
    Light.NEXT_BADGE: mqtt.ReaderSignal.PROMPT,
    Light.IDLE: mqtt.ReaderSignal.IDLE,
}
ROTATIONS: Mapping[mqtt.DirectionWord, str] = {
    mqtt.DirectionWord.IN: "rotation_in",
    mqtt.DirectionWord.OUT: "rotation_out",
}
"""The key of the site file that a rotation is wired by."""

BROKEN = frozenset({mqtt.InputWord.OPEN_LOOP, mqtt.InputWord.SHORTED})
"""What a supervised input says of a wire that is cut or shorted."""

LOOP = "loop"
"""How a barrier's loop is called among a device's wires."""

FAILURES: Mapping[mqtt.AckResult, UnlockFailure] = {
    mqtt.AckResult.REFUSED: UnlockFailure.DEVICE_REFUSED,
    mqtt.AckResult.EXPIRED: UnlockFailure.DEADLINE_PASSED,
    mqtt.AckResult.JAMMED: UnlockFailure.JAMMED,
}
