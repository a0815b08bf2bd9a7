"""The state is the fold of the log, always: after any day, on a real disk."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from controller.domain import stimuli as st
from controller.domain.doors import LockStatus
from controller.domain.operators import EndLockdown, Operator, SetThreatLevel, StartLockdown, UnlockOnce
from controller.domain.state import SiteState
from controller.rules.fold import apply
from controller.runtime.clock import SystemClock
from controller.runtime.runtime import Runtime
from controller.store.eventlog import SqlEventLog
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR,
    CELLAR_IN,
    EVE,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    INNER_IN,
    OPERATORS,
    PEOPLE,
    SUE,
    badge,
    bolt,
    closes,
    opens,
    order,
    pin,
    small_site,
    started,
    strange_card,
    swipe,
    wrong_pin,
)
from tests.controller.runtime.tape import FakeWires

DAY = (
    *(swipe(reader, who) for reader in (FRONT_IN, INNER_IN, CELLAR_IN) for who in (ALICE, BOB, EVE)),
    strange_card(FRONT_IN),
    pin(INNER_IN, BOB),
    wrong_pin(INNER_IN),
    *(move(door) for move in (opens, closes) for door in (FRONT, INNER)),
    *(bolt(door, lock) for door in (FRONT, CELLAR) for lock in LockStatus),
    st.RexSeen(FRONT),
    st.TimePassed(),
    st.TamperSeen("head-front-in", active=True),
    st.TamperSeen("head-front-in", active=False),
    st.FaultSeen("lock-front", active=True, detail="contact: cut"),
    st.FaultSeen("lock-front", active=False, detail=""),
    st.FaultSeen(None, active=True, detail="ZeroDivisionError in CardPresented"),
    st.DeviceSeen("lock-front", online=True, secure=False, detail=""),
    st.DeviceSeen("lock-front", online=False, secure=False, detail="gone"),
    st.Delivered("lock-front", "b1", 1, st.RexSeen(FRONT)),
    st.Delivered("lock-front", "b1", 4, st.RexSeen(FRONT)),
    st.LogLateSeen((), "late"),
    st.LogRestoredSeen(),
    order(GIL, StartLockdown("shots")),
    order(GIL, EndLockdown()),
    order(SUE, EndLockdown()),
    order(SUE, SetThreatLevel(1, "a call")),
    order(GIL, UnlockOnce(FRONT, "a courier")),
    started(small_site()),
)


async def played(path, stimuli):
    log, site = SqlEventLog(path), small_site()
    runtime = Runtime(site, SiteState(), 0, boot="b", log=log, actuators=FakeWires([]), clock=SystemClock())
    try:
        runtime.handle(started(site))
        for person in PEOPLE.values():
            runtime.handle(st.PersonEnrolled("test", person, "sealed"))
            runtime.handle(st.BadgeEnrolled("test", badge(person.id)))
        for stimulus in stimuli:
            durable = runtime.handle(stimulus).durable
        async with asyncio.timeout(20):
            await durable
        return runtime, list(log.replay())
    finally:
        runtime.stop()
        log.close()


OPERATE = tuple(st.OperatorEnrolled("test", Operator(name, role)) for name, role in OPERATORS.items())


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(some.lists(some.sampled_from(DAY), min_size=1, max_size=60))
def test_the_state_is_the_fold_of_what_is_on_the_disk(stimuli):
    with tempfile.TemporaryDirectory() as folder:
        runtime, records = asyncio.run(played(Path(folder) / "ostiary.db", [*OPERATE, *stimuli]))
    state = SiteState()
    for record in records:
        state = apply(state, record.event, record.at)
    assert [record.seq for record in records] == list(range(1, runtime.seq + 1))
    assert state == runtime.state
