"""Stories of causes and what they bring about, and of alarms that nobody looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.area_orders import DisarmArea, ResetCause, WalkTest
from controller.domain.causes import (
    Action,
    AlarmStands,
    AreaIs,
    CauseFires,
    Condition,
    Consequence,
    DoorAction,
    DoorEffect,
    Escalation,
    LockdownEffect,
    LockdownRuns,
    OutputEffect,
    PointIs,
    Reset,
    ThreatAtLeast,
)
from controller.domain.doors import LockMode
from controller.domain.ids import AlarmId, CauseId
from controller.domain.operators import (
    AcknowledgeAlarm,
    BlockDoor,
    EndLockdown,
    SetDoorMode,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
)
from controller.domain.points import AreaMode, PointCondition
from controller.domain.site import Site
from tests.controller.builders import (
    ALICE,
    FRONT,
    FRONT_IN,
    GIL,
    GLASS,
    INNER,
    INNER_IN,
    IO,
    MAINS,
    MONDAY_TEN,
    PANIC,
    PIR,
    ROOM,
    SIREN,
    STROBE,
    SUE,
    closes,
    duress_pin,
    head,
    opens,
    order,
    point,
    swipe,
    with_area,
    with_cause,
    with_points,
)
from tests.controller.rules.test_coverage import ARM
from tests.controller.rules.truth.acts import RESTART, Late, Script

MOVED, STILL = point(PIR), point(PIR, PointCondition.NORMAL)
BROKEN, WHOLE = point(GLASS), point(GLASS, PointCondition.NORMAL)
DISARM = order(GIL, DisarmArea(ROOM))
SOON = MONDAY_TEN + timedelta(seconds=80)
IO_BACK = st.DeviceSeen(IO, online=True, secure=True, detail="")
IO_GONE = st.DeviceSeen(IO, online=False, secure=False, detail="silent")
UNLOCKED = order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, MONDAY_TEN + timedelta(hours=1), "a delivery"))

Policy = Callable[[Site], Site]


def cause(when: Condition, then: Consequence, **rules: object) -> Policy:
    return lambda site: with_cause(with_points(site), when, then, **rules)


def chain(site: Site) -> Site:
    """The PIR switches the siren on for a while, and what fires with it a lockdown."""
    first = with_cause(
        with_points(site),
        PointIs(PIR, PointCondition.ACTIVE),
        OutputEffect(SIREN, Action.PULSE, 5.0),
        delay_seconds=10.0,
        reset=Reset.AFTER,
        reset_seconds=20.0,
    )
    return with_cause(first, CauseFires(CauseId("c1")), LockdownEffect(), reset=Reset.MANUAL)


def silent_panic(site: Site) -> Site:
    points = with_points(site)
    return replace(
        points,
        points={**points.points, PANIC: replace(points.points[PANIC], silent=True)},
        escalation=Escalation(60.0, (SIREN, STROBE)),
    )


def escalating(site: Site) -> Site:
    return replace(with_points(site), escalation=Escalation(60.0, (SIREN, STROBE)))


def area_and_cause(site: Site) -> Site:
    """What the area does, the strobe shows."""
    return with_cause(with_area(site), AreaIs(ROOM, AreaMode.ALARM), OutputEffect(STROBE, Action.ON))


SIREN_ON, SIREN_OFF = OutputEffect(SIREN, Action.ON), OutputEffect(SIREN, Action.OFF)
PIR_MOVED = PointIs(PIR, PointCondition.ACTIVE)
BLOCK_FRONT, LOCK_FRONT = DoorEffect(FRONT, DoorAction.BLOCKED), DoorEffect(FRONT, DoorAction.SECURED)

CAUSES: Mapping[str, Script] = {
    "a cause sounds as long as it lasts": [
        cause(PIR_MOVED, SIREN_ON),
        MOVED,
        MOVED,
        IO_GONE,
        IO_BACK,
        STILL,
        MOVED,
        RESTART,
        STILL,
    ],
    "a cause fires later, is over later, and has another one lock down": [
        chain,
        MOVED,
        9.0,
        STILL,
        MOVED,
        10.0,
        5.0,
        order(GIL, EndLockdown()),
        14.0,
        1.0,
        order(SUE, ResetCause(CauseId("c1"))),
        order(SUE, ResetCause(CauseId("c2"))),
        order(SUE, ResetCause(CauseId("c2"))),
        order(SUE, ResetCause(CauseId("c9"))),
        order(GIL, ResetCause(CauseId("c2"))),
        order(SUE, EndLockdown()),
        STILL,
        MOVED,
        5.0,
        RESTART,
        IO_BACK,
        5.0,
    ],
    "a cause is reset by hand, and fires again when it begins anew": [
        cause(PIR_MOVED, SIREN_ON, reset=Reset.MANUAL),
        MOVED,
        STILL,
        MOVED,
        order(SUE, ResetCause(CauseId("c1"))),
        STILL,
        MOVED,
        RESTART,
        order(SUE, ResetCause(CauseId("c1"))),
    ],
    "a cause switches off what others want on": [
        lambda site: with_cause(cause(PIR_MOVED, SIREN_ON)(site), PointIs(MAINS, PointCondition.ACTIVE), SIREN_OFF),
        MOVED,
        point(MAINS),
        point(MAINS, PointCondition.NORMAL),
    ],
    "a cause blocks a door as long as it lasts, whoever takes the block off": [
        cause(PIR_MOVED, BLOCK_FRONT),
        swipe(FRONT_IN, ALICE),
        MOVED,
        swipe(FRONT_IN, ALICE),
        order(GIL, UnblockDoor(FRONT)),
        STILL,
        order(GIL, BlockDoor(FRONT, "repair")),
        MOVED,
        STILL,
        order(GIL, UnblockDoor(FRONT)),
        swipe(FRONT_IN, ALICE),
    ],
    "a cause locks a door that was unlocked": [
        cause(PIR_MOVED, LOCK_FRONT, delay_seconds=5.0),
        UNLOCKED,
        MOVED,
        5.0,
        swipe(FRONT_IN, ALICE),
        STILL,
    ],
    "a cause that waits for an alarm at a door": [
        cause(AlarmStands(AlarmKind.FORCED_OPEN, door=FRONT), SIREN_ON),
        opens(INNER),
        opens(FRONT),
        closes(FRONT),
    ],
    "a cause that waits for a moment's alarm at a door's reader": [
        cause(AlarmStands(AlarmKind.DURESS, door=INNER), BLOCK_FRONT),
        swipe(INNER_IN, ALICE),
        duress_pin(INNER_IN, ALICE),
        order(SUE, AcknowledgeAlarm(AlarmId("a1"))),
    ],
    "a cause that waits for an alarm of a point, one of an area": [
        lambda site: with_cause(
            with_cause(with_area(site), AlarmStands(AlarmKind.INTRUSION, point=GLASS), OutputEffect(STROBE, Action.ON)),
            AlarmStands(AlarmKind.INTRUSION, area=ROOM),
            LOCK_FRONT,
        ),
        STILL,
        WHOLE,
        ARM,
        30.0,
        MOVED,
        30.0,
        BROKEN,
        DISARM,
    ],
    "a cause never sounds for somebody who is forced": [
        lambda site: with_cause(
            cause(AlarmStands(AlarmKind.DURESS), SIREN_ON)(site),
            AlarmStands(AlarmKind.DURESS),
            OutputEffect(STROBE, Action.ON),
        ),
        swipe(INNER_IN, ALICE),
        duress_pin(INNER_IN, ALICE),
        opens(INNER),
    ],
    "a cause that waits for a threat level, and one for a lockdown": [
        lambda site: with_cause(
            cause(ThreatAtLeast(1), SIREN_ON)(site), LockdownRuns(), OutputEffect(STROBE, Action.ON)
        ),
        order(SUE, SetThreatLevel(2, "unrest")),
        order(SUE, SetThreatLevel(1, "less")),
        order(SUE, SetThreatLevel(0, "over")),
        order(GIL, StartLockdown("drill")),
        order(GIL, EndLockdown()),
        order(SUE, EndLockdown()),
    ],
    "a cause that waits for an area, which is walked": [
        area_and_cause,
        STILL,
        WHOLE,
        ARM,
        30.0,
        BROKEN,
        DISARM,
    ],
    "a walk test moves no cause": [
        lambda site: with_cause(with_area(site), PIR_MOVED, SIREN_ON),
        STILL,
        WHOLE,
        order(SUE, WalkTest(ROOM, SOON)),
        MOVED,
        60.0,
        STILL,
    ],
    "two want the siren on": [
        lambda site: with_cause(with_area(site), PIR_MOVED, OutputEffect(SIREN, Action.PULSE, 400.0)),
        STILL,
        WHOLE,
        ARM,
        30.0,
        MOVED,
        30.0,
        BROKEN,
        DISARM,
        RESTART,
        IO_BACK,
        STILL,
    ],
    "nobody looks at an alarm, until somebody does": [
        escalating,
        opens(FRONT),
        59.0,
        opens(INNER),
        1.0,
        order(GIL, AcknowledgeAlarm(AlarmId("a1"))),
        order(GIL, AcknowledgeAlarm(AlarmId("a2"))),
        st.TamperSeen(head(FRONT_IN), active=True),
        RESTART,
        60.0,
        order(GIL, AcknowledgeAlarm(AlarmId("a3"))),
    ],
    "nobody looks at a silent alarm, and nothing sounds": [
        silent_panic,
        point(PANIC),
        60.0,
        order(GIL, AcknowledgeAlarm(AlarmId("a1"))),
        order(SUE, AcknowledgeAlarm(AlarmId("a1"))),
    ],
    "a door held open in an instant is loud": [
        escalating,
        swipe(FRONT_IN, ALICE),
        opens(FRONT),
        Late(st.TimePassed(), 20.0),
    ],
    "a cause that has a time, and ends with what it waits for": [
        cause(PIR_MOVED, SIREN_ON, reset_seconds=5.0),
        MOVED,
        20.0,
        STILL,
    ],
}
