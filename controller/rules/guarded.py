"""What an armed intrusion area says to a badge at a door into it."""

from __future__ import annotations

from controller.domain.decision import DenyReason
from controller.domain.points import AreaMode, AtDoors
from controller.rules.case import Case, Finding

_NONE = Finding("no armed area refuses badges here")


def area_armed(case: Case) -> Finding:
    """Nobody is let into an armed area that refuses badges. On the way out of one it says nothing."""
    if not case.site.areas or not case.way_in:
        return _NONE
    for area in case.site.areas.values():
        mode = case.state.area(area.id).mode
        if area.at_doors is AtDoors.REFUSES and mode is not AreaMode.DISARMED and case.zone.id in area.zones:
            return Finding(f"area {area.id} is {mode}", DenyReason.AREA_ARMED)
    return _NONE
