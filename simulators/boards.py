"""From the site file to relay boards: which strikes, contacts and sirens hang on which, and on which bus."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from controller.domain.boards import Board
from controller.domain.ids import BusId, DeviceId, DoorId
from controller.domain.site import Site
from controller.domain.wires import ANALOGUE
from simulators.bus import PacedBus
from simulators.door import Door
from simulators.relay_board import RelayBoard, TcpBus

BoardBus = PacedBus | TcpBus


def boards_of(site: Site, doors: Mapping[DoorId, Door]) -> dict[DeviceId, RelayBoard]:
    """Return every relay board, its doors' strikes wired."""
    return {d.id: _made(site, d.id, d.board, doors) for d in site.devices.values() if d.board is not None}


def board_buses_of(site: Site, boards: Mapping[DeviceId, RelayBoard]) -> dict[BusId, BoardBus]:
    """Return each Modbus bus, not started: a paced pty where it is serial, else a port on this machine."""
    buses: dict[BusId, BoardBus] = {}
    for bus in site.buses.values():
        own = [boards[d.id] for d in site.devices.values() if d.board is not None and d.board.bus == bus.id]
        paced = bus.baud is not None
        buses[bus.id] = PacedBus(own, clock=time.monotonic, baud=bus.baud or 0) if paced else TcpBus(own)
    return buses


def _made(site: Site, device: DeviceId, board: Board, doors: Mapping[DoorId, Door]) -> RelayBoard:
    strikes = {d.lock.index or 0: doors[d.id] for d in site.doors.values() if d.lock.device == device}
    wires = [w.terminal or 0 for d in site.doors.values() for w in d.inputs.values() if w.device == device]
    wires += [w.terminal or 0 for w in site.point_wires.values() if w.device == device]
    relays = [o.output.index or 0 for o in site.outputs.values() if o.output.device == device]
    return RelayBoard(
        board,
        outputs=1 + max([*strikes, *relays], default=-1),
        inputs=1 + max((wire for wire in wires if wire < ANALOGUE), default=-1),
        analogue=1 + max((wire - ANALOGUE for wire in wires if wire >= ANALOGUE), default=-1),
        on_output=partial(_drive, strikes),
    )


def _drive(strikes: Mapping[int, Door], output: int, energised: bool, now: float) -> None:  # noqa: FBT001 - RelayBoard's
    """A relay that is energised frees its door: it feeds a strike, or breaks a magnet's supply."""
    door = strikes.get(output)
    if door is not None:
        (door.unlock if energised else door.lock)(now)
