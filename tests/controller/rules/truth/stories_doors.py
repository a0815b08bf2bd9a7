"""Stories of the doors: what is on its way through them when something else happens, and what devices tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from controller.domain import stimuli as st
from controller.domain.doors import LockMode, LockStatus
from controller.domain.events import UnlockFailure
from controller.domain.ids import DoorId, OperatorId, RequestId
from controller.domain.operators import (
    LockDoor,
    Panic,
    ReleaseDoorMode,
    SetDoorMode,
    SetThreatLevel,
    UnblockDoor,
    UnlockOnce,
)
from controller.domain.site import Site
from tests.controller.builders import (
    ALICE,
    ALWAYS,
    BOB,
    CELLAR,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    INNER_IN,
    MONDAY_TEN,
    NORA,
    PEOPLE,
    SUE,
    bolt,
    closes,
    lock_of,
    opens,
    order,
    pin,
    swipe,
    with_door,
    with_mantrap,
    with_open_hours,
)
from tests.controller.rules.truth.acts import RESTART, Late, Script

UNTIL = MONDAY_TEN + timedelta(hours=1)
UNLOCKED = order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, UNTIL, "a delivery"))
SECURED = order(GIL, SetDoorMode(FRONT, LockMode.SECURED, UNTIL, "not now"))
BLOCKED = order(SUE, SetDoorMode(FRONT, LockMode.BLOCKED, UNTIL, "glaziers"))
OFFLINE = st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent")
ONLINE = st.DeviceSeen(lock_of(FRONT), online=True, secure=True, detail="back")
ALICE_IN: Script = (swipe(FRONT_IN, ALICE), opens(FRONT), closes(FRONT))
NOWHERE = DoorId("nowhere")


def needs_time(site: Site) -> Site:
    return with_door(site, FRONT, extended_unlock_seconds=9.0, extended_open_seconds=40.0)


def first_come(site: Site) -> Site:
    return with_open_hours(site, first=True)


ALICE_SLOW = st.PersonEnrolled("test", replace(PEOPLE[ALICE], extended_time=True), "sealed")

DOORS: Mapping[str, Script] = {
    "two pass at one opening, and the door is held by the second": [
        swipe(FRONT_IN, ALICE),
        2.0,
        swipe(FRONT_IN, BOB),
        opens(FRONT),
        swipe(FRONT_IN, NORA),
        14.0,
        15.0,
        closes(FRONT),
    ],
    "somebody who needs time is let in, and a third while the door stands open": [
        needs_time,
        ALICE_SLOW,
        swipe(FRONT_IN, ALICE),
        8.0,
        opens(FRONT),
        30.0,
        swipe(FRONT_IN, BOB),
        25.0,
        closes(FRONT),
    ],
    "the second grant takes the place of the first": [swipe(FRONT_IN, ALICE), 3.0, swipe(FRONT_IN, ALICE), 6.0],
    "a grant is used in the instant in which it lapses": [swipe(FRONT_IN, ALICE), Late(opens(FRONT), 6.0)],
    "a grant is used just before it lapses": [swipe(FRONT_IN, ALICE), Late(opens(FRONT), 5.75)],
    "a grant is given anew in the instant in which it lapses": [
        swipe(FRONT_IN, ALICE),
        Late(swipe(FRONT_IN, ALICE), 6.0),
    ],
    "a grant elsewhere lapses in this instant": [swipe(FRONT_IN, ALICE), Late(swipe(INNER_IN, ALICE), 6.0)],
    "an unlock that never reached its lock": [
        swipe(FRONT_IN, ALICE),
        st.UnlockFailed(FRONT, RequestId("r1"), UnlockFailure.DEVICE_REFUSED),
        opens(FRONT),
    ],
    "the log is late while two are on their way": [
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        st.LogLateSeen(((FRONT, RequestId("r1")),), "slow disk"),
        st.LogLateSeen(((FRONT, RequestId("r2")),), "slow disk"),
        UNLOCKED,
        swipe(FRONT_IN, NORA),
        st.LogRestoredSeen(),
        st.LogRestoredSeen(),
    ],
    "exit and entry at once; the button is pressed twice": [
        st.RexSeen(FRONT),
        1.0,
        st.RexSeen(FRONT),
        opens(FRONT),
        closes(FRONT),
        *ALICE_IN,
        st.RexSeen(FRONT),
        swipe(FRONT_IN, BOB),
        swipe(FRONT_OUT, ALICE),
        opens(FRONT),
    ],
    "a guard lets somebody through, and through again": [
        *ALICE_IN,
        6.0,
        order(GIL, UnlockOnce(FRONT, "the plumber", "sealed")),
        opens(FRONT),
        order(GIL, UnlockOnce(FRONT, "the mate")),
        closes(FRONT),
        order(GIL, UnlockOnce(CELLAR, "the mate")),
        order(GIL, UnlockOnce(INNER, "nobody comes")),
    ],
    "no guard lets anybody through": [
        BLOCKED,
        order(GIL, UnlockOnce(FRONT, "the plumber")),
        order(GIL, ReleaseDoorMode(FRONT, LockMode.BLOCKED)),
        order(GIL, UnblockDoor(FRONT)),
        order(SUE, UnblockDoor(FRONT)),
        order(GIL, UnlockOnce(NOWHERE, "the plumber")),
        order(SUE, SetThreatLevel(2, "unrest")),
        order(GIL, UnlockOnce(INNER, "the plumber")),
        order(SUE, SetThreatLevel(2, "unrest")),
        order(SUE, SetThreatLevel(7, "unrest")),
        order(SUE, SetThreatLevel(0, "")),
        order(SUE, SetThreatLevel(0, "over")),
        st.LogLateSeen((), "slow disk"),
        order(GIL, UnlockOnce(FRONT, "the plumber")),
    ],
    "a threat level takes back who is on the way": [
        swipe(INNER_IN, ALICE),
        pin(INNER_IN, ALICE),
        order(SUE, SetThreatLevel(2, "unrest")),
        UNLOCKED,
        10.0,
        order(SUE, SetThreatLevel(0, "over")),
    ],
    "orders for a mode stand beside each other": [
        UNLOCKED,
        60.0,
        SECURED,
        UNLOCKED,
        60.0,
        BLOCKED,
        order(GIL, SetDoorMode(FRONT, LockMode.BLOCKED, UNTIL, "me too")),
        RESTART,
        1.0,
        order(SUE, ReleaseDoorMode(FRONT, LockMode.BLOCKED)),
        order(GIL, ReleaseDoorMode(FRONT, LockMode.SECURED)),
        order(GIL, ReleaseDoorMode(FRONT, LockMode.SECURED)),
        order(GIL, LockDoor(FRONT)),
    ],
    "orders that nobody may give": [
        order(GIL, SetDoorMode(FRONT, LockMode.UNLOCKED, UNTIL, "a delivery")),
        order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, MONDAY_TEN + timedelta(hours=13), "a delivery")),
        order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, MONDAY_TEN, "a delivery")),
        order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, MONDAY_TEN + timedelta(hours=12, seconds=20), "a delivery")),
        order(SUE, SetDoorMode(CELLAR, LockMode.UNLOCKED, UNTIL, "a delivery")),
        order(SUE, SetDoorMode(FRONT, LockMode.LOCKDOWN, UNTIL, "a delivery")),
        order(SUE, SetDoorMode(INNER, LockMode.UNLOCKED, UNTIL, " ")),
        order(SUE, SetDoorMode(NOWHERE, LockMode.UNLOCKED, UNTIL, "a delivery")),
        order(SUE, SetDoorMode(INNER, LockMode.SECURED, MONDAY_TEN + timedelta(days=32), "long")),
        order(OperatorId("nobody"), Panic()),
        order(GIL, Panic()),
    ],
    "a leaf of an interlock is never unlocked for long": [with_mantrap, UNLOCKED],
    "a door that is unlocked is opened, and the order ends": [
        *ALICE_IN,
        opens(FRONT),
        UNLOCKED,
        closes(FRONT),
        swipe(FRONT_IN, BOB),
        opens(FRONT),
        order(SUE, ReleaseDoorMode(FRONT, LockMode.UNLOCKED)),
        25.0,
    ],
    "a guard locks a door that its schedule unlocks": [
        with_open_hours,
        RESTART,
        1.0,
        opens(FRONT),
        order(GIL, LockDoor(FRONT)),
        closes(FRONT),
        28800.0,
        opens(FRONT),
    ],
    "the schedule waits for its first person, and begins anew after the restart": [
        first_come,
        RESTART,
        ONLINE,
        closes(FRONT),
        *ALICE_IN,
        1.0,
        swipe(FRONT_OUT, ALICE),
        opens(FRONT),
        RESTART,
        ONLINE,
        86400.0,
        opens(FRONT),
        closes(FRONT),
        swipe(FRONT_IN, BOB),
        opens(FRONT),
    ],
    "the lock of a door that is held unlocked goes and comes back": [
        UNLOCKED,
        OFFLINE,
        OFFLINE,
        ONLINE,
        ONLINE,
        closes(FRONT),
        bolt(FRONT, LockStatus.UNLOCKED),
        3600.0,
        bolt(FRONT, LockStatus.LOCKED),
    ],
    "the lock comes back while somebody may pass": [
        OFFLINE,
        swipe(FRONT_IN, ALICE),
        ONLINE,
        6.0,
        OFFLINE,
        ONLINE,
    ],
    "the first person comes in the instant in which the schedule begins": [
        first_come,
        RESTART,
        ONLINE,
        closes(FRONT),
        79177.0,
        swipe(FRONT_IN, BOB),
        opens(FRONT),
        closes(FRONT),
    ],
    "a guard locks a door whose schedule never ends": [
        lambda site: with_open_hours(site, schedule=ALWAYS),
        RESTART,
        order(GIL, SetDoorMode(FRONT, LockMode.BLOCKED, UNTIL, "glaziers")),
        order(GIL, ReleaseDoorMode(FRONT, LockMode.BLOCKED)),
        order(GIL, LockDoor(FRONT)),
        order(GIL, LockDoor(FRONT)),
    ],
}
