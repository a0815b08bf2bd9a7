"""Stories of what is guarded: points, areas, causes and what they sound, alarms that nobody looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time, timedelta

from controller.domain import stimuli as st
from controller.domain.alarms import Source
from controller.domain.area_orders import ArmArea, BypassPoint, DisarmArea, EndBypass, WalkTest
from controller.domain.ids import AreaId, DeviceId, OperatorId, OutputId, PointId, ReaderId, ScheduleId
from controller.domain.maintenance_orders import EndMaintenance, ReplaceReader, StartMaintenance
from controller.domain.operators import (
    Operator,
    Role,
    StartLockdown,
)
from controller.domain.points import AtDoors, PointCondition
from controller.domain.site import Period, Schedule, SecurityLevel, Site, Weekday
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR,
    CELLAR_IN,
    CHANCERY,
    FRONT,
    FRONT_IN,
    GIL,
    GLASS,
    INNER,
    INNER_IN,
    INNER_OUT,
    IO,
    MAINS,
    MONDAY_TEN,
    PANIC,
    PIR,
    ROOM,
    SIREN,
    SUE,
    closes,
    head,
    lock_of,
    opens,
    order,
    pin,
    point,
    swipe,
    with_area,
    with_points,
    with_zone,
)
from tests.controller.rules.test_coverage import AREA, ARM, ARMED
from tests.controller.rules.truth.acts import RESTART, Script

TINA = OperatorId("tina")
LID, BATTERY = PointId("lid"), PointId("battery")
EVENING = ScheduleId("evening")
MOVED, STILL = point(PIR), point(PIR, PointCondition.NORMAL)
BROKEN, WHOLE = point(GLASS), point(GLASS, PointCondition.NORMAL)
CUT = point(GLASS, PointCondition.OPEN_LOOP)
DISARM = order(GIL, DisarmArea(ROOM))
SOON = MONDAY_TEN + timedelta(seconds=80)
IO_BACK = st.DeviceSeen(IO, online=True, secure=True, detail="")
IO_GONE = st.DeviceSeen(IO, online=False, secure=False, detail="silent")
INTO_THE_ROOM: Script = (swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), opens(INNER), closes(INNER))
OUT_OF_THE_ROOM: Script = (swipe(INNER_OUT, ALICE), opens(INNER), closes(INNER))

Policy = Callable[[Site], Site]


def replaced(reader: ReaderId, who: OperatorId = TINA, reason: str = "broken") -> st.Ordered:
    return order(who, ReplaceReader(head(reader), reason))


def work(at: Source, seconds: float = 80.0, who: OperatorId = TINA, reason: str = "a new closer") -> st.Ordered:
    return order(who, StartMaintenance(at, MONDAY_TEN + timedelta(seconds=seconds), reason))


def area(**rules: object) -> Policy:
    return lambda site: with_area(site, **rules)


def scheduled(site: Site) -> Site:
    """The area is armed each day from one minute past ten, for a quarter of an hour."""
    days = frozenset(Weekday(day) for day in range(7))
    evening = Schedule(EVENING, "Evening", False, (Period(days, time(10, 1), time(10, 16)),))
    return replace(with_area(site, schedule=EVENING), schedules={**site.schedules, EVENING: evening})


GUARDED: Mapping[str, Script] = {
    "an area is armed, entered and left in alarm": [
        *ARMED,
        MOVED,
        29.0,
        STILL,
        1.0,
        BROKEN,
        BROKEN,
        STILL,
        MOVED,
        180.0,
        DISARM,
        DISARM,
        ARM,
        WHOLE,
        STILL,
        ARM,
        ARM,
        order(SUE, WalkTest(ROOM, SOON)),
        DISARM,
    ],
    "an area without delays": [area(exit_seconds=0.0, entry_seconds=0.0), STILL, WHOLE, ARM, MOVED, DISARM],
    "whoever arms leaves in time, or does not": [
        *AREA,
        ARM,
        MOVED,
        20.0,
        STILL,
        10.0,
        MOVED,
        DISARM,
        STILL,
        ARM,
        MOVED,
        30.0,
    ],
    "a wire is cut while the area is armed, and the module is lost": [*ARMED, CUT, IO_GONE, IO_BACK, STILL, WHOLE],
    "the box starts while an area counts down": [
        *AREA,
        ARM,
        10.0,
        RESTART,
        1.0,
        IO_BACK,
        STILL,
        WHOLE,
        20.0,
        MOVED,
        RESTART,
        BROKEN,
        timedelta(hours=-1),
        RESTART,
        15.0,
    ],
    "the clock is behind as the box starts while somebody enters": [*ARMED, MOVED, timedelta(hours=-1), RESTART, 1.0],
    "a point is bypassed: why, for how long, and not for ever": [
        *AREA,
        order(SUE, BypassPoint(PIR, SOON, " ")),
        order(SUE, BypassPoint(PIR, MONDAY_TEN, "broken")),
        order(SUE, BypassPoint(PIR, MONDAY_TEN + timedelta(hours=24, seconds=20), "broken")),
        order(SUE, BypassPoint(PIR, MONDAY_TEN + timedelta(hours=24, seconds=21), "broken")),
        order(SUE, BypassPoint(PANIC, SOON, "broken")),
        order(SUE, BypassPoint(PointId("gone"), SOON, "broken")),
        order(GIL, EndBypass(GLASS)),
        order(SUE, BypassPoint(GLASS, SOON, "broken")),
        BROKEN,
        ARM,
        30.0,
        RESTART,
        IO_BACK,
        STILL,
        BROKEN,
        order(GIL, EndBypass(PIR)),
        27.0,
        order(GIL, EndBypass(GLASS)),
    ],
    "a walk test: who may, what was tested, and how it ends": [
        st.OperatorEnrolled("test", Operator(TINA, Role.TECHNICIAN)),
        *AREA,
        order(TINA, WalkTest(ROOM, MONDAY_TEN)),
        order(TINA, WalkTest(ROOM, MONDAY_TEN + timedelta(hours=4, seconds=20))),
        order(TINA, WalkTest(ROOM, MONDAY_TEN + timedelta(hours=4, seconds=21))),
        order(TINA, WalkTest(AreaId("gone"), SOON)),
        order(TINA, ArmArea(ROOM)),
        MOVED,
        MOVED,
        STILL,
        MOVED,
        STILL,
        point(PANIC),
        RESTART,
        IO_BACK,
        STILL,
        WHOLE,
        ARM,
        30.0,
    ],
    "only a supervisor disarms what lies around an exclusion zone": [
        lambda site: with_zone(with_area(site), CHANCERY, level=SecurityLevel.EXCLUSION),
        STILL,
        WHOLE,
        ARM,
        DISARM,
        order(SUE, DisarmArea(ROOM)),
    ],
    "a badge disarms what is armed, but not what is in alarm": [
        area(at_doors=AtDoors.DISARMS),
        STILL,
        WHOLE,
        ARM,
        30.0,
        *INTO_THE_ROOM,
        *OUT_OF_THE_ROOM,
        ARM,
        30.0,
        swipe(INNER_IN, BOB),
        pin(INNER_IN, BOB),
        BROKEN,
        opens(INNER),
        closes(INNER),
    ],
    "the last one out arms": [
        area(last_out=True),
        STILL,
        WHOLE,
        *INTO_THE_ROOM,
        swipe(INNER_IN, BOB),
        pin(INNER_IN, BOB),
        opens(INNER),
        closes(INNER),
        *OUT_OF_THE_ROOM,
        swipe(INNER_OUT, BOB),
        opens(INNER),
        closes(INNER),
        30.0,
        DISARM,
        swipe(FRONT_IN, ALICE),
        opens(FRONT),
        closes(FRONT),
    ],
    "the last one out leaves a window open, or somebody who may be in": [
        area(last_out=True),
        STILL,
        BROKEN,
        *INTO_THE_ROOM,
        *OUT_OF_THE_ROOM,
        *INTO_THE_ROOM,
        swipe(INNER_IN, BOB),
        pin(INNER_IN, BOB),
        opens(INNER),
        closes(INNER),
        6.0,
        opens(INNER),
        closes(INNER),
        *OUT_OF_THE_ROOM,
        order(SUE, WalkTest(ROOM, MONDAY_TEN + timedelta(minutes=10))),
        *OUT_OF_THE_ROOM,
    ],
    "a schedule arms, once, and disarms nothing": [
        scheduled,
        STILL,
        WHOLE,
        60.0,
        st.TimePassed(),
        30.0,
        DISARM,
        STILL,
        900.0,
        STILL,
        st.TimePassed(),
    ],
    "a schedule finds a window open, and arms as soon as it is shut": [
        scheduled,
        STILL,
        BROKEN,
        60.0,
        st.TimePassed(),
        RESTART,
        IO_BACK,
        STILL,
        WHOLE,
        30.0,
    ],
    "a schedule ends before the window is shut": [
        scheduled,
        STILL,
        BROKEN,
        60.0,
        st.TimePassed(),
        900.0,
        st.TimePassed(),
        WHOLE,
    ],
    "points that alarm at any time, and a wire that breaks": [
        with_points,
        point(PANIC),
        point(PANIC),
        point(PANIC, PointCondition.NORMAL),
        point(PANIC),
        point(MAINS),
        point(MAINS, PointCondition.SHORTED),
        point(MAINS, PointCondition.NORMAL),
        point(BATTERY),
        point(BATTERY, PointCondition.NORMAL),
        point(LID),
        IO_GONE,
        IO_BACK,
        point(LID, PointCondition.UNKNOWN),
        point(LID, PointCondition.NORMAL),
        CUT,
        point(GLASS, PointCondition.UNKNOWN),
        WHOLE,
        point(PointId("gone")),
        st.OutputSeen(SIREN, on=False),
        st.OutputSeen(SIREN, on=False),
        st.OutputSeen(OutputId("gone"), on=True),
        IO_GONE,
        IO_BACK,
    ],
    "delays and times as short as can be": [
        area(exit_seconds=0.5, entry_seconds=0.5),
        STILL,
        WHOLE,
        order(SUE, WalkTest(ROOM, MONDAY_TEN + timedelta(seconds=20.5))),
        order(SUE, BypassPoint(PIR, MONDAY_TEN + timedelta(seconds=20.5), "broken")),
        0.5,
        ARM,
        0.5,
        MOVED,
        0.5,
    ],
    "somebody is lost elsewhere, and the last one out arms": [
        area(last_out=True),
        STILL,
        WHOLE,
        swipe(FRONT_IN, BOB),
        opens(FRONT),
        closes(FRONT),
        6.0,
        opens(FRONT),
        closes(FRONT),
        *INTO_THE_ROOM,
        *OUT_OF_THE_ROOM,
    ],
    "somebody works on a door, and on what hangs on a board": [
        area(),
        STILL,
        WHOLE,
        st.OperatorEnrolled("test", Operator(TINA, Role.TECHNICIAN)),
        work(Source(door=FRONT), seconds=-20.0),
        work(Source(door=FRONT), seconds=8 * 3600.0 + 1.0),
        work(Source(door=FRONT), reason=" "),
        work(Source(door=CELLAR)),
        work(Source(device=DeviceId("gone"))),
        work(Source(door=FRONT), who=GIL),
        work(Source(door=FRONT), seconds=8 * 3600.0),
        replaced(FRONT_IN),
        replaced(FRONT_IN, who=GIL),
        replaced(FRONT_IN, reason=" "),
        replaced(CELLAR_IN),
        order(TINA, ReplaceReader(DeviceId("gone"), "x")),
        order(TINA, ReplaceReader(lock_of(FRONT), "x")),
        work(Source(door=FRONT)),
        opens(FRONT),
        opens(INNER),
        st.TamperSeen(head(FRONT_IN), active=True),
        work(Source(reader=FRONT_IN)),
        order(GIL, EndMaintenance(Source(reader=FRONT_IN))),
        order(GIL, EndMaintenance(Source(reader=FRONT_IN))),
        60.0,
        work(Source(point=GLASS), seconds=7200.0),
        ARM,
        30.0,
        BROKEN,
        RESTART,
        work(Source(point=GLASS), seconds=7200.0),
        order(SUE, StartLockdown("shots")),
        work(Source(door=FRONT)),
        replaced(FRONT_IN),
    ],
}
