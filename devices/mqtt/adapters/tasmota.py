"""Tasmota: `cmnd/NAME/...`, `stat/NAME/...`, `tele/NAME/...`, last will `tele/NAME/LWT`.

Source: tasmota.github.io/docs, "MQTT", "Commands" (`Power`, `PulseTime`, `Backlog0`), "Buttons and Switches". It times
a pulse itself (`PulseTime`). Its first switch is ON when the door is open (`SwitchMode1 1`, `SetOption114 1`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from devices.mqtt.adapters.kit import Bad, Kit, Publish, inner, members, one_of, word
from devices.mqtt.messages import DeviceMessage

ONLINE: Final = {"Online": True, "Offline": False}
SWITCHED: Final = {"ON": True, "OFF": False}
TENTHS: Final = 111
"""`PulseTime` counts tenths of a second up to this, and then seconds from 112 (= 12 s)."""
LONGEST: Final = 64_900


class Tasmota(Kit):
    """One Tasmota device; ``topic`` is its own, with the usual `%prefix%/%topic%/`."""

    @property
    def written(self) -> tuple[str, ...]:
        """See Kit."""
        stat = tuple(f"stat/{self.topic}/{each}" for each in ("RESULT", "POWER", "POWER1", "STATUS10"))
        return (*stat, *(f"tele/{self.topic}/{each}" for each in ("LWT", "STATE", "SENSOR")))

    @property
    def read(self) -> tuple[str, ...]:
        """See Kit."""
        return (f"cmnd/{self.topic}/+",)

    def questions(self) -> tuple[Publish, ...]:
        """See Kit."""
        return self._command("STATUS", "10"), self._command("POWER1", "")

    def _heard(self, topic: str, payload: bytes, *, retained: bool) -> Iterable[DeviceMessage]:
        match topic.rpartition("/")[2]:
            case "LWT":
                yield from self._available(there=word(payload, ONLINE))
            case "POWER" | "POWER1":
                yield from self._relay(on=word(payload, SWITCHED), retained=retained)
            case "STATUS10":
                yield from self._shown(inner(members(payload), "StatusSNS"), retained=retained)
            case _:
                yield from self._shown(members(payload), retained=retained)

    def _shown(self, fields: Mapping[str, object], *, retained: bool) -> Iterable[DeviceMessage]:
        switch = fields.get("Switch1")
        switch = switch.get("Action") if isinstance(switch, dict) else switch
        if switch is not None:
            yield from self._contact(is_open=one_of(switch, SWITCHED, "Switch1"))
        power = fields.get("POWER", fields.get("POWER1"))
        if power is not None:
            yield from self._relay(on=one_of(power, SWITCHED, "POWER"), retained=retained)

    def _switch(self, command_id: str, seconds: float | None, *, on: bool) -> tuple[Publish, ...]:
        del command_id  # nothing of it comes back
        if not on:
            return (self._command("POWER1", "OFF"),)
        return (self._command("Backlog0", f"PulseTime1 {pulse_time(seconds)}; Power1 ON"),)

    def _command(self, name: str, payload: str) -> Publish:
        return Publish(f"cmnd/{self.topic}/{name}", payload.encode())


def pulse_time(seconds: float | None) -> int:
    """Return `PulseTime`'s number for so many seconds; None: no end."""
    if seconds is None:
        return 0
    if seconds < 0:
        raise Bad("seconds: not below 0")
    tenths = max(1, round(seconds * 10))
    return tenths if tenths <= TENTHS else min(LONGEST, 100 + max(12, round(seconds)))
