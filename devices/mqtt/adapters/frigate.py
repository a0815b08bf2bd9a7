"""Frigate, a recorder that finds people in cameras' pictures: `BASE/available`, `BASE/events`, `BASE/NAME/person`.

Source: docs.frigate.video, "MQTT". NAME is a camera of its, or a zone of one. What it sees there is a point: active
while it follows a person, whom it tells of with a number of theirs, and counts. It is told nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from devices.mqtt.adapters.kit import Bad, Kit, Publish, inner, members, word
from devices.mqtt.messages import Command, DeviceMessage, InputWord, PointState
from devices.mqtt.topics import DeviceId

ONLINE: Final = {"online": True, "offline": False}
PERSON: Final = "person"
GOES_ON: Final = {"new": True, "update": True, "end": False}
MOST_PEOPLE: Final = 256
"""So many are followed at once; a recorder that tells of more forgot to tell that they are gone."""


class Frigate(Kit):
    """One camera or zone of a Frigate; ``topic`` is `BASE/NAME`."""

    def __init__(self, device: DeviceId, topic: str) -> None:
        super().__init__(device, topic)
        self._base, _, self._name = topic.partition("/")
        self._people: set[str] = set()
        self._counted = 0

    def reset(self) -> None:
        """See Kit."""
        super().reset()
        self._forget()

    @property
    def user(self) -> str:
        """All cameras of one Frigate speak through it."""
        return self._base

    @property
    def written(self) -> tuple[str, ...]:
        """See Kit."""
        return f"{self._base}/available", f"{self._base}/events", f"{self.topic}/{PERSON}"

    @property
    def read(self) -> tuple[str, ...]:
        """See Kit."""
        return ()

    def questions(self) -> tuple[Publish, ...]:
        """See Kit: it cannot be asked; whoever is in view is told of again with their next step."""
        return ()

    def told(self, command: Command) -> tuple[Publish, ...] | None:
        """See Kit: it switches nothing."""
        del command
        return None

    def _heard(self, topic: str, payload: bytes, *, retained: bool) -> Iterable[DeviceMessage]:
        if topic == f"{self._base}/available":
            self._forget()
            here = list(self._available(there=word(payload, ONLINE)))
            yield from here
            if here and self._told_there:  # it tells of changes alone, and begins with nobody
                yield self._seen()
        elif topic == f"{self.topic}/{PERSON}":
            yield from self._count(payload)
        elif not retained:  # what somebody did once is not done again
            yield from self._follow(members(payload))

    def _count(self, payload: bytes) -> Iterable[DeviceMessage]:
        if not payload.isdigit() or len(payload) > 4:
            raise Bad("payload: a count is expected")
        self._counted = int(payload)
        if not self._counted:
            self._people.clear()  # the end of one of them may have been lost
        yield self._seen()

    def _follow(self, event: Mapping[str, object]) -> Iterable[DeviceMessage]:
        goes_on = GOES_ON.get(str(event.get("type")))
        after = inner(event, "after")
        number, zones = after.get("id"), after.get("current_zones", [])
        if goes_on is None or not isinstance(number, str) or not isinstance(zones, list):
            raise Bad("an event of Frigate's is expected: type, after.id, after.camera, after.current_zones")
        here = after.get("label") == PERSON and self._name in (after.get("camera"), *zones)
        before = bool(self._people)
        if goes_on and here and after.get("false_positive") is not True and len(self._people) < MOST_PEOPLE:
            self._people.add(number)
        else:
            self._people.discard(number)
        if bool(self._people) != before:
            yield self._seen()

    def _seen(self) -> PointState:
        anybody = bool(self._counted or self._people)
        return PointState(self.device, InputWord.ACTIVE if anybody else InputWord.NORMAL)

    def _forget(self) -> None:
        self._people.clear()
        self._counted = 0

    def _switch(self, command_id: str, seconds: float | None, *, on: bool) -> tuple[Publish, ...]:
        """See ``told``."""
        del command_id, seconds, on
        return ()
