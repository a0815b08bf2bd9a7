"""Time as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment by two clocks.

    ``wall`` (aware) answers schedules and the audit trail; ``mono`` (seconds, CLOCK_MONOTONIC) answers time-outs, so
    that a clock step cannot hide a held-open door.
    """

    wall: datetime
    mono: float

    def __post_init__(self) -> None:
        if self.wall.tzinfo is None:
            raise ValueError("an instant's wall time needs a time zone")
