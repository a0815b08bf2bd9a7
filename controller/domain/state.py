"""The building as the events tell it: the fold of the log, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from immutables import Map

from controller.domain.alarms import Alarm, Source
from controller.domain.causes import CauseState
from controller.domain.doors import DoorState, Passage
from controller.domain.evacuation import Evacuation
from controller.domain.faces import EnrolledFace
from controller.domain.filming import ViewTrouble
from controller.domain.flood import Flood
from controller.domain.ids import (
    AlarmId,
    AreaId,
    CameraId,
    CardholderId,
    CauseId,
    CredentialId,
    DeviceId,
    DoorId,
    FireZoneId,
    OperatorId,
    OutputId,
    PointId,
    ReaderId,
    RequestId,
    ZoneId,
)
from controller.domain.instant import Instant
from controller.domain.integrations import ApiToken, Webhook
from controller.domain.maintenance import Maintenance
from controller.domain.operators import Operator
from controller.domain.people import Cardholder, Credential
from controller.domain.points import AreaState, PointCondition
from controller.domain.records import Asked, LegalHold
from controller.domain.shift import OpenShift
from controller.domain.site import Factor


@dataclass(frozen=True, slots=True)
class PendingChallenge:
    """A badge that waits for its further factors, at one reader, until monotonic ``until``.

    ``search``: its holder was drawn for a search, which a guard makes and confirms.
    ``first``: who has proven everything of their own there and waits for this one, to pass together.
    """

    request: RequestId
    credential: CredentialId
    cardholder: CardholderId
    presented: frozenset[Factor]
    wanted: frozenset[Factor]
    issued: float
    until: float
    search: bool = False
    first: PendingChallenge | None = None

    def of(self, request: RequestId) -> PendingChallenge | None:
        """Return the challenge of this request: this one, or that of who waits for it."""
        if self.request == request:
            return self
        return self.first.of(request) if self.first else None


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What is known of a device or a camera. ``online`` is None until it was heard of, or missed, in this boot."""

    online: bool | None = None
    secure: bool = False
    tampered: bool = False
    power_failed: bool = False
    battery_low: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """The last numbered message of a device: in its ``boot``, number ``last``.

    ``ended``: its boots before this one, the last few, of which nothing more is to come.
    """

    boot: str
    last: int
    ended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lockdown:
    """A running lockdown. ``secured_by`` is the monotonic time by which every door should be seen locked.

    ``secured`` holds only while every door is observed closed and locked; ``expected_seconds``: how long that may take.
    """

    operator: OperatorId
    reason: str
    started: datetime
    started_mono: float
    secured_by: float | None
    secured: bool = False
    end_requested_by: OperatorId | None = None
    expected_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PinTries:
    """Wrong PINs in a row, and until when no further try counts (monotonic seconds)."""

    wrong: int
    locked_until: float | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """The zone somebody was last seen to enter, and when by both clocks (``mono``: seconds of this boot)."""

    zone: ZoneId
    seen: datetime
    mono: float


@dataclass(frozen=True, slots=True)
class OutputState:
    """An output. ``on`` is what it says itself (None before it did); ``wanted`` by whom it is wanted on, and until
    which monotonic second (None: until told otherwise). ``hushed``: those of them, or the last of them, who are silent.
    """

    on: bool | None = None
    wanted: Map[str, float | None] = field(default_factory=Map)
    hushed: frozenset[str] = frozenset()

    @property
    def silent(self) -> bool:
        """Tell whether only what is silent has to do with it right now."""
        return bool(self.hushed) and all(who in self.hushed for who in self.wanted)


@dataclass(frozen=True, slots=True)
class ModesDue:
    """When time alone next changes a lock mode: by the wall (``until``) and by the monotonic clock of this boot."""

    until: datetime
    mono: float


@dataclass(frozen=True, slots=True)
class LetIn:
    """Somebody who was let in at a reader of late, at monotonic ``mono``."""

    cardholder: CardholderId
    mono: float


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor who is expected or here. ``credential``: the badge they have or kept; None before they signed in."""

    host: CardholderId
    escort: CardholderId | None
    valid_from: datetime
    valid_until: datetime
    approved: bool = False
    signed_in: bool = False
    overdue: bool = False
    credential: CredentialId | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A reader waits for a new badge until monotonic ``until``. ``format``: of the card that was shown; None before."""

    operator: OperatorId
    cardholder: CardholderId
    until: float
    format: str | None = None


@dataclass(frozen=True)
class SiteState:
    """Everything a decision may look at besides the policy.

    It has no slots: with its fields in a dict, ``replace`` below copies it fifteen times as fast, once for each event.
    ``door_deadlines`` is of ``doors``, kept beside it: every door at which something is timed, and when that is over
    first. A door where somebody may pass is always among them.
    """

    people: Map[CardholderId, Cardholder] = field(default_factory=Map)
    credentials: Map[CredentialId, Credential] = field(default_factory=Map)
    tokens: Map[str, CredentialId] = field(default_factory=Map)
    operators: Map[OperatorId, Operator] = field(default_factory=Map)
    programs: Map[OperatorId, ApiToken] = field(default_factory=Map)
    webhooks: Map[str, Webhook] = field(default_factory=Map)
    doors: Map[DoorId, DoorState] = field(default_factory=Map)
    door_deadlines: Map[DoorId, float] = field(default_factory=Map)
    devices: Map[DeviceId, DeviceState] = field(default_factory=Map)
    heard: Map[DeviceId, Heard] = field(default_factory=Map)
    nameplates: Map[DeviceId, str] = field(default_factory=Map)  # by which each is known to be itself
    cameras: Map[CameraId, DeviceState] = field(default_factory=Map)
    views: Map[CameraId, ViewTrouble | None] = field(default_factory=Map)  # of those that were judged
    veils: Map[CameraId, float] = field(default_factory=Map)  # lifted, until which monotonic second
    points: Map[PointId, PointCondition] = field(default_factory=Map)
    outputs: Map[OutputId, OutputState] = field(default_factory=Map)
    areas: Map[AreaId, AreaState] = field(default_factory=Map)
    causes: Map[CauseId, CauseState] = field(default_factory=Map)
    bypasses: Map[PointId, float] = field(default_factory=Map)  # until which monotonic second
    maintenance: Map[Source, Maintenance] = field(default_factory=Map)  # by the place that is worked on
    challenges: Map[ReaderId, PendingChallenge] = field(default_factory=Map)
    pin_tries: Map[CredentialId, PinTries] = field(default_factory=Map)
    keypad_tries: Map[ReaderId, tuple[float, ...]] = field(default_factory=Map)  # personal PINs that are nobody's
    unknown_cards: Map[ReaderId, tuple[float, ...]] = field(default_factory=Map)
    failed_sign_ins: tuple[float, ...] = ()
    locations: Map[CardholderId, ZoneId | None] = field(default_factory=Map)  # None: may be anywhere
    sightings: Map[CardholderId, Sighting] = field(default_factory=Map)
    headcount: Map[ZoneId, int] = field(default_factory=Map)  # of `locations`, kept beside it
    strangers: int | None = 0  # how many nobody can name came in from outside, at most; None: any number
    to_search: Map[CardholderId, RequestId] = field(default_factory=Map)  # drawn, and not searched yet
    faces: Map[CardholderId, str] = field(default_factory=Map)  # who has a template, and of which engine
    enrolled: Map[CardholderId, EnrolledFace] = field(default_factory=Map)  # the same, with its grounds
    portraits: Map[CardholderId, None] = field(default_factory=Map)  # of whom a picture is kept
    listed_faces: Map[CardholderId, None] = field(default_factory=Map)  # the watch list
    present: Map[ZoneId, Map[CardholderId, None]] = field(default_factory=Map)  # who is known to be there
    lost: Map[ZoneId, Map[CardholderId, None]] = field(default_factory=Map)  # last seen there, now anywhere
    let_in: Map[ReaderId, tuple[LetIn, ...]] = field(default_factory=Map)  # the last few
    left_alone: Map[ZoneId, float] = field(default_factory=Map)  # monotonic end of the grace time
    unescorted: Map[ZoneId, float] = field(default_factory=Map)  # monotonic end of the grace time
    visits: Map[CardholderId, Visit] = field(default_factory=Map)
    alarms: Map[AlarmId, Alarm] = field(default_factory=Map)
    flood: Flood = field(default_factory=Flood)
    holds: Map[str, LegalHold] = field(default_factory=Map)
    asked: Map[tuple[str, str], Asked] = field(default_factory=Map)  # by an order's word and its subject
    open_shift: OpenShift | None = None
    enrolments: Map[ReaderId, Enrolment] = field(default_factory=Map)
    evacuation: Evacuation | None = None
    deferred: frozenset[DoorId] = frozenset()  # barriers that secure once their loop is free
    lockdown: Lockdown | None = None
    fires: Map[FireZoneId, datetime] = field(default_factory=Map)  # that stand, and since when
    modes_due: ModesDue | None = None
    threat_level: int = 0
    log_late: bool = False
    clock_trusted: bool = True
    last: Instant | None = None
    clock_steady_since: float = 0.0
    clock_steady_for: float = 60.0  # how long it must run evenly from then on
    hear_by: float | None = None
    requests: int = 0
    raised: int = 0
    site_digest: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "door_deadlines", deadlines(self.doors))

    def door(self, door: DoorId) -> DoorState:
        """Return what is known of a door; nothing, before its first event."""
        return self.doors.get(door, _UNSEEN_DOOR)

    def open_grants(self, mono: float) -> Iterator[tuple[DoorId, Passage]]:
        """Yield who was granted where and may still go through, at monotonic ``mono``; in no order."""
        for door in self.door_deadlines:
            for passage in self.doors[door].passages:
                if passage.cardholder and not passage.used and passage.until > mono:
                    yield door, passage

    def grants_of(self, who: CardholderId, mono: float) -> list[DoorId]:
        """Return where somebody was granted and may still go through, at monotonic ``mono``; in no order.

        Looked for at each decision, among all that are open: hence not by ``open_grants``.
        """
        doors = self.doors
        return [
            door
            for door in self.door_deadlines
            for passage in doors[door].passages
            if passage.cardholder == who and not passage.used and passage.until > mono
        ]

    def device(self, device: DeviceId) -> DeviceState:
        """Return what is known of a device."""
        return self.devices.get(device, _UNHEARD_DEVICE)

    def point(self, point: PointId) -> PointCondition:
        """Return what is known of a point."""
        return self.points.get(point, PointCondition.UNKNOWN)

    def output(self, output: OutputId) -> OutputState:
        """Return what is known of an output."""
        return self.outputs.get(output, OutputState())

    def area(self, area: AreaId) -> AreaState:
        """Return how an intrusion area stands."""
        return self.areas.get(area, _UNTOUCHED_AREA)

    def cause(self, cause: CauseId) -> CauseState:
        """Return how far a cause is."""
        return self.causes.get(cause, _QUIET_CAUSE)


_UNSEEN_DOOR, _UNHEARD_DEVICE = DoorState(), DeviceState()
_UNTOUCHED_AREA, _QUIET_CAUSE = AreaState(), CauseState()


def deadlines(doors: Map[DoorId, DoorState]) -> Map[DoorId, float]:
    """Return when something at a door is over, of every door where anything is timed."""
    return Map({door: due for door, known in doors.items() if (due := known.due) is not None})


if TYPE_CHECKING:
    from dataclasses import replace as replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """Do what ``dataclasses.replace`` does, and do it at once for the state, whose fields are fifty."""
        if value.__class__ is not SiteState:
            return dataclasses.replace(value, **changes)
        if not changes.keys() <= value.__dict__.keys():
            raise TypeError(f"the state has no {', '.join(sorted(changes.keys() - value.__dict__.keys()))}")
        copy = object.__new__(SiteState)
        copy.__dict__.update(value.__dict__)
        copy.__dict__.update(changes)
        if "doors" in changes and "door_deadlines" not in changes:
            copy.__dict__["door_deadlines"] = deadlines(copy.doors)
        return copy
