"""The muster: who is inside, who may be, and of whom that is not known. It never guesses somebody safe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from controller.domain.evacuation import Safe
from controller.domain.ids import OUTSIDE, CardholderId, ZoneId
from controller.domain.state import SiteState


class Whereabouts(StrEnum):
    """What is known of where somebody is.

    ``POSSIBLY_INSIDE``: last seen inside, and since then somebody nobody can name may have left there.
    ``UNKNOWN``: last seen outside, and since then somebody nobody can name may have come in.
    """

    INSIDE = "inside"
    POSSIBLY_INSIDE = "possibly_inside"
    UNKNOWN = "unknown"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Mustered:
    """One person on the list: the zone they were last seen to enter, and when; both None where they never were."""

    cardholder: CardholderId
    whereabouts: Whereabouts
    zone: ZoneId | None
    seen: datetime | None
    safe: Safe | None = None


def mustered(state: SiteState) -> Iterator[Mustered]:
    """Yield who is looked for; in an evacuation also who was counted, or was seen to leave since it began.

    Whoever was seen to go in again after they were counted is looked for again.
    """
    running = state.evacuation
    listed = {one.cardholder: one for one in muster(state)}
    for person in () if running is None else sorted(running.safe):
        listed.setdefault(person, Mustered(person, Whereabouts.OUTSIDE, None, None))  # no door ever told of them
    for one in listed.values():
        safe = running.safe.get(one.cardholder) if running else None
        if safe is not None and one.seen is not None and one.zone != OUTSIDE and one.seen > safe.wall:
            safe = None
        left = running is not None and one.seen is not None and one.seen >= running.wall
        if one.whereabouts is not Whereabouts.OUTSIDE or left or safe is not None:
            yield replace(one, safe=safe)


def muster(state: SiteState) -> Iterator[Mustered]:
    """Yield everybody whom a door ever told of, by pseudonym. Who never came by is not on the list."""
    for person in sorted(state.locations):
        last = state.sightings.get(person)
        yield Mustered(person, whereabouts(state, person), last.zone if last else None, last.seen if last else None)


def whereabouts(state: SiteState, person: CardholderId) -> Whereabouts:
    """Return what is known of one person."""
    zone, last = state.locations.get(person), state.sightings.get(person)
    if zone is not None:
        return Whereabouts.OUTSIDE if zone == OUTSIDE else Whereabouts.INSIDE
    if last is None or last.zone == OUTSIDE:
        return Whereabouts.UNKNOWN
    return Whereabouts.POSSIBLY_INSIDE


def unaccounted(state: SiteState) -> int:
    """Return how many people may be inside of whom the building does not know it.

    Where each doubt was one person (a turnstile that turned once too often, a guard who let one through) it is these,
    less whoever was seen to leave without having been seen to come. Where a door stood open to anybody, or nobody
    watched, it is everybody whose whereabouts are unknown.
    """
    if state.strangers is not None:
        return state.strangers
    return sum(whereabouts(state, person) is Whereabouts.UNKNOWN for person in state.locations)
