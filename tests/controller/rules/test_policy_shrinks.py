"""A policy that knows less comes into force in the middle of a random day: whatever the wires and the operators still
say of what is gone, no rule fails, and nothing is asked of a door or a siren that the policy does not know.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints

import pytest

from controller.domain import area_orders as area
from controller.domain import ids
from controller.domain import maintenance_orders as work
from controller.domain import operators as op
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind, Source
from controller.domain.causes import Action, AlarmStands, DoorAction, DoorEffect, Escalation, OutputEffect
from controller.domain.decision import FaceOutcome
from controller.domain.doors import Direction, LockMode, LockStatus, Loop, Position
from controller.domain.effects import FireRelease, HoldUnlocked, SetOutput, Unlock
from controller.domain.events import UnlockFailure, Violation
from controller.domain.ids import OUTSIDE
from controller.domain.operators import Operator, Role
from controller.domain.people import Cardholder
from controller.domain.points import PointCondition
from controller.domain.site import AntiPassback, EscortOrder, EscortRule
from controller.rules.fold import apply
from tests.controller import builders as at

OTTO = "otto"
STEPS = 250
LATER = timedelta(hours=1)
ESCORT = EscortRule(EscortOrder.ESCORT_FIRST, 10.0, 2, 5.0)


def rich_site():
    """Every kind of thing a policy may stop to know of."""
    site = at.with_area(at.with_fire(at.with_key(at.with_barrier(at.with_mantrap(at.small_site())))))
    site = at.with_open_hours(site, at.INNER)
    site = at.with_zone(site, at.LOBBY, anti_passback=AntiPassback.HARD, occupancy_limit=2)
    site = at.with_zone(site, at.CHANCERY, two_person=True, two_person_grace_seconds=5.0, escort=ESCORT)
    site = at.with_cause(site, AlarmStands(AlarmKind.FORCED_OPEN), OutputEffect(at.STROBE, Action.ON))
    site = at.with_cause(site, AlarmStands(AlarmKind.TAMPER), DoorEffect(at.CELLAR, DoorAction.BLOCKED))
    return replace(site, escalation=Escalation(30.0, (at.SIREN,)))


def bare_site():
    """The lobby and its front door are all that is left."""
    rich = rich_site()
    front = replace(rich.doors[at.FRONT], fire_zone=None, loop=None, key_switch=None)
    return replace(
        rich,
        digest="digest-bare",
        zones={OUTSIDE: rich.zones[OUTSIDE], at.LOBBY: at.small_site().zones[at.LOBBY]},
        doors={at.FRONT: front},
        readers={at.FRONT_IN: rich.readers[at.FRONT_IN]},
        devices={device: rich.devices[device] for device in (at.head(at.FRONT_IN), at.lock_of(at.FRONT))},
        access_levels={},
        **{part: {} for part in ("cameras", "interlocks", "points", "outputs", "fire_zones", "areas", "causes")},
        escalation=None,
    )


class Day:
    """Whatever may happen in the rich building, without rhyme or reason."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.site = rich_site()

    def anything(self, house):
        dice = self.dice
        kinds = [self.at_reader, self.at_door, self.at_door, self.at_device, self.order, self.order, self.any_order]
        return dice.choice(kinds)(house)

    def at_reader(self, house):
        dice, reader = self.dice, self.dice.choice(list(self.site.readers))
        who = dice.choice(list(at.PEOPLE))
        camera = dice.choice(list(self.site.cameras))
        request, outcome = f"r{house.state.requests}", dice.choice([*FaceOutcome])
        return dice.choice(
            [
                at.swipe(reader, who),
                at.swipe(reader, who),
                at.strange_card(reader),
                at.pin(reader, who),
                at.duress_pin(reader, who),
                at.wrong_pin(reader),
                st.FaceSeen(request, camera, outcome, 0.4, 5, house.now.mono),
                st.CameraSeen(camera, online=dice.random() < 0.5, detail=""),
            ]
        )

    def at_door(self, house):
        dice, door = self.dice, self.dice.choice(list(self.site.doors))
        return dice.choice(
            [
                at.opens(door),
                at.closes(door),
                st.PositionSeen(door, Position.UNKNOWN),
                st.LockSeen(door, dice.choice([*LockStatus])),
                st.RexSeen(door),
                st.LoopSeen(door, dice.choice([*Loop])),
                st.RotationSeen(door, dice.choice([*Direction])),
                st.KeySeen(door, turned=dice.random() < 0.5),
                st.UnlockFailed(door, f"r{house.state.requests}", UnlockFailure.DEVICE_OFFLINE),
            ]
        )

    def at_device(self, _):
        dice, device = self.dice, self.dice.choice(list(self.site.devices))
        some = dice.random() < 0.5
        return dice.choice(
            [
                st.DeviceSeen(device, online=some, secure=True, detail=""),
                st.TamperSeen(device, some),
                st.PowerSeen(device, some),
                st.BatterySeen(device, some),
                st.FaultSeen(device, some, "a wire"),
                st.ViolationSeen(device, dice.choice([*Violation]), ""),
                st.PointSeen(dice.choice(list(self.site.points)), dice.choice([*PointCondition])),
                st.OutputSeen(dice.choice(list(self.site.outputs)), some),
                st.Delivered(device, "b", dice.randint(1, 50), st.RexSeen(at.FRONT)),
                st.TimePassed(),
            ]
        )

    def order(self, house):
        dice, door = self.dice, self.dice.choice(list(self.site.doors))
        until = house.now.wall + LATER
        alarm = dice.choice(list(house.state.alarms) or ["a0"])
        what = dice.choice(
            [
                op.UnlockOnce(door, "x"),
                op.LockDoor(door),
                op.BlockDoor(door, "x"),
                op.UnblockDoor(door),
                op.SetDoorMode(door, dice.choice([*LockMode]), until, "x"),
                op.ReleaseDoorMode(door, dice.choice([*LockMode])),
                op.ConfirmFireReset(at.BUILDING, "x"),
                op.StartLockdown("x"),
                op.EndLockdown(),
                op.SetThreatLevel(dice.choice([0, 1, 2]), "x"),
                op.AcknowledgeAlarm(alarm),
                op.CloseAlarm(alarm, "x"),
                op.ForgivePassback(at.ALICE, "x"),
                op.ConfirmPassage(f"r{house.state.requests}"),
                op.Panic(),
                area.ArmArea(at.ROOM),
                area.DisarmArea(at.ROOM),
                area.BypassPoint(at.PIR, until, "x"),
                area.EndBypass(at.PIR),
                area.WalkTest(at.ROOM, until),
                area.ResetCause("c1"),
                work.StartMaintenance(Source(door=door), until, "x"),
                work.StartMaintenance(Source(point=at.PIR), until, "x"),
            ]
        )
        return at.order(dice.choice(WHO), what)

    def any_order(self, house):
        """Any order there is, about anything: most are refused."""
        kind, dice, site = self.dice.choice(ORDERS), self.dice, self.site
        alarms, visits = list(house.state.alarms) or ["a0"], list(house.state.visits)
        of_type = {
            ids.DoorId: list(site.doors),
            ids.ReaderId: list(site.readers),
            ids.DeviceId: list(site.devices),
            ids.PointId: list(site.points),
            ids.CameraId: list(site.cameras),
            ids.AreaId: list(site.areas),
            ids.ZoneId: list(site.zones),
            ids.FireZoneId: list(site.fire_zones),
            ids.CauseId: list(site.causes),
            ids.AccessLevelId: list(site.access_levels),
            ids.CardholderId: [*at.PEOPLE, *visits, "guest"],
            ids.CredentialId: [at.badge_of(who) for who in at.PEOPLE],
            ids.OperatorId: [*WHO, "token-1"],
            ids.AlarmId: alarms,
            ids.RequestId: [f"r{house.state.requests}"],
            ids.SafePointId: ["yard"],
            Cardholder: list(at.PEOPLE.values()),
            Source: [Source(door=door) for door in site.doors] + [Source(device=device) for device in site.devices],
            datetime: [house.now.wall, house.now.wall + LATER],
            bool: [False, True],
            int: [0, 1, 2],
            float: [1.0],
            str: ["x", "https://hooks.example/x"],
        }

        def some(hint):
            if get_origin(hint) in (Union, UnionType):
                return some(dice.choice(get_args(hint)))
            if get_origin(hint) in (frozenset, tuple):
                return get_origin(hint)([some(get_args(hint)[0])])
            if isinstance(hint, type) and issubclass(hint, Enum):
                return dice.choice([*hint])
            return None if hint is NoneType else dice.choice(of_type[hint])

        hints = get_type_hints(kind)
        return at.order(dice.choice(WHO), kind(**{each.name: some(hints[each.name]) for each in fields(kind)}))


def _each_of(union) -> Iterator[type]:
    for kind in get_args(union):
        yield from _each_of(kind) if get_args(kind) else [kind]


WHO = [at.GIL, at.SUE, OTTO]
ORDERS = [*_each_of(op.Order)]


def random_house(seed):
    house, day = at.quiet_house(rich_site()), Day(seed)
    house.see(st.OperatorEnrolled("test", Operator(OTTO, Role.SECURITY_OFFICER)))
    for _ in range(STEPS):
        house.see(day.anything(house), after=day.dice.choice([0.1, 1.0, 4.0]))
    return house, day


def bring_in(house, site, *, restart):
    """By two operators where no fire forbids it, else as a box that starts with another file."""
    for who, role in ((at.SUE, Role.SUPERVISOR), (OTTO, Role.SECURITY_OFFICER)):  # whatever the day made of them
        house.see(st.OperatorEnrolled("test", Operator(who, role)))
    house.site = site
    if restart or house.state.fires:
        house.restart()
    else:
        house.see(st.PolicyApproved(at.SUE, OTTO, site.digest, "# new"))
    assert house.state.site_digest == site.digest


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_what_the_policy_does_not_know_fails_no_rule_and_opens_nothing(seed, restart):
    house, day = random_house(seed)
    bring_in(house, bare_site(), restart=restart)
    house.effects.clear()
    house.events.clear()
    begun = house.state
    for _ in range(STEPS):
        house.see(day.anything(house), after=day.dice.choice([0.1, 1.0, 4.0, 40.0]))
    asked = {e.door for e in house.effects if isinstance(e, Unlock | HoldUnlocked | FireRelease)}
    assert asked <= house.site.doors.keys()
    assert not any(isinstance(effect, SetOutput) for effect in house.effects)
    assert not {a.source.door for a in house.state.alarms.values() if a.persists} - {None, *house.site.doors}
    for event in house.events:
        begun = apply(begun, event, house.now)


def test_every_order_there_is_can_be_given_on_such_a_day():
    house, day = at.quiet_house(rich_site()), Day(0)
    given = {type(day.any_order(house).order) for _ in range(40 * len(ORDERS))}
    assert given == {*ORDERS}


@pytest.mark.parametrize("seed", range(6))
def test_and_back_again(seed):
    house, day = random_house(seed)
    bring_in(house, bare_site(), restart=False)
    bring_in(house, rich_site(), restart=False)
    for _ in range(STEPS):
        house.see(day.anything(house), after=1.0)
