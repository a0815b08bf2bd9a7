"""Relay boards and the Modbus buses they hang on (Modbus Application Protocol V1.1b3, over Serial Line V1.02)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from controller.domain.ids import BusId
from controller.domain.points import PointCondition


class PulseEnd(StrEnum):
    """What ends the pulse of a board's relay, should this box die in the middle of it.

    ``REGISTER``: the board's own timer, a holding register for each relay, in tenths of a second. ``FLASH``: the
    same, as a coil written with a number of tenths (Waveshare's boards). ``WATCHDOG``: the board lets go every relay
    once it was not spoken to for a while. ``NOTHING``: nothing does.
    """

    REGISTER = "register"
    FLASH = "flash"
    WATCHDOG = "watchdog"
    NOTHING = "nothing"


WINDOWS: Mapping[PointCondition, tuple[int, int]] = {
    PointCondition.SHORTED: (0, 2000),
    PointCondition.NORMAL: (4300, 5700),
    PointCondition.ACTIVE: (6000, 7400),
    PointCondition.OPEN_LOOP: (8500, 65535),
}
"""What an analogue register shows of a loop, both ends included: 10 V over 1 kΩ, two resistors of 1 kΩ at the end of
the line, one of them bridged by the contact, read in millivolts (5.0 V at rest, 6.7 V active), each ±10 % and more."""


@dataclass(frozen=True, slots=True)
class Board:
    """How a relay board is spoken to. Addresses are those on the wire: the first is 0.

    ``pulse_register`` is that of the first relay's timer; ``watchdog_register`` takes tenths of a second, None: the
    technician has set it. ``inverted``: the discrete inputs that show 1 at rest (a contact that is closed then).
    """

    bus: BusId
    unit: int
    pulse: PulseEnd
    pulse_register: int | None = None
    watchdog_seconds: float | None = None
    watchdog_register: int | None = None
    outputs_at: int = 0
    inputs_at: int = 0
    analogue_at: int = 0
    inverted: frozenset[int] = frozenset()
    windows: Mapping[PointCondition, tuple[int, int]] = field(default_factory=lambda: WINDOWS)


@dataclass(frozen=True, slots=True)
class Bus:
    """A Modbus bus: serial (RTU, ``baud`` is given) or TCP (``port`` is ``HOST:PORT``).

    ``own_wire``: nothing else hangs on it; Modbus knows no password. ``poll_seconds``: from one look at its boards to
    the next.
    """

    id: BusId
    port: str
    baud: int | None
    own_wire: bool
    poll_seconds: float
