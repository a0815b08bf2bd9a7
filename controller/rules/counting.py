"""Tailgating: the people a camera sees go through a door, against the entries that the door saw."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.ids import ZoneId
from controller.domain.site import Door, Site
from controller.domain.stimuli import PersonPassed
from controller.rules.alarm import raise_alarm
from controller.rules.door import by_key
from controller.rules.fold_counting import entry_of
from controller.rules.turn import Turn
from controller.rules.whereabouts import somebody_passed

ONE_TOO_MANY = "one person more went through than were let in"

_OPENED_WRONGLY = frozenset({AlarmKind.FORCED_OPEN, AlarmKind.FOUND_OPEN})


def person_passed(turn: Turn, seen: PersonPassed) -> None:
    """Somebody went through: on an entry that the door saw, or on nobody's badge."""
    camera = turn.site.cameras.get(seen.camera)
    door = turn.site.doors.get(seen.door)
    if camera is None or door is None or all(counted.door != door.id for counted in camera.counts):
        return
    expected = entry_of(turn.state.door(door.id), seen.enters)
    turn.record(ev.PersonCounted(door.id, camera.id, seen.enters))
    if expected is None and asks_for_a_badge(turn.site, door, seen.enters) and not _told_otherwise(turn, door):
        raise_alarm(turn, AlarmKind.TAILGATING, Source(door=door.id, camera=camera.id), ONE_TOO_MANY)
        somebody_passed(turn, door, ev.Doubt.TAILGATING)


def asks_for_a_badge(site: Site, door: Door, enters: ZoneId) -> bool:
    """Tell whether whoever goes this way has to show something: where an exit button leads out, nobody has to."""
    if enters == door.zones[0] and door.rex is not None:
        return False
    return any(reader.door == door.id and reader.enters == enters for reader in site.readers.values())


def _told_otherwise(turn: Turn, door: Door) -> bool:
    """Whoever passes a door that is held released, was forced, or opened by key, is no tailgater; it was told of."""
    if turn.state.door(door.id).held or by_key(turn, door.id):
        return True
    wrong = (alarm for alarm in turn.state.alarms.values() if alarm.kind in _OPENED_WRONGLY and alarm.persists)
    return any(alarm.source.door == door.id for alarm in wrong)
