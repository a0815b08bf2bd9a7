"""What makes it unknown who is where. Unknown never denies: it only takes away what would be held against them."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.doors import LockMode
from controller.domain.ids import OUTSIDE, CardholderId, ZoneId
from controller.domain.site import Door
from controller.domain.state import SiteState
from controller.rules.turn import Turn


def somebody_passed(turn: Turn, door: Door, why: ev.Doubt) -> None:
    """Somebody nobody can name passed a door, or may have, in either direction."""
    _doubt(turn, door, door.zones, why)


def doubt_of(hold: LockMode | None) -> ev.Doubt:
    """Return why a door that is held released proves nothing of whoever passes it."""
    return ev.Doubt.FIRE if hold is LockMode.FIRE_RELEASE else ev.Doubt.DOOR_UNLOCKED


def somebody_left(turn: Turn, door: Door, why: ev.Doubt) -> None:
    """Somebody nobody can name left the inner side of a door, or may have."""
    _doubt(turn, door, door.zones[1:], why)


def needs_time(state: SiteState, who: CardholderId | None) -> bool:
    """Tell whether somebody has the extended times of people with reduced mobility."""
    known = state.people.get(who) if who is not None else None
    return known is not None and known.extended_time


def _doubt(turn: Turn, door: Door, zones: tuple[ZoneId, ...], why: ev.Doubt) -> None:
    """Say so, where somebody was known to be there; of outside always, for there is always somebody."""
    doubtful = tuple(zone for zone in zones if zone == OUTSIDE or turn.state.headcount.get(zone))
    if doubtful:
        turn.record(ev.WhereaboutsDoubted(door.id, doubtful, why))
