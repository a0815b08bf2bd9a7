"""The building as its policy file describes it: frozen, every reference resolved by the loader.

Words and levels follow NIST SP 800-116 (area classes) and IEC 60839-11-1 (doors and their monitoring).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from controller.domain.boards import Board as Board
from controller.domain.boards import Bus as Bus
from controller.domain.calendar import Holiday as Holiday
from controller.domain.calendar import Period as Period
from controller.domain.calendar import Schedule as Schedule
from controller.domain.calendar import Weekday as Weekday
from controller.domain.cards import CardFormat
from controller.domain.causes import Cause, Escalation
from controller.domain.console import ConsoleRules
from controller.domain.evacuation import SafePoint
from controller.domain.faces import FaceRules as FaceRules
from controller.domain.faces import FaceWatch as FaceWatch
from controller.domain.faces import Liveness as Liveness
from controller.domain.filming import Camera as Camera
from controller.domain.filming import Recording
from controller.domain.home_assistant import HomeAssistant as HomeAssistant
from controller.domain.ids import (
    AccessLevelId,
    AreaId,
    BusId,
    CameraId,
    CauseId,
    CompetencyId,
    DeviceId,
    DoorId,
    FireZoneId,
    InterlockId,
    InvariantId,
    LineId,
    OutputId,
    PointId,
    ReaderId,
    SafePointId,
    ScheduleId,
    ZoneId,
)
from controller.domain.integrations import Integrations
from controller.domain.points import AlarmOutput, IntrusionArea, Point, Sight
from controller.domain.records import RetentionClass
from controller.domain.wires import Input as Input
from controller.domain.wires import Output as Output

if TYPE_CHECKING:
    from controller.domain.invariants import Invariant  # which speaks of what stands here
    from controller.domain.people import CardholderKind  # which names an assurance of this page

DEBOUNCE_SECONDS = 0.05
"""How long a contact must rest in its new state to be believed (EN 60839-11-1: what lasts 400 ms always counts)."""


class SecurityLevel(IntEnum):
    """How much is at stake in a zone; higher is stricter (NIST SP 800-116)."""

    UNRESTRICTED = 0
    CONTROLLED = 1
    LIMITED = 2
    EXCLUSION = 3


class Assurance(IntEnum):
    """How hard a credential is to copy."""

    COPYABLE = 0
    SYMMETRIC = 1
    PKI = 2


class Factor(StrEnum):
    """What a person shows to be let in. The badge comes first; the others complete a challenge."""

    CARD = "card"
    PIN = "pin"
    FACE = "face"
    GUARD = "guard"  # a guard looks, and says so at the console
    SECOND_PERSON = "second_person"  # another person's badge, entitled by right of their own
    ESCORT = "escort"  # their badge; asked of whoever needs an escort, by a zone's `escort`


class FaceEngine(StrEnum):
    """Who compares a face at a door with the one enrolled. ``FUSION`` is both, and both must agree."""

    DLIB = "dlib"
    MOBILEFACENET = "mobilefacenet"
    FUSION = "fusion"


class AntiPassback(StrEnum):
    """What happens to a badge that the building believes to be elsewhere.

    ``SOFT`` lets it in with a remark, ``HARD`` refuses, ``TIMED`` refuses for a while after its holder was last seen.
    """

    OFF = "off"
    SOFT = "soft"
    HARD = "hard"
    TIMED = "timed"


class EscortOrder(StrEnum):
    """Whose badge comes first where a visitor needs an escort."""

    ESCORT_FIRST = "escort_first"
    VISITOR_FIRST = "visitor_first"
    EITHER = "either"


class LockKind(StrEnum):
    """What loss of power does to the lock: fail-safe unlocks, fail-secure stays locked."""

    FAIL_SAFE = "fail_safe"
    FAIL_SECURE = "fail_secure"


class RexKind(StrEnum):
    """What a request to exit does. ``SHUNT_ONLY``: the way out is mechanical and only the alarm is shunted."""

    SHUNT_ONLY = "shunt_only"
    UNLOCKS = "unlocks"
    EMERGENCY = "emergency"


class Side(StrEnum):
    """Where a device hangs: ``ATTACK`` is the side a stranger can reach."""

    ATTACK = "attack"
    SAFE = "safe"


class DeviceKind(StrEnum):
    """How a device is spoken to."""

    OSDP = "osdp"
    MQTT = "mqtt"
    MODBUS = "modbus"  # a relay board
    ZIGBEE2MQTT = "zigbee2mqtt"
    SHELLY = "shelly"
    TASMOTA = "tasmota"
    ESPHOME = "esphome"
    FRIGATE = "frigate"  # a camera, or a zone of one, as a recorder sees it


CONSUMER = frozenset(
    {DeviceKind.ZIGBEE2MQTT, DeviceKind.SHELLY, DeviceKind.TASMOTA, DeviceKind.ESPHOME, DeviceKind.FRIGATE}
)
"""What people own already: on our broker, with words and habits of its own."""

ON_THE_BROKER = CONSUMER | {DeviceKind.MQTT}


class DoorKind(StrEnum):
    """What stands in the opening. A leaf of a mantrap is a ``LEAF`` that an interlock names."""

    LEAF = "leaf"
    HATCH = "hatch"
    TURNSTILE = "turnstile"
    BARRIER = "barrier"
    WEDGE = "wedge"


CRUSHING = frozenset({DoorKind.BARRIER, DoorKind.WEDGE})
"""What crushes whatever stands in its way: it is never moved without a loop that says that nothing does."""


class RelockOn(StrEnum):
    """When the lock goes back after an entry."""

    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class FactorsOutside:
    """What is asked for besides, whenever ``schedule`` does not hold, and while nobody can tell whether it does."""

    schedule: ScheduleId
    factors: frozenset[Factor]


@dataclass(frozen=True, slots=True)
class EscortRule:
    """How visitors are escorted into a zone. Times are in seconds.
    ``seconds``: how long after the escort's badge a visitor may follow. ``per_escort``: how many visitors one escort
    may have in the zone; None: any number. ``grace_seconds``: how long visitors may be there without one.
    """

    order: EscortOrder
    seconds: float
    per_escort: int | None
    grace_seconds: float


@dataclass(frozen=True, slots=True)
class FirstPerson:
    """Who must be in a zone before anybody else: holders of one of ``levels`` (of any, if empty) and ``clearance``."""

    levels: frozenset[AccessLevelId]
    clearance: int


@dataclass(frozen=True, slots=True)
class Zone:
    """A space with one security level.

    ``anti_passback_seconds``: how long ``TIMED`` anti-passback refuses. ``two_person``: it holds nobody or at least
    two; the second of two shows their badge within ``two_person_seconds`` (None: the reader's own time), and one left
    alone has ``two_person_grace_seconds`` before the alarm.
    """

    id: ZoneId
    name: str
    level: SecurityLevel
    factors: frozenset[Factor]
    minimum_assurance: Assurance
    shape: tuple[tuple[float, float], ...]  # polygon on the floor plan, plan units; empty for `outside`
    anti_passback: AntiPassback = AntiPassback.OFF
    anti_passback_seconds: float = 0.0
    occupancy_limit: int | None = None  # how many people it holds; None: any number
    competencies: frozenset[CompetencyId] = frozenset()  # entering takes every one of them
    factors_outside: FactorsOutside | None = None
    card_or_pin: bool = False  # a personal PIN alone names whoever types it, in place of a card
    random_search_percent: float = 0.0  # of those who enter, drawn by lot; the highest of site, zone and reader counts
    two_person: bool = False
    two_person_seconds: float | None = None
    two_person_grace_seconds: float = 0.0
    first_person: FirstPerson | None = None
    escort: EscortRule | None = None
    visitors_sign_in: bool = False  # no visitor enters who is not signed in at the desk
    floor: str = ""  # the floor whose plan it is drawn on; "" where the site has one plan


@dataclass(frozen=True, slots=True)
class Rex:
    """A request-to-exit sensor."""

    kind: RexKind
    input: Input


@dataclass(frozen=True, slots=True)
class Door:
    """An opening between two zones. Durations are in seconds; ``extended_*``: those of whoever needs more time."""

    id: DoorId
    name: str
    zones: tuple[ZoneId, ZoneId]
    lock_kind: LockKind
    lock: Output
    contact: Input | None
    bolt: Input | None
    rex: Rex | None
    free_egress: bool  # the way out opens mechanically, whatever this software does
    fire_zone: FireZoneId | None  # the fire that releases it
    unlock_seconds: float  # how long a grant keeps the strike released
    open_seconds: float  # how long the door may stand open before it is held
    pre_alarm_seconds: float  # how long before held-open the warning comes
    relock_on: RelockOn
    position: tuple[float, float]  # on the floor plan, plan units
    kind: DoorKind = DoorKind.LEAF
    loop: Input | None = None  # active while something stands where the barrier would close
    rotation_in: Input | None = None  # of a turnstile: one rotation towards the second zone
    rotation_out: Input | None = None  # of a turnstile: one rotation towards the first zone
    key_switch: Input | None = None  # active while the mechanical key is turned
    extended_unlock_seconds: float | None = None  # None: no longer than for everybody
    extended_open_seconds: float | None = None
    unlocked_schedule: ScheduleId | None = None  # when it is held unlocked
    after_first_person: bool = False  # ... but not before somebody entitled has gone in

    @property
    def inputs(self) -> Mapping[str, Input]:
        """Return the inputs that are wired, by the key of the site file that names them."""
        wired = {
            "contact": self.contact,
            "bolt": self.bolt,
            "rex": self.rex.input if self.rex else None,
            "loop": self.loop,
            "rotation_in": self.rotation_in,
            "rotation_out": self.rotation_out,
            "key_switch": self.key_switch,
        }
        return {key: each for key, each in wired.items() if each is not None}

    def unlock_for(self, *, extended: bool) -> float:
        """Return how long a grant keeps the strike released."""
        return self.extended_unlock_seconds or self.unlock_seconds if extended else self.unlock_seconds

    def open_for(self, *, extended: bool) -> float:
        """Return how long the door may stand open before it is held."""
        return self.extended_open_seconds or self.open_seconds if extended else self.open_seconds


@dataclass(frozen=True, slots=True)
class Reader:
    """One direction through one door: from ``leaves`` to ``enters``."""

    id: ReaderId
    name: str
    door: DoorId
    leaves: ZoneId
    enters: ZoneId
    device: DeviceId
    keypad: bool
    camera: CameraId | None
    factors: frozenset[Factor]
    challenge_seconds: float  # how long the second factor may take
    guard_seconds: float = 60.0  # how long, where a guard must look as well
    factors_outside: FactorsOutside | None = None
    random_search_percent: float = 0.0
    card_or_pin: bool = False
    extended_challenge_seconds: float | None = None  # for whoever needs more time; None: no longer
    liveness: Liveness = Liveness.OFF

    def challenge_for(self, *, extended: bool) -> float:
        """Return how long the second factor may take."""
        return self.extended_challenge_seconds or self.challenge_seconds if extended else self.challenge_seconds


@dataclass(frozen=True, slots=True)
class Line:
    """An RS-485 line."""

    id: LineId
    port: str
    baud: int
    formats: tuple[str, ...] = ()  # of every reader head on it that names none


@dataclass(frozen=True, slots=True)
class Device:
    """A thing on a wire: a reader head, a lock, an I/O module."""

    id: DeviceId
    name: str
    kind: DeviceKind
    side: Side
    line: LineId | None  # OSDP only
    address: int | None  # OSDP only, 0..126
    secure_channel: bool
    formats: tuple[str, ...]  # the card formats it knows, each of another length
    board: Board | None = None  # a relay board's
    topic: str | None = None  # consumer kit's: what its topics begin with
    relocks_itself: bool = False  # consumer kit's: an unlock ends by itself, whatever becomes of this box


@dataclass(frozen=True, slots=True)
class AccessLevel:
    """A named positive grant: these zones and doors, in this schedule."""

    id: AccessLevelId
    name: str
    zones: frozenset[ZoneId]
    doors: frozenset[DoorId]
    schedule: ScheduleId
    for_visitors: bool = False  # the desk may give it to a visitor it registers


@dataclass(frozen=True, slots=True)
class ThreatLevel:
    """How strict the building is: a higher number never makes any door easier.

    ``allowed_kinds`` and ``allowed_levels``: who may go further in; None: whoever has the right.
    """

    number: int
    name: str
    locked_doors: frozenset[DoorId]
    minimum_clearance: Mapping[ZoneId, int]
    added_factors: Mapping[ZoneId, frozenset[Factor]]
    allowed_kinds: frozenset[CardholderKind] | None = None
    allowed_levels: frozenset[AccessLevelId] | None = None


@dataclass(frozen=True, slots=True)
class Competency:
    """Something people are trained or cleared for, until a day."""

    id: CompetencyId
    name: str


@dataclass(frozen=True, slots=True)
class Interlock:
    """Doors of which one at most is open, or on its way to be."""

    id: InterlockId
    name: str
    doors: frozenset[DoorId]


@dataclass(frozen=True, slots=True)
class FireZone:
    """A part of the building whose doors the fire panel releases; ``point`` is the panel's supervised contact."""

    id: FireZoneId
    name: str
    point: PointId


@dataclass(frozen=True, slots=True)
class Site:
    """One mission. Every id in it resolves; the maps keep the file's order.

    ``digest`` is the SHA-256 (hex) of the policy file's bytes: each event names the policy it was decided under.
    """

    id: str
    name: str
    timezone: ZoneInfo
    plan_size: tuple[float, float]
    zones: Mapping[ZoneId, Zone]
    doors: Mapping[DoorId, Door]
    readers: Mapping[ReaderId, Reader]
    cameras: Mapping[CameraId, Camera]
    lines: Mapping[LineId, Line]
    devices: Mapping[DeviceId, Device]
    schedules: Mapping[ScheduleId, Schedule]
    holidays: Mapping[date, Holiday]
    access_levels: Mapping[AccessLevelId, AccessLevel]
    threat_levels: Mapping[int, ThreatLevel]
    digest: str
    interlocks: Mapping[InterlockId, Interlock] = field(default_factory=dict)
    competencies: Mapping[CompetencyId, Competency] = field(default_factory=dict)
    retention: Mapping[RetentionClass, int] = field(default_factory=dict)  # days; a kind that is left out is kept
    random_search_percent: float = 0.0
    points: Mapping[PointId, Point] = field(default_factory=dict)
    outputs: Mapping[OutputId, AlarmOutput] = field(default_factory=dict)
    invariants: Mapping[InvariantId, Invariant] = field(default_factory=dict)
    debounce_seconds: float = DEBOUNCE_SECONDS  # of every input that says nothing else
    fire_zones: Mapping[FireZoneId, FireZone] = field(default_factory=dict)
    areas: Mapping[AreaId, IntrusionArea] = field(default_factory=dict)
    causes: Mapping[CauseId, Cause] = field(default_factory=dict)
    buses: Mapping[BusId, Bus] = field(default_factory=dict)
    escalation: Escalation | None = None
    card_formats: Mapping[str, CardFormat] = field(default_factory=dict)  # those of the site's own
    recording: Recording = field(default_factory=Recording)
    face_engine: FaceEngine = FaceEngine.DLIB
    faces: FaceRules = field(default_factory=FaceRules)
    console: ConsoleRules = field(default_factory=ConsoleRules)
    home_assistant: HomeAssistant | None = None
    safe_points: Mapping[SafePointId, SafePoint] = field(default_factory=dict)
    integrations: Integrations = field(default_factory=Integrations)

    @property
    def point_wires(self) -> dict[PointId, Input]:
        """Return where each point is wired that is."""
        return {point.id: point.input for point in self.points.values() if point.input is not None}

    @property
    def sights(self) -> dict[PointId, Sight]:
        """Return what each point is that a camera sees."""
        return {point.id: point.sight for point in self.points.values() if point.sight is not None}


def takes_pin_alone(site: Site, reader: Reader) -> bool:
    """Tell whether a personal PIN names somebody at this reader, in place of a card."""
    return reader.keypad and (reader.card_or_pin or site.zones[reader.enters].card_or_pin)
