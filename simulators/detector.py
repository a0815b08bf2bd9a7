"""What hangs on a supervised loop or a relay: detectors and panic buttons, sirens and strobes, mains and batteries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum

from devices.mqtt.messages import (
    AckResult,
    Command,
    InputWord,
    LockCommand,
    Malformed,
    OutputAction,
    OutputCommand,
    OutputWord,
    ReaderCommand,
)
from devices.mqtt.payloads import is_expired
from simulators.mqtt_session import Device, MqttSession, wall_ms


class LoopState(Enum):
    """A supervised loop, as an I/O module's input tells it (0 to 3), and as MQTT does."""

    NORMAL = (0, InputWord.NORMAL)
    ACTIVE = (1, InputWord.ACTIVE)
    SHORTED = (2, InputWord.SHORTED)
    OPEN_LOOP = (3, InputWord.OPEN_LOOP)

    @property
    def level(self) -> int:
        """Return the number an I/O module reports."""
        return self.value[0]

    @property
    def word(self) -> InputWord:
        """Return the word an MQTT device says."""
        return self.value[1]


class MqttDetector:
    """A device on MQTT with one supervised loop and one output, either of which may be missing.

    ``sounding`` is the truth of its output; it falls back by itself after the time it was told. `run` holds it alive.
    """

    def __init__(
        self, device: Device, *, point: bool = True, output: bool = True, wall: Callable[[], int] = wall_ms
    ) -> None:
        capabilities = (*(("point",) if point else ()), *(("output",) if output else ()))
        self.session = MqttSession(device, "Ostiary simulated detector", capabilities, self._obey, wall)
        self.sounding = False
        self._output = output
        self._off: asyncio.TimerHandle | None = None
        if point:
            self.set_loop(LoopState.NORMAL)
        if output:
            self._sound(on=False)

    async def run(self) -> None:
        """Hold the device alive until cancelled; what it drove is then off."""
        try:
            await self.session.run()
        finally:
            self._forget_timer()

    def set_loop(self, state: LoopState) -> None:
        """Let the loop be so."""
        self.session.tell("point", state.word)

    def unplug(self) -> None:
        """Pull the network cable."""
        self.session.unplug()

    def plug_in(self) -> None:
        """Put the network cable back."""
        self.session.plug_in()

    def _obey(self, command: Command | Malformed) -> None:
        match command:
            case Malformed(command_id=None):
                return
            case Malformed(command_id=str(command_id)):
                self.session.acknowledge(command_id, AckResult.REFUSED)
            case OutputCommand(id=command_id) if is_expired(command, self.session.wall()):
                self.session.acknowledge(command_id, AckResult.EXPIRED)
            case OutputCommand(id=command_id, action=action, ms=ms) if self._output:
                self._switch(action, ms)
                self.session.acknowledge(command_id, AckResult.OK)
            case LockCommand(id=command_id) | ReaderCommand(id=command_id) | OutputCommand(id=command_id):
                self.session.acknowledge(command_id, AckResult.REFUSED)

    def _switch(self, action: OutputAction, ms: int) -> None:
        self._forget_timer()
        self._sound(on=action is OutputAction.ON)
        if action is OutputAction.ON and ms:
            self._off = asyncio.get_running_loop().call_later(ms / 1000, self._fall_back)

    def _fall_back(self) -> None:
        self._sound(on=False)

    def _sound(self, *, on: bool) -> None:
        self.sounding = on
        self.session.tell("output", OutputWord.ON if on else OutputWord.OFF)

    def _forget_timer(self) -> None:
        if self._off is not None:
            self._off.cancel()
            self._off = None
