"""Rights by zone: whether an order is about a place where an operator's orders count.

A door is theirs if every zone it joins is, ``outside`` aside: whoever answers for the lobby alone opens no registry.
What concerns the whole house takes an operator without a limit; what makes it safer at once, or helps, takes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from controller.domain.alarm_orders import EscalateAlarm, ShelveAlarm, TickStep, UnshelveAlarm
from controller.domain.alarms import Source
from controller.domain.area_orders import ArmArea, BypassPoint, DisarmArea, EndBypass, ResetCause, WalkTest
from controller.domain.enrolment_orders import IssueBadge, OpenEnrolment, RecordCardholder
from controller.domain.evacuation import CheckIn, EndEvacuation, StartEvacuation, UndoCheckIn
from controller.domain.face_orders import (
    ComparePortrait,
    ConfirmFace,
    EnrolFace,
    KeepPortrait,
    ListFace,
    RemovePortrait,
    UnlistFace,
    WithdrawFace,
)
from controller.domain.heads import GoToPreset, KeepPreset, StopCamera, TurnCamera
from controller.domain.ids import OUTSIDE, AccessLevelId, AlarmId, DoorId, FireZoneId, RequestId, ZoneId
from controller.domain.integration_orders import AddWebhook, IssueToken, RemoveWebhook, RevokeToken, RotateWebhook
from controller.domain.maintenance import zones_of
from controller.domain.maintenance_orders import EndMaintenance, ReplaceReader, StartMaintenance
from controller.domain.operator_orders import (
    AcceptHandOver,
    AppointOperator,
    HandOver,
    ResetOperator,
    WithdrawOperator,
)
from controller.domain.operators import (
    AcknowledgeAlarm,
    BlockDoor,
    CloseAlarm,
    ConfirmFireReset,
    ConfirmPassage,
    EndLockdown,
    ForgiveAllPassback,
    ForgivePassback,
    LockDoor,
    Order,
    Panic,
    RefusePassage,
    ReleaseDoorMode,
    SetDoorMode,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
    UnlockOnce,
)
from controller.domain.record_orders import (
    AssignAccessLevel,
    DestroyBox,
    EraseCardholder,
    ExportEvidence,
    ExportPeople,
    LiftLegalHold,
    LiftVeil,
    LowerVeil,
    PlaceLegalHold,
    ReadRecords,
    SetCredentialStatus,
    WithdrawAccessLevel,
)
from controller.domain.site import Site
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor, SignOutVisitor
from controller.rules.turn import Turn


def within(turn: Turn, zones: frozenset[ZoneId], order: Order) -> bool:  # noqa: C901 - one flat table
    """Tell whether an order is about these zones alone. A place that is not known is refused for that."""
    site = turn.site
    match order:
        case UnlockOnce(door=door) | LockDoor(door=door) | BlockDoor(door=door) | UnblockDoor(door=door):
            return zones.issuperset(_of_door(site, door))
        case SetDoorMode(door=door) | ReleaseDoorMode(door=door):
            return zones.issuperset(_of_door(site, door))
        case ConfirmFireReset(fire_zone=fire_zone):
            return zones.issuperset(_of_fire_zone(site, fire_zone))
        case AcknowledgeAlarm(alarm=alarm) | CloseAlarm(alarm=alarm) | TickStep(alarm=alarm):
            return _touches(zones, _of_alarm(turn, alarm))
        case EscalateAlarm(alarm=alarm) | ShelveAlarm(alarm=alarm) | UnshelveAlarm(alarm=alarm):
            return _touches(zones, _of_alarm(turn, alarm))
        case ConfirmPassage(request=request) | RefusePassage(request=request):
            return zones.issuperset(_of_request(turn, request))
        case ArmArea(area=area) | DisarmArea(area=area) | WalkTest(area=area):
            return zones.issuperset(site.areas[area].zones if area in site.areas else ())
        case BypassPoint(point=point) | EndBypass(point=point):
            return point not in site.points or site.points[point].zone in zones
        case StartMaintenance(at=at) | EndMaintenance(at=at):
            return zones.issuperset(zones_of(site, at))
        case ReplaceReader(device=device):
            return zones.issuperset(zones_of(site, Source(device=device)))
        case AssignAccessLevel(level=level):
            return zones.issuperset(_of_level(site, level))
        case RegisterVisitor(levels=levels):
            return all(zones.issuperset(_of_level(site, level)) for level in levels)
        case LiftVeil(camera=camera) | LowerVeil(camera=camera):
            return camera not in site.cameras or site.cameras[camera].zone in zones
        case TurnCamera() | StopCamera() | GoToPreset() | KeepPreset():
            return order.camera not in site.cameras or site.cameras[order.camera].zone in zones
        case EndLockdown() | SetThreatLevel() | ForgiveAllPassback() | ResetCause():
            return False
        case AppointOperator() | WithdrawOperator() | ResetOperator():
            return False
        case IssueToken() | RevokeToken() | AddWebhook() | RemoveWebhook() | RotateWebhook():
            return False
        case EraseCardholder() | ExportPeople() | ExportEvidence() | PlaceLegalHold() | LiftLegalHold() | DestroyBox():
            return False
        case OpenEnrolment(reader=reader) | IssueBadge(reader=reader):
            return reader not in site.readers or zones.issuperset(_of_door(site, site.readers[reader].door))
        case RecordCardholder() | EndEvacuation():
            return False
        case StartEvacuation() | CheckIn() | UndoCheckIn():
            return True
        case StartLockdown() | Panic() | HandOver() | AcceptHandOver() | ForgivePassback():
            return True
        case ReadRecords() | SetCredentialStatus() | WithdrawAccessLevel():
            return True
        case EnrolFace() | ConfirmFace() | KeepPortrait() | ListFace():
            return False
        case WithdrawFace() | RemovePortrait() | UnlistFace() | ComparePortrait():
            return True
        case ApproveVisit() | SignInVisitor() | SignOutVisitor():
            return True
    assert_never(order)


def _of_door(site: Site, door: DoorId) -> Iterator[ZoneId]:
    known = site.doors.get(door)
    yield from (zone for zone in known.zones if zone != OUTSIDE) if known else ()


def _of_fire_zone(site: Site, fire_zone: FireZoneId) -> Iterator[ZoneId]:
    for door in site.doors.values():
        if door.fire_zone == fire_zone:
            yield from _of_door(site, door.id)


def _of_level(site: Site, level: AccessLevelId) -> Iterator[ZoneId]:
    known = site.access_levels.get(level)
    if known is not None:
        yield from known.zones
        for door in known.doors:
            yield from _of_door(site, door)


def _of_request(turn: Turn, request: RequestId) -> Iterator[ZoneId]:
    for reader, pending in turn.state.challenges.items():
        if pending.of(request) is not None and reader in turn.site.readers:
            yield from _of_door(turn.site, turn.site.readers[reader].door)


def _of_alarm(turn: Turn, alarm: AlarmId) -> Iterator[ZoneId]:
    known = turn.state.alarms.get(alarm)
    if known is not None:
        yield from _of_source(turn.site, known.source)


def _of_source(site: Site, source: Source) -> Iterator[ZoneId]:
    """Yield the zones an alarm may be about: none for one of the house."""
    if source.zone is not None:
        yield source.zone
    if source.door is not None:
        yield from _of_door(site, source.door)
    if source.reader is not None and source.reader in site.readers:
        yield from _of_door(site, site.readers[source.reader].door)
    if source.camera is not None and source.camera in site.cameras:
        yield site.cameras[source.camera].zone
    if source.point is not None and source.point in site.points:
        yield site.points[source.point].zone
    if source.area is not None and source.area in site.areas:
        yield from site.areas[source.area].zones


def _touches(zones: frozenset[ZoneId], places: Iterable[ZoneId]) -> bool:
    """Tell whether one of these places is theirs; what has no place is everybody's."""
    found = frozenset(places)
    return not found or bool(found & zones)
