"""A simulated lock on MQTT, wired to a door: lock, door contact, bolt sensor and REX button on one device."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from devices.mqtt.messages import (
    AckResult,
    Command,
    DirectionWord,
    DoorWord,
    KeyWord,
    LockAction,
    LockCommand,
    LockWord,
    LoopWord,
    Malformed,
    OutputCommand,
    PowerWord,
    ReaderCommand,
)
from devices.mqtt.payloads import is_expired
from simulators.door import Change, Door, Sense
from simulators.gates import Barrier
from simulators.mqtt_session import Device, MqttSession, wall_ms

ROTATIONS: Final = {Sense.ROTATION_IN: DirectionWord.IN, Sense.ROTATION_OUT: DirectionWord.OUT}
SCAN: Final = 0.02
"""Seconds between two looks at the door's sensors."""


class MqttLock:
    """Obeys `cmd/lock`, relocks by itself, and tells what its sensors show: never what it was ordered.

    It refuses commands that are retained or malformed, answers `expired` to those past their time by `wall` (ms UTC),
    and `jammed` where the bolt does not follow. `run` holds it alive.
    """

    def __init__(
        self,
        device: Device,
        door: Door,
        *,
        wall: Callable[[], int] = wall_ms,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self.door = door
        self.session = MqttSession(device, "Ostiary simulated lock", ("lock", "door", "rex"), self._obey, wall)
        self._mono = mono
        self._unlock_wanted = False
        self._held = False
        self._relock: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Hold the device alive until cancelled; the door then stays locked."""
        loop = asyncio.get_running_loop()

        def sense(change: Change) -> None:
            loop.call_soon_threadsafe(self._sensed, change)

        unobserve = self.door.observe(sense)
        self._tell_all()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.session.run())
                tasks.create_task(self._scan())
        finally:
            unobserve()
            self._lock()

    def unplug(self) -> None:
        """Pull the network cable; the lock keeps its timer."""
        self.session.unplug()

    def plug_in(self) -> None:
        """Put the network cable back."""
        self.session.plug_in()

    async def _scan(self) -> None:
        while True:
            self.door.advance(self._mono())
            await asyncio.sleep(SCAN)

    def _obey(self, command: Command | Malformed) -> None:
        match command:
            case Malformed(command_id=None):
                return
            case Malformed(command_id=str(command_id)):
                self.session.acknowledge(command_id, AckResult.REFUSED)
            case ReaderCommand(id=command_id) | OutputCommand(id=command_id):
                self.session.acknowledge(command_id, AckResult.REFUSED)
            case LockCommand(id=command_id) if is_expired(command, self.session.wall()):
                self.session.acknowledge(command_id, AckResult.EXPIRED)
            case LockCommand(id=command_id):
                self.session.acknowledge(command_id, self._move(command))

    def _move(self, command: LockCommand) -> AckResult:
        match command.action:
            case LockAction.UNLOCK:
                self._unlock(command.ms / 1000)
            case LockAction.HOLD:
                self._hold()
            case LockAction.LOCK:
                self._lock()
        unlock = command.action is not LockAction.LOCK
        return AckResult.JAMMED if self.door.state.bolt_locked is unlock else AckResult.OK

    def _unlock(self, seconds: float) -> None:
        self._forget_timer()
        self._unlock_wanted = True
        self.door.unlock(self._mono())
        if not self._held:  # a pulse ends nothing that is held
            self._relock = asyncio.get_running_loop().call_later(seconds, self._lock)
        self._tell_all()

    def _hold(self) -> None:
        """Stay open until told to lock."""
        self._forget_timer()
        self._held = self._unlock_wanted = True
        self.door.unlock(self._mono())
        self._tell_all()

    def _lock(self) -> None:
        self._forget_timer()
        self._held = self._unlock_wanted = False
        self.door.lock(self._mono())
        self._tell_all()

    def _forget_timer(self) -> None:
        if self._relock:
            self._relock.cancel()
            self._relock = None

    def _sensed(self, change: Change) -> None:
        if change.sense is Sense.REX:
            if change.active:
                self.session.send("rex")
        elif change.sense in ROTATIONS:
            if change.active:
                self.session.send("rotation", direction=ROTATIONS[change.sense])
        else:
            self._tell_all()

    def _tell_all(self) -> None:
        door = self.door.state
        self.session.tell("lock", self._lock_word())
        self.session.tell("door", DoorWord.OPEN if door.leaf_open else DoorWord.CLOSED)
        self.session.tell("power", self._power_word())
        self.session.tell("key", KeyWord.TURNED if self.door.key_turned else KeyWord.NORMAL)
        if isinstance(self.door, Barrier):
            self.session.tell("loop", LoopWord.OCCUPIED if self.door.occupied else LoopWord.FREE)

    def _power_word(self) -> PowerWord:
        if self.door.battery_low:
            return PowerWord.LOW
        return PowerWord.MAINS if self.door.state.powered else PowerWord.BATTERY

    def _lock_word(self) -> LockWord:
        door = self.door.state
        if door.powered and door.bolt_locked is self._unlock_wanted:
            return LockWord.JAMMED
        if door.bolt_locked and not door.secured:
            return LockWord.LOCKING
        return LockWord.LOCKED if door.bolt_locked else LockWord.UNLOCKED
