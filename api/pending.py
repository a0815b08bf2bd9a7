"""What waits for a second person: one list for everything that takes two, and the order each of them stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from api.records import Texts
from api.schemas_operators import PendingOut
from controller.domain.enrolment_orders import RecordCardholder, person_told
from controller.domain.face_orders import ConfirmFace
from controller.domain.ids import AccessLevelId, CameraId, CardholderId, CredentialId, OperatorId, ZoneId
from controller.domain.operator_orders import EVERYWHERE, AppointOperator, ResetOperator
from controller.domain.operators import EndLockdown, Order, Role
from controller.domain.people import CredentialStatus
from controller.domain.record_orders import (
    AssignAccessLevel,
    DestroyBox,
    EraseCardholder,
    ExportPeople,
    LiftLegalHold,
    LiftVeil,
    SetCredentialStatus,
)
from controller.domain.records import Purpose
from controller.domain.state import SiteState

END_LOCKDOWN = "end_lockdown"


def pending_of(state: SiteState, now: datetime, texts: Texts) -> list[PendingOut]:
    """Return everything that one person asked for and another must agree to, the oldest first."""
    return [*_lockdown(state), *_asked(state, now, texts)]


def order_of(state: SiteState, word: str, subject: str) -> Order | None:
    """Return the order that waits under this name; None where nothing does."""
    if word == END_LOCKDOWN:
        waits = state.lockdown is not None and state.lockdown.end_requested_by is not None
        return EndLockdown() if waits and not subject else None
    asked, build = state.asked.get((word, subject)), _BUILD.get(word)
    return None if asked is None or build is None else build(subject, asked.reason)


def _lockdown(state: SiteState) -> Iterator[PendingOut]:
    if state.lockdown is not None and state.lockdown.end_requested_by is not None:
        asker = state.lockdown.end_requested_by
        yield PendingOut(order=END_LOCKDOWN, subject="", operator=asker, reason="", since=None, until=None)


def _asked(state: SiteState, now: datetime, texts: Texts) -> Iterator[PendingOut]:
    for (word, subject), asked in sorted(state.asked.items(), key=lambda item: (item[1].wall, item[0])):
        until = asked.wall + timedelta(hours=asked.hours)
        if until >= now and asked.operator in state.operators:
            yield PendingOut(
                order=word,
                subject=subject,
                operator=asked.operator,
                reason=texts(asked.reason),
                since=asked.wall,
                until=until,
            )


def _export(subject: str, _: str) -> Order:
    purpose, _, case = subject.partition(" ")
    return ExportPeople(Purpose(purpose), case)


def _assign(subject: str, reason: str) -> Order:
    cardholder, _, level = subject.partition(" ")
    return AssignAccessLevel(CardholderId(cardholder), AccessLevelId(level), reason)


def _set_status(subject: str, reason: str) -> Order:
    credential, _, status = subject.partition(" ")
    return SetCredentialStatus(CredentialId(credential), CredentialStatus(status), reason)


def _record(subject: str, reason: str) -> Order:
    return RecordCardholder(person_told(subject), "", reason)


def _lift_veil(subject: str, reason: str) -> Order:
    camera, _, seconds = subject.partition(" ")
    return LiftVeil(CameraId(camera), float(seconds), reason)


def _appoint(subject: str, reason: str) -> Order:
    name, role, *zones = subject.split(" ")
    where = None if zones == [EVERYWHERE] else frozenset(map(ZoneId, zones))
    return AppointOperator(OperatorId(name), Role(role), where, reason)


_BUILD: Mapping[str, Callable[[str, str], Order]] = {
    "erase_cardholder": lambda subject, reason: EraseCardholder(CardholderId(subject), reason),
    "lift_legal_hold": lambda subject, reason: LiftLegalHold(subject, reason),
    "export_people": _export,
    "lift_veil": _lift_veil,
    "assign_access_level": _assign,
    "set_credential_status": _set_status,
    "record_cardholder": _record,
    "destroy_box": lambda _, reason: DestroyBox(reason),
    "confirm_face": lambda subject, _: ConfirmFace(CardholderId(subject)),
    "appoint_operator": _appoint,
    "reset_operator": lambda subject, reason: ResetOperator(OperatorId(subject), reason),
}
"""How an order that takes two is told from its subject and its reason: the reverse of its ``subject``.

Evidence is not among them: whoever agrees to hand it out names the recordings anew, and so has looked at them.
"""
