"""Laws of a building that has every rule on at once, over whatever happens there in whatever order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as given_by
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarm_orders import EscalateAlarm, ShelveAlarm, TickStep, UnshelveAlarm
from controller.domain.alarms import Source
from controller.domain.area_orders import ArmArea, BypassPoint, DisarmArea, EndBypass, ResetCause, WalkTest
from controller.domain.decision import DenyReason, FaceOutcome
from controller.domain.doors import HELD, Direction, LockMode, LockStatus, Loop, Position
from controller.domain.effects import (
    FireRelease,
    Hold,
    HoldUnlocked,
    Light,
    Release,
    Relock,
    SetOutput,
    Signal,
    Unlock,
    waits_for_log,
)
from controller.domain.ids import (
    OUTSIDE,
    AlarmId,
    CameraId,
    CardholderId,
    CauseId,
    DeviceId,
    DoorId,
    OperatorId,
    OutputId,
    PointId,
    ReaderId,
    RequestId,
)
from controller.domain.maintenance_orders import EndMaintenance, StartMaintenance
from controller.domain.muster import Whereabouts, muster
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
from controller.domain.people import CardholderKind
from controller.domain.points import PointCondition
from controller.domain.site import AntiPassback, Factor, RexKind
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor, SignOutVisitor
from controller.replay import difference, requests
from controller.rules.fold import apply
from controller.rules.interlock import busy
from controller.rules.step import next_deadline
from controller.rules.turn import Outcome
from controller.store.snapshot import Snapshot, read, write
from controller.store.vault import Sealed
from tests.controller.builders import (
    ALICE,
    BOB,
    BUILDING,
    CELLAR_CAMERA,
    EVE,
    GIL,
    NORA,
    PANIC,
    PIR,
    ROOM,
    SUE,
    badge_of,
    duress_pin,
    everything_answers,
    order,
    own_pin,
    pin,
    strange_card,
    swipe,
    wrong_pin,
)
from tests.controller.full import (
    CARL,
    FULL_PEOPLE,
    OUTWARD,
    VERA,
    VISITORS,
    FullHouse,
    full_site,
    populate,
)
from tests.controller.rules.model import Model, groups
from tests.controller.rules.tightenings import TIGHTENINGS, made_easier

SITE = full_site()
R = DenyReason
NEVER_ON_THE_WAY_OUT = frozenset(
    {R.ANTI_PASSBACK, R.ZONE_FULL, R.SECOND_PERSON_NEEDED, R.ESCORT_NEEDED, R.ESCORT_TOO_FAR, R.NOBODY_FIRST}
)
GREEN = Light.GRANTED


def some(*values: object) -> given_by.SearchStrategy[object]:
    return given_by.sampled_from(values)


people = some(ALICE, ALICE, BOB, BOB, CARL, NORA, EVE, VERA)
readers = given_by.sampled_from([*SITE.readers, *SITE.readers, ReaderId("nowhere")])
doors = given_by.sampled_from([*SITE.doors, *SITE.doors, DoorId("nowhere")])
devices = given_by.sampled_from([*SITE.devices, DeviceId("nothing")])
points = given_by.sampled_from([*SITE.points, PointId("nothing")])
flags = given_by.booleans()
badges = given_by.one_of(
    given_by.builds(
        lambda card, draw, age: replace(card, draw=draw, age=age),
        given_by.one_of(given_by.builds(swipe, readers, people), given_by.builds(strange_card, readers)),
        given_by.integers(0, 9_999),
        some(0.0, 0.0, 0.0, 9.0),
    )
)
typed = given_by.one_of(
    given_by.builds(pin, readers, people),
    given_by.builds(duress_pin, readers, people),
    given_by.builds(own_pin, readers, people),
    given_by.builds(wrong_pin, readers),
)
sensed = given_by.one_of(
    given_by.builds(st.PositionSeen, doors, given_by.sampled_from(Position)),
    given_by.builds(st.LockSeen, doors, given_by.sampled_from(LockStatus)),
    given_by.builds(st.LoopSeen, doors, given_by.sampled_from(Loop)),
    given_by.builds(st.RotationSeen, doors, given_by.sampled_from(Direction)),
    given_by.builds(st.KeySeen, doors, flags),
    given_by.builds(st.UnlockFailed, doors, some("r1", "r2", "r3"), given_by.sampled_from(ev.UnlockFailure)),
)
guarded = given_by.one_of(
    given_by.builds(st.PointSeen, points, given_by.sampled_from(PointCondition)),
    given_by.builds(st.DeviceSeen, devices, flags, flags, some("")),
    given_by.builds(st.TamperSeen, devices, flags),
    given_by.builds(st.PowerSeen, devices, flags),
    given_by.builds(st.BatterySeen, devices, flags),
    given_by.builds(st.FaultSeen, given_by.one_of(given_by.none(), devices), flags, some("x")),
    given_by.builds(st.CameraSeen, some(CELLAR_CAMERA, CameraId("nothing")), flags, some("")),
    given_by.builds(st.OutputSeen, given_by.sampled_from([*SITE.outputs, OutputId("nothing")]), flags),
    given_by.builds(st.DiskSeen, flags, some("x")),
    given_by.builds(st.SignInTried, some(GIL, OperatorId("root")), flags, some("a"), flags),
    given_by.builds(
        st.Delivered,
        devices,
        some("boot-1", "boot-2"),
        given_by.integers(1, 9),
        given_by.builds(st.RexSeen, doors),
    ),
)
alarms = given_by.integers(1, 20).map(lambda number: AlarmId(f"a{number}"))
hours = given_by.integers(1, 11).map(timedelta)


class Building(RuleBasedStateMachine):
    """Anybody may do anything at any time; after each step every law holds."""

    def __init__(self) -> None:
        super().__init__()
        self.house = FullHouse()
        self.model = Model()
        populate(self.house)
        self.looked_at = 0
        self.latest = self.house.now.wall
        self.watch()

    # What happens.

    @rule(card=badges)
    def shows_a_badge(self, card: st.CardPresented) -> None:
        self.happens(card)

    @rule(keys=typed)
    def types_at_a_keypad(self, keys: st.PinEntered) -> None:
        self.happens(keys)

    @rule(who=people, way=given_by.integers(0, 9))
    def walks(self, who: CardholderId, way: int) -> None:
        """Somebody goes through one of the doors where they are, shows whatever is asked for, and shuts it behind."""
        here = self.model.where.get(who) or OUTSIDE
        leading = [reader for reader in SITE.readers.values() if reader.leaves == here]
        reader = leading[way % len(leading)]
        self.happens(swipe(reader.id, who))
        self.completes(FaceOutcome.MATCHED)
        if not self.house.state.door(reader.door).passages:
            return
        for position in (Position.OPEN, Position.CLOSED):
            self.happens(st.PositionSeen(reader.door, position))
        self.happens(st.RotationSeen(reader.door, Direction.OUT if reader.id in OUTWARD else Direction.IN))
        self.happens(st.LockSeen(reader.door, LockStatus.LOCKED))
        self.time_passes(7.0)

    @rule(who=people)
    def walks_on(self, who: CardholderId) -> None:
        """Somebody goes as far in as they may."""
        for way in (0, 1, 1):
            self.walks(who, way)

    @rule(outcome=some(FaceOutcome.MATCHED, FaceOutcome.MATCHED, *FaceOutcome))
    def completes(self, outcome: FaceOutcome) -> None:
        """Whoever is asked for something gives it, as far as they have it, and the guard says yes."""
        for _ in range(4):
            pending = dict(self.house.state.challenges)
            if not pending:
                return
            for reader, challenge in sorted(pending.items()):
                if Factor.PIN in challenge.wanted:
                    self.happens(pin(reader, challenge.cardholder))
                elif Factor.FACE in challenge.wanted:
                    self.house.wait(0.5)
                    self.happens(st.FaceSeen(challenge.request, CELLAR_CAMERA, outcome, 0.4, 5, self.house.now.mono))
                elif Factor.GUARD in challenge.wanted:
                    self.happens(order(GIL, ConfirmPassage(challenge.request)))
                else:
                    beside = (who for who in (BOB, ALICE) if who != challenge.cardholder)
                    self.happens(swipe(reader, next(beside)))

    @rule(number=given_by.integers(1, 60), outcome=given_by.sampled_from(FaceOutcome))
    def a_face_or_a_guards_word_out_of_nowhere(self, number: int, outcome: FaceOutcome) -> None:
        request = RequestId(f"r{number}")
        self.happens(st.FaceSeen(request, CELLAR_CAMERA, outcome, 0.4, 5, self.house.now.mono))
        self.happens(order(GIL, ConfirmPassage(request)))
        self.happens(order(GIL, RefusePassage(request, "x")))

    @rule(what=sensed)
    def a_door_tells(self, what: st.Stimulus) -> None:
        self.happens(what)

    @rule(door=doors)
    def somebody_leaves_by_the_button(self, door: DoorId) -> None:
        shut_by = busy(SITE, self.house.state, door, self.house.now.mono) if door in SITE.doors else None
        outcome = self.happens(st.RexSeen(door))
        rex = SITE.doors[door].rex if door in SITE.doors else None
        if rex is None or rex.kind is RexKind.SHUNT_ONLY:
            assert door not in SITE.doors or SITE.doors[door].free_egress
        elif rex.kind is RexKind.EMERGENCY or shut_by is None:
            assert any(isinstance(effect, Release) and effect.door == door for effect in outcome.effects)

    @rule(what=guarded)
    def something_moves(self, what: st.Stimulus) -> None:
        self.happens(what)

    @rule(what=given_by.data(), who=some(GIL, SUE, SUE, OperatorId("mallory")))
    def is_ordered(self, what: given_by.DataObject, who: OperatorId) -> None:
        door, text = what.draw(doors), "x"
        until = self.house.now.wall + timedelta(hours=what.draw(given_by.integers(1, 11)))
        alarm = what.draw(alarms)
        orders: list[Order] = [
            *(UnlockOnce(door, text), LockDoor(door), BlockDoor(door, text), UnblockDoor(door)),
            *(SetDoorMode(door, mode, until, text) for mode in (LockMode.UNLOCKED, LockMode.SECURED, LockMode.BLOCKED)),
            *(ReleaseDoorMode(door, mode) for mode in (LockMode.UNLOCKED, LockMode.SECURED)),
            *(StartLockdown(text), EndLockdown(), EndLockdown(), ConfirmFireReset(BUILDING, text)),
            *(SetThreatLevel(level, text) for level in (0, 0, 1, 2)),
            *(AcknowledgeAlarm(alarm), CloseAlarm(alarm, text), Panic()),
            *(TickStep(alarm, 0), EscalateAlarm(alarm), ShelveAlarm(alarm, until, text), UnshelveAlarm(alarm)),
            *(ForgivePassback(ALICE, text), ForgiveAllPassback(text)),
            *(ArmArea(ROOM), DisarmArea(ROOM), BypassPoint(PIR, until, text), EndBypass(PIR), WalkTest(ROOM, until)),
            ResetCause(CauseId("c1")),
            *(StartMaintenance(at, until, text) for at in (Source(door=door), Source(point=PIR))),
            *(EndMaintenance(at) for at in (Source(door=door), Source(point=PIR))),
            RegisterVisitor(VERA, ALICE, None, self.house.now.wall, until, frozenset({VISITORS})),
            *(ApproveVisit(VERA), SignInVisitor(VERA, badge_of(EVE))),
            *(SignOutVisitor(VERA, badge_returned=back) for back in (True, False)),
        ]
        self.happens(order(who, what.draw(given_by.sampled_from(orders))))

    @rule(active=flags)
    def fire(self, active: bool) -> None:
        panel = SITE.fire_zones[BUILDING].point
        self.happens(st.PointSeen(panel, PointCondition.ACTIVE if active else PointCondition.NORMAL))

    @rule(seconds=some(0.5, 2.0, 7.0, 31.0, 3600.0))
    def time_passes(self, seconds: float) -> None:
        self.house.wait(seconds)
        self.watch()

    @rule(seconds=some(5.0, 40.0))
    def the_loop_stalls(self, seconds: float) -> None:
        self.house.see_late(st.TimePassed(), seconds)
        self.watch()
        due = next_deadline(self.house.state)
        assert due is None or due > self.house.now.mono, "what was due is still due: a wedge"

    @rule(seconds=some(-7200.0, -3.0, 3.0, 90.0))
    def the_wall_clock_steps(self, seconds: float) -> None:
        self.house.set_wall(self.house.now.wall + timedelta(seconds=seconds))
        self.happens(st.TimePassed())

    @rule(late=flags)
    def the_disk(self, late: bool) -> None:
        waiting = tuple((door, p.request) for door, known in self.house.state.doors.items() for p in known.passages)
        self.happens(st.LogLateSeen(waiting, "slow") if late else st.LogRestoredSeen())

    @rule(name=given_by.sampled_from(sorted(TIGHTENINGS)))
    def is_tightened(self, name: str) -> None:
        """Nothing that makes the building stricter lets anybody in who was not let in, or asks less of them."""
        assert made_easier(self.house, name) == []

    @rule()
    def the_box_starts_again(self) -> None:
        before = self.house.state
        self.house.restart()
        after = self.house.state
        self.watch()
        for kept in ("people", "credentials", "operators", "visits", "to_search", "faces", "threat_level", "fires"):
            assert getattr(after, kept) == getattr(before, kept), kept
        assert (after.lockdown is None) == (before.lockdown is None)
        assert {a.id for a in before.alarms.values()} <= {a.id for a in after.alarms.values()}
        assert not after.challenges
        assert not any(p for known in after.doors.values() for p in known.passages)
        for door, known in before.doors.items():
            blocked = [one for one in known.orders if one.mode is LockMode.BLOCKED and one.until is None]
            assert all(any(one.operator == still.operator for still in after.door(door).orders) for one in blocked)
        everything_answers(self.house)
        self.watch()

    @rule()
    def all_is_well_again(self) -> None:
        """Somebody sees to everything, so that a long story does not end in a building that is shut for good."""
        state = self.house.state
        for fire in tuple(state.fires):
            self.happens(st.PointSeen(SITE.fire_zones[fire].point, PointCondition.NORMAL))
            self.happens(order(SUE, ConfirmFireReset(fire, "out")))
        for who in (GIL, SUE):
            self.happens(order(who, EndLockdown()))
        self.happens(st.LogRestoredSeen())
        self.happens(order(SUE, SetThreatLevel(0, "calm")))
        self.happens(order(SUE, DisarmArea(ROOM)))
        self.happens(st.PointSeen(PANIC, PointCondition.NORMAL))
        for device in SITE.devices:
            self.happens(st.DeviceSeen(device, online=True, secure=True, detail=""))
        for door in SITE.doors.values():
            self.happens(order(SUE, UnblockDoor(door.id)))
            for what in (st.PositionSeen(door.id, Position.CLOSED), st.LockSeen(door.id, LockStatus.LOCKED)):
                self.happens(what)
            if door.loop is not None:
                self.happens(st.LoopSeen(door.id, Loop.FREE))

    # What always holds.

    def happens(self, what: st.Stimulus) -> Outcome:
        self.house.wait(0.0)  # whatever is due is kept first
        before = self.house.state
        outcome = self.house.see(what)
        folded = reduce(lambda state, event: apply(state, event, self.house.now), outcome.events, before)
        assert folded == outcome.state, "state is the fold of the log"
        self.watch()
        return outcome

    def watch(self) -> None:
        """Hold every fact and effect since the last time against the laws."""
        for record in self.house.records[self.looked_at :]:
            self.latest = max(self.latest, record.at.wall)
            match record.event:
                case ev.AccessGranted():
                    self.grant_is_right(record.event)
                case ev.AccessDenied(reader=reader) if reader in OUTWARD:
                    assert not NEVER_ON_THE_WAY_OUT & {*record.event.reasons}
                case ev.AccessDenied():
                    assert R.CHECK_FAILED not in record.event.reasons, record.event.trace
                case _:
                    pass
            self.model.take(record.event)
        self.looked_at = len(self.house.records)
        for effect in self.house.effects:
            self.effect_is_of_its_class(effect)
        self.house.effects.clear()

    def grant_is_right(self, event: ev.AccessGranted) -> None:
        assert {Factor.CARD, Factor.PIN} & {*event.presented}, "no face and no guard alone"
        assert Factor.CARD in event.presented or SITE.zones[event.enters].card_or_pin
        assert {Factor.FACE, Factor.GUARD} & {*event.presented} <= {*event.presented} - {Factor.CARD}
        badge = self.house.state.credentials[event.credential]
        assert badge.valid_until is None or self.latest < badge.valid_until or event.cardholder == VERA
        if event.reader in OUTWARD:
            return
        zone, leaves = SITE.zones[event.enters], SITE.readers[event.reader].leaves
        known = self.model.where.get(event.cardholder)
        if zone.anti_passback is AntiPassback.HARD:
            assert known in (None, leaves), "the model knows them to be elsewhere"
        inside = [who for who, where in self.model.where.items() if where == zone.id and who != event.cardholder]
        if zone.occupancy_limit is not None:
            assert len(inside) < zone.occupancy_limit
        if zone.two_person:
            two = event.asked is not None and event.asked.companion is not None
            assert two or any(FULL_PEOPLE[who].kind is not CardholderKind.VISITOR for who in inside)

    def effect_is_of_its_class(self, effect: object) -> None:
        match effect:
            case Unlock() | HoldUnlocked():
                assert waits_for_log(effect)
            case Signal():
                assert waits_for_log(effect) == (effect.light is GREEN)
            case Release() | FireRelease() | Hold() | SetOutput():
                assert not waits_for_log(effect)
            case Relock():
                assert not waits_for_log(effect)
                assert self.house.state.door(effect.door).hold is not LockMode.FIRE_RELEASE, "locked in a fire"
            case _:
                assert not waits_for_log(effect)  # type: ignore[arg-type]

    @invariant()
    def whereabouts_agree_with_the_model(self) -> None:
        state, where = self.house.state, self.model.where
        assert dict(state.locations) == where
        assert dict(state.headcount) == Counter(zone for zone in where.values() if zone is not None)
        here = {zone: {*group} for zone, group in state.present.items()}
        assert here == groups((who, zone) for who, zone in where.items())
        lost = {zone: {*group} for zone, group in state.lost.items()}
        assert lost == groups((who, self.model.last.get(who)) for who, zone in where.items() if zone is None)
        for person in muster(state):
            zone, last = where[person.cardholder], self.model.last.get(person.cardholder)
            inside = Whereabouts.INSIDE if zone not in (None, OUTSIDE) else None
            unseen = Whereabouts.UNKNOWN if last in (None, OUTSIDE) else Whereabouts.POSSIBLY_INSIDE
            assert person.whereabouts is (inside or (Whereabouts.OUTSIDE if zone else unseen))

    @invariant()
    def a_fire_releases_its_doors_and_no_late_log_unlocks_any(self) -> None:
        state = self.house.state
        for door in SITE.doors.values():
            hold = state.door(door.id).hold
            assert hold is None or hold in HELD
            assert (hold is LockMode.FIRE_RELEASE) == (door.fire_zone is not None and door.fire_zone in state.fires)
            if hold is LockMode.UNLOCKED:
                assert not state.log_late
                assert state.lockdown is None
                assert state.door(door.id).block is None

    def teardown(self) -> None:
        """Decide every request again, and start from a snapshot in the middle: nothing is another one."""
        for asked in requests(self.house.records):
            assert difference(asked, lambda _: SITE) is None, asked.record.seq
            assert asked.trace is None or asked.decide(SITE).trace == asked.trace, asked.record.seq
        middle = len(self.house.records) // 2
        state = reduce(lambda known, r: apply(known, r.event, r.at), self.house.records[:middle], FullHouse().state)
        with TemporaryDirectory() as folder:
            digest = write(Path(folder), Snapshot(middle, 0, state, Sealed()))
            state = read(Path(folder), middle, digest).state
        rest = self.house.records[middle:]
        assert reduce(lambda known, r: apply(known, r.event, r.at), rest, state) == self.house.state


TestBuilding = Building.TestCase
TestBuilding.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    suppress_health_check=[*HealthCheck],
)
