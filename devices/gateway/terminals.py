"""The inputs of a module or a relay board that belong to doors: debounced, and turned into what they mean there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from controller.domain.doors import Direction, LockStatus, Loop, Position
from controller.domain.ids import DeviceId, DoorId
from controller.domain.points import PointCondition
from controller.domain.site import Site
from controller.domain.stimuli import FaultSeen, KeySeen, LockSeen, LoopSeen, PositionSeen, RexSeen, RotationSeen
from devices.gateway.port import Building
from devices.gateway.settling import Settling
from devices.gateway.shown import Wires

ACTIVE = 1
INACTIVE = 0
INTACT = (ACTIVE, INACTIVE)
"""Every other state is a wire that is cut or shorted."""

CONDITIONS = {
    INACTIVE: PointCondition.NORMAL,
    ACTIVE: PointCondition.ACTIVE,
    2: PointCondition.SHORTED,
    3: PointCondition.OPEN_LOOP,
}
"""How the modules we know supervise; any other state is taken for a cut wire."""

Told = PositionSeen | LockSeen | RexSeen | LoopSeen | RotationSeen | KeySeen | FaultSeen
Terminal = tuple[DeviceId, int]

_POSITIONS = {INACTIVE: Position.CLOSED, ACTIVE: Position.OPEN}
_LOCKS = {INACTIVE: LockStatus.UNLOCKED, ACTIVE: LockStatus.LOCKED}
_LOOPS = {INACTIVE: Loop.FREE, ACTIVE: Loop.OCCUPIED}
_ROTATIONS = {"rotation_in": Direction.IN, "rotation_out": Direction.OUT}


class Terminals:
    """Inputs are read as wired: 1 is leaf open, bolt thrown, button pressed, loop occupied, key turned, counter closed.

    A wire cut or shorted (2 and more) tells nothing of its door, which is then unknown, and is a fault of its own.
    A change counts once it has lasted for its debounce time; until then nothing is recorded, and a box that starts
    meanwhile reads every input anew.
    """

    def __init__(self, site: Site, building: Building, loop: asyncio.AbstractEventLoop) -> None:
        self._building = building
        self._wires = Wires()
        self._meanings: dict[Terminal, tuple[DoorId, str]] = {}
        self._seconds: dict[Terminal, float] = {}
        for door in site.doors.values():
            for kind, wired in door.inputs.items():
                if wired.terminal is not None:
                    self._meanings[wired.device, wired.terminal] = door.id, kind
                    self._seconds[wired.device, wired.terminal] = wired.debounce_seconds or site.debounce_seconds
        self._settling: Settling[Terminal, int] = Settling(loop, building.mono, self._seconds.__getitem__, self._late)

    def reported(self, device: DeviceId, states: Iterable[tuple[int, int]], at: float, lag: float) -> Iterator[Told]:
        """Take in what a module's inputs show, and return what counts at once; what settles later goes to the building.

        ``at`` and ``lag`` are those of ``devices.debounce``.
        """
        counted: list[tuple[Terminal, int]] = []
        for index, state in states:
            if (device, index) in self._meanings:
                settled = self._settling.told((device, index), state, at, lag)
                counted += (((device, index), each) for each in settled)
        yield from self._meant(device, counted)

    def forget(self, device: DeviceId) -> None:
        """A module is gone: what its inputs next show counts at once."""
        for terminal in self._meanings:
            if terminal[0] == device:
                self._settling.forget(terminal)

    def stop(self) -> None:
        """Wait for no input any more."""
        self._settling.stop()

    def _late(self, terminal: Terminal, state: int) -> None:
        for stimulus in self._meant(terminal[0], [(terminal, state)]):
            self._building.submit(stimulus)

    def _meant(self, device: DeviceId, counted: Iterable[tuple[Terminal, int]]) -> Iterator[Told]:
        broken: dict[str, bool] = {}
        for terminal, state in counted:
            door, kind = self._meanings[terminal]
            broken[f"{kind} of {door}"] = state not in INTACT
            stimulus = _meaning(door, kind, state)
            if stimulus is not None:
                yield stimulus
        fault = self._wires.seen(device, broken) if broken else None
        if fault is not None:
            yield fault


def _meaning(door: DoorId, kind: str, state: int) -> Told | None:
    """Return what one settled state tells of its door; None for a button that was let go."""
    match kind:
        case "contact":
            return PositionSeen(door, _POSITIONS.get(state, Position.UNKNOWN))
        case "bolt":
            return LockSeen(door, _LOCKS.get(state, LockStatus.UNKNOWN))
        case "loop":
            return LoopSeen(door, _LOOPS.get(state, Loop.FAULT))
        case "key_switch":
            return KeySeen(door, turned=state == ACTIVE)
        case _ if state != ACTIVE:
            return None
        case "rex":
            return RexSeen(door)
        case _:
            return RotationSeen(door, _ROTATIONS[kind])
