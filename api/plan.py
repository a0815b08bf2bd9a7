"""The building as built, in the API's words."""

from __future__ import annotations

from typing import Literal

from api.schemas import (
    CameraPlanOut,
    DoorPlanOut,
    NamedOut,
    PlanOut,
    PointOut,
    ReaderOut,
    SiteOut,
    ThreatLevelOut,
    ZoneOut,
)
from controller.domain.ids import CameraId, DeviceId, DoorId, ReaderId, ZoneId
from controller.domain.site import Camera, Door, Reader, SecurityLevel, Site, Zone

LevelWord = Literal["unrestricted", "controlled", "limited", "exclusion"]

LEVELS: dict[SecurityLevel, LevelWord] = {
    SecurityLevel.UNRESTRICTED: "unrestricted",
    SecurityLevel.CONTROLLED: "controlled",
    SecurityLevel.LIMITED: "limited",
    SecurityLevel.EXCLUSION: "exclusion",
}


def site_of(site: Site) -> SiteOut:
    """Return the plan a console draws. Wiring, camera addresses and rights stay inside."""
    width, height = site.plan_size
    return SiteOut(
        id=site.id,
        name=site.name,
        timezone=str(site.timezone),
        digest=site.digest,
        plan=PlanOut(width=width, height=height),
        zones=[_zone(zone) for zone in site.zones.values()],
        doors=[_door(door) for door in site.doors.values()],
        readers=[_reader(reader) for reader in site.readers.values()],
        cameras=[_camera(camera) for camera in site.cameras.values()],
        threat_levels=[ThreatLevelOut(number=t.number, name=t.name) for t in site.threat_levels.values()],
        access_levels=[NamedOut(id=one.id, name=one.name) for one in site.access_levels.values()],
        competencies=[NamedOut(id=one.id, name=one.name) for one in site.competencies.values()],
        safe_points=[NamedOut(id=one.id, name=one.name) for one in site.safe_points.values()],
    )


def door_of_device(site: Site, device: DeviceId) -> DoorId | None:
    """Return the door a device hangs at, by its readers or its wiring; None for one that serves no door."""
    for reader in site.readers.values():
        if reader.device == device:
            return reader.door
    for door in site.doors.values():
        if door.lock.device == device or any(wired.device == device for wired in door.inputs.values()):
            return door.id
    return None


def camera_of_door(site: Site, door: DoorId, reader: ReaderId | None = None) -> CameraId | None:
    """Return the camera to look through: the reader's own, else one at the door, else one in a zone it joins."""
    if reader is not None and reader in site.readers and (own := site.readers[reader].camera):
        return own
    at_door = (r.camera for r in site.readers.values() if r.door == door and r.camera)
    nearby = (c.id for c in site.cameras.values() if door in site.doors and c.zone in site.doors[door].zones)
    return next(at_door, None) or next(nearby, None)


def zone_of_door(site: Site, door: DoorId) -> ZoneId | None:
    """Return the stricter of the two zones a door joins: what is at stake there."""
    if door not in site.doors:
        return None
    return max(site.doors[door].zones, key=lambda z: site.zones[z].level)


def _point(place: tuple[float, float]) -> PointOut:
    return PointOut(x=place[0], y=place[1])


def _zone(zone: Zone) -> ZoneOut:
    shape = [_point(corner) for corner in zone.shape]
    return ZoneOut(id=zone.id, name=zone.name, level=LEVELS[zone.level], shape=shape, floor=zone.floor)


def _door(door: Door) -> DoorPlanOut:
    return DoorPlanOut(id=door.id, name=door.name, kind=door.kind, zones=door.zones, position=_point(door.position))


def _reader(reader: Reader) -> ReaderOut:
    return ReaderOut(
        id=reader.id,
        name=reader.name,
        door=reader.door,
        leaves=reader.leaves,
        enters=reader.enters,
        camera=reader.camera,
    )


def _camera(camera: Camera) -> CameraPlanOut:
    return CameraPlanOut(
        id=camera.id,
        name=camera.name,
        zone=camera.zone,
        position=_point(camera.position),
        purpose=camera.purpose,
        turns=camera.head is not None,
    )
