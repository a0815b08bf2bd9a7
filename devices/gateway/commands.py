"""Commands under way over MQTT: told again until they are answered, and never once nobody may obey them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from devices.mqtt.messages import Command
from devices.mqtt.topics import Address, DeviceId

AGAIN_SECONDS = 0.5
"""How long a command goes unanswered before it is told again, word for word: its id and its end stay, so that a device
which obeyed it already only answers again."""

GRACE_SECONDS = 0.5
"""How long past its end a command's answer is waited for: the device judges the end, not the wire back."""

Post = Callable[[Address, Command], bool]


@dataclass(slots=True)
class _UnderWay:
    address: Address
    command: Command
    until: float
    unanswered: Callable[[], None]
    telling: bool
    timer: asyncio.TimerHandle


class Commands:
    """What was asked of devices and is not answered yet. Times are those of the loop's clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._under_way: dict[str, _UnderWay] = {}
        self._newest: dict[tuple[Address, type[Command]], str] = {}
        self._post: Post = lambda _address, _command: False

    def connect(self, post: Post) -> None:
        """Send commands this way from now on."""
        self._post = post

    def send(self, address: Address, command: Command, seconds: float, unanswered: Callable[[], None]) -> bool:
        """Send a command that may be obeyed for so long; say whether it left.

        One that left and is never answered calls `unanswered`, once. A later one of its kind takes its place: the first
        is told no more, or a door that was locked meanwhile would open.
        """
        self._supersede(address, type(command))
        if not self._post(address, command):
            return False
        left = max(0.0, seconds)
        until = self._loop.time() + left
        self._newest[address, type(command)] = command.id
        timer = self._loop.call_later(min(AGAIN_SECONDS, left + GRACE_SECONDS), self._again, command.id)
        self._under_way[command.id] = _UnderWay(address, command, until, unanswered, telling=True, timer=timer)
        return True

    def answered(self, device: DeviceId, command_id: str) -> bool:
        """Take an answer in; say whether it is one to a command of that device that is under way."""
        known = self._under_way.get(command_id)
        if known is None or known.address.device != device:
            return False
        del self._under_way[command_id]
        known.timer.cancel()
        return True

    def lost(self, device: DeviceId) -> None:
        """Tell a device nothing again that it was told before it went: once it is back, it is told what counts then."""
        for known in self._under_way.values():
            if known.address.device == device:
                known.telling = False

    def stop(self) -> None:
        """Wait for no answer any more."""
        for known in self._under_way.values():
            known.timer.cancel()
        self._under_way.clear()

    def _supersede(self, address: Address, kind: type[Command]) -> None:
        before = self._under_way.get(self._newest.get((address, kind), ""))
        if before is not None:
            before.telling = False

    def _again(self, command_id: str) -> None:
        known, now = self._under_way[command_id], self._loop.time()
        if now >= known.until + GRACE_SECONDS:
            del self._under_way[command_id]
            known.unanswered()
            return
        if known.telling and now < known.until:
            self._post(known.address, known.command)
        rest = known.until + GRACE_SECONDS - now
        known.timer = self._loop.call_later(min(AGAIN_SECONDS, rest), self._again, command_id)
