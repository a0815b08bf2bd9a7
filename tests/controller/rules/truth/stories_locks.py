"""Stories of what locks do by themselves: fire, lockdown, interlocks, machines, and devices that come and go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from controller.domain import stimuli as st
from controller.domain.doors import Direction, LockMode, LockStatus, Loop, Position
from controller.domain.ids import DeviceId
from controller.domain.operators import (
    BlockDoor,
    ConfirmFireReset,
    EndLockdown,
    LockDoor,
    Operator,
    Role,
    SetDoorMode,
    StartLockdown,
    UnlockOnce,
)
from controller.domain.points import PointCondition
from controller.domain.site import RexKind, Site
from tests.controller.builders import (
    ALICE,
    BOB,
    BUILDING,
    CELLAR,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    INNER_IN,
    MONDAY_TEN,
    PANEL,
    SUE,
    bolt,
    closes,
    lock_of,
    opens,
    order,
    pin,
    point,
    swipe,
    with_barrier,
    with_door,
    with_fire,
    with_key,
    with_mantrap,
    with_turnstile,
)
from tests.controller.rules.truth.acts import RESTART, Late, Script

UNTIL = MONDAY_TEN + timedelta(hours=1)
UNLOCKED = order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, UNTIL, "a delivery"))
LOCKDOWN = order(GIL, StartLockdown("drill"))
OFFLINE = st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent")
ONLINE = st.DeviceSeen(lock_of(FRONT), online=True, secure=True, detail="back")
ALICE_IN: Script = (swipe(FRONT_IN, ALICE), opens(FRONT), closes(FRONT))
CAR_IN = st.LoopSeen(FRONT, Loop.OCCUPIED)
CAR_AWAY = st.LoopSeen(FRONT, Loop.FREE)


def emergency_button(site: Site) -> Site:
    rex = site.doors[FRONT].rex
    assert rex is not None
    return with_door(with_mantrap(site), FRONT, rex=replace(rex, kind=RexKind.EMERGENCY))


def turnstile_free_outwards(site: Site) -> Site:
    turning = with_turnstile(site)
    return replace(turning, readers={key: one for key, one in turning.readers.items() if key != FRONT_OUT})


def turnstile_with_button(site: Site) -> Site:
    return with_door(with_turnstile(site), FRONT, rex=site.doors[FRONT].rex)


LOCKS: Mapping[str, Script] = {
    "fire: what is released, what ends it, and what does not": [
        with_fire,
        *ALICE_IN,
        UNLOCKED,
        point(PANEL),
        order(GIL, LockDoor(FRONT)),
        order(GIL, ConfirmFireReset(BUILDING, "toast")),
        opens(INNER),
        LOCKDOWN,
        RESTART,
        st.DeviceSeen(DeviceId("io"), online=True, secure=True, detail=""),
        point(PANEL, PointCondition.OPEN_LOOP),
        order(GIL, ConfirmFireReset(BUILDING, "toast")),
        point(PANEL, PointCondition.NORMAL),
        order(GIL, ConfirmFireReset(BUILDING, " ")),
        order(GIL, ConfirmFireReset(BUILDING, "toast")),
        order(GIL, ConfirmFireReset(BUILDING, "toast")),
        order(GIL, ConfirmFireReset("elsewhere", "toast")),  # type: ignore[arg-type]
        bolt(FRONT, LockStatus.LOCKED),
        order(GIL, EndLockdown()),
        order(GIL, EndLockdown()),
        order(SUE, EndLockdown()),
    ],
    "fire while the lock is away, and over a door that stands open": [
        with_fire,
        opens(INNER),
        closes(INNER),
        swipe(INNER_IN, BOB),
        pin(INNER_IN, BOB),
        opens(INNER),
        OFFLINE,
        point(PANEL),
        point(PANEL, PointCondition.NORMAL),
        ONLINE,
        order(GIL, ConfirmFireReset(BUILDING, "toast")),
        20.0,
    ],
    "a fire line that is not heard of": [with_fire, RESTART, 15.0],
    "lockdown over grants, challenges and open doors": [
        swipe(FRONT_IN, ALICE),
        st.RexSeen(INNER),
        swipe(INNER_IN, BOB),
        opens(CELLAR),
        LOCKDOWN,
        LOCKDOWN,
        order(SUE, StartLockdown("")),
        swipe(FRONT_IN, ALICE),
        order(GIL, UnlockOnce(FRONT, "the plumber")),
        opens(INNER),
        5.0,
        closes(INNER),
        bolt(CELLAR, LockStatus.UNLOCKED),
        5.0,
        bolt(CELLAR, LockStatus.LOCKED),
        RESTART,
        5.0,
        order(GIL, EndLockdown()),
        order(GIL, EndLockdown()),
        st.OperatorEnrolled("test", Operator(GIL, Role.AUDITOR)),
        order(SUE, EndLockdown()),
        st.OperatorEnrolled("test", Operator(GIL, Role.GUARD)),
        order(GIL, EndLockdown()),
        order(GIL, EndLockdown()),
    ],
    "an interlock keeps the other leaf shut, and lets out who waits": [
        with_mantrap,
        swipe(FRONT_IN, ALICE),
        swipe(INNER_IN, BOB),
        opens(FRONT),
        swipe(INNER_IN, BOB),
        order(GIL, UnlockOnce(INNER, "the plumber")),
        closes(FRONT),
        opens(INNER),
        st.RexSeen(FRONT),
        1.0,
        st.RexSeen(FRONT),
        closes(INNER),
        opens(FRONT),
        closes(FRONT),
    ],
    "whoever waits at an interlock waits no longer than ten seconds": [
        with_mantrap,
        swipe(INNER_IN, BOB),
        pin(INNER_IN, BOB),
        opens(INNER),
        st.RexSeen(FRONT),
        10.0,
        closes(INNER),
        opens(INNER),
        st.RexSeen(FRONT),
        Late(closes(INNER), 10.0),
        bolt(INNER, LockStatus.UNLOCKED),
        swipe(FRONT_IN, ALICE),
        st.RexSeen(FRONT),
        bolt(INNER, LockStatus.LOCKED),
    ],
    "an emergency button waits for no other leaf": [emergency_button, opens(INNER), st.RexSeen(FRONT), opens(FRONT)],
    "both leaves of an interlock stand open, and one closes": [
        with_mantrap,
        opens(FRONT),
        opens(INNER),
        closes(FRONT),
        st.PositionSeen(FRONT, Position.UNKNOWN),
        closes(INNER),
        closes(FRONT),
    ],
    "a turnstile turns for who was let in, one by one": [
        with_turnstile,
        swipe(FRONT_IN, ALICE),
        1.0,
        swipe(FRONT_IN, BOB),
        st.RotationSeen(FRONT, Direction.IN),
        st.RotationSeen(FRONT, Direction.OUT),
        st.RotationSeen(FRONT, Direction.IN),
        swipe(FRONT_OUT, ALICE),
        Late(st.RotationSeen(FRONT, Direction.OUT), 6.0),
        order(GIL, UnlockOnce(FRONT, "the plumber")),
        st.RotationSeen(FRONT, Direction.OUT),
        UNLOCKED,
        st.RotationSeen(FRONT, Direction.IN),
        st.RotationSeen(INNER, Direction.IN),
        OFFLINE,
    ],
    "a turnstile turns freely outwards": [
        turnstile_free_outwards,
        swipe(FRONT_IN, ALICE),
        st.RotationSeen(FRONT, Direction.IN),
        st.RotationSeen(FRONT, Direction.OUT),
    ],
    "a barrier never comes down on a car": [
        with_barrier,
        swipe(FRONT_IN, ALICE),
        bolt(FRONT, LockStatus.UNLOCKED),
        opens(FRONT),
        CAR_IN,
        CAR_IN,
        order(GIL, LockDoor(FRONT)),
        order(GIL, BlockDoor(FRONT, "repair")),
        CAR_AWAY,
        closes(FRONT),
        bolt(FRONT, LockStatus.LOCKED),
        CAR_IN,
        OFFLINE,
        ONLINE,
        CAR_AWAY,
    ],
    "a barrier waits for who is on the way": [
        with_barrier,
        bolt(FRONT, LockStatus.UNLOCKED),
        CAR_IN,
        swipe(FRONT_IN, ALICE),
        CAR_AWAY,
        6.0,
    ],
    "a barrier that waits to come down is unlocked, and the box starts": [
        with_barrier,
        bolt(FRONT, LockStatus.UNLOCKED),
        CAR_IN,
        UNLOCKED,
        CAR_AWAY,
        RESTART,
        CAR_IN,
        3600.0,
    ],
    "the key is turned, and a moment later the door opens": [
        with_key,
        *ALICE_IN,
        6.0,
        st.KeySeen(FRONT, turned=True),
        st.KeySeen(FRONT, turned=True),
        opens(FRONT),
        closes(FRONT),
        st.KeySeen(FRONT, turned=False),
        4.0,
        opens(FRONT),
        closes(FRONT),
        5.0,
        opens(FRONT),
        closes(FRONT),
        st.KeySeen(FRONT, turned=True),
        OFFLINE,
        st.KeySeen(INNER, turned=True),
    ],
    "the key was turned back just so long ago": [
        with_key,
        st.KeySeen(FRONT, turned=True),
        st.KeySeen(FRONT, turned=False),
        Late(opens(FRONT), 5.0),
    ],
    "a fire ends while a door stands open": [
        with_fire,
        *ALICE_IN,
        point(PANEL),
        opens(FRONT),
        point(PANEL, PointCondition.NORMAL),
        order(GIL, ConfirmFireReset(BUILDING, "toast")),
        20.0,
    ],
    "a turnstile with an exit button": [
        turnstile_with_button,
        swipe(FRONT_IN, BOB),
        st.RotationSeen(FRONT, Direction.IN),
        swipe(FRONT_OUT, BOB),
        st.RexSeen(FRONT),
        st.RotationSeen(FRONT, Direction.OUT),
        st.RotationSeen(FRONT, Direction.OUT),
        st.RexSeen(FRONT),
        st.RotationSeen(FRONT, Direction.OUT),
        order(GIL, UnlockOnce(FRONT, "the plumber")),
        st.RexSeen(FRONT),
        st.RotationSeen(FRONT, Direction.OUT),
    ],
}
