"""A bus and its boards: orders past their deadline never leave, a board that is silent holds nobody up."""

from __future__ import annotations

import asyncio
import time

import pytest

from controller.domain.boards import WINDOWS, Board, PulseEnd
from controller.domain.points import PointCondition
from devices.gateway.boards import loop_state
from devices.modbus.board import (
    BoardFound,
    BoardLost,
    BoardRead,
    BusFault,
    Coil,
    Flash,
    Order,
    OrderDone,
    OrderDropped,
    OrderRefused,
    Plan,
    Register,
)
from devices.modbus.bus import Bus
from devices.modbus.wire import PymodbusWire
from simulators.bus import PacedBus
from simulators.hand import until
from simulators.relay_board import RelayBoard, TcpBus, crc

pytestmark = pytest.mark.anyio

PATIENCE = 15.0
BAUD = 38_400


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Rig:
    """A bus of the box, the boards at its other end, and what it told."""

    def __init__(self, wire, boards, plans):
        self.wire, self.boards, self.told = wire, boards, []
        baud = BAUD if isinstance(wire, PacedBus) else None
        self.bus = Bus(
            "bus",
            PymodbusWire(wire.path, baud),
            plans,
            poll_seconds=0.05,
            clock=time.monotonic,
            on_event=self.told.append,
        )

    def events(self, kind):
        return [event for event in self.told if isinstance(event, kind)]

    def send(self, unit, command, within=5.0):
        order = Order(unit, command, time.monotonic() + within, object())
        self.bus.send(order)
        return order

    async def sees(self, true):
        assert await until(true, PATIENCE)


def board(unit, pulse=PulseEnd.REGISTER, **more):
    return Board("bus", unit, pulse, pulse_register=100 if pulse is PulseEnd.REGISTER else None, **more)


@pytest.fixture(params=["serial", "tcp"])
async def rig(request):
    boards = [RelayBoard(board(1)), RelayBoard(board(2, PulseEnd.FLASH))]
    wire = PacedBus(boards, clock=time.monotonic, baud=BAUD) if request.param == "serial" else TcpBus(boards)
    wire.start()
    rig = Rig(wire, boards, [Plan(1, outputs=8, inputs=8, analogue=2), Plan(2, outputs=8)])
    running = asyncio.create_task(rig.bus.run())
    await rig.sees(lambda: len(rig.events(BoardFound)) == 2)
    yield rig
    rig.bus.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    wire.stop()
    assert rig.events(BusFault) == []


@pytest.mark.parametrize(("unit", "command"), [(1, Register(103, 8)), (2, Flash(0x0203, 8)), (1, Coil(3, on=True))])
async def test_an_order_is_carried_out_and_read_back(rig, unit, command):
    order = rig.send(unit, command)
    await rig.sees(lambda: OrderDone(order) in rig.told)
    await rig.sees(lambda: any(read.unit == unit and read.outputs[3] for read in rig.events(BoardRead)))
    if not isinstance(command, Coil):  # the board itself ends it
        await rig.sees(lambda: not rig.boards[unit - 1].outputs[3])


async def test_inputs_and_loops_are_read(rig):
    rig.boards[0].set_input(5, 1)
    rig.boards[0].set_input(257, 2)
    await rig.sees(
        lambda: any(r.unit == 1 and r.inputs[5] and r.analogue == (5000, 1000) for r in rig.events(BoardRead))
    )


async def test_an_order_past_its_deadline_never_leaves(rig):
    order = rig.send(1, Coil(0, on=True), within=0.0)
    await rig.sees(lambda: OrderDropped(order, gone=False) in rig.told)
    assert not rig.boards[0].outputs[0]


async def test_an_order_that_waited_for_its_board_until_its_deadline_never_leaves(rig):
    rig.boards[0].freeze()
    order = rig.send(1, Coil(0, on=True), within=2.0)
    await rig.sees(lambda: rig.events(BoardLost))
    await rig.sees(lambda: OrderDropped(order, gone=True) in rig.told)
    rig.boards[0].thaw()
    await rig.sees(lambda: len(rig.events(BoardFound)) == 3)
    assert not rig.boards[0].outputs[0]


async def test_a_frozen_board_leaves_the_bus_to_the_others(rig):
    rig.boards[0].freeze()
    await rig.sees(lambda: rig.events(BoardLost))
    del rig.told[:]
    done = [rig.send(2, Coil(number, on=True)) for number in range(3)]
    await rig.sees(lambda: all(OrderDone(order) in rig.told for order in done))
    await asyncio.sleep(2.0)
    assert max(read.lag for read in rig.events(BoardRead)) < 0.4 or rig.wire.path.startswith("127")


async def test_a_board_that_refuses_is_told_of(rig):
    order = rig.send(1, Register(9999, 1))
    await rig.sees(lambda: OrderRefused(order) in rig.told)
    assert rig.events(BoardLost) == []


async def test_a_watchdog_that_a_board_does_not_keep_keeps_it_away():
    boards = [RelayBoard(board(1, PulseEnd.WATCHDOG, watchdog_seconds=1.0))]  # without such a register
    wire = TcpBus(boards)
    wire.start()
    rig = Rig(wire, boards, [Plan(1, outputs=1, setup=((7, 10),))])
    running = asyncio.create_task(rig.bus.run())
    await rig.sees(lambda: rig.events(BoardLost))
    assert "refuses" in rig.events(BoardLost)[0].cause
    assert rig.events(BoardFound) == []
    rig.bus.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    wire.stop()


def test_the_simulated_board_speaks_as_the_specification_has_it():
    # Modbus over Serial Line V1.02, 6.2.2: the CRC of 02 07 is 41 12 on the wire; Application Protocol 6.1: read coils.
    assert crc(bytes.fromhex("0207")) == bytes.fromhex("4112")
    one = RelayBoard(board(1))
    one.switch(0, on=True)
    one.switch(2, on=True)
    assert one.answer(bytes.fromhex("0100000008"), 0.0) == bytes.fromhex("010105")
    assert one.answer(bytes.fromhex("0500030000"), 0.0) == bytes.fromhex("0500030000")
    assert one.answer(bytes.fromhex("0500031234"), 0.0) == bytes.fromhex("8503")
    assert one.answer(bytes.fromhex("0100000009"), 0.0) == bytes.fromhex("8102")
    assert one.answer(bytes.fromhex("2b00000000"), 0.0) == bytes.fromhex("ab01")


def test_a_window_s_ends_belong_to_it_and_a_gap_is_a_broken_wire():
    one = board(1)
    for condition, (low, high) in WINDOWS.items():
        assert loop_state(one, low) is loop_state(one, high) is condition
    for reading in (2001, 4299, 5701, 5999, 7401, 8499):
        assert loop_state(one, reading) is PointCondition.OPEN_LOOP
