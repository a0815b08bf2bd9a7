"""When something holds: weekly periods in the site's time zone, and the days on which they do not count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import IntEnum

from controller.domain.ids import ScheduleId


class Weekday(IntEnum):
    """Python's own numbering: Monday is 0."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


@dataclass(frozen=True, slots=True)
class Period:
    """A weekly period in the site's time zone, ``end`` excluded.

    ``end <= start`` crosses midnight and belongs to its starting day. ``on_holidays`` keeps it alive on a holiday.
    """

    days: frozenset[Weekday]
    start: time
    end: time
    on_holidays: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something holds. ``always`` schedules need no trusted clock."""

    id: ScheduleId
    name: str
    always: bool
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which ordinary periods do not count."""

    day: date
    name: str
