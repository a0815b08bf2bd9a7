"""How soon a board that is back is spoken to. Time is virtual: a silence takes a reply's time, a pause what it says."""

from __future__ import annotations

import asyncio

import pytest

from devices.modbus.board import BoardFound, BoardLost, BoardRead, BusFault, Plan
from devices.modbus.bus import Bus
from devices.modbus.wire import REPLY_SECONDS, TCP_REPLY_SECONDS, Silence

pytestmark = pytest.mark.anyio

POLL = 0.05
BACK_SECONDS = 2.0
PATIENCE = 30.0
HANGS_UP = 5


@pytest.fixture
def anyio_backend():
    return "asyncio"


class World:
    """Boards by their unit, each away from one time until another, and the wire to them.

    ``tcp``: a question that a dead host did not answer is in the way of all later ones of its connection, as TCP has it
    after a long outage; a connection can be opened while anybody is there, and pymodbus hangs up after five silences in
    a row. ``opened`` counts connections.
    """

    def __init__(self, away, *, tcp):
        self.now, self.opened, self.is_open, self.lingers = 0.0, 0, False, tcp
        self._away, self._reply = away, TCP_REPLY_SECONDS if tcp else REPLY_SECONDS
        self._clogged, self._silences = False, 0

    def there(self, unit):
        begin, end = self._away[unit]
        return not begin <= self.now < end

    async def open(self):
        if self.lingers and not any(map(self.there, self._away)):
            self.now += self._reply
            raise Silence("no answer")
        self.is_open, self._clogged, self._silences = True, False, 0
        self.opened += 1

    def close(self):
        self.is_open = False

    async def bits(self, unit, _function, _address, count):
        return (False,) * await self._ask(unit, count)

    async def registers(self, unit, _function, _address, count):
        return (0,) * await self._ask(unit, count)

    async def write(self, unit, _command):
        await self._ask(unit, 0)

    async def _ask(self, unit, count):
        if not self.is_open:
            raise ConnectionResetError("not open")
        self._clogged |= self.lingers and not any(map(self.there, self._away))
        if self._clogged or not self.there(unit):
            self.now += self._reply
            self._silences += 1
            self.is_open = not (self.lingers and self._silences >= HANGS_UP)
            raise Silence("no answer")
        self.now += 0.005
        self._silences = 0
        return count


class Virtual(Bus):
    """A bus whose pauses pass at once."""

    async def _pause(self, seconds):
        self._wire.now += seconds
        await asyncio.sleep(0)


async def told_until(world, end, units=None):
    """Let a bus with these units, or all, live until virtual ``end``; return what it told, with the time of each."""
    told = []
    plans = [Plan(unit, outputs=1) for unit in units or world._away]
    bus = Virtual(
        "bus",
        world,
        plans,
        poll_seconds=POLL,
        clock=lambda: world.now,
        on_event=lambda event: told.append((world.now, event)),
    )
    running = asyncio.create_task(bus.run())
    async with asyncio.timeout(PATIENCE):
        while world.now < end:  # noqa: ASYNC110 - virtual time tells nobody
            await asyncio.sleep(0)
    bus.stop()
    await running
    assert not [event for _, event in told if isinstance(event, BusFault)]
    return told


def found(told, unit, after):
    return min(at for at, event in told if event == BoardFound(unit) and at >= after)


@pytest.mark.parametrize("tcp", [True, False], ids=["tcp", "serial"])
@pytest.mark.parametrize("boards", [1, 3])
@pytest.mark.parametrize("outage", [0.5, 1.5, 2.0, 3.7, 5.3, 60.0, 600.0])
async def test_a_bus_that_is_back_is_spoken_to_within_two_seconds_of_any_outage(outage, boards, tcp):
    back = 10.0 + outage
    world = World(dict.fromkeys(range(1, boards + 1), (10.0, back)), tcp=tcp)
    told = await told_until(world, back + 10.0)
    assert tcp or world.opened == 1, "a serial port is not closed for a silence"
    for unit in range(1, boards + 1):
        lost = [at for at, event in told if isinstance(event, BoardLost) and event.unit == unit and at >= 10.0]
        read = min(at for at, event in told if isinstance(event, BoardRead) and event.unit == unit and at >= back)
        assert len(lost) <= 1
        assert read - back < BACK_SECONDS
        assert not lost or found(told, unit, lost[0]) - back < BACK_SECONDS


async def test_one_silence_closes_no_connection_and_loses_no_board():
    world = World({1: (10.0, 10.3), 2: (0.0, 0.0)}, tcp=True)
    told = await told_until(world, 20.0, units=[1])
    assert world.opened == 1
    assert not [event for _, event in told if isinstance(event, BoardLost)]


@pytest.mark.parametrize("outage", [3.7, 60.0])
async def test_one_board_of_a_gateway_that_is_back_is_spoken_to_within_two_seconds(outage):
    back = 10.0 + outage
    world = World({1: (10.0, back), 2: (0.0, 0.0)}, tcp=True)
    told = await told_until(world, back + 10.0)
    assert found(told, 1, back) - back < BACK_SECONDS
    assert world.opened == 1, "who is there keeps the connection"


@pytest.mark.parametrize("tcp", [True, False], ids=["tcp", "serial"])
async def test_boards_that_never_were_there_cost_the_one_that_is_a_reply_s_time_and_no_more(tcp):
    never = (0.0, 1e9)
    told = await told_until(World({**dict.fromkeys(range(1, 9), never), 9: (0.0, 0.0)}, tcp=tcp), 60.0)
    since = found(told, 9, 0.0)
    assert since < 12 * TCP_REPLY_SECONDS, "each was looked for once"
    assert not [event for at, event in told if isinstance(event, BoardLost) and event.unit == 9 and at > since]
    lags = [event.lag for _, event in told if isinstance(event, BoardRead)]
    assert max(lags) < 2 * POLL + (TCP_REPLY_SECONDS if tcp else REPLY_SECONDS)
