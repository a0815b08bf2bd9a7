"""The small building with every rule there is, all at once, and its people.

``outside`` -- FRONT, TURN (a turnstile), GATE (a barrier) --> lobby -- INNER --> chancery -- CELLAR --> vault. FRONT
stands unlocked over lunch once somebody has gone in; INNER and CELLAR are a mantrap; a fire releases all but CELLAR.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import time, timedelta

from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.causes import (
    Action,
    AlarmStands,
    DoorAction,
    DoorEffect,
    Escalation,
    OutputEffect,
    PointIs,
    Reset,
    ThreatAtLeast,
)
from controller.domain.doors import Loop
from controller.domain.events import Recorded
from controller.domain.ids import OUTSIDE, AccessLevelId, CardholderId, CompetencyId, DoorId, ReaderId, ScheduleId
from controller.domain.operators import Operator
from controller.domain.people import Cardholder, CardholderKind, HeldCompetency
from controller.domain.points import AtDoors, PointCondition
from controller.domain.site import (
    AccessLevel,
    AntiPassback,
    Assurance,
    Competency,
    Device,
    DeviceKind,
    DoorKind,
    EscortOrder,
    EscortRule,
    Factor,
    FactorsOutside,
    FirstPerson,
    Interlock,
    Period,
    RelockOn,
    RexKind,
    Schedule,
    Side,
    Site,
    ThreatLevel,
    Weekday,
)
from controller.domain.wires import Input
from controller.rules.turn import Outcome
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR,
    CELLAR_IN,
    CHANCERY,
    EVE,
    FRONT,
    FRONT_IN,
    GUARDS,
    INNER,
    INNER_IN,
    LOBBY,
    MANTRAP,
    NIGHT,
    NORA,
    OFFICE,
    OPERATORS,
    PANIC,
    PIR,
    SIREN,
    STAFF,
    STROBE,
    VAULT,
    House,
    _door,
    _reader,
    badge,
    everything_answers,
    head,
    lock_of,
    personal,
    small_site,
    started,
    with_area,
    with_cause,
    with_door,
    with_fire,
    with_key,
    with_open_hours,
    with_reader,
    with_zone,
)

TURN, GATE = DoorId("turn"), DoorId("gate")
TURN_IN, TURN_OUT, GATE_IN = ReaderId("turn-in"), ReaderId("turn-out"), ReaderId("gate-in")
CELLAR_OUT = ReaderId("cellar-out")
LUNCH, VISITORS, FIRST_AID = ScheduleId("lunch"), AccessLevelId("visitors"), CompetencyId("first-aid")
CARL, VERA = CardholderId("carl"), CardholderId("g-vera")
TRAINED = (HeldCompetency(FIRST_AID, None),)
FULL_PEOPLE = {
    ALICE: Cardholder(ALICE, CardholderKind.STAFF, 3, frozenset({STAFF, GUARDS}), TRAINED, may_escort=True),
    BOB: Cardholder(BOB, CardholderKind.STAFF, 3, frozenset({GUARDS}), TRAINED, extended_time=True, may_escort=True),
    CARL: Cardholder(CARL, CardholderKind.LOCAL_STAFF, 3, frozenset({GUARDS}), TRAINED, needs_escort=True),
    NORA: Cardholder(NORA, CardholderKind.CONTRACTOR, 1, frozenset({STAFF})),
    EVE: Cardholder(EVE, CardholderKind.VISITOR, 0, frozenset({VISITORS})),
}


def full_site() -> Site:
    """Return the building with every rule on."""
    site = _more_doors(small_site())
    site = with_fire(with_key(with_area(site, at_doors=AtDoors.REFUSES, schedule=NIGHT, last_out=True)), FRONT, INNER)
    site = _zones(_times(site))
    for door in (TURN, GATE):
        site = with_door(site, door, fire_zone=site.doors[FRONT].fire_zone)
    site = with_door(site, CELLAR, contact=Input(lock_of(CELLAR), None))  # a leaf nobody can see is never shut
    site = with_reader(site, CELLAR_IN, keypad=True, factors_outside=FactorsOutside(OFFICE, frozenset({Factor.GUARD})))
    site = with_cause(site, PointIs(PANIC, PointCondition.ACTIVE), DoorEffect(INNER, DoorAction.BLOCKED))
    site = with_cause(site, ThreatAtLeast(2), OutputEffect(STROBE, Action.ON), delay_seconds=3.0)
    site = with_cause(site, AlarmStands(AlarmKind.FORCED_OPEN), OutputEffect(SIREN, Action.PULSE, 5.0))
    site = with_cause(
        site,
        PointIs(PIR, PointCondition.ACTIVE),
        DoorEffect(CELLAR, DoorAction.SECURED),
        reset=Reset.AFTER,
        reset_seconds=9.0,
    )
    return replace(
        site,
        interlocks={MANTRAP: Interlock(MANTRAP, "Mantrap", frozenset({INNER, CELLAR}))},
        competencies={FIRST_AID: Competency(FIRST_AID, "First aid")},
        random_search_percent=5.0,
        escalation=Escalation(45.0, (SIREN,)),
        digest="full",
    )


def _more_doors(site: Site) -> Site:
    turn, gate = (_door(door, (OUTSIDE, LOBBY), RelockOn.CLOSE, RexKind.EMERGENCY) for door in (TURN, GATE))
    wires = [Input(lock_of(door), None) for door in (TURN, GATE)]
    turn = replace(turn, kind=DoorKind.TURNSTILE, contact=None, rotation_in=wires[0], rotation_out=wires[0])
    gate = replace(gate, kind=DoorKind.BARRIER, loop=wires[1])
    readers = [
        _reader(TURN_IN, TURN, OUTSIDE, LOBBY),
        _reader(TURN_OUT, TURN, LOBBY, OUTSIDE),
        _reader(GATE_IN, GATE, OUTSIDE, LOBBY),
        _reader(CELLAR_OUT, CELLAR, VAULT, CHANCERY),
    ]
    heads = [head(reader.id) for reader in readers] + [lock_of(TURN), lock_of(GATE)]
    devices = [Device(name, str(name), DeviceKind.OSDP, Side.SAFE, None, None, True, ()) for name in heads]
    return replace(
        site,
        doors={**site.doors, TURN: turn, GATE: gate},
        readers={**site.readers, **{reader.id: reader for reader in readers}},
        devices={**site.devices, **{device.id: device for device in devices}},
    )


def _times(site: Site) -> Site:
    workdays = frozenset(Weekday(day) for day in range(5))
    lunch = Schedule(LUNCH, "Lunch", False, (Period(workdays, time(12), time(13)),))
    visitors = AccessLevel(VISITORS, "Visitors", frozenset({LOBBY}), frozenset(), OFFICE, for_visitors=True)
    pin, staff = frozenset({Factor.PIN}), frozenset({CardholderKind.STAFF})
    site = replace(
        site,
        schedules={**site.schedules, LUNCH: lunch},
        access_levels={**site.access_levels, VISITORS: visitors},
        threat_levels={
            0: ThreatLevel(0, "Normal", frozenset(), {}, {}),
            1: ThreatLevel(1, "Elevated", frozenset(), {CHANCERY: 2}, {LOBBY: pin}),
            2: ThreatLevel(2, "High", frozenset({INNER}), {CHANCERY: 3, LOBBY: 1}, {LOBBY: pin}, allowed_kinds=staff),
        },
    )
    return with_open_hours(site, FRONT, schedule=LUNCH, first=True)


def _zones(site: Site) -> Site:
    site = with_zone(
        site,
        LOBBY,
        anti_passback=AntiPassback.SOFT,
        card_or_pin=True,
        random_search_percent=20.0,
        visitors_sign_in=True,
        escort=EscortRule(EscortOrder.EITHER, 30.0, 2, 20.0),
    )
    site = with_zone(
        site,
        CHANCERY,
        minimum_assurance=Assurance.SYMMETRIC,
        anti_passback=AntiPassback.HARD,
        occupancy_limit=2,
        competencies=frozenset({FIRST_AID}),
        factors_outside=FactorsOutside(OFFICE, frozenset({Factor.GUARD})),
        first_person=FirstPerson(frozenset({STAFF}), 2),
    )
    return with_zone(
        site,
        VAULT,
        anti_passback=AntiPassback.TIMED,
        anti_passback_seconds=60.0,
        two_person=True,
        two_person_seconds=20.0,
        two_person_grace_seconds=15.0,
    )


@dataclass
class FullHouse(House):
    """The full building in motion. ``records``: all that was written down; ``boots``: how often it started."""

    site: Site = field(default_factory=full_site)
    records: list[Recorded] = field(default_factory=list)
    boots: int = 1

    def _step(self, stimulus: st.Stimulus) -> Outcome:
        outcome = super()._step(stimulus)
        for seq, event in enumerate(outcome.events, len(self.records) + 1):
            self.records.append(Recorded(seq, self.now, f"boot-{self.boots}", self.site.digest, event))
        return outcome

    def restart(self, mono: float = 5.0) -> Outcome:
        self.boots += 1
        return super().restart(mono)


def populate(house: House) -> None:
    """An ordinary Monday morning: people, badges and operators known; everything online, closed and locked."""
    house.see(started(house.site))
    for person in FULL_PEOPLE.values():
        house.see(st.PersonEnrolled("test", person, "sealed"))
        house.see(st.BadgeEnrolled("test", badge(person.id)))
    house.see(st.BadgeEnrolled("test", replace(badge(NORA), valid_until=house.now.wall + timedelta(hours=3))))
    for who in (ALICE, BOB):
        house.see(personal(who))
    house.see(st.FaceEnrolled("test", ALICE, "dlib", "mean", "sealed"))
    for operator, role in OPERATORS.items():
        house.see(st.OperatorEnrolled("test", Operator(operator, role)))
    everything_answers(house)
    house.see(st.LoopSeen(GATE, Loop.FREE))


OUTWARD = frozenset(reader.id for reader in full_site().readers.values() if reader.enters == OUTSIDE) | {
    ReaderId("inner-out"),
    CELLAR_OUT,
}
"""Readers on the way out."""
INWARD = (FRONT_IN, TURN_IN, GATE_IN, INNER_IN, CELLAR_IN)
