"""One Modbus bus: a task that looks at every board in turn, and lets orders go first."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from devices.modbus.board import (
    ANSWERS_NEEDED,
    MISSES,
    BoardFound,
    BoardLost,
    BoardRead,
    BusEvent,
    BusFault,
    Order,
    OrderDone,
    OrderDropped,
    OrderRefused,
    Plan,
    Register,
)
from devices.modbus.wire import Refused, Silence, Wire

REOPEN_SECONDS = 0.5
"""How long after a bus could not be opened, or broke, it is tried again."""

ABSENT_SECONDS = 1.0
"""How often a board that is not there is looked for: each look costs the others a reply's time."""

READ_OUTPUTS, READ_INPUTS, READ_HOLDING, READ_ANALOGUE = 1, 2, 3, 4


@dataclass(slots=True)
class _Seen:
    """One board, as this bus knows it. ``look_at``: when it is looked for again; ``tried``: when it was asked last."""

    plan: Plan
    there: bool = False
    told_lost: bool = False
    answers: int = 0
    misses: int = 0
    look_at: float = 0.0
    tried: float = -math.inf
    last_look: float | None = None
    orders: deque[Order] = field(default_factory=deque)


class Bus:
    """``on_event`` is called on the loop. Boards that are not there, however many, cost the others a reply's time in a
    round. A bus that is back is spoken to within 2 s, however long it was away.

    ``clock`` gives monotonic seconds; ``poll_seconds`` pass from one round of looks to the next, or one round's time.
    """

    def __init__(
        self,
        name: str,
        wire: Wire,
        plans: Iterable[Plan],
        *,
        poll_seconds: float,
        clock: Callable[[], float],
        on_event: Callable[[BusEvent], None],
    ) -> None:
        self.name = name
        self._wire = wire
        self._boards = {plan.unit: _Seen(plan) for plan in plans}
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._on_event = on_event
        self._woken = asyncio.Event()
        self._stopping = False
        self._in_vain = 0  # looks since anybody answered, or since the wire was opened

    def send(self, order: Order) -> None:
        """Queue an order. KeyError for a board that is not on this bus."""
        self._boards[order.unit].orders.append(order)
        self._woken.set()

    def stop(self) -> None:
        """Have ``run`` end soon, also where its cancellation gets lost (``wait_for`` of Python 3.11 may eat it)."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Look at the boards until cancelled or stopped."""
        try:
            while not self._stopping:
                try:
                    await self._live()
                except Silence as lost:
                    self._all_lost(str(lost))
                except (ConnectionError, OSError) as lost:
                    self._all_lost(f"the bus broke: {lost}")
                except Exception as error:  # noqa: BLE001 - the top of this task: the fault becomes an event
                    self._all_lost("a fault of our own")
                    self._on_event(BusFault(f"{type(error).__name__}: {error}"))
                self._wire.close()
                await self._pause(REOPEN_SECONDS)
        finally:
            self._wire.close()

    async def _live(self) -> None:
        await self._wire.open()
        self._in_vain = 0
        while self._wire.is_open and not self._stopping:
            begun = self._clock()
            await self._round()
            if self._wire.lingers and self._is_silent():
                raise Silence("nobody answers on this connection")
            await self._pause(max(0.0, begun + self._poll_seconds - self._clock()))
        if not self._stopping:
            raise ConnectionResetError("the other end hung up")

    async def _round(self) -> None:
        """Look at every board that is there, then for the others until one of them is silent."""
        for board in self._present():
            await self._obey_all()
            await self._look(board)
        for board in self._missing():
            await self._obey_all()
            if not await self._look(board):
                return

    def _is_silent(self) -> bool:
        """Whether everybody was asked, and nobody answered; where somebody is there, not once but some times."""
        return self._in_vain >= max(len(self._boards), MISSES if self._present() else 0)

    def _present(self) -> list[_Seen]:
        return [board for board in self._boards.values() if board.there]

    def _missing(self) -> list[_Seen]:
        """Return the boards to be looked for: first who has begun to answer, then who has waited longest."""
        due = [board for board in self._boards.values() if not board.there and self._clock() >= board.look_at]
        return sorted(due, key=lambda board: (board.answers == 0, board.tried))

    async def _pause(self, seconds: float) -> None:
        """Wait; an order that comes meanwhile ends it, and those that are over are dropped."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()
        for board in self._boards.values():
            self._drop_late(board)
        await asyncio.sleep(0)  # whatever else: the loop is everybody's

    async def _obey_all(self) -> None:
        """Have every order carried out. A board that missed one is first looked at again: the others do not wait."""
        for board in self._boards.values():
            self._drop_late(board)
            while board.there and not board.misses and board.orders:
                await self._obey(board, board.orders.popleft())

    async def _obey(self, board: _Seen, order: Order) -> None:
        if self._clock() >= order.deadline:
            self._on_event(OrderDropped(order, gone=False))
            return
        try:
            await self._wire.write(board.plan.unit, order.command)
        except Refused:
            self._on_event(OrderRefused(order))
        except Silence as why:
            board.orders.appendleft(order)  # to do the same twice does no harm, and its deadline ends it
            self._missed(board, str(why))
        else:
            self._on_event(OrderDone(order))

    def _drop_late(self, board: _Seen) -> None:
        now = self._clock()
        late = [order for order in board.orders if now >= order.deadline]
        for order in late:
            board.orders.remove(order)
            self._on_event(OrderDropped(order, gone=not board.there))

    async def _look(self, board: _Seen) -> bool:
        """Tell whether it answered at all."""
        board.tried = self._clock()
        self._in_vain += 1
        try:
            if not board.there and not board.answers:
                await self._set_up(board.plan)
            read = await self._read(board)
        except Silence as why:
            self._missed(board, str(why))
            return False
        except Refused as why:
            self._missed(board, f"it refuses what the site file asks of it: {why}")
        else:
            self._answered(board, read)
        self._in_vain = 0
        return True

    async def _set_up(self, plan: Plan) -> None:
        for address, value in plan.setup:
            await self._wire.write(plan.unit, Register(address, value))
            if await self._wire.registers(plan.unit, READ_HOLDING, address, 1) != (value,):
                raise Refused(f"register {address} does not take {value}")

    async def _read(self, board: _Seen) -> BoardRead:
        plan, begun = board.plan, self._clock()
        inputs, analogue, outputs = (), (), ()  # type: tuple[bool, ...], tuple[int, ...], tuple[bool, ...]
        if plan.inputs:
            inputs = await self._wire.bits(plan.unit, READ_INPUTS, plan.inputs_at, plan.inputs)
        if plan.analogue:
            analogue = await self._wire.registers(plan.unit, READ_ANALOGUE, plan.analogue_at, plan.analogue)
        if plan.outputs or not (plan.inputs or plan.analogue):
            outputs = await self._wire.bits(plan.unit, READ_OUTPUTS, plan.outputs_at, max(1, plan.outputs))
        at = self._clock()
        lag = at - (begun if board.last_look is None else board.last_look)
        board.last_look = begun
        return BoardRead(plan.unit, outputs, inputs, analogue, at, lag)

    def _answered(self, board: _Seen, read: BoardRead) -> None:
        board.misses, board.look_at = 0, 0.0
        board.answers += 1
        if not board.there:
            if board.answers < ANSWERS_NEEDED:
                return
            board.there, board.told_lost = True, False
            self._on_event(BoardFound(board.plan.unit))
        self._on_event(read)

    def _missed(self, board: _Seen, cause: str) -> None:
        board.misses += 1
        if board.there and board.misses < MISSES:
            return
        self._lose(board, cause)

    def _lose(self, board: _Seen, cause: str) -> None:
        board.look_at = self._clock() + ABSENT_SECONDS
        board.there, board.answers, board.last_look = False, 0, None
        if not board.told_lost:
            board.told_lost = True
            self._on_event(BoardLost(board.plan.unit, cause))

    def _all_lost(self, cause: str) -> None:
        for board in self._boards.values():
            self._lose(board, cause)
            board.look_at = 0.0
