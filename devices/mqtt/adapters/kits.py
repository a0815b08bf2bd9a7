"""All that is not ours on a site's broker: who writes what, who is meant, and what the access list says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from devices.mqtt.adapters.kit import Kit, Publish
from devices.mqtt.messages import Command, DeviceMessage, DeviceState, Lifecycle, Malformed
from devices.mqtt.topics import DeviceId

Rights = tuple[Sequence[str], Sequence[str]]
"""The topics that somebody writes, and those they read."""


class Kits:
    """Finds the device of a topic. Several devices may share a topic (their gateway's).

    ``guests`` sign in as well, and are no devices: what they say is not heard here.
    """

    def __init__(self, kits: Iterable[Kit] = (), guests: Mapping[str, Rights] | None = None) -> None:
        self._guests = dict(guests or {})
        self._kits = {kit.device: kit for kit in kits}
        self._writers: dict[str, list[Kit]] = {}
        for kit in self._kits.values():
            for topic in kit.written:
                self._writers.setdefault(topic, []).append(kit)

    @property
    def filters(self) -> tuple[str, ...]:
        """Return what the box subscribes to."""
        return tuple(self._writers)

    @property
    def users(self) -> tuple[str, ...]:
        """Return who signs in at the broker, each once."""
        return (*dict.fromkeys(kit.user for kit in self._kits.values()), *self._guests)

    def rights(self, user: str) -> Rights:
        """Return the topics that a user writes, and those it reads."""
        if user in self._guests:
            return self._guests[user]
        own = [kit for kit in self._kits.values() if kit.user == user]
        return _each(topic for kit in own for topic in kit.written), _each(topic for kit in own for topic in kit.read)

    def reset(self) -> None:
        """The broker is there again."""
        for kit in self._kits.values():
            kit.reset()

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> Iterator[tuple[DeviceMessage | Malformed, bool]]:
        """Yield what a message says of each device that it is about, and whether that device is to be asked more."""
        for kit in self._writers.get(topic, ()):
            for message in kit.heard(topic, payload, retained=retained):
                yield message, message == DeviceState(kit.device, Lifecycle.READY)

    def questions(self, device: DeviceId) -> tuple[Publish, ...]:
        """Return what asks a device how everything stands."""
        return self._kits[device].questions()

    def told(self, device: DeviceId, command: Command) -> tuple[Publish, ...] | None:
        """Return what carries out a command; None where the device is not there."""
        return self._kits[device].told(command)

    def __contains__(self, device: DeviceId) -> bool:
        """Tell whether a device is consumer kit."""
        return device in self._kits


def _each(topics: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(topics))
