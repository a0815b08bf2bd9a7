"""Who is in a zone with whom: a two-person zone left to one, visitors whose escort is gone.

Each gets a grace time, then becomes an alarm. What is not known alarms nobody, and ends no alarm either.
"""

from __future__ import annotations

from enum import Enum, auto

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.ids import ZoneId
from controller.domain.operators import Refusal
from controller.domain.people import Cardholder, CardholderKind
from controller.domain.site import Zone
from controller.domain.state import SiteState
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.companions import people_in
from controller.rules.escort import may_escort
from controller.rules.passages import take_back
from controller.rules.relock import relock
from controller.rules.turn import Turn


class Standing(Enum):
    """How it stands in a zone: as its rules ask, not so, or nobody can tell."""

    AS_ASKED = auto()
    BROKEN = auto()
    UNKNOWN = auto()


def people_moved(turn: Turn, before: SiteState) -> None:
    """Look at every zone that has such a rule, once somebody moved."""
    if turn.state.present is before.present and turn.state.lost is before.lost:
        return
    for zone in turn.site.zones.values():
        if zone.two_person:
            _take_back_lone_grants(turn, zone)
            standing, seconds = _two_or_none(turn.state, zone), zone.two_person_grace_seconds
            _look(turn, zone.id, AlarmKind.TWO_PERSON_BROKEN, standing, seconds)
        if zone.escort is not None:
            standing, seconds = _with_escorts(turn.state, zone), zone.escort.grace_seconds
            _look(turn, zone.id, AlarmKind.VISITOR_ASTRAY, standing, seconds)


def grace_time_passed(turn: Turn) -> None:
    """Raise what was not mended in time."""
    for kind in (AlarmKind.TWO_PERSON_BROKEN, AlarmKind.VISITOR_ASTRAY):
        for zone, until in sorted(_running(turn.state, kind).items()):
            if until <= turn.now.mono:
                _raise(turn, zone, kind)
                turn.record(ev.GraceEnded(zone, kind))


def _look(turn: Turn, zone: ZoneId, kind: AlarmKind, standing: Standing, grace_seconds: float) -> None:
    """Start the grace time, or end it; end the alarm once all is as it must be."""
    timed = zone in _running(turn.state, kind)
    if standing is not Standing.BROKEN:
        if timed:
            turn.record(ev.GraceEnded(zone, kind))
        if standing is Standing.AS_ASKED:
            cause_gone(turn, {kind}, Source(zone=zone))
    elif not timed and not _told(turn.state, zone, kind):
        if grace_seconds > 0:
            turn.record(ev.GraceStarted(zone, kind, grace_seconds))
        else:
            _raise(turn, zone, kind)


def _two_or_none(state: SiteState, zone: Zone) -> Standing:
    """A visitor is never one of the two. Somebody last seen here may still be here."""
    here = people_in(state, zone)
    if sum(person.kind is not CardholderKind.VISITOR for person in here) >= 2:
        return Standing.AS_ASKED
    if zone.id in state.lost:
        return Standing.UNKNOWN
    return Standing.BROKEN if here else Standing.AS_ASKED


def _with_escorts(state: SiteState, zone: Zone) -> Standing:
    """Each who needs an escort has one in the zone who may be theirs."""
    here = people_in(state, zone)
    missing = [person for person in here if person.escorted and not _any_escort(state, person, here)]
    lost = [person for one in state.lost.get(zone.id, ()) if (person := state.people.get(one)) is not None]
    if missing:
        return Standing.UNKNOWN if all(_any_escort(state, one, lost) for one in missing) else Standing.BROKEN
    return Standing.UNKNOWN if any(person.escorted for person in lost) else Standing.AS_ASKED


def _any_escort(state: SiteState, visitor: Cardholder, people: list[Cardholder]) -> bool:
    return any(may_escort(state, visitor.id, person) for person in people)


def _take_back_lone_grants(turn: Turn, zone: Zone) -> None:
    """Whoever was let in to join somebody, and has not gone through, no longer may once nobody is in.

    Whoever comes out into the zone from further in is on the way out, which waits for no second person.
    """
    if any(person.kind is not CardholderKind.VISITOR for person in people_in(turn.state, zone)):
        return
    for door in turn.site.doors.values():
        for passage in turn.state.door(door.id).passages if zone.id == door.zones[1] else ():
            alone = passage.cardholder is not None and passage.companion is None and not passage.used
            if alone and passage.enters == zone.id:
                take_back(turn, door.id, passage.request, Refusal.SECOND_PERSON_NEEDED)
                relock(turn, door.id)


def _raise(turn: Turn, zone: ZoneId, kind: AlarmKind) -> None:
    if zone in turn.site.zones:
        here = sorted(person.id for person in people_in(turn.state, turn.site.zones[zone]))
        raise_alarm(turn, kind, Source(zone=zone), ", ".join(here))


def _told(state: SiteState, zone: ZoneId, kind: AlarmKind) -> bool:
    return any(one.persists and one.kind is kind and one.source.zone == zone for one in state.alarms.values())


def _running(state: SiteState, kind: AlarmKind) -> dict[ZoneId, float]:
    return dict(state.left_alone if kind is AlarmKind.TWO_PERSON_BROKEN else state.unescorted)
