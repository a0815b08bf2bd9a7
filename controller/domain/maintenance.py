"""Places that somebody works on: which alarms come of the work, and which of them are of that place.

What work on a door, a reader, a device or a point brings about is told, and marked. Everything else is told as ever:
help that is called for, fire and its lines, people and faces, and whatever is amiss anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from controller.domain.alarms import AlarmKind, Source
from controller.domain.ids import OUTSIDE, DeviceId, OperatorId, ZoneId
from controller.domain.site import Site

OF_WORK = frozenset(
    {
        AlarmKind.FORCED_OPEN,
        AlarmKind.HELD_OPEN,
        AlarmKind.FOUND_OPEN,
        AlarmKind.TAMPER,
        AlarmKind.FAULT,
        AlarmKind.OFFLINE,
        AlarmKind.CERTIFICATE_ENDING,
        AlarmKind.MAINS,
        AlarmKind.BATTERY,
        AlarmKind.INTRUSION,
        AlarmKind.SECURE_CHANNEL_LOST,
        AlarmKind.SECURE_CHANNEL_OFF,
        AlarmKind.DEVICE_SWAPPED,
        AlarmKind.UNKNOWN_CARD_BURST,
        AlarmKind.PIN_BRUTE_FORCE,
    }
)
"""What a technician's hands bring about. A kind that is not named here is never marked."""

_HOUSE = Source()


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Who said that a place is worked on, why (sealed), and until which monotonic second."""

    operator: OperatorId
    reason: str
    until: float


def covers(site: Site, place: Source, source: Source) -> bool:
    """Tell whether an alarm's source is of the place that is worked on.

    A door has its readers with it; a door and a reader the devices that serve nothing else.
    """
    if place.point is not None:
        return source.point == place.point
    if place.device is not None:
        return source.device == place.device
    needs = set() if source.device is None else set(served(site, source.device))
    if place.reader is not None:
        return source.reader == place.reader or needs == {place}
    return _door(site, source) == place or {_door(site, one) for one in needs} == {place}


def stands(site: Site, place: Source) -> bool:
    """Tell whether the site has this place: exactly one door, reader, device or point."""
    known = {
        Source(door=place.door): place.door in site.doors,
        Source(reader=place.reader): place.reader in site.readers,
        Source(device=place.device): place.device in site.devices,
        Source(point=place.point): place.point in site.points,
    }
    return known.get(place, False)


def zones_of(site: Site, place: Source) -> frozenset[ZoneId]:
    """Return the zones that a place opens to, or looks into; ``outside`` is none."""
    return frozenset(_zones(site, place)) - {OUTSIDE}


def served(site: Site, device: DeviceId) -> Iterator[Source]:
    """Yield what needs a device: readers, doors, points; the house itself for a siren."""
    yield from (Source(reader=reader.id) for reader in site.readers.values() if reader.device == device)
    for door in site.doors.values():
        if device in {door.lock.device, *(wired.device for wired in door.inputs.values())}:
            yield Source(door=door.id)
    for point in site.points.values():
        if point.input is not None and point.input.device == device:
            yield Source(point=point.id)
    yield from (_HOUSE for output in site.outputs.values() if output.output.device == device)


def _zones(site: Site, place: Source) -> Iterator[ZoneId]:
    door = _door(site, place).door
    if door is not None and door in site.doors:
        yield from site.doors[door].zones
    if place.point is not None and place.point in site.points:
        yield site.points[place.point].zone
    if place.device is not None:
        for one in served(site, place.device):
            yield from _zones(site, one)


def _door(site: Site, source: Source) -> Source:
    """Return the door a reader leads through; any other place is itself."""
    if source.reader is not None and source.reader in site.readers:
        return Source(door=site.readers[source.reader].door)
    return source
