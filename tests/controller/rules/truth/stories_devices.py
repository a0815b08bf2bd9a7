"""Stories of devices, wires and the box itself: what they tell, and what a start and a clock that steps make of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.causes import AlarmStands, DoorAction, DoorEffect
from controller.domain.doors import Direction, LockMode, LockStatus, Loop
from controller.domain.events import Violation
from controller.domain.ids import AlarmId, DeviceId, DoorId, ReaderId
from controller.domain.maintenance_orders import ReplaceReader
from controller.domain.operators import (
    AcknowledgeAlarm,
    CloseAlarm,
    SetDoorMode,
    UnlockOnce,
)
from controller.domain.site import Site
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR,
    CELLAR_CAMERA,
    CELLAR_IN,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    INNER_IN,
    MONDAY_TEN,
    SUE,
    bolt,
    closes,
    head,
    lock_of,
    opens,
    order,
    strange_card,
    swipe,
    with_cause,
    with_open_hours,
)
from tests.controller.rules.truth.acts import RESTART, Late, Script

UNTIL = MONDAY_TEN + timedelta(hours=1)
UNLOCKED = order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, UNTIL, "a delivery"))
SECURED = order(GIL, SetDoorMode(FRONT, LockMode.SECURED, UNTIL, "not now"))
BLOCKED = order(SUE, SetDoorMode(FRONT, LockMode.BLOCKED, UNTIL, "glaziers"))
ALICE_IN: Script = (swipe(FRONT_IN, ALICE), opens(FRONT), closes(FRONT))
NOWHERE = DoorId("nowhere")


def tamper_locks(site: Site) -> Site:
    return with_cause(site, AlarmStands(AlarmKind.TAMPER), DoorEffect(FRONT, DoorAction.SECURED))


def answers_as(nameplate: str, *, commissioned: bool = False) -> Script:
    """A reader goes, and one with this nameplate answers in its place."""
    here = head(FRONT_IN)
    return (
        st.DeviceSeen(here, online=False, secure=False, detail="pulled off"),
        st.DeviceSeen(here, True, True, "", nameplate, commissioned=commissioned),
    )


DEVICES: Mapping[str, Script] = {
    "what is told of doors and devices that are not there": [
        opens(NOWHERE),
        opens(CELLAR),
        bolt(NOWHERE, LockStatus.UNLOCKED),
        st.RexSeen(NOWHERE),
        st.RexSeen(CELLAR),
        st.LoopSeen(FRONT, Loop.OCCUPIED),
        st.LoopSeen(NOWHERE, Loop.OCCUPIED),
        st.KeySeen(FRONT, turned=True),
        st.KeySeen(NOWHERE, turned=True),
        st.RotationSeen(NOWHERE, Direction.IN),
        st.DeviceSeen(DeviceId("gone"), online=True, secure=True, detail=""),
        st.TamperSeen(DeviceId("gone"), active=True),
        st.PowerSeen(DeviceId("gone"), failed=True),
        st.BatterySeen(DeviceId("gone"), low=True),
        st.ViolationSeen(DeviceId("gone"), Violation.BAD_MAC, "wrong tag"),
        st.FaultSeen(DeviceId("gone"), active=True, detail="broken"),
        st.CameraSeen("gone", online=False, detail="dark"),  # type: ignore[arg-type]
        st.Delivered(DeviceId("gone"), "boot-1", 1, st.Nothing()),
        strange_card(ReaderId("gone")),
        st.PinEntered(ReaderId("gone"), None, "nobody's"),
    ],
    "a wire breaks and is mended, a device shows another fault, and our own code fails": [
        st.FaultSeen(head(FRONT_IN), active=True, detail="REX wire is cut"),
        st.FaultSeen(head(FRONT_IN), active=True, detail="REX wire is cut"),
        st.FaultSeen(head(FRONT_IN), active=False, detail=""),
        st.FaultSeen(None, active=True, detail="KeyError in a task"),
        st.FaultSeen(None, active=True, detail="KeyError in a task"),
        st.FaultSeen(None, active=True, detail="another error"),
        order(GIL, AcknowledgeAlarm(AlarmId("a2"))),
        order(GIL, AcknowledgeAlarm(AlarmId("a2"))),
        order(GIL, CloseAlarm(AlarmId("a2"), "")),
        order(GIL, CloseAlarm(AlarmId("a2"), "mended")),
        order(GIL, CloseAlarm(AlarmId("a3"), "mended")),
        order(GIL, CloseAlarm(AlarmId("a9"), "mended")),
        st.FaultSeen(None, active=True, detail="KeyError in a task"),
        st.ViolationSeen(head(FRONT_IN), Violation.MALFORMED, "short"),
        bolt(FRONT, LockStatus.JAMMED),
        bolt(FRONT, LockStatus.JAMMED),
        order(GIL, AcknowledgeAlarm(AlarmId("a6"))),
        order(GIL, CloseAlarm(AlarmId("a6"), "mended")),
        bolt(FRONT, LockStatus.UNKNOWN),
        bolt(FRONT, LockStatus.LOCKED),
    ],
    "switches, supplies and batteries go and come back": [
        st.TamperSeen(head(FRONT_IN), active=True),
        st.TamperSeen(head(FRONT_IN), active=True),
        st.TamperSeen(head(FRONT_IN), active=False),
        st.PowerSeen(lock_of(FRONT), failed=True),
        st.PowerSeen(lock_of(FRONT), failed=True),
        st.PowerSeen(lock_of(FRONT), failed=False),
        st.BatterySeen(lock_of(FRONT), low=True),
        st.BatterySeen(lock_of(FRONT), low=True),
        st.BatterySeen(lock_of(FRONT), low=False),
        st.DeviceSeen(head(FRONT_IN), online=True, secure=False, detail="clear"),
        st.DeviceSeen(head(FRONT_IN), online=True, secure=True, detail=""),
        st.DeviceSeen(lock_of(FRONT), online=True, secure=False, detail=""),
        st.CameraSeen(CELLAR_CAMERA, online=False, detail="no frames"),
        st.CameraSeen(CELLAR_CAMERA, online=False, detail="no frames"),
        st.CameraSeen(CELLAR_CAMERA, online=True, detail=""),
        st.DiskSeen(low=True, detail="400 MiB free"),
        st.DiskSeen(low=False, detail=""),
    ],
    "other devices hang where known ones did, and a technician takes one over": [
        *answers_as("1"),
        *answers_as("1"),
        *answers_as("2"),
        *answers_as("3"),
        *answers_as(""),
        *answers_as("1"),
        *answers_as("2"),
        *answers_as("2", commissioned=True),
        *answers_as("2", commissioned=True),
        *answers_as("3"),
        RESTART,
        *answers_as("3"),
        order(SUE, ReplaceReader(head(FRONT_IN), "broken")),
        *answers_as("3"),
        order(SUE, ReplaceReader(head(CELLAR_IN), "broken")),
    ],
    "messages come twice, out of turn, and after a gap": [
        st.Delivered(head(FRONT_IN), "boot-1", 3, swipe(FRONT_IN, ALICE)),
        st.Delivered(head(FRONT_IN), "boot-1", 3, swipe(FRONT_IN, ALICE)),
        st.Delivered(head(FRONT_IN), "boot-1", 4, st.Nothing()),
        st.Delivered(head(FRONT_IN), "boot-1", 7, st.RexSeen(FRONT)),
        st.Delivered(head(FRONT_IN), "boot-2", 1, st.Nothing()),
        st.Delivered(head(FRONT_IN), "boot-3", 3, st.Nothing()),
    ],
    "a tampered reader has a door locked that was unlocked": [
        tamper_locks,
        UNLOCKED,
        swipe(FRONT_IN, ALICE),
        st.TamperSeen(head(FRONT_IN), active=True),
        st.TamperSeen(head(FRONT_IN), active=False),
    ],
    "nothing is heard of after a start": [RESTART, 14.0, 1.0, st.TimePassed()],
    "the box starts while much is on its way": [
        *ALICE_IN,
        swipe(INNER_IN, ALICE),
        swipe(FRONT_IN, BOB),
        st.RexSeen(INNER),
        order(GIL, UnlockOnce(INNER, "the plumber")),
        opens(FRONT),
        UNLOCKED,
        SECURED,
        st.LogLateSeen((), "slow disk"),
        RESTART,
        swipe(FRONT_IN, ALICE),
    ],
    "the wall clock steps back over a restart while a door is unlocked": [
        UNLOCKED,
        BLOCKED,
        timedelta(hours=-2),
        RESTART,
        60.0,
    ],
    "the wall clock steps, runs evenly, and is trusted again": [
        with_open_hours,
        RESTART,
        timedelta(seconds=5),
        st.TimePassed(),
        timedelta(seconds=6),
        st.TimePassed(),
        30.0,
        timedelta(seconds=10),
        st.TimePassed(),
        Late(st.TimePassed(), 59.0),
        swipe(FRONT_IN, ALICE),
        Late(st.TimePassed(), 1.0),
        timedelta(seconds=-5),
        st.TimePassed(),
        timedelta(hours=-1),
        st.TimePassed(),
        60.0,
        st.TimePassed(),
        3600.0,
        st.TimePassed(),
    ],
}
