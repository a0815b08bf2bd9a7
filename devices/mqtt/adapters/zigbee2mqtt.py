"""zigbee2mqtt: `BASE/NAME`, `BASE/NAME/set`, `BASE/NAME/availability`, `BASE/bridge/state`.

Sources: zigbee2mqtt.io, "MQTT topics and messages", "Device availability", and the pages of single devices. `state`
of a lock is what it was told; only `lock_state` is what its bolt does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import orjson

from devices.mqtt.adapters.kit import Bad, Kit, Publish, flag, members, one_of
from devices.mqtt.messages import (
    Command,
    DeviceMessage,
    DoorState,
    DoorWord,
    InputWord,
    LockState,
    LockWord,
    PointState,
    Power,
    PowerWord,
    Tamper,
    TamperWord,
)
from devices.mqtt.topics import DeviceId

ONLINE: Final = {"online": True, "offline": False}
BOLTS: Final = {"locked": LockWord.LOCKED, "unlocked": LockWord.UNLOCKED, "not_fully_locked": LockWord.JAMMED}
SWITCHED: Final = {"ON": True, "OFF": False}
LOCKED: Final = {"UNLOCK": True, "LOCK": False}
LASTING: Final = ("occupancy", "water_leak", "smoke", "gas", "alarm", "carbon_monoxide")
MOMENTARY: Final = ("vibration",)


class Zigbee(Kit):
    """One Zigbee device behind zigbee2mqtt; ``topic`` is `BASE/NAME`."""

    def __init__(self, device: DeviceId, topic: str) -> None:
        super().__init__(device, topic)
        self._base = topic.partition("/")[0]
        self._is_lock: bool | None = None  # what it is told by; it says so itself
        self._gateway_there = None

    def reset(self) -> None:
        """See Kit."""
        super().reset()
        self._gateway_there = None

    @property
    def user(self) -> str:
        """All devices of one gateway speak through it."""
        return self._base

    @property
    def written(self) -> tuple[str, ...]:
        """See Kit."""
        return self.topic, f"{self.topic}/availability", f"{self._base}/bridge/state"

    @property
    def read(self) -> tuple[str, ...]:
        """See Kit."""
        return f"{self.topic}/set", f"{self.topic}/get"

    def questions(self) -> tuple[Publish, ...]:
        """See Kit."""
        return (Publish(f"{self.topic}/get", orjson.dumps({"state": ""})),)

    def told(self, command: Command) -> tuple[Publish, ...] | None:
        """See Kit. What never said whether it locks or switches is told nothing."""
        return None if self._is_lock is None else super().told(command)

    def _heard(self, topic: str, payload: bytes, *, retained: bool) -> Iterable[DeviceMessage]:
        if topic == f"{self._base}/bridge/state":
            yield from self._available(gateway=_online(payload))
        elif topic == f"{self.topic}/availability":
            yield from self._available(there=_online(payload))
        else:
            yield from self._state(members(payload), retained=retained)

    def _state(self, known: Mapping[str, object], *, retained: bool) -> Iterable[DeviceMessage]:
        yield from self._contact_and_point(known, retained=retained)
        tampered, low = flag(known, "tamper"), flag(known, "battery_low")
        if tampered is not None:
            yield Tamper(self.device, TamperWord.TAMPERED if tampered else TamperWord.CLEAR)
        if low is not None:
            yield Power(self.device, PowerWord.LOW if low else PowerWord.MAINS)
        yield from self._lock_and_relay(known, retained=retained)

    def _contact_and_point(self, fields: Mapping[str, object], *, retained: bool) -> Iterable[DeviceMessage]:
        closed = flag(fields, "contact")
        if closed is not None:  # true: closed
            yield DoorState(self.device, DoorWord.CLOSED if closed else DoorWord.OPEN)
        asked = LASTING if retained else (*LASTING, *MOMENTARY)
        senses = [sensed for key in asked if (sensed := flag(fields, key)) is not None]
        senses += [] if closed is None else [not closed]
        if senses:
            yield PointState(self.device, InputWord.ACTIVE if any(senses) else InputWord.NORMAL)

    def _lock_and_relay(self, fields: Mapping[str, object], *, retained: bool) -> Iterable[DeviceMessage]:
        bolt, state = fields.get("lock_state"), fields.get("state")
        if bolt is not None:
            if not isinstance(bolt, str) or bolt not in BOLTS:
                raise Bad(f"lock_state: one of {', '.join(BOLTS)} is expected")
            self._is_lock = True
            yield LockState(self.device, BOLTS[bolt])
        if isinstance(state, str) and state in LOCKED:
            self._is_lock = True
            if not retained:
                yield from self._answered(on=LOCKED[state])
        elif state is not None:
            self._is_lock = False
            yield from self._relay(on=one_of(state, SWITCHED, "state"), retained=retained)

    def _switch(self, command_id: str, seconds: float | None, *, on: bool) -> tuple[Publish, ...]:
        del command_id  # nothing of it comes back
        topic = f"{self.topic}/set"
        if self._is_lock:
            shut = Publish(topic, orjson.dumps({"state": "LOCK"}), after=seconds or 0.0)
            free = Publish(topic, orjson.dumps({"state": "UNLOCK"}))
            return (shut,) if not on else (free, shut) if seconds is not None else (free,)
        order: dict[str, object] = {"state": "ON" if on else "OFF"}
        if on and seconds is not None:
            order |= {"on_time": seconds, "off_wait_time": 0}
        return (Publish(topic, orjson.dumps(order)),)


def _online(payload: bytes) -> bool:
    """`{"state":"online"}`, or the bare word that older versions say."""
    bare = payload.strip(b'"')
    if bare in (b"online", b"offline"):
        return bare == b"online"
    return one_of(members(payload).get("state"), ONLINE, "state")
