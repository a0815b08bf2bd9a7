"""The people's part of the fold: who is where, as far as that is known, and how many each zone holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from immutables import Map

from controller.domain import events as ev
from controller.domain.ids import CardholderId, ZoneId
from controller.domain.instant import Instant
from controller.domain.state import Sighting, SiteState


def located(state: SiteState, people: Iterable[CardholderId], zone: ZoneId | None, at: Instant) -> SiteState:
    """These people are in ``zone`` now, or, with None, may be anywhere."""
    locations, sightings, headcount = state.locations, state.sightings, state.headcount
    for person in people:
        headcount = _recounted(headcount, locations.get(person), zone)
        locations = locations.set(person, zone)
        if zone is not None:
            sightings = sightings.set(person, Sighting(zone, at.wall, at.mono))
    return replace(state, locations=locations, sightings=sightings, headcount=headcount)


def doubted(state: SiteState, event: ev.WhereaboutsDoubted, at: Instant) -> SiteState:
    """Somebody passed whom nobody can name: it may have been any of those who were known to be there."""
    return located(state, [who for who, zone in state.locations.items() if zone in event.zones], None, at)


def forgiven(state: SiteState, event: ev.PassbackForgiven, at: Instant) -> SiteState:
    """The building no longer holds what it believed against them."""
    return located(state, tuple(state.locations) if event.cardholder is None else (event.cardholder,), None, at)


def forgotten(state: SiteState, cardholder: CardholderId) -> SiteState:
    """Nobody by this pseudonym is looked for any more."""
    if cardholder not in state.locations:
        return state
    state = replace(state, headcount=_recounted(state.headcount, state.locations[cardholder], None))
    sightings = state.sightings.delete(cardholder) if cardholder in state.sightings else state.sightings
    return replace(state, locations=state.locations.delete(cardholder), sightings=sightings)


def after_start(state: SiteState, at: Instant) -> SiteState:
    """Nobody watched while the box was down. Timed anti-passback starts over, to the strict side."""
    sightings = Map({who: replace(seen, mono=at.mono) for who, seen in state.sightings.items()})
    return replace(state, locations=Map(dict.fromkeys(state.locations)), sightings=sightings, headcount=Map())


def _recounted(headcount: Map[ZoneId, int], before: ZoneId | None, after: ZoneId | None) -> Map[ZoneId, int]:
    if before is not None:
        left = headcount[before] - 1
        headcount = headcount.set(before, left) if left else headcount.delete(before)
    return headcount if after is None else headcount.set(after, headcount.get(after, 0) + 1)
