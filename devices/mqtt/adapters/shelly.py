"""Shelly, generation 2 and later: `ID/online`, `ID/status/switch:0`, `ID/status/input:0`, `ID/events/rpc`, `ID/rpc`.

Source: shelly-api-docs.shelly.cloud/gen2, "RPC Protocol", "MQTT", "Switch", "Input". It times a pulse itself
(`toggle_after`), and answers each call under its number. Its input is active when the door is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import orjson

from devices.mqtt.adapters.kit import Kit, Publish, flag, inner, members, word
from devices.mqtt.messages import AckResult, DeviceMessage

ONLINE: Final = {"true": True, "false": False}
SWITCH: Final = "switch:0"
INPUT: Final = "input:0"


class Shelly(Kit):
    """One Shelly; ``topic`` is its MQTT prefix."""

    @property
    def written(self) -> tuple[str, ...]:
        """See Kit."""
        own = (f"status/{SWITCH}", f"status/{INPUT}", "online", "events/rpc", "answers/rpc")
        return tuple(f"{self.topic}/{each}" for each in own)

    @property
    def read(self) -> tuple[str, ...]:
        """See Kit."""
        return (f"{self.topic}/rpc",)

    def questions(self) -> tuple[Publish, ...]:
        """See Kit."""
        return tuple(self._call("status", method, {"id": 0}) for method in ("Switch.GetStatus", "Input.GetStatus"))

    def _heard(self, topic: str, payload: bytes, *, retained: bool) -> Iterable[DeviceMessage]:
        match topic.removeprefix(f"{self.topic}/"):
            case "online":
                yield from self._available(there=word(payload, ONLINE))
            case "events/rpc":
                params = inner(members(payload), "params")
                yield from self._shown({**inner(params, INPUT), **inner(params, SWITCH)}, retained=retained)
            case "answers/rpc":
                yield from self._answer(members(payload), retained=retained)
            case _:
                yield from self._shown(members(payload), retained=retained)

    def _shown(self, status: Mapping[str, object], *, retained: bool) -> Iterable[DeviceMessage]:
        output, state = flag(status, "output"), flag(status, "state")
        if state is not None:
            yield from self._contact(is_open=state)
        if output is not None:
            yield from self._relay(on=output, retained=retained)

    def _answer(self, answer: Mapping[str, object], *, retained: bool) -> Iterable[DeviceMessage]:
        if self._pending is not None and answer.get("id") == self._pending[0] and not retained:
            yield self._ack(AckResult.REFUSED if "error" in answer else AckResult.OK)
        elif answer.get("id") == "status":
            yield from self._shown(inner(answer, "result"), retained=True)  # says how it stands, answers no order

    def _switch(self, command_id: str, seconds: float | None, *, on: bool) -> tuple[Publish, ...]:
        params: dict[str, object] = {"id": 0, "on": on}
        if seconds is not None:
            params["toggle_after"] = seconds
        return (self._call(command_id, "Switch.Set", params),)

    def _call(self, number: str, method: str, params: Mapping[str, object]) -> Publish:
        call = {"id": number, "src": f"{self.topic}/answers", "method": method, "params": params}
        return Publish(f"{self.topic}/rpc", orjson.dumps(call))
