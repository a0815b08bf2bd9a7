"""A small building for tests, and hands to play with it. States come about by stimuli only: nothing is poked in.

``outside`` -- FRONT --> lobby (controlled) -- INNER --> chancery (limited) -- CELLAR --> vault (exclusion)

FRONT relocks on open and unlocks on REX; INNER relocks on close and its REX only shunts; CELLAR has no contact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from controller.domain import stimuli as st
from controller.domain.alarms import Alarm, AlarmKind
from controller.domain.causes import Cause, Condition, Consequence
from controller.domain.decision import AccessRequest, Decision, FaceOutcome
from controller.domain.doors import LockStatus, Loop, Position
from controller.domain.effects import Effect
from controller.domain.events import Event
from controller.domain.filming import CountedDoor, Mask, MaskedBy, MaskKind
from controller.domain.ids import (
    OUTSIDE,
    AccessLevelId,
    AreaId,
    CameraId,
    CardholderId,
    CauseId,
    CredentialId,
    DeviceId,
    DoorId,
    FireZoneId,
    InterlockId,
    OperatorId,
    OutputId,
    PointId,
    ReaderId,
    RequestId,
    ScheduleId,
    ZoneId,
)
from controller.domain.instant import Instant
from controller.domain.operators import Operator, Order, Role
from controller.domain.people import Cardholder, CardholderKind, Credential, CredentialKind, CredentialStatus
from controller.domain.points import AlarmOutput, IntrusionArea, OutputKind, Point, PointCondition, PointKind
from controller.domain.site import (
    AccessLevel,
    Assurance,
    Camera,
    Device,
    DeviceKind,
    Door,
    DoorKind,
    Factor,
    FireZone,
    Holiday,
    Input,
    Interlock,
    LockKind,
    Output,
    Period,
    Reader,
    RelockOn,
    Rex,
    RexKind,
    Schedule,
    SecurityLevel,
    Side,
    Site,
    ThreatLevel,
    Weekday,
    Zone,
)
from controller.domain.state import SiteState
from controller.rules.decide import decide
from controller.rules.step import next_deadline, step
from controller.rules.turn import Outcome

E = TypeVar("E")

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY_TEN = datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)
"""The start of most tests: an ordinary Monday within office hours."""
CHRISTMAS = date(2026, 12, 25)  # a Friday

LOBBY, CHANCERY, VAULT = ZoneId("lobby"), ZoneId("chancery"), ZoneId("vault")
FRONT, INNER, CELLAR = DoorId("front"), DoorId("inner"), DoorId("cellar")
FRONT_IN, FRONT_OUT = ReaderId("front-in"), ReaderId("front-out")
INNER_IN, INNER_OUT, CELLAR_IN = ReaderId("inner-in"), ReaderId("inner-out"), ReaderId("cellar-in")
CELLAR_CAMERA, LOBBY_CAMERA = CameraId("cam-cellar"), CameraId("cam-lobby")
DESK_VEIL = Mask("the desk", MaskKind.VEIL, MaskedBy.BOX, ((0.5, 0.5), (1.0, 0.5), (1.0, 1.0)))
MANTRAP = InterlockId("mantrap")
ROOM = AreaId("room")
PIR, GLASS, PANIC, MAINS = PointId("pir"), PointId("glass"), PointId("panic"), PointId("mains")
SIREN, STROBE = OutputId("siren"), OutputId("strobe")
IO = DeviceId("io")
PANEL, BUILDING = PointId("fire-panel"), FireZoneId("building")
OFFICE, NIGHT, ALWAYS = ScheduleId("office"), ScheduleId("night"), ScheduleId("always")
STAFF, NIGHT_CREW, GUARDS = AccessLevelId("staff"), AccessLevelId("night-crew"), AccessLevelId("guards")

ALICE, BOB, NORA, EVE = CardholderId("alice"), CardholderId("bob"), CardholderId("nora"), CardholderId("eve")
PEOPLE = {
    ALICE: Cardholder(ALICE, CardholderKind.STAFF, 2, frozenset({STAFF})),
    BOB: Cardholder(BOB, CardholderKind.STAFF, 3, frozenset({GUARDS})),
    NORA: Cardholder(NORA, CardholderKind.CONTRACTOR, 1, frozenset({NIGHT_CREW})),
    EVE: Cardholder(EVE, CardholderKind.VISITOR, 0, frozenset()),
}
FACES = (ALICE, BOB)
"""Whose templates are known."""
GIL, SUE, ADA = OperatorId("gil"), OperatorId("sue"), OperatorId("ada")
OPERATORS = {GIL: Role.GUARD, SUE: Role.SUPERVISOR, ADA: Role.AUDITOR}


def badge_of(who: CardholderId) -> CredentialId:
    return CredentialId(f"badge-{who}")


def token_of(who: CardholderId) -> str:
    return f"token-{who}"


def duress_of(who: CardholderId) -> str:
    return f"duress-{who}"


def pin_of(who: CardholderId) -> str:
    return f"pin-{who}"


def head(reader: ReaderId) -> DeviceId:
    """The device a reader hangs on."""
    return DeviceId(f"head-{reader}")


def lock_of(door: DoorId) -> DeviceId:
    """The device that bolt, contact and REX of a door hang on."""
    return DeviceId(f"lock-{door}")


def small_site() -> Site:
    workdays = frozenset(Weekday(day) for day in range(5))
    return Site(
        id="mission",
        name="Small mission",
        timezone=BERLIN,
        plan_size=(100.0, 50.0),
        zones={
            OUTSIDE: _zone(OUTSIDE, SecurityLevel.UNRESTRICTED, Assurance.COPYABLE),
            LOBBY: _zone(LOBBY, SecurityLevel.CONTROLLED, Assurance.COPYABLE),
            CHANCERY: _zone(CHANCERY, SecurityLevel.LIMITED, Assurance.SYMMETRIC),
            VAULT: _zone(VAULT, SecurityLevel.EXCLUSION, Assurance.SYMMETRIC),
        },
        doors={
            FRONT: _door(FRONT, (OUTSIDE, LOBBY), RelockOn.OPEN, RexKind.UNLOCKS),
            INNER: _door(INNER, (LOBBY, CHANCERY), RelockOn.CLOSE, RexKind.SHUNT_ONLY),
            CELLAR: replace(_door(CELLAR, (CHANCERY, VAULT), RelockOn.CLOSE, None), contact=None),
        },
        readers={
            FRONT_IN: _reader(FRONT_IN, FRONT, OUTSIDE, LOBBY, keypad=True),
            FRONT_OUT: _reader(FRONT_OUT, FRONT, LOBBY, OUTSIDE),
            INNER_IN: _reader(INNER_IN, INNER, LOBBY, CHANCERY, keypad=True, factors=(Factor.CARD, Factor.PIN)),
            INNER_OUT: _reader(INNER_OUT, INNER, CHANCERY, LOBBY, keypad=True),
            CELLAR_IN: _reader(
                CELLAR_IN, CELLAR, CHANCERY, VAULT, camera=CELLAR_CAMERA, factors=(Factor.CARD, Factor.FACE)
            ),
        },
        cameras={
            CELLAR_CAMERA: Camera(CELLAR_CAMERA, "Cellar", CHANCERY, "rtsp://camera/1", "entry", 3, (1.0, 2.0)),
            LOBBY_CAMERA: Camera(
                LOBBY_CAMERA,
                "Lobby",
                LOBBY,
                "rtsp://camera/2",
                "lobby",
                3,
                (3.0, 4.0),
                masks=(DESK_VEIL,),
                playback=frozenset({Role.SUPERVISOR, Role.SECURITY_OFFICER}),
            ),
        },
        lines={},
        devices={
            device: Device(device, str(device), kind, Side.SAFE, None, None, kind is DeviceKind.OSDP, ())
            for device, kind in _devices()
        },
        schedules={
            OFFICE: Schedule(OFFICE, "Office hours", False, (Period(workdays, time(8), time(18)),)),
            NIGHT: Schedule(NIGHT, "Night", False, (Period(workdays, time(22), time(6)),)),
            ALWAYS: Schedule(ALWAYS, "Always", True, ()),
        },
        holidays={CHRISTMAS: Holiday(CHRISTMAS, "Christmas Day")},
        access_levels={
            STAFF: AccessLevel(STAFF, "Staff", frozenset({LOBBY, CHANCERY}), frozenset(), OFFICE),
            NIGHT_CREW: AccessLevel(NIGHT_CREW, "Night crew", frozenset(), frozenset({FRONT}), NIGHT),
            GUARDS: AccessLevel(GUARDS, "Guards", frozenset({LOBBY, CHANCERY, VAULT}), frozenset(), ALWAYS),
        },
        threat_levels={
            0: ThreatLevel(0, "Normal", frozenset(), {}, {}),
            1: ThreatLevel(1, "Elevated", frozenset(), {CHANCERY: 3}, {LOBBY: frozenset({Factor.PIN})}),
            2: ThreatLevel(2, "High", frozenset({INNER}), {CHANCERY: 3, LOBBY: 1}, {LOBBY: frozenset({Factor.PIN})}),
        },
        digest="digest-1",
    )


def with_zone(site: Site, zone: ZoneId, **rules: object) -> Site:
    """The same building, with other rules for one zone."""
    return replace(site, zones={**site.zones, zone: replace(site.zones[zone], **rules)})  # type: ignore[arg-type]


def with_reader(site: Site, reader: ReaderId, **rules: object) -> Site:
    """The same building, with other rules for one reader."""
    return replace(site, readers={**site.readers, reader: replace(site.readers[reader], **rules)})  # type: ignore[arg-type]


def with_mantrap(site: Site) -> Site:
    """The same building: the front door and the inner door are the leaves of one mantrap."""
    return replace(site, interlocks={MANTRAP: Interlock(MANTRAP, "Mantrap", frozenset({FRONT, INNER}))})


def with_points(site: Site) -> Site:
    """The same building: detectors in the chancery, a panic button and the mains in the lobby, a siren and a strobe."""
    points = [
        Point(point, f"The {point}", zone, kind, Input(IO, index))
        for index, (point, zone, kind) in enumerate(
            [
                (PIR, CHANCERY, PointKind.PIR),
                (GLASS, CHANCERY, PointKind.GLASS_BREAK),
                (PANIC, LOBBY, PointKind.PANIC),
                (MAINS, LOBBY, PointKind.MAINS),
                (PointId("battery"), LOBBY, PointKind.BATTERY),
                (PointId("lid"), LOBBY, PointKind.TAMPER),
            ]
        )
    ]
    outputs = [
        AlarmOutput(SIREN, "The siren", OutputKind.SIREN, Output(IO, 0)),
        AlarmOutput(STROBE, "The strobe", OutputKind.STROBE, Output(IO, 1)),
    ]
    module = Device(IO, "The I/O module", DeviceKind.OSDP, Side.SAFE, None, None, True, ())
    return replace(
        site,
        devices={**site.devices, IO: module},
        points={**site.points, **{point.id: point for point in points}},
        outputs={**site.outputs, **{output.id: output for output in outputs}},
    )


def with_door(site: Site, door: DoorId, **parts: object) -> Site:
    """The same building, with a door that is built otherwise."""
    return replace(site, doors={**site.doors, door: replace(site.doors[door], **parts)})  # type: ignore[arg-type]


def with_turnstile(site: Site) -> Site:
    """The same building: a turnstile stands in the front door, with a reader on either side."""
    wire = Input(lock_of(FRONT), None)
    turning = {"kind": DoorKind.TURNSTILE, "rotation_in": wire, "rotation_out": wire}
    return with_door(site, FRONT, contact=None, rex=None, **turning)


def with_barrier(site: Site) -> Site:
    """The same building: a barrier with a safety loop stands in the front door."""
    wire = Input(lock_of(FRONT), None)
    return with_door(site, FRONT, kind=DoorKind.BARRIER, loop=wire, relock_on=RelockOn.CLOSE)


def with_key(site: Site) -> Site:
    """The same building: the front door's lock tells when its mechanical key is turned."""
    return with_door(site, FRONT, key_switch=Input(lock_of(FRONT), None))


def with_counting(site: Site, door: DoorId = FRONT) -> Site:
    """The same building: the lobby's camera counts who goes through a door, into its inner zone."""
    counted = CountedDoor(door, ((0.3, 0.6), (0.7, 0.6)), (0.5, 0.4), site.doors[door].zones[1])
    camera = site.cameras[LOBBY_CAMERA]
    return replace(site, cameras={**site.cameras, LOBBY_CAMERA: replace(camera, counts=(*camera.counts, counted))})


def with_fire(site: Site, *doors: DoorId) -> Site:
    """The same building with a fire panel, which releases these doors (else front and inner door)."""
    released = doors or (FRONT, INNER)
    line = Point(PANEL, "The fire panel", LOBBY, PointKind.FIRE, Input(IO, 9))
    module = Device(IO, "The I/O module", DeviceKind.OSDP, Side.SAFE, None, None, True, ())
    return replace(
        site,
        devices={**site.devices, IO: module},
        points={**site.points, PANEL: line},
        fire_zones={BUILDING: FireZone(BUILDING, "The building", PANEL)},
        doors={id_: replace(door, fire_zone=BUILDING if id_ in released else None) for id_, door in site.doors.items()},
    )


def with_open_hours(site: Site, door: DoorId = FRONT, *, schedule: ScheduleId = OFFICE, first: bool = False) -> Site:
    """The same building: one door stands unlocked during a schedule, after its first person if asked for."""
    built = replace(site.doors[door], unlocked_schedule=schedule, after_first_person=first)
    return replace(site, doors={**site.doors, door: built})


def with_area(site: Site, **rules: object) -> Site:
    """The building with points, and the chancery an intrusion area: its PIR is on the way in, its glass is not."""
    area = IntrusionArea(
        ROOM,
        "The chancery",
        frozenset({CHANCERY}),
        frozenset({PIR, GLASS}),
        frozenset({PIR}),
        sirens=frozenset({SIREN}),
    )
    return replace(with_points(site), areas={ROOM: replace(area, **rules)})  # type: ignore[arg-type]


def with_cause(site: Site, when: Condition, then: Consequence, **rules: object) -> Site:
    """The same building, with one rule of cause and effect more."""
    cause = Cause(CauseId(f"c{len(site.causes) + 1}"), "A rule", when, then)
    return replace(site, causes={**site.causes, cause.id: replace(cause, **rules)})  # type: ignore[arg-type]


def badge(
    who: CardholderId,
    *,
    status: CredentialStatus = CredentialStatus.ACTIVE,
    assurance: Assurance = Assurance.PKI,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> Credential:
    return Credential(
        badge_of(who), who, token_of(who), pin_of(who), assurance, status, valid_from, valid_until, duress_of(who)
    )


# What hands do, as stimuli.


def swipe(reader: ReaderId, who: CardholderId) -> st.CardPresented:
    return st.CardPresented(reader, token_of(who), "H10301", 26, "deadbe80")


def strange_card(reader: ReaderId, token: str | None = None) -> st.CardPresented:
    return st.CardPresented(reader, token, "none", 26, "c0ffee00")


def pin(reader: ReaderId, who: CardholderId) -> st.PinEntered:
    return st.PinEntered(reader, pin_of(who))


def personal(who: CardholderId) -> st.BadgeEnrolled:
    """Somebody gets a personal PIN, and one for when they are forced."""
    card = badge(who, assurance=Assurance.COPYABLE)
    name = CredentialId(f"pin-{who}")
    own = replace(card, id=name, token=f"own-{who}", pin=None, duress=f"own-duress-{who}", kind=CredentialKind.PIN)
    return st.BadgeEnrolled("test", own)


def own_pin(reader: ReaderId, who: CardholderId, *, forced: bool = False) -> st.PinEntered:
    """A personal PIN, typed in place of a card."""
    return st.PinEntered(reader, None, f"own-duress-{who}" if forced else f"own-{who}")


def nobodys_pin(reader: ReaderId) -> st.PinEntered:
    return st.PinEntered(reader, None, "nobody's")


def duress_pin(reader: ReaderId, who: CardholderId) -> st.PinEntered:
    return st.PinEntered(reader, duress_of(who))


def wrong_pin(reader: ReaderId) -> st.PinEntered:
    return st.PinEntered(reader, "not-the-pin")


def opens(door: DoorId) -> st.PositionSeen:
    return st.PositionSeen(door, Position.OPEN)


def closes(door: DoorId) -> st.PositionSeen:
    return st.PositionSeen(door, Position.CLOSED)


def bolt(door: DoorId, lock: LockStatus) -> st.LockSeen:
    return st.LockSeen(door, lock)


def point(which: PointId, condition: PointCondition = PointCondition.ACTIVE) -> st.PointSeen:
    return st.PointSeen(which, condition)


def order(who: OperatorId, what: Order) -> st.Ordered:
    return st.Ordered(who, what)


def started(site: Site) -> st.BoxStartedUp:
    return st.BoxStartedUp("1.0", site.digest, "# the site file")


@dataclass
class House:
    """A building in motion, without a runtime: time passes only when told, and every deadline is kept on the way."""

    site: Site = field(default_factory=small_site)
    state: SiteState = field(default_factory=SiteState)
    now: Instant = field(default_factory=lambda: Instant(MONDAY_TEN.astimezone(UTC), 1000.0))
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def see(self, stimulus: st.Stimulus, after: float = 0.0) -> Outcome:
        """Let ``after`` seconds pass, deadlines kept, then take one stimulus; return what this one led to."""
        self.wait(after)
        return self._step(stimulus)

    def see_late(self, stimulus: st.Stimulus, after: float) -> Outcome:
        """The loop stalls for ``after`` seconds, so that no deadline is kept before this stimulus is taken."""
        self._pass(after)
        return self._step(stimulus)

    def wait(self, seconds: float) -> list[Event]:
        """Let time pass; return what the deadlines on the way brought about."""
        before, until = len(self.events), self.now.mono + seconds
        while (due := next_deadline(self.state)) is not None and due <= until:
            self._pass(max(0.0, due - self.now.mono))
            self._step(st.TimePassed())
        self._pass(until - self.now.mono)
        return self.events[before:]

    def set_wall(self, wall: datetime) -> None:
        """Step the wall clock, as somebody might who is let at it."""
        self.now = Instant(wall.astimezone(UTC), self.now.mono)

    def travel(self, wall: datetime) -> None:
        """Let both clocks run to a later wall time."""
        self.wait((wall - self.now.wall).total_seconds())

    def restart(self, mono: float = 5.0) -> Outcome:
        """Start the box again: a new boot, whose monotonic clock begins anew, three seconds later by the wall."""
        self.now = Instant(self.now.wall + timedelta(seconds=3), mono)
        return self._step(started(self.site))

    def face(
        self,
        outcome: FaceOutcome = FaceOutcome.MATCHED,
        *,
        after: float = 1.0,
        seen: float = 0.0,
        camera: CameraId = CELLAR_CAMERA,
        request: RequestId | None = None,
    ) -> Outcome:
        """The eyes answer the newest request; the frame is ``seen`` seconds older than the answer."""
        self.wait(after)
        asked = request or RequestId(f"r{self.state.requests}")
        return self._step(st.FaceSeen(asked, camera, outcome, 0.4, 5, self.now.mono - seen))

    def decide(self, request: AccessRequest) -> Decision:
        return decide(self.site, self.state, request, self.now)

    def alarms(self, kind: AlarmKind) -> list[Alarm]:
        """Return the alarms of a kind, the oldest first."""
        alarms = sorted(self.state.alarms.values(), key=lambda alarm: int(alarm.id[1:]))
        return [alarm for alarm in alarms if alarm.kind is kind]

    def _pass(self, seconds: float) -> None:
        self.now = Instant(self.now.wall + timedelta(seconds=seconds), self.now.mono + seconds)

    def _step(self, stimulus: st.Stimulus) -> Outcome:
        outcome = step(self.site, self.state, stimulus, self.now)
        self.state = outcome.state
        self.events += outcome.events
        self.effects += outcome.effects
        return outcome


def empty_house(site: Site | None = None) -> House:
    """A box that has just started; nobody is enrolled and nothing was heard of."""
    house = House(site or small_site())
    house.see(started(house.site))
    return house


def quiet_house(site: Site | None = None) -> House:
    """An ordinary Monday morning: people and operators known, everything online, every door closed and locked."""
    house = empty_house(site)
    for person in PEOPLE.values():
        house.see(st.PersonEnrolled("test", person, "sealed"))
        house.see(st.BadgeEnrolled("test", badge(person.id)))
    for who in FACES:
        house.see(st.FaceEnrolled("test", who, "dlib", "mean", "sealed"))
    for operator, role in OPERATORS.items():
        house.see(st.OperatorEnrolled("test", Operator(operator, role)))
    everything_answers(house)
    house.events.clear()
    house.effects.clear()
    return house


def everything_answers(house: House) -> None:
    """Every device and camera is heard of, every door reads closed and locked; the start-up time passes."""
    for device in house.site.devices:
        house.see(st.DeviceSeen(device, online=True, secure=True, detail=""))
    for camera in house.site.cameras:
        house.see(st.CameraSeen(camera, online=True, detail=""))
    for door in house.site.doors.values():
        if door.contact is not None:
            house.see(closes(door.id))
        house.see(bolt(door.id, LockStatus.LOCKED))
        if door.loop is not None:
            house.see(st.LoopSeen(door.id, Loop.FREE))
    for each in house.site.points:
        house.see(point(each, PointCondition.NORMAL))
    house.wait(20.0)


def play(
    site: Site, state: SiteState, script: Iterable[tuple[st.Stimulus, float]], now: Instant | None = None
) -> House:
    """Play stimuli, each so many seconds after the one before, from ``now`` (else from the state's last event)."""
    start = now or state.last or House().now
    house = House(site, state, start)
    for stimulus, seconds in script:
        house.see(stimulus, after=seconds)
    return house


def of_kind(kind: type[E], events: Sequence[Event]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def _zone(zone: ZoneId, level: SecurityLevel, assurance: Assurance) -> Zone:
    return Zone(zone, zone.title(), level, frozenset({Factor.CARD}), assurance, ())


def _door(door: DoorId, zones: tuple[ZoneId, ZoneId], relock_on: RelockOn, rex: RexKind | None) -> Door:
    wire = Input(lock_of(door), None)
    return Door(
        id=door,
        name=f"The {door} door",
        zones=zones,
        lock_kind=LockKind.FAIL_SECURE,
        lock=Output(lock_of(door), None),
        contact=wire,
        bolt=wire,
        rex=Rex(rex, wire) if rex else None,
        free_egress=True,
        fire_zone=None,
        unlock_seconds=5.0,
        open_seconds=20.0,
        pre_alarm_seconds=5.0,
        relock_on=relock_on,
        position=(5.0, 6.0),
    )


def _reader(
    reader: ReaderId,
    door: DoorId,
    leaves: ZoneId,
    enters: ZoneId,
    *,
    keypad: bool = False,
    camera: CameraId | None = None,
    factors: tuple[Factor, ...] = (),
) -> Reader:
    return Reader(reader, str(reader), door, leaves, enters, head(reader), keypad, camera, frozenset(factors), 10.0)


def _devices() -> list[tuple[DeviceId, DeviceKind]]:
    heads = [head(reader) for reader in (FRONT_IN, FRONT_OUT, INNER_IN, INNER_OUT, CELLAR_IN)]
    locks = [lock_of(door) for door in (FRONT, INNER, CELLAR)]
    return [(device, DeviceKind.OSDP) for device in heads] + [(device, DeviceKind.MQTT) for device in locks]
