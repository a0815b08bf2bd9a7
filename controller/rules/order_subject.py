"""What an order is about, in a word: stands in the record of one that was refused."""

from __future__ import annotations

from typing import assert_never

from controller.domain.alarm_orders import AlarmOrder
from controller.domain.area_orders import AreaOrder
from controller.domain.enrolment_orders import EnrolmentOrder, enrolment_subject
from controller.domain.evacuation import EvacuationOrder, evacuation_subject
from controller.domain.face_orders import FaceOrder, face_subject
from controller.domain.heads import HeadOrder
from controller.domain.integration_orders import IntegrationOrder, integration_subject
from controller.domain.maintenance_orders import MaintenanceOrder, maintenance_subject
from controller.domain.operator_orders import OperatorOrder, operator_subject
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
from controller.domain.record_orders import RecordOrder
from controller.domain.record_orders import subject as record_subject
from controller.domain.visit_orders import VisitOrder
from controller.rules.area_orders import area_subject


def subject_of(order: Order) -> str:  # noqa: C901 - one flat table
    """Return the door, the person, the alarm, or whatever else one word names; nothing for the whole house."""
    if isinstance(order, RecordOrder):
        return record_subject(order)
    if isinstance(order, AreaOrder):
        return area_subject(order)
    if isinstance(order, AlarmOrder):
        return order.alarm
    if isinstance(order, VisitOrder):
        return order.visitor
    if isinstance(order, OperatorOrder):
        return operator_subject(order)
    if isinstance(order, EnrolmentOrder):
        return enrolment_subject(order)
    if isinstance(order, EvacuationOrder):
        return evacuation_subject(order)
    if isinstance(order, HeadOrder):
        return order.camera
    if isinstance(order, FaceOrder):
        return face_subject(order)
    if isinstance(order, MaintenanceOrder):
        return maintenance_subject(order)
    if isinstance(order, IntegrationOrder):
        return integration_subject(order)
    match order:
        case UnlockOnce(door=door) | LockDoor(door=door) | BlockDoor(door=door) | UnblockDoor(door=door):
            return door
        case SetDoorMode(door=door) | ReleaseDoorMode(door=door):
            return door
        case ConfirmFireReset(fire_zone=zone):
            return zone
        case AcknowledgeAlarm(alarm=alarm) | CloseAlarm(alarm=alarm):
            return alarm
        case SetThreatLevel(level=level):
            return str(level)
        case ForgivePassback(cardholder=cardholder):
            return cardholder
        case ConfirmPassage(request=request) | RefusePassage(request=request):
            return request
        case StartLockdown() | EndLockdown() | ForgiveAllPassback() | Panic():
            return ""
    assert_never(order)
