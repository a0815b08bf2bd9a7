"""An alarm flood (ISA-18.2): more alarms than one person can look at one by one."""

from __future__ import annotations

from dataclasses import dataclass

FLOOD_SECONDS = 600.0
FLOOD_STARTS_ABOVE = 10
FLOOD_ENDS_BELOW = 5
"""ISA-18.2: it starts above ten alarms in ten minutes and ends below five in ten."""


@dataclass(frozen=True, slots=True)
class Flood:
    """The last alarms raised (monotonic seconds, the oldest first; no more than tell a flood), and how it stood then.

    Between two alarms their number in ten minutes only falls: looking at each raise, and at now, misses nothing.
    """

    raised: tuple[float, ...] = ()
    was: bool = False

    def after(self, mono: float) -> Flood:
        """Return the flood once one more alarm was raised."""
        raised = (*self._recent(mono), mono)
        begins = len(raised) > FLOOD_STARTS_ABOVE
        return Flood(raised[-(FLOOD_STARTS_ABOVE + 1) :], begins or self.stands(mono))

    def stands(self, mono: float) -> bool:
        """Tell whether there is a flood now."""
        return self.was and len(self._recent(mono)) >= FLOOD_ENDS_BELOW

    def moved(self, seconds: float) -> Flood:
        """Return it on another monotonic clock, which shows so many seconds more."""
        return Flood(tuple(at + seconds for at in self.raised), self.was)

    def _recent(self, mono: float) -> tuple[float, ...]:
        return tuple(at for at in self.raised if mono - at < FLOOD_SECONDS)
