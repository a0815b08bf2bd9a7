"""ESPHome over MQTT: `NAME/status`, `NAME/<component>/<object>/state` and `/command`.

Source: esphome.io, "MQTT Client Component", "Lock", "Switch", "Binary Sensor". The objects are named as below in the
device's own file: a lock `lock`, binary sensors `contact` and `tamper`, a switch `output`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from devices.mqtt.adapters.kit import Bad, Kit, Publish, word
from devices.mqtt.messages import DeviceMessage, LockState, LockWord, Tamper, TamperWord
from devices.mqtt.topics import DeviceId

ONLINE: Final = {"online": True, "offline": False}
SWITCHED: Final = {"ON": True, "OFF": False}
BOLTS: Final = {each.value.encode(): each for each in LockWord}
LOCK: Final = "lock/lock"
CONTACT: Final = "binary_sensor/contact"
TAMPER: Final = "binary_sensor/tamper"
OUTPUT: Final = "switch/output"


class Esphome(Kit):
    """One ESPHome node; ``topic`` is its `topic_prefix`. ``is_lock``: its lock is a door's, else its switch counts."""

    def __init__(self, device: DeviceId, topic: str, *, is_lock: bool) -> None:
        super().__init__(device, topic)
        self._is_lock = is_lock

    @property
    def written(self) -> tuple[str, ...]:
        """See Kit."""
        return (f"{self.topic}/status", *(f"{self.topic}/{each}/state" for each in (LOCK, CONTACT, TAMPER, OUTPUT)))

    @property
    def read(self) -> tuple[str, ...]:
        """See Kit."""
        return f"{self.topic}/{LOCK}/command", f"{self.topic}/{OUTPUT}/command"

    def questions(self) -> tuple[Publish, ...]:
        """It retains all that it says: the broker has told it already."""
        return ()

    def _heard(self, topic: str, payload: bytes, *, retained: bool) -> Iterable[DeviceMessage]:
        match topic.removeprefix(f"{self.topic}/").removesuffix("/state"):
            case "status":
                yield from self._available(there=word(payload, ONLINE))
            case "lock/lock":
                yield from self._bolt(payload, retained=retained)
            case "binary_sensor/contact":
                yield from self._contact(is_open=word(payload, SWITCHED))
            case "binary_sensor/tamper":
                tampered = word(payload, SWITCHED)
                yield Tamper(self.device, TamperWord.TAMPERED if tampered else TamperWord.CLEAR)
            case _:
                yield from self._relay(on=word(payload, SWITCHED), retained=retained)

    def _bolt(self, payload: bytes, *, retained: bool) -> Iterable[DeviceMessage]:
        if payload == b"NONE":
            return
        if payload not in BOLTS:
            raise Bad(f"payload: one of {', '.join(LockWord)} is expected")
        bolt = BOLTS[payload]
        yield LockState(self.device, bolt)
        if not retained and bolt in (LockWord.LOCKED, LockWord.UNLOCKED):
            yield from self._answered(on=bolt is LockWord.UNLOCKED)

    def _switch(self, command_id: str, seconds: float | None, *, on: bool) -> tuple[Publish, ...]:
        del command_id  # nothing of it comes back
        topic, free, shut = (LOCK, b"UNLOCK", b"LOCK") if self._is_lock else (OUTPUT, b"ON", b"OFF")
        topic = f"{self.topic}/{topic}/command"
        if not on:
            return (Publish(topic, shut),)
        return (Publish(topic, free), *(() if seconds is None else (Publish(topic, shut, after=seconds),)))
