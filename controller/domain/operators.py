"""Operators: the people at the console, and what they order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.domain.alarm_orders import AlarmOrder
from controller.domain.area_orders import AreaOrder
from controller.domain.doors import LockMode
from controller.domain.enrolment_orders import EnrolmentOrder
from controller.domain.evacuation import EvacuationOrder
from controller.domain.face_orders import FaceOrder
from controller.domain.filming import Camera
from controller.domain.heads import HeadOrder
from controller.domain.ids import AlarmId, CardholderId, DoorId, FireZoneId, OperatorId, RequestId, ZoneId
from controller.domain.integration_orders import IntegrationOrder
from controller.domain.maintenance_orders import MaintenanceOrder
from controller.domain.operator_orders import OperatorOrder
from controller.domain.record_orders import RecordOrder
from controller.domain.roles import Role as Role
from controller.domain.visit_orders import VisitOrder
from controller.domain.words import ADDED

SEES_SILENT = frozenset({Role.SUPERVISOR, Role.SECURITY_OFFICER, Role.AUDITOR})
"""Who sees a silent alarm, and what is recorded of it. Guards do not: their post may be watched."""


WATCHES = frozenset({Role.GUARD, Role.SUPERVISOR, Role.SECURITY_OFFICER, Role.TECHNICIAN})
PLAYS_BACK = frozenset({Role.GUARD, Role.SUPERVISOR, Role.SECURITY_OFFICER, Role.DATA_PROTECTION_OFFICER})
"""Who may watch a camera, and see what it recorded, where its sheet names nobody."""

TURNS = frozenset({Role.GUARD, Role.SUPERVISOR, Role.SECURITY_OFFICER, Role.TECHNICIAN})
"""Who may turn a camera, where its sheet names nobody; nobody else ever does."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may sign in. The password's hash lives in the key store, never in the log.

    ``cardholder``: the same human being as a badge holder, so that nobody decides about their own record.
    ``zones``: where their orders count; None: everywhere. ``resets``: how often they began anew; no sign-in of before
    counts.
    """

    id: OperatorId
    role: Role
    cardholder: CardholderId | None = field(default=None, metadata=ADDED)
    zones: frozenset[ZoneId] | None = field(default=None, metadata=ADDED)
    resets: int = field(default=0, metadata=ADDED)


def may_watch(role: Role, camera: Camera) -> bool:
    """Tell whether a role may see a camera's pictures as they come."""
    return role in (WATCHES if camera.live is None else camera.live)


def may_play_back(role: Role, camera: Camera) -> bool:
    """Tell whether a role may see what a camera recorded."""
    return role in (PLAYS_BACK if camera.playback is None else camera.playback)


def may_turn(role: Role, camera: Camera) -> bool:
    """Tell whether a role may turn a camera: one that it may watch, and that has a head."""
    if camera.head is None or not may_watch(role, camera):
        return False
    return role in (TURNS if camera.head.turned_by is None else TURNS & camera.head.turned_by)


def one_person(operators: Mapping[OperatorId, Operator], first: OperatorId | None, second: OperatorId) -> bool:
    """Tell whether two names are one human being: somebody who may sign in by two names is not two people."""
    if first is None or first == second:
        return first == second
    known = [who.cardholder for name in (first, second) if (who := operators.get(name)) and who.cardholder]
    return len(known) == 2 and known[0] == known[1]


@dataclass(frozen=True, slots=True)
class UnlockOnce:
    """Let somebody through one door, once.

    ``whom`` is a pseudonym and ``identity`` who that is, sealed; the building makes both of what the guard said.
    ``cardholder``: one of ours, whom the guard knows by sight and who has no badge with them: the muster names them.
    """

    door: DoorId
    whom: str
    identity: str = ""
    cardholder: CardholderId | None = None


@dataclass(frozen=True, slots=True)
class LockDoor:
    """Lock a door now and take back what was granted there and not yet used."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class BlockDoor:
    """No badge opens this door until it is released again."""

    door: DoorId
    reason: str


@dataclass(frozen=True, slots=True)
class UnblockDoor:
    """Take the operator's block off a door."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class SetDoorMode:
    """Keep a door unlocked, secured or blocked until a time. Unlocking takes a supervisor."""

    door: DoorId
    mode: LockMode
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ReleaseDoorMode:
    """Take such an order off a door: what should be true now is true again."""

    door: DoorId
    mode: LockMode


@dataclass(frozen=True, slots=True)
class ConfirmFireReset:
    """The panel was reset and the fire is over: lock the doors of this zone again."""

    fire_zone: FireZoneId
    reason: str


@dataclass(frozen=True, slots=True)
class StartLockdown:
    """Lock everything. One guard suffices."""

    reason: str


@dataclass(frozen=True, slots=True)
class EndLockdown:
    """End the lockdown: asked for by one operator, done when a second, other one says the same."""


@dataclass(frozen=True, slots=True)
class SetThreatLevel:
    """Raise or lower the threat level."""

    level: int
    reason: str


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarm:
    """I have seen it."""

    alarm: AlarmId


@dataclass(frozen=True, slots=True)
class CloseAlarm:
    """It is dealt with; takes a reason, and its cause must be gone."""

    alarm: AlarmId
    reason: str


@dataclass(frozen=True, slots=True)
class ForgivePassback:
    """Excuse one person from anti-passback until they are next seen to pass."""

    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class ForgiveAllPassback:
    """Excuse everybody from anti-passback until they are next seen to pass."""

    reason: str


@dataclass(frozen=True, slots=True)
class ConfirmPassage:
    """A guard looked at somebody who waits for that, and they may pass."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class RefusePassage:
    """A guard looked at somebody who waits for that, and they may not pass."""

    request: RequestId
    reason: str


@dataclass(frozen=True, slots=True)
class Panic:
    """Help, at once. Every role may ask for it, and gives no reason."""


Order = (
    UnlockOnce
    | LockDoor
    | BlockDoor
    | UnblockDoor
    | SetDoorMode
    | ReleaseDoorMode
    | ConfirmFireReset
    | StartLockdown
    | EndLockdown
    | SetThreatLevel
    | AcknowledgeAlarm
    | CloseAlarm
    | ForgivePassback
    | ForgiveAllPassback
    | ConfirmPassage
    | RefusePassage
    | Panic
    | AlarmOrder
    | RecordOrder
    | AreaOrder
    | VisitOrder
    | OperatorOrder
    | EnrolmentOrder
    | EvacuationOrder
    | HeadOrder
    | MaintenanceOrder
    | IntegrationOrder
    | FaceOrder
)


class Refusal(StrEnum):
    """Why an order is not carried out."""

    UNKNOWN_OPERATOR = "unknown_operator"
    NOT_YOUR_ROLE = "not_your_role"
    UNKNOWN_DOOR = "unknown_door"
    UNKNOWN_ALARM = "unknown_alarm"
    UNKNOWN_REQUEST = "unknown_request"
    UNKNOWN_STEP = "unknown_step"
    UNKNOWN_AREA = "unknown_area"
    UNKNOWN_POINT = "unknown_point"
    UNKNOWN_CAUSE = "unknown_cause"
    UNKNOWN_CARDHOLDER = "unknown_cardholder"
    UNKNOWN_THREAT_LEVEL = "unknown_threat_level"
    UNKNOWN_FIRE_ZONE = "unknown_fire_zone"
    LOCKDOWN = "lockdown"
    DOOR_BLOCKED = "door_blocked"
    THREAT_LEVEL = "threat_level"
    INTERLOCK = "interlock"
    NO_LOCKDOWN = "no_lockdown"
    POINT_NOT_READY = "point_not_ready"
    CANNOT_BE_BYPASSED = "cannot_be_bypassed"
    CANNOT_BE_SHELVED = "cannot_be_shelved"
    AREA_ARMED = "area_armed"
    EXPIRY_NEEDED = "expiry_needed"
    ALREADY_SO = "already_so"
    SECOND_PERSON_NEEDED = "second_person_needed"
    CAUSE_PERSISTS = "cause_persists"
    REASON_NEEDED = "reason_needed"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    DOOR_LOCKED = "door_locked"
    FIRE = "fire"
    FIRE_PANEL_NOT_RESET = "fire_panel_not_reset"
    MODE_NOT_ALLOWED = "mode_not_allowed"
    UNTIL_NOT_ALLOWED = "until_not_allowed"
    LOG_CANNOT_BE_WRITTEN = "log_cannot_be_written"
    UNKNOWN_CREDENTIAL = "unknown_credential"
    UNKNOWN_ACCESS_LEVEL = "unknown_access_level"
    UNKNOWN_LEGAL_HOLD = "unknown_legal_hold"
    ABOUT_YOURSELF = "about_yourself"
    LEGAL_HOLD = "legal_hold"
    STILL_INSIDE = "still_inside"
    CASE_NEEDED = "case_needed"
    UNKNOWN_CAMERA = "unknown_camera"
    CANNOT_BE_TURNED = "cannot_be_turned"
    UNKNOWN_PRESET = "unknown_preset"
    UNKNOWN_VISITOR = "unknown_visitor"
    VISIT_OVER = "visit_over"
    NOT_FOR_VISITORS = "not_for_visitors"
    BADGE_NOT_FREE = "badge_not_free"
    NOT_YOUR_ZONE = "not_your_zone"
    NO_SUCH_OPERATOR = "no_such_operator"
    UNKNOWN_ZONE = "unknown_zone"
    NO_HANDOVER = "no_handover"
    NO_EVACUATION = "no_evacuation"
    UNKNOWN_SAFE_POINT = "unknown_safe_point"
    UNKNOWN_READER = "unknown_reader"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_COMPETENCY = "unknown_competency"
    READER_TAKEN = "reader_taken"
    NO_BADGE_OFFERED = "no_badge_offered"
    NAME_NEEDED = "name_needed"
    NO_SUCH_TOKEN = "no_such_token"  # noqa: S105 - a word
    NO_SUCH_WEBHOOK = "no_such_webhook"
    TARGET_NOT_ALLOWED = "target_not_allowed"
    FACE_ALIKE = "face_alike"
    NO_FACE = "no_face"
    PORTRAITS_NOT_ALLOWED = "portraits_not_allowed"
    NO_PORTRAIT = "no_portrait"
    NO_WATCH_LIST = "no_watch_list"
    NOTHING_TO_COMPARE = "nothing_to_compare"
