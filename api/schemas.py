"""What the API says and takes, as JSON: the contract with the console and with integrators.

Field names and words are the domain's own. Times are RFC 3339 in UTC. Positions are in the units of the floor plan.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints, WithJsonSchema

from api.model import Model, Text
from api.schemas_guarding import GuardingOut, MaintenanceOut
from api.schemas_operators import OpenShiftOut, PendingOut
from api.sessions import Stage
from controller.domain.alarms import AlarmKind, Priority
from controller.domain.decision import DenyReason
from controller.domain.doors import DoorAlarm, LockMode, LockStatus, Loop, ModeSource, Position
from controller.domain.events import KINDS
from controller.domain.muster import Whereabouts
from controller.domain.operators import Role
from controller.domain.points import PointCondition
from controller.domain.roles import SecondFactor
from controller.domain.site import DeviceKind, DoorKind, Factor

NAME_LENGTH = 64
PASSWORD_LENGTH = 1024
NEW_PASSWORD_LENGTH = 12

Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_LENGTH)]
EventKind = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(KINDS)})]


class OrderWord(StrEnum):
    """The orders there are, for showing or hiding a button. The rules decide anew on every order."""

    UNLOCK_ONCE = "unlock_once"
    LOCK_DOOR = "lock_door"
    BLOCK_DOOR = "block_door"
    UNBLOCK_DOOR = "unblock_door"
    SET_DOOR_MODE = "set_door_mode"
    RELEASE_DOOR_MODE = "release_door_mode"
    CONFIRM_FIRE_RESET = "confirm_fire_reset"
    START_LOCKDOWN = "start_lockdown"
    END_LOCKDOWN = "end_lockdown"
    SET_THREAT_LEVEL = "set_threat_level"
    ACKNOWLEDGE_ALARM = "acknowledge_alarm"
    CLOSE_ALARM = "close_alarm"
    TICK_STEP = "tick_step"
    ESCALATE_ALARM = "escalate_alarm"
    SHELVE_ALARM = "shelve_alarm"
    UNSHELVE_ALARM = "unshelve_alarm"
    FORGIVE_PASSBACK = "forgive_passback"
    FORGIVE_ALL_PASSBACK = "forgive_all_passback"
    CONFIRM_PASSAGE = "confirm_passage"
    REFUSE_PASSAGE = "refuse_passage"
    PANIC = "panic"
    ERASE_CARDHOLDER = "erase_cardholder"
    SET_CREDENTIAL_STATUS = "set_credential_status"
    ASSIGN_ACCESS_LEVEL = "assign_access_level"
    WITHDRAW_ACCESS_LEVEL = "withdraw_access_level"
    PLACE_LEGAL_HOLD = "place_legal_hold"
    LIFT_LEGAL_HOLD = "lift_legal_hold"
    READ_RECORDS = "read_records"
    EXPORT_PEOPLE = "export_people"
    DESTROY_BOX = "destroy_box"
    LIFT_VEIL = "lift_veil"
    LOWER_VEIL = "lower_veil"
    EXPORT_EVIDENCE = "export_evidence"
    ARM_AREA = "arm_area"
    DISARM_AREA = "disarm_area"
    BYPASS_POINT = "bypass_point"
    END_BYPASS = "end_bypass"
    WALK_TEST = "walk_test"
    RESET_CAUSE = "reset_cause"
    REGISTER_VISITOR = "register_visitor"
    APPROVE_VISIT = "approve_visit"
    SIGN_IN_VISITOR = "sign_in_visitor"
    SIGN_OUT_VISITOR = "sign_out_visitor"
    ISSUE_TOKEN = "issue_token"  # noqa: S105 - the word for an order
    REVOKE_TOKEN = "revoke_token"  # noqa: S105 - likewise
    ADD_WEBHOOK = "add_webhook"
    REMOVE_WEBHOOK = "remove_webhook"
    ROTATE_WEBHOOK = "rotate_webhook"
    APPOINT_OPERATOR = "appoint_operator"
    WITHDRAW_OPERATOR = "withdraw_operator"
    RESET_OPERATOR = "reset_operator"
    HAND_OVER = "hand_over"
    ACCEPT_HAND_OVER = "accept_hand_over"
    RECORD_CARDHOLDER = "record_cardholder"
    OPEN_ENROLMENT = "open_enrolment"
    ISSUE_BADGE = "issue_badge"
    START_EVACUATION = "start_evacuation"
    END_EVACUATION = "end_evacuation"
    CHECK_IN = "check_in"
    UNDO_CHECK_IN = "undo_check_in"
    TURN_CAMERA = "turn_camera"
    STOP_CAMERA = "stop_camera"
    GO_TO_PRESET = "go_to_preset"
    KEEP_PRESET = "keep_preset"
    START_MAINTENANCE = "start_maintenance"
    END_MAINTENANCE = "end_maintenance"
    ENROL_FACE = "enrol_face"
    CONFIRM_FACE = "confirm_face"
    WITHDRAW_FACE = "withdraw_face"
    KEEP_PORTRAIT = "keep_portrait"
    REMOVE_PORTRAIT = "remove_portrait"
    COMPARE_PORTRAIT = "compare_portrait"
    LIST_FACE = "list_face"
    UNLIST_FACE = "unlist_face"
    REPLACE_READER = "replace_reader"


class ProblemOut(Model):
    """An error (RFC 9457), as ``application/problem+json``. ``code`` is what a program should look at."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class HealthOut(Model):
    """That the box answers."""

    ok: Literal[True]
    boot: str


class LiveOut(Model):
    """That the doors' loop runs."""

    live: Literal[True]


class ReadyOut(Model):
    """Whether the box lets people in: it has a policy, its log is durable in time, its clock is trusted."""

    ready: bool
    policy: bool
    log: bool
    clock: bool


class SignInIn(Model):
    """A name and a password; with a one-time password, also the password that replaces it."""

    operator: Name
    password: Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_LENGTH)]
    new_password: (
        Annotated[str, StringConstraints(min_length=NEW_PASSWORD_LENGTH, max_length=PASSWORD_LENGTH)] | None
    ) = None


class MeOut(Model):
    """Who is signed in. ``csrf`` goes back as ``X-CSRF-Token`` with every order.

    ``stage``: ``full``, or what a right password is not enough for. ``methods``: what the operator may show besides it.
    ``locked``: nobody was there for ``idle_seconds``, and no order counts until they say who they are.
    """

    operator: str
    role: Role
    csrf: str
    may_order: list[OrderWord]
    stage: Stage
    methods: list[SecondFactor]
    zones: list[str] | None
    locked: bool
    idle_seconds: float


class PointOut(Model):
    """A place on the floor plan."""

    x: float
    y: float


class PlanOut(Model):
    """The size of the floor plan."""

    width: float
    height: float


class ZoneOut(Model):
    """A space. ``shape`` is its polygon, empty for ``outside``; ``floor`` whose plan shows it, "" if there is one."""

    id: str
    name: str
    level: Literal["unrestricted", "controlled", "limited", "exclusion"]
    shape: list[PointOut]
    floor: str


class DoorPlanOut(Model):
    """A door as built; ``zones`` are the two it joins."""

    id: str
    name: str
    kind: DoorKind
    zones: tuple[str, str]
    position: PointOut


class ReaderOut(Model):
    """One direction through one door."""

    id: str
    name: str
    door: str
    leaves: str
    enters: str
    camera: str | None


class CameraPlanOut(Model):
    """A camera as built, and why it may look. ``turns``: it has a head that turns it."""

    id: str
    name: str
    zone: str
    position: PointOut
    purpose: str
    turns: bool


class ThreatLevelOut(Model):
    """A threat level; a higher number is stricter."""

    number: int
    name: str


class NamedOut(Model):
    """Something of the site file that is chosen by name."""

    id: str
    name: str


class SiteOut(Model):
    """The building as built: changes only with its policy (``digest``)."""

    id: str
    name: str
    timezone: str
    digest: str
    plan: PlanOut
    zones: list[ZoneOut]
    doors: list[DoorPlanOut]
    readers: list[ReaderOut]
    cameras: list[CameraPlanOut]
    threat_levels: list[ThreatLevelOut]
    access_levels: list[NamedOut]
    competencies: list[NamedOut]
    safe_points: list[NamedOut]


class DoorStatus(StrEnum):
    """What a door's symbol says, from its sensors."""

    SECURED = "secured"
    UNLOCKED = "unlocked"
    OPEN = "open"
    HELD_OPEN = "held_open"
    FORCED_OPEN = "forced_open"
    OFFLINE = "offline"
    LOCKDOWN = "lockdown"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class BlockOut(Model):
    """An operator's block on a door."""

    operator: str
    reason: str


class ModeRequestOut(Model):
    """Who asks a lock for what, and until when; None: until somebody ends it. Operators also said why."""

    mode: LockMode
    source: ModeSource
    reference: str
    until: datetime | None
    reason: str | None


class DoorOut(Model):
    """A door right now. ``ordered`` is what was commanded and is not observed yet; ``mode`` what the lock is told.

    ``loop``: what stands where a barrier would close; None for a door without a safety loop.
    ``modes`` is everything that is asked of it, the first one in effect.
    """

    id: str
    status: DoorStatus
    position: Position
    lock: LockStatus
    ordered: LockStatus | None
    mode: LockMode
    modes: list[ModeRequestOut]
    block: BlockOut | None
    alarm: DoorAlarm | None
    loop: Loop | None
    key_turned: bool


class FireOut(Model):
    """A fire that stands. ``panel`` is what the panel's line reads now; it ends by an operator's word after a reset.

    ``doors``: those it releases. Whether one is open to walk through is what its own sensors say.
    """

    fire_zone: str
    name: str
    since: datetime
    panel: PointCondition
    doors: list[str]


class LockdownState(StrEnum):
    """How far a lockdown is: doors may still be closing, some did not, or every one was seen locked."""

    SECURING = "securing"
    INCOMPLETE = "incomplete"
    SECURED = "secured"


class LockdownOut(Model):
    """A running lockdown, and every door not observed secured."""

    state: LockdownState
    operator: str
    reason: str
    since: datetime
    end_requested_by: str | None
    unsecured_doors: list[str]


class ShelfOut(Model):
    """Who put an alarm aside, why, and until when."""

    operator: str
    reason: str
    until: datetime


class AlarmOut(Model):
    """An alarm; a ``silent`` one is shown to nobody whose post may be watched.

    ``name`` is where it is in words; ``door``, ``zone`` and ``camera`` where to look, as far as known.
    ``maintenance``: it comes of work on that place, sounds nothing and stands below the others.
    ``escalated``: nobody acknowledged it in time, or an operator wants somebody else to look: it was told outside this
    screen as well. ``steps`` of its procedure that were done, from 0. ``shelvable``: whether one may put it aside, or
    group it with others.
    """

    id: str
    kind: AlarmKind
    priority: Priority
    name: str
    door: str | None
    reader: str | None
    device: str | None
    point: str | None
    area: str | None
    zone: str | None
    camera: str | None
    detail: str
    raised_at: datetime
    persists: bool
    silent: bool
    maintenance: bool
    escalated: bool
    acknowledged_by: str | None
    steps: list[int]
    shelvable: bool
    shelf: ShelfOut | None


class DeviceOut(Model):
    """A device right now; ``online`` is null until it was heard of, or missed, since the box started."""

    id: str
    name: str
    kind: DeviceKind
    online: bool | None
    secure: bool
    tampered: bool
    power_failed: bool
    battery_low: bool


class CameraOut(Model):
    """A camera right now; ``online`` is null until it was heard of."""

    id: str
    online: bool | None


class EvacuationOut(Model):
    """Everybody leaves."""

    operator: str
    since: datetime


class ViewOut(Model):
    """The whole building right now, as of event ``seq``. ``time`` is the server's clock.

    ``inside``, ``possibly_inside`` and ``unknown`` count people; ``/api/muster`` names them.
    ``flood``: more alarms than one person can look at one by one (ISA-18.2: over ten in ten minutes, until under five).
    """

    boot: str
    seq: int
    time: datetime
    threat_level: ThreatLevelOut
    lockdown: LockdownOut | None
    fires: list[FireOut]
    doors: list[DoorOut]
    alarms: list[AlarmOut]
    flood: bool
    waiting: list[WaitingOut]
    devices: list[DeviceOut]
    cameras: list[CameraOut]
    guarding: GuardingOut
    inside: int
    possibly_inside: int
    unknown: int
    log_late: bool
    clock_trusted: bool
    pending: list[PendingOut]
    open_shift: OpenShiftOut | None
    evacuation: EvacuationOut | None = None
    maintenance: list[MaintenanceOut]


class WaitingOut(Model):
    """Somebody at a reader who was asked for more. Where ``guard`` is wanted, a guard confirms or refuses ``request``.

    ``proven`` is what they have shown already, ``wanted`` what is still asked of them.
    ``search``: they were drawn for a search, and the guard's word says that it was made. ``portrait``: one is kept, for
    the guard to compare.
    """

    request: str
    reader: str
    door: str
    camera: str | None
    who: WhoOut
    proven: list[Factor]
    wanted: list[Factor]
    until: datetime
    search: bool
    portrait: bool


class WhoOut(Model):
    """A person by pseudonym; ``name`` is null for somebody erased."""

    id: str
    name: str | None


class MusteredOut(Model):
    """One person of the muster, the zone they were last seen to enter, and when."""

    who: WhoOut
    whereabouts: Whereabouts
    zone: str | None
    seen: datetime | None
    safe: SafeOut | None = None


class SafeOut(Model):
    """Somebody was counted: when, and at which safe point; null: elsewhere."""

    point: str | None
    time: datetime


class MusterOut(Model):
    """Who is inside, who may be, and of whom it is not known; who is known to be outside is not on the list.

    During an evacuation also whoever was counted, or was seen to leave since it began.
    """

    time: datetime
    unaccounted: int
    people: list[MusteredOut]
    evacuation: EvacuationOut | None = None


class EventOut(Model):
    """One record of the log. ``reasons`` is why something was refused; ``detail`` holds what only this kind has.

    ``withheld``: who it was, and what was written of it, is not told here without a purpose.
    """

    seq: int
    time: datetime
    kind: EventKind
    request: str | None
    alarm: str | None
    door: str | None
    reader: str | None
    camera: str | None
    device: str | None
    who: WhoOut | None
    operator: str | None
    reasons: list[str]
    detail: dict[str, JsonValue]
    withheld: bool = False


class CheckOut(Model):
    """One step of a decision, in order: what was checked, on which facts, and the refusal it gave, if any.

    ``remark`` is what it would have refused, had the policy not said to let it pass and note it.
    """

    check: str
    facts: str
    refused: DenyReason | None
    remark: DenyReason | None


class EventWhyOut(EventOut):
    """One record with its whole trace; null where nothing was decided."""

    trace: list[CheckOut] | None


class EventsOut(Model):
    """Records, the newest first. ``before`` asks for the next page; null at the beginning of the log."""

    events: list[EventOut]
    before: int | None


class HelloOut(Model):
    """The first word of a stream: from here on nothing is missed. The first ``view`` follows."""

    boot: str
    seq: int
    time: datetime


class BeatOut(Model):
    """Sent each second: two seconds without one mean that the link is lost."""

    time: datetime


class ResyncOut(Model):
    """Events were missed: ask for ``/api/events`` again. A fresh ``view`` follows."""

    why: Literal["lagged", "restarted", "too_far_behind"]


class SignedOutOut(Model):
    """The last word of a stream whose operator may no longer watch. Ask ``/api/me``."""

    why: Literal["session_ended", "right_withdrawn"]


class LiveIn(Model):
    """What a live wall asks for: these cameras, up to ``fps`` pictures of each a second.

    ``resting``: those of which one picture a minute will do while nothing moves; meanwhile a message without a picture
    says, once a second, that the last one still shows how things are.
    """

    cameras: Annotated[list[Name], Field(max_length=16)]
    fps: Annotated[float, Field(gt=0, le=5)]
    resting: Annotated[list[Name], Field(max_length=16, default_factory=list)]


class UnlockIn(Model):
    """For whom a door is unlocked, in the guard's words; ``cardholder``: one of ours, whom the muster then names."""

    whom: Text
    cardholder: Name | None = None


class ReasonIn(Model):
    """Why, in the operator's words."""

    reason: Text


class StepIn(Model):
    """Which step of an alarm's procedure was done; the first one is 0."""

    step: Annotated[int, Field(ge=0, le=100)]


class ShelveIn(Model):
    """Until when an alarm is put aside, eight hours at most, and why."""

    until: AwareDatetime
    reason: Text


class DoorModeIn(Model):
    """The mode to keep a door in until a time, and why."""

    mode: Literal[LockMode.UNLOCKED, LockMode.SECURED, LockMode.BLOCKED]
    until: AwareDatetime
    reason: Text


class DoorModeReleaseIn(Model):
    """Which order to take off a door."""

    mode: Literal[LockMode.UNLOCKED, LockMode.SECURED, LockMode.BLOCKED]


class ThreatLevelIn(Model):
    """The level to set, and why."""

    level: int
    reason: Text


class DuressIn(Model):
    """The operator's own password, and the one to sign in with when somebody forces them."""

    password: Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_LENGTH)]
    duress_password: Annotated[str, StringConstraints(min_length=NEW_PASSWORD_LENGTH, max_length=PASSWORD_LENGTH)]


class OrderedOut(Model):
    """An order was accepted; what comes of it is seen in the view. ``code`` says what it still waits for."""

    ordered: Literal[True]
    code: Literal["second_person_needed"] | None
