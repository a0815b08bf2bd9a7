"""The people's part of the fold: who is where, as far as that is known, and how many each zone holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from immutables import Map

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind
from controller.domain.ids import OUTSIDE, CardholderId, ZoneId
from controller.domain.instant import Instant
from controller.domain.state import Sighting, SiteState, Visit, replace

ONE_AT_A_TIME = frozenset({ev.Doubt.GUARD_UNLOCK, ev.Doubt.TAILGATING})
"""Doubts that are one person each: a guard lets one through, and a turnstile turns for one."""


def located(state: SiteState, people: Iterable[CardholderId], zone: ZoneId | None, at: Instant) -> SiteState:
    """These people are in ``zone`` now, or, with None, may be anywhere: whoever was last seen outside may be inside."""
    locations, sightings, headcount = state.locations, state.sightings, state.headcount
    present, lost, strangers = state.present, state.lost, state.strangers
    for person in people:
        before, last = locations.get(person), sightings.get(person)
        outside = last is None or last.zone == OUTSIDE
        if strangers is not None and zone is None and outside:
            strangers += 1
        elif strangers and zone == OUTSIDE and before is None and outside:
            strangers -= 1  # whoever goes out unexpected was one of them
        headcount = _recounted(headcount, before, zone)
        present = _moved(present, person, before, zone)
        lost = _moved(lost, person, last.zone if last else None, last.zone if last and zone is None else None)
        locations = locations.set(person, zone)
        if zone is not None:
            sightings = sightings.set(person, Sighting(zone, at.wall, at.mono))
    counted = replace(state, headcount=headcount, present=present, lost=lost, strangers=strangers)
    return replace(counted, locations=locations, sightings=sightings)


def found_inside(state: SiteState, person: CardholderId) -> SiteState:
    """Somebody shows up further in whom nobody saw come in: it was one of those nobody could name."""
    last = state.sightings.get(person)
    unseen = state.locations.get(person) is None and (last is None or last.zone == OUTSIDE)
    return replace(state, strangers=state.strangers - 1) if state.strangers and unseen else state


def doubted(state: SiteState, event: ev.WhereaboutsDoubted, at: Instant) -> SiteState:
    """Somebody passed whom nobody can name: it may have been any of those who were known to be there."""
    there = [who for zone in event.zones for who in state.present.get(zone, ())]
    astray = located(state, there, None, at) if there else state
    strangers = state.strangers
    if OUTSIDE in event.zones and strangers is not None:
        strangers = strangers + 1 if event.why in ONE_AT_A_TIME else None
    return replace(astray, strangers=strangers)


def forgiven(state: SiteState, event: ev.PassbackForgiven, at: Instant) -> SiteState:
    """The building no longer holds what it believed against them."""
    if event.cardholder is None:
        return replace(located(state, tuple(state.locations), None, at), strangers=None)
    return located(state, (event.cardholder,), None, at)


def forgotten(state: SiteState, cardholder: CardholderId) -> SiteState:
    """Nobody by this pseudonym is looked for any more."""
    if cardholder not in state.locations:
        return state
    where, last = state.locations[cardholder], state.sightings.get(cardholder)
    state = replace(
        state,
        headcount=_recounted(state.headcount, where, None),
        present=_moved(state.present, cardholder, where, None),
        lost=_moved(state.lost, cardholder, last.zone if last else None, None),
    )
    sightings = state.sightings.delete(cardholder) if last else state.sightings
    return replace(state, locations=state.locations.delete(cardholder), sightings=sightings)


def after_start(state: SiteState, at: Instant) -> SiteState:
    """Nobody watched while the box was down. Timed anti-passback starts over, to the strict side."""
    sightings = Map({who: replace(seen, mono=at.mono) for who, seen in state.sightings.items()})
    forgotten = located(state, tuple(state.locations), None, at)
    forgotten = replace(forgotten, strangers=None if state.locations else state.strangers)
    return replace(forgotten, sightings=sightings, let_in=Map(), left_alone=Map(), unescorted=Map())


def grace_started(state: SiteState, event: ev.GraceStarted, at: Instant) -> SiteState:
    """A zone has so long to mend."""
    until = at.mono + event.seconds
    if event.kind is AlarmKind.TWO_PERSON_BROKEN:
        return replace(state, left_alone=state.left_alone.set(event.zone, until))
    return replace(state, unescorted=state.unescorted.set(event.zone, until))


def grace_ended(state: SiteState, event: ev.GraceEnded) -> SiteState:
    """Nothing is timed in this zone any more."""
    if event.kind is AlarmKind.TWO_PERSON_BROKEN:
        return replace(state, left_alone=_without(state.left_alone, event.zone))
    return replace(state, unescorted=_without(state.unescorted, event.zone))


Visiting = ev.VisitorRegistered | ev.HostApproved | ev.VisitorSignedIn | ev.VisitorSignedOut | ev.VisitorOverdue


def visiting(state: SiteState, event: Visiting) -> SiteState:
    """A visit begins, goes on or ends. It is over once the badge is back."""
    if isinstance(event, ev.VisitorRegistered):
        visit = Visit(event.host, event.escort, event.valid_from, event.valid_until)
        return replace(state, visits=state.visits.set(event.visitor, visit))
    known = state.visits.get(event.visitor)
    if known is None:
        return state
    match event:
        case ev.HostApproved():
            now = replace(known, approved=True)
        case ev.VisitorSignedIn(credential=credential, escort=escort):
            now = replace(known, signed_in=True, credential=credential, escort=escort or known.escort)
        case ev.VisitorOverdue():
            now = replace(known, overdue=True)
        case ev.VisitorSignedOut(badge_returned=True):
            return replace(state, visits=state.visits.delete(event.visitor))
        case ev.VisitorSignedOut():
            now = replace(known, signed_in=False, overdue=False)
        case _:
            assert_never(event)
    return replace(state, visits=state.visits.set(event.visitor, now))


def _without(times: Map[ZoneId, float], zone: ZoneId) -> Map[ZoneId, float]:
    return times.delete(zone) if zone in times else times


def _moved(
    people: Map[ZoneId, Map[CardholderId, None]], person: CardholderId, before: ZoneId | None, after: ZoneId | None
) -> Map[ZoneId, Map[CardholderId, None]]:
    """Take somebody out of one zone's people and into another's."""
    if before != after and before is not None and person in (left := people.get(before, Map())):
        people = people.set(before, left.delete(person)) if len(left) > 1 else people.delete(before)
    if after is None:
        return people
    return people.set(after, people.get(after, Map()).set(person, None))


def _recounted(headcount: Map[ZoneId, int], before: ZoneId | None, after: ZoneId | None) -> Map[ZoneId, int]:
    if before is not None:
        left = headcount[before] - 1
        headcount = headcount.set(before, left) if left else headcount.delete(before)
    return headcount if after is None else headcount.set(after, headcount.get(after, 0) + 1)
