"""What is read of a relay board, what can be asked of it, and what a bus has to tell: values only, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

ANSWERS_NEEDED = 2
"""Looks in a row that a board must answer before it counts as there: the first answer after a silence may be an old
one (RTU has no transaction number)."""

MISSES = 3
"""Looks in a row without an answer after which it counts as gone."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a board is read: so many outputs, discrete inputs and analogue registers, each block from its address.

    ``setup``: holding registers that must hold a value before the board counts as there (its watchdog).
    """

    unit: int
    outputs: int = 0
    inputs: int = 0
    analogue: int = 0
    outputs_at: int = 0
    inputs_at: int = 0
    analogue_at: int = 0
    setup: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Coil:
    """Switch a relay, and leave it so."""

    address: int
    on: bool


@dataclass(frozen=True, slots=True)
class Flash:
    """Energise a relay for a number of tenths of a second, timed by the board: a coil that takes a number."""

    address: int
    tenths: int


@dataclass(frozen=True, slots=True)
class Register:
    """Write a holding register: a relay's own timer."""

    address: int
    value: int


Command = Coil | Flash | Register


@dataclass(frozen=True, slots=True)
class Order:
    """A command for one board. Past ``deadline`` (monotonic) it never goes out; its fate bears ``token``."""

    unit: int
    command: Command
    deadline: float
    token: object = None


@dataclass(frozen=True, slots=True)
class BoardFound:
    """A board answers, and is set up as it must be."""

    unit: int


@dataclass(frozen=True, slots=True)
class BoardLost:
    """A board answers no more, or could not be set up."""

    unit: int
    cause: str


@dataclass(frozen=True, slots=True)
class BoardRead:
    """What a board showed at monotonic ``at``; ``lag`` seconds before that it was last looked at.

    ``outputs`` are the relays as the board has them, which is not what they were told.
    """

    unit: int
    outputs: tuple[bool, ...]
    inputs: tuple[bool, ...]
    analogue: tuple[int, ...]
    at: float
    lag: float


@dataclass(frozen=True, slots=True)
class OrderDone:
    """The board took it."""

    order: Order


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """The board answered with an exception."""

    order: Order


@dataclass(frozen=True, slots=True)
class OrderDropped:
    """Its deadline passed before the board took it. ``gone``: the board was not there."""

    order: Order
    gone: bool


@dataclass(frozen=True, slots=True)
class BusFault:
    """A fault of our own; the bus is closed and begun anew."""

    error: str


BusEvent = BoardFound | BoardLost | BoardRead | OrderDone | OrderRefused | OrderDropped | BusFault
