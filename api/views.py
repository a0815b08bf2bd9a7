"""The building right now, in the API's words: pure functions of the state. Commanded is never shown as observed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from api.guarding import guarding_of
from api.pending import pending_of
from api.plan import camera_of_door, door_of_device, zone_of_door
from api.records import Names, Texts
from api.schemas import (
    AlarmOut,
    BlockOut,
    CameraOut,
    DeviceOut,
    DoorOut,
    DoorStatus,
    EvacuationOut,
    FireOut,
    LockdownOut,
    LockdownState,
    ModeRequestOut,
    MusteredOut,
    MusterOut,
    SafeOut,
    ShelfOut,
    ThreatLevelOut,
    ViewOut,
    WaitingOut,
    WhoOut,
)
from api.schemas_guarding import MaintenanceOut
from api.schemas_operators import OpenShiftOut
from controller.domain.alarms import Alarm, AlarmKind, Shelf, Source, in_order, never_shelved
from controller.domain.doors import HELD, DoorAlarm, DoorState, LockMode, LockStatus, ModeRequest, ModeSource, Position
from controller.domain.ids import CameraId, CardholderId, DoorId
from controller.domain.instant import Instant
from controller.domain.muster import Whereabouts, mustered, unaccounted, whereabouts
from controller.domain.site import Door, Site
from controller.domain.state import Lockdown, SiteState
from controller.runtime.facade import Moment

DOOR_ALARMS: Mapping[AlarmKind, DoorAlarm] = {
    AlarmKind.FORCED_OPEN: DoorAlarm.FORCED_OPEN,
    AlarmKind.HELD_OPEN: DoorAlarm.HELD_OPEN,
    AlarmKind.FOUND_OPEN: DoorAlarm.FOUND_OPEN,
}


def _nobody(_: CardholderId) -> None:
    """Know nobody's name."""


def view_of(
    moment: Moment, now: Instant, texts: Texts = str, names: Names = _nobody, *, silent: bool = False
) -> ViewOut:
    """Return everything a guard's screen shows of this moment; ``silent``: also what is not for every screen."""
    site, state = moment.site, moment.state
    open_alarms = _door_alarms(state)
    people = Counter(whereabouts(state, person) for person in state.locations)
    return ViewOut(
        boot=moment.boot,
        seq=moment.seq,
        time=now.wall,
        threat_level=_threat_level(site, state),
        lockdown=_lockdown(site, state, state.lockdown, now.mono, texts) if state.lockdown else None,
        fires=_fires(site, state),
        doors=[_door(moment, door, open_alarms.get(door.id), texts) for door in site.doors.values()],
        alarms=[
            _alarm(site, alarm, now, texts, names)
            for alarm in in_order(state.alarms.values())
            if silent or not alarm.silent
        ],
        flood=state.flood.stands(now.mono),
        waiting=_waiting(site, state, now, names),
        devices=_devices(site, state),
        cameras=[CameraOut(id=camera, online=_seen(state, camera)) for camera in site.cameras],
        guarding=guarding_of(site, state, now, silent=silent),
        inside=people[Whereabouts.INSIDE],
        possibly_inside=people[Whereabouts.POSSIBLY_INSIDE],
        unknown=people[Whereabouts.UNKNOWN],
        log_late=state.log_late,
        clock_trusted=state.clock_trusted,
        pending=pending_of(state, now.wall, texts),
        open_shift=_open_shift(state, texts),
        evacuation=_evacuation(state),
        maintenance=_maintenance(site, state, now, texts),
    )


def _maintenance(site: Site, state: SiteState, now: Instant, texts: Texts) -> list[MaintenanceOut]:
    return [
        MaintenanceOut(
            door=place.door,
            reader=place.reader,
            device=place.device,
            point=place.point,
            name=_name(site, place),
            operator=work.operator,
            reason=texts(work.reason),
            until=now.wall + timedelta(seconds=work.until - now.mono),
        )
        for place, work in sorted(state.maintenance.items(), key=lambda item: item[1].until)
    ]


def _evacuation(state: SiteState) -> EvacuationOut | None:
    running = state.evacuation
    return EvacuationOut(operator=running.operator, since=running.wall) if running else None


def _open_shift(state: SiteState, texts: Texts) -> OpenShiftOut | None:
    shift = state.open_shift
    if shift is None:
        return None
    return OpenShiftOut(
        operator=shift.operator,
        note=texts(shift.note),
        since=shift.wall,
        alarms=[alarm for alarm in shift.alarms if alarm in state.alarms],
        doors=list(shift.doors),
    )


def _waiting(site: Site, state: SiteState, now: Instant, names: Names) -> list[WaitingOut]:
    """Return who is asked for more, the oldest first."""
    return [
        WaitingOut(
            request=pending.request,
            reader=reader,
            door=site.readers[reader].door,
            camera=camera_of_door(site, site.readers[reader].door, reader),
            who=WhoOut(id=pending.cardholder, name=known.name if (known := names(pending.cardholder)) else None),
            proven=sorted(pending.presented),
            wanted=sorted(pending.wanted),
            until=now.wall + timedelta(seconds=pending.until - now.mono),
            search=pending.search,
            portrait=pending.cardholder in state.portraits,
        )
        for reader, pending in sorted(state.challenges.items(), key=lambda item: (item[1].issued, item[0]))
        if reader in site.readers
    ]


def muster_of(moment: Moment, now: Instant, names: Names) -> MusterOut:
    """Return who is inside, who may be, and of whom it is not known; in an evacuation, also who is out since."""
    return MusterOut(
        time=now.wall,
        evacuation=_evacuation(moment.state),
        unaccounted=unaccounted(moment.state),
        people=[
            MusteredOut(
                who=WhoOut(id=one.cardholder, name=known.name if (known := names(one.cardholder)) else None),
                whereabouts=one.whereabouts,
                zone=one.zone,
                seen=one.seen,
                safe=SafeOut(point=one.safe.point, time=one.safe.wall) if one.safe else None,
            )
            for one in mustered(moment.state)
        ],
    )


def observed_secured(door: Door, known: DoorState) -> bool:
    """Tell whether the sensors say closed and locked. A door without a contact is judged by its bolt alone."""
    closed = known.position is Position.CLOSED or door.contact is None
    return closed and known.lock is LockStatus.LOCKED


def _threat_level(site: Site, state: SiteState) -> ThreatLevelOut:
    level = site.threat_levels.get(state.threat_level)
    return ThreatLevelOut(number=state.threat_level, name=level.name if level else str(state.threat_level))


def _lockdown(site: Site, state: SiteState, lockdown: Lockdown, mono: float, texts: Texts) -> LockdownOut:
    return LockdownOut(
        state=_lockdown_state(lockdown, mono),
        operator=lockdown.operator,
        reason=texts(lockdown.reason),
        since=lockdown.started,
        end_requested_by=lockdown.end_requested_by,
        unsecured_doors=[d.id for d in site.doors.values() if not observed_secured(d, state.door(d.id))],
    )


def _lockdown_state(lockdown: Lockdown, mono: float) -> LockdownState:
    if lockdown.secured:
        return LockdownState.SECURED
    overdue = lockdown.secured_by is None or mono >= lockdown.secured_by
    return LockdownState.INCOMPLETE if overdue else LockdownState.SECURING


def _door_alarms(state: SiteState) -> dict[DoorId, DoorAlarm]:
    """Return what is wrong with each door at this very moment; a forced door stays forced."""
    found: dict[DoorId, DoorAlarm] = {}
    for alarm in state.alarms.values():
        kind, door = DOOR_ALARMS.get(alarm.kind), alarm.source.door
        if kind and door and alarm.persists and found.get(door) is not DoorAlarm.FORCED_OPEN:
            found[door] = kind
    return found


def _fires(site: Site, state: SiteState) -> list[FireOut]:
    return [
        FireOut(
            fire_zone=zone.id,
            name=zone.name,
            since=state.fires[zone.id],
            panel=state.point(zone.point),
            doors=[door.id for door in site.doors.values() if door.fire_zone == zone.id],
        )
        for zone in site.fire_zones.values()
        if zone.id in state.fires
    ]


def _door(moment: Moment, door: Door, alarm: DoorAlarm | None, texts: Texts) -> DoorOut:
    state, known, asked = moment.state, moment.state.door(door.id), moment.modes.get(door.id, ())
    mode = known.hold or _strict(asked)
    return DoorOut(
        id=door.id,
        status=_status(door, known, mode, alarm, reachable=state.device(door.lock.device).online is not False),
        position=known.position,
        lock=known.lock,
        ordered=known.ordered,
        mode=mode,
        modes=[_request(request, known, texts) for request in asked],
        block=BlockOut(operator=known.block.operator, reason=texts(known.block.reason)) if known.block else None,
        alarm=alarm,
        loop=known.loop if door.loop else None,
        key_turned=known.key_turned,
    )


def _strict(asked: Sequence[ModeRequest]) -> LockMode:
    """Return what a lock does that does not stand released: a request to release it is not in force then."""
    return asked[0].mode if asked and asked[0].mode not in HELD else LockMode.SECURED


def _request(request: ModeRequest, known: DoorState, texts: Texts) -> ModeRequestOut:
    by_operator = request.source is ModeSource.OPERATOR
    said = next((order.reason for order in known.orders if by_operator and order.mode is request.mode), None)
    return ModeRequestOut(
        mode=request.mode,
        source=request.source,
        reference=request.reference,
        until=request.until,
        reason=None if said is None else texts(said),
    )


def _status(door: Door, known: DoorState, mode: LockMode, alarm: DoorAlarm | None, *, reachable: bool) -> DoorStatus:
    """Return the one word of the door's symbol: what is wrong first, then what the sensors say, then the mode."""
    if alarm is DoorAlarm.FORCED_OPEN:
        return DoorStatus.FORCED_OPEN
    if alarm is DoorAlarm.HELD_OPEN:
        return DoorStatus.HELD_OPEN
    if not reachable:
        return DoorStatus.OFFLINE
    if known.position is Position.OPEN:
        return DoorStatus.OPEN
    if known.lock is LockStatus.UNLOCKED:
        return DoorStatus.UNLOCKED
    if not observed_secured(door, known):
        return DoorStatus.UNKNOWN
    return DoorStatus.SECURED if known.held else DoorStatus(mode)  # told to be unlocked, and seen locked


def _devices(site: Site, state: SiteState) -> list[DeviceOut]:
    return [
        DeviceOut(
            id=device.id,
            name=device.name,
            kind=device.kind,
            online=(known := state.device(device.id)).online,
            secure=known.secure,
            tampered=known.tampered,
            power_failed=known.power_failed,
            battery_low=known.battery_low,
        )
        for device in site.devices.values()
    ]


def _seen(state: SiteState, camera: CameraId) -> bool | None:
    known = state.cameras.get(camera)
    return known.online if known else None


def _alarm(site: Site, alarm: Alarm, now: Instant, texts: Texts, names: Names) -> AlarmOut:
    source = alarm.source
    told = names(source.cardholder) if source.cardholder and alarm.detail == source.cardholder else None
    door = _door_of(site, source)
    at_door = camera_of_door(site, door, source.reader) if door else None
    camera = site.cameras.get(source.camera) if source.camera else None
    point = site.points.get(source.point) if source.point else None
    return AlarmOut(
        id=alarm.id,
        kind=alarm.kind,
        priority=alarm.priority,
        name=_name(site, source),
        door=door,
        reader=source.reader,
        device=source.device,
        point=source.point,
        area=source.area,
        zone=source.zone
        or (zone_of_door(site, door) if door else (camera.zone if camera else (point.zone if point else None))),
        camera=source.camera or at_door or (point.sight.camera if point and point.sight else None),
        detail=told.name if told else alarm.detail,
        raised_at=alarm.raised_at,
        persists=alarm.persists,
        silent=alarm.silent,
        maintenance=alarm.maintenance,
        escalated=alarm.escalated,
        acknowledged_by=alarm.acknowledged_by,
        steps=sorted(alarm.steps),
        shelvable=not never_shelved(alarm),
        shelf=_shelf(alarm.shelf, now, texts) if alarm.shelf else None,
    )


def _shelf(shelf: Shelf, now: Instant, texts: Texts) -> ShelfOut:
    until = now.wall + timedelta(seconds=shelf.until - now.mono)
    return ShelfOut(operator=shelf.operator, reason=texts(shelf.reason), until=until)


def _door_of(site: Site, source: Source) -> DoorId | None:
    if source.door:
        return source.door
    if source.reader and source.reader in site.readers:
        return site.readers[source.reader].door
    return door_of_device(site, source.device) if source.device else None


def _name(site: Site, source: Source) -> str:
    """Return the most exact place that has a name; ids stand in for what the policy no longer knows."""
    if source.reader:
        return site.readers[source.reader].name if source.reader in site.readers else source.reader
    if source.door:
        return site.doors[source.door].name if source.door in site.doors else source.door
    if source.device:
        return site.devices[source.device].name if source.device in site.devices else source.device
    if source.camera:
        return site.cameras[source.camera].name if source.camera in site.cameras else source.camera
    if source.area and not source.point:
        return site.areas[source.area].name if source.area in site.areas else source.area
    if source.point:
        return site.points[source.point].name if source.point in site.points else source.point
    if source.zone:
        return site.zones[source.zone].name if source.zone in site.zones else source.zone
    return site.name
