"""Orders. Each is passed on as it came: the rules decide, and what is refused is a fact in the log too."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, assert_never

from fastapi import APIRouter, Path

from api.once import OnceRoute
from api.problems import refused
from api.schemas import (
    NAME_LENGTH,
    DoorModeIn,
    DoorModeReleaseIn,
    OrderedOut,
    ReasonIn,
    ShelveIn,
    StepIn,
    ThreatLevelIn,
    UnlockIn,
)
from api.schemas_guarding import BypassIn, UntilIn
from api.security import Api, Context, Fresh, Ordering, OrderingEvenLocked, SignedIn, demand_fresh
from controller.domain.alarm_orders import EscalateAlarm, ShelveAlarm, TickStep, UnshelveAlarm
from controller.domain.alarms import Source
from controller.domain.area_orders import ArmArea, BypassPoint, DisarmArea, EndBypass, ResetCause, WalkTest
from controller.domain.ids import (
    AlarmId,
    AreaId,
    CardholderId,
    CauseId,
    DeviceId,
    DoorId,
    FireZoneId,
    PointId,
    ReaderId,
    RequestId,
)
from controller.domain.maintenance_orders import EndMaintenance, StartMaintenance
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
    Refusal,
    RefusePassage,
    ReleaseDoorMode,
    SetDoorMode,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
    UnlockOnce,
)

router = APIRouter(tags=["orders"], route_class=OnceRoute)

Id = Annotated[str, Path(max_length=NAME_LENGTH)]


class Workplace(StrEnum):
    """What somebody may work on."""

    DOOR = "door"
    READER = "reader"
    DEVICE = "device"
    POINT = "point"


@router.post("/doors/{door}/unlock", status_code=202)
async def unlock(door: Id, asked: UnlockIn, who: Ordering, api: Context) -> OrderedOut:
    """Let somebody through one door, once."""
    whom = None if asked.cardholder is None else CardholderId(asked.cardholder)
    return await give(api, who, UnlockOnce(DoorId(door), asked.whom, cardholder=whom))


@router.post("/doors/{door}/lock", status_code=202)
async def lock(door: Id, who: Ordering, api: Context) -> OrderedOut:
    """Lock a door now."""
    return await give(api, who, LockDoor(DoorId(door)))


@router.post("/doors/{door}/block", status_code=202)
async def block(door: Id, asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Block a door for every badge."""
    return await give(api, who, BlockDoor(DoorId(door), asked.reason))


@router.post("/doors/{door}/unblock", status_code=202)
async def unblock(door: Id, who: Ordering, api: Context) -> OrderedOut:
    """Take the block off a door."""
    return await give(api, who, UnblockDoor(DoorId(door)))


@router.post("/doors/{door}/mode", status_code=202)
async def set_door_mode(door: Id, asked: DoorModeIn, who: Ordering, api: Context) -> OrderedOut:
    """Keep a door unlocked, secured or blocked until a time."""
    return await give(api, who, SetDoorMode(DoorId(door), asked.mode, asked.until, asked.reason))


@router.post("/doors/{door}/mode/release", status_code=202)
async def release_door_mode(door: Id, asked: DoorModeReleaseIn, who: Ordering, api: Context) -> OrderedOut:
    """Take such an order off a door."""
    return await give(api, who, ReleaseDoorMode(DoorId(door), asked.mode))


@router.post("/fires/{fire_zone}/confirm-reset", status_code=202)
async def confirm_fire_reset(fire_zone: Id, asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Say that a fire is over, after its panel was reset: its doors lock again."""
    return await give(api, who, ConfirmFireReset(FireZoneId(fire_zone), asked.reason))


@router.post("/lockdown", status_code=202)
async def start_lockdown(asked: ReasonIn, who: OrderingEvenLocked, api: Context) -> OrderedOut:
    """Lock everything. No lock of a console holds it up."""
    return await give(api, who, StartLockdown(asked.reason))


@router.post("/lockdown/end", status_code=202)
async def end_lockdown(who: Fresh, api: Context) -> OrderedOut:
    """Ask for the lockdown's end; it ends once a second, other person asks too."""
    await give(api, who, EndLockdown())
    waits = api.facade.moment().state.lockdown is not None
    return OrderedOut(ordered=True, code="second_person_needed" if waits else None)


@router.post("/threat-level", status_code=202)
async def set_threat_level(asked: ThreatLevelIn, who: Ordering, api: Context) -> OrderedOut:
    """Make the building stricter, or less strict. The latter takes a fresh second factor."""
    if asked.level < api.facade.moment().state.threat_level:
        demand_fresh(api, who)
    return await give(api, who, SetThreatLevel(asked.level, asked.reason))


@router.post("/alarms/{alarm}/acknowledge", status_code=202)
async def acknowledge(alarm: Id, who: Ordering, api: Context) -> OrderedOut:
    """Say that this one alarm was seen."""
    _refuse_unseen(api, who, alarm)
    return await give(api, who, AcknowledgeAlarm(AlarmId(alarm)))


@router.post("/alarms/{alarm}/close", status_code=202)
async def close(alarm: Id, asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Say that this one alarm is dealt with, and how."""
    _refuse_unseen(api, who, alarm)
    return await give(api, who, CloseAlarm(AlarmId(alarm), asked.reason))


@router.post("/alarms/{alarm}/steps", status_code=202)
async def tick_step(alarm: Id, asked: StepIn, who: Ordering, api: Context) -> OrderedOut:
    """Say that a step of an alarm's procedure was done."""
    _refuse_unseen(api, who, alarm)
    return await give(api, who, TickStep(AlarmId(alarm), asked.step))


@router.post("/alarms/{alarm}/escalate", status_code=202)
async def escalate(alarm: Id, who: Ordering, api: Context) -> OrderedOut:
    """Want somebody else to look at an alarm: it sounds as if nobody had acknowledged it in time."""
    _refuse_unseen(api, who, alarm)
    return await give(api, who, EscalateAlarm(AlarmId(alarm)))


@router.post("/alarms/{alarm}/shelve", status_code=202)
async def shelve(alarm: Id, asked: ShelveIn, who: Ordering, api: Context) -> OrderedOut:
    """Put an alarm aside until a time. Never duress, panic, fire, tamper or one of priority 1."""
    _refuse_unseen(api, who, alarm)
    return await give(api, who, ShelveAlarm(AlarmId(alarm), asked.until, asked.reason))


@router.post("/alarms/{alarm}/unshelve", status_code=202)
async def unshelve(alarm: Id, who: Ordering, api: Context) -> OrderedOut:
    """Put a shelved alarm back among the others."""
    _refuse_unseen(api, who, alarm)
    return await give(api, who, UnshelveAlarm(AlarmId(alarm)))


@router.post("/people/{cardholder}/forgive-passback", status_code=202)
async def forgive_passback(cardholder: Id, asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Excuse one person from anti-passback until they are next seen to pass."""
    return await give(api, who, ForgivePassback(CardholderId(cardholder), asked.reason))


@router.post("/forgive-passback", status_code=202)
async def forgive_all_passback(asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Excuse everybody from anti-passback until they are next seen to pass."""
    return await give(api, who, ForgiveAllPassback(asked.reason))


@router.post("/requests/{request}/confirm", status_code=202)
async def confirm_passage(request: Id, who: Ordering, api: Context) -> OrderedOut:
    """Say that somebody who waits for a guard's look may pass; what else is asked of them still is."""
    return await give(api, who, ConfirmPassage(RequestId(request)))


@router.post("/requests/{request}/refuse", status_code=202)
async def refuse_passage(request: Id, asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Say that somebody who waits for a guard's look may not pass, and why."""
    return await give(api, who, RefusePassage(RequestId(request), asked.reason))


@router.post("/panic", status_code=202)
async def panic(who: OrderingEvenLocked, api: Context) -> OrderedOut:
    """Ask for help, at once. No lock of a console holds it up."""
    return await give(api, who, Panic())


@router.post("/areas/{area}/arm", status_code=202)
async def arm_area(area: Id, who: Ordering, api: Context) -> OrderedOut:
    """Arm an intrusion area; its exit delay begins."""
    return await give(api, who, ArmArea(AreaId(area)))


@router.post("/areas/{area}/disarm", status_code=202)
async def disarm_area(area: Id, who: Ordering, api: Context) -> OrderedOut:
    """Disarm an intrusion area."""
    return await give(api, who, DisarmArea(AreaId(area)))


@router.post("/areas/{area}/walk-test", status_code=202)
async def walk_test(area: Id, asked: UntilIn, who: Ordering, api: Context) -> OrderedOut:
    """See which points of a disarmed area move, until a time."""
    return await give(api, who, WalkTest(AreaId(area), asked.until))


@router.post("/points/{point}/bypass", status_code=202)
async def bypass_point(point: Id, asked: BypassIn, who: Ordering, api: Context) -> OrderedOut:
    """Leave a point out of its area until a time."""
    return await give(api, who, BypassPoint(PointId(point), asked.until, asked.reason))


@router.post("/points/{point}/end-bypass", status_code=202)
async def end_bypass(point: Id, who: Ordering, api: Context) -> OrderedOut:
    """Let a point count again."""
    return await give(api, who, EndBypass(PointId(point)))


@router.post("/maintenance/{what}/{place}", status_code=202)
async def start_maintenance(what: Workplace, place: Id, asked: BypassIn, who: Ordering, api: Context) -> OrderedOut:
    """Say that somebody works there until a time: what comes of it is marked, sounds nothing and wakes nobody."""
    return await give(api, who, StartMaintenance(_source(what, place), asked.until, asked.reason))


@router.post("/maintenance/{what}/{place}/end", status_code=202)
async def end_maintenance(what: Workplace, place: Id, who: Ordering, api: Context) -> OrderedOut:
    """Say that nobody works there any more."""
    return await give(api, who, EndMaintenance(_source(what, place)))


@router.post("/causes/{cause}/reset", status_code=202)
async def reset_cause(cause: Id, who: Ordering, api: Context) -> OrderedOut:
    """Take back what a cause brought about."""
    return await give(api, who, ResetCause(CauseId(cause)))


def _source(what: Workplace, place: str) -> Source:
    match what:
        case Workplace.DOOR:
            return Source(door=DoorId(place))
        case Workplace.READER:
            return Source(reader=ReaderId(place))
        case Workplace.DEVICE:
            return Source(device=DeviceId(place))
        case Workplace.POINT:
            return Source(point=PointId(place))
    assert_never(what)


def _refuse_unseen(api: Api, who: SignedIn, alarm: str) -> None:
    """An alarm that is not for these eyes does not exist for them."""
    known = api.facade.moment().state.alarms.get(AlarmId(alarm))
    if known is not None and known.silent and not who.sees_silent:
        raise refused(Refusal.UNKNOWN_ALARM)


async def give(api: Api, who: SignedIn, order: Order) -> OrderedOut:
    """Pass an order on. Raises ``Problem`` where it is refused."""
    refusal = await api.facade.order(who.operator.id, order)
    if refusal is not None:
        raise refused(refusal)
    return OrderedOut(ordered=True, code=None)
