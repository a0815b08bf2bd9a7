"""What causes what: when it begins, when it takes effect, and what ends it. No cause makes any door easier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.area_orders import ArmArea, DisarmArea, ResetCause, WalkTest
from controller.domain.causes import (
    Action,
    AlarmStands,
    AreaIs,
    CauseFires,
    Condition,
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
from controller.domain.effects import Effect, Release, Relock, SetOutput, Unlock
from controller.domain.ids import AlarmId, CauseId, OperatorId
from controller.domain.operators import (
    AcknowledgeAlarm,
    BlockDoor,
    Order,
    Refusal,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
)
from controller.domain.points import AreaMode, PointCondition
from tests.controller.builders import (
    ALICE,
    FRONT,
    FRONT_IN,
    GIL,
    GLASS,
    INNER,
    MAINS,
    PANIC,
    PIR,
    ROOM,
    SIREN,
    STROBE,
    SUE,
    House,
    closes,
    of_kind,
    opens,
    order,
    point,
    quiet_house,
    small_site,
    strange_card,
    swipe,
    with_area,
    with_cause,
)

C1, C2 = CauseId("c1"), CauseId("c2")
NORMAL, ACTIVE, UNKNOWN = PointCondition.NORMAL, PointCondition.ACTIVE, PointCondition.UNKNOWN
SOUND, HUSH = OutputEffect(SIREN, Action.ON), SetOutput(SIREN, on=False)
BLOCK = DoorEffect(INNER, DoorAction.BLOCKED)
TRIPPED = PointIs(GLASS, ACTIVE)
ON = SetOutput(SIREN, on=True)


def house_with(when: Condition, then: OutputEffect | DoorEffect | LockdownEffect = SOUND, **rules: object) -> House:
    return quiet_house(with_cause(with_area(small_site()), when, then, **rules))


def switched(house: House) -> list[Effect]:
    return [effect for effect in house.effects if isinstance(effect, SetOutput)]


def why(house: House, what: Order) -> Refusal | None:
    refused = of_kind(ev.OrderRefused, house.see(order(SUE, what)).events)
    return refused[0].why if refused else None


@pytest.mark.parametrize(
    ("when", "begin", "end"),
    [
        (TRIPPED, lambda h: h.see(point(GLASS)), lambda h: h.see(point(GLASS, NORMAL))),
        (PointIs(GLASS, PointCondition.SHORTED), lambda h: h.see(point(GLASS, PointCondition.SHORTED)), None),
        (AlarmStands(AlarmKind.FORCED_OPEN, door=FRONT), lambda h: h.see(opens(FRONT)), lambda h: h.see(closes(FRONT))),
        (AlarmStands(AlarmKind.MAINS, point=MAINS), lambda h: h.see(point(MAINS)), None),
        (
            AlarmStands(AlarmKind.UNKNOWN_CARD_BURST, door=FRONT),
            lambda h: [h.see(strange_card(FRONT_IN)) for _ in range(5)],
            lambda h: h.see(order(GIL, AcknowledgeAlarm(AlarmId("a1")))),
        ),
        (AlarmStands(AlarmKind.PANIC), lambda h: h.see(point(PANIC)), None),
        (
            ThreatAtLeast(1),
            lambda h: h.see(order(SUE, SetThreatLevel(2, "x"))),
            lambda h: h.see(order(SUE, SetThreatLevel(0, "x"))),
        ),
        (
            ThreatAtLeast(2),
            lambda h: h.see(order(SUE, SetThreatLevel(2, "x"))),
            lambda h: h.see(order(SUE, SetThreatLevel(1, "x"))),
        ),
        (LockdownRuns(), lambda h: h.see(order(GIL, StartLockdown("x"))), None),
        (
            AreaIs(ROOM, AreaMode.EXIT_DELAY),
            lambda h: h.see(order(GIL, ArmArea(ROOM))),
            lambda h: h.see(order(GIL, DisarmArea(ROOM))),
        ),
    ],
)
def test_what_a_cause_waits_for_and_what_ends_it(
    when: Condition, begin: Callable[[House], object], end: Callable[[House], object] | None
) -> None:
    house = house_with(when)
    assert switched(house) == []
    begin(house)
    assert switched(house) == [ON]
    if end is not None:
        end(house)
        assert switched(house) == [ON, HUSH]


def test_an_alarm_elsewhere_is_another_thing() -> None:
    house = house_with(AlarmStands(AlarmKind.FORCED_OPEN, door=INNER))
    house.see(opens(FRONT))
    assert switched(house) == []


def test_what_holds_takes_effect_once() -> None:
    house = house_with(TRIPPED)
    house.see(point(GLASS))
    house.see(opens(FRONT))
    house.see(point(PIR))
    assert switched(house) == [ON]


@pytest.mark.parametrize("seconds", [0.1, 1.0])
def test_a_short_delay_is_one(seconds: float) -> None:
    house = house_with(TRIPPED, delay_seconds=seconds)
    house.see(point(GLASS))
    assert switched(house) == []
    house.wait(seconds)
    assert switched(house) == [ON]


def test_a_delay_is_waited_for_and_what_ends_within_it_never_was() -> None:
    house = house_with(TRIPPED, delay_seconds=10.0)
    house.see(point(GLASS))
    house.see(point(GLASS, NORMAL), after=9.9)
    house.wait(60.0)
    assert switched(house) == []
    house.see(point(GLASS))
    house.wait(10.0)
    assert switched(house) == [ON]


def test_a_delay_that_still_runs_holds_up_no_other() -> None:
    site = with_cause(with_area(small_site()), TRIPPED, BLOCK, delay_seconds=60.0)
    house = quiet_house(with_cause(site, TRIPPED, SOUND, delay_seconds=10.0))
    house.see(point(GLASS))
    house.wait(10.0)
    assert switched(house) == [ON]


def test_a_time_ends_the_effect_and_what_goes_on_does_not_begin_anew() -> None:
    house = house_with(TRIPPED, reset=Reset.AFTER, reset_seconds=20.0)
    house.see(point(GLASS))
    house.wait(60.0)
    assert switched(house) == [SetOutput(SIREN, on=True, seconds=20.0), HUSH]
    house.see(point(GLASS, NORMAL))
    house.see(point(GLASS))
    assert len(switched(house)) == 3


def test_what_is_reset_by_hand_stays_until_it_is() -> None:
    house = house_with(TRIPPED, reset=Reset.MANUAL)
    assert why(house, ResetCause(C1)) is Refusal.ALREADY_SO
    house.see(point(GLASS))
    house.see(point(GLASS, NORMAL), after=3600.0)
    assert switched(house) == [ON]
    assert why(house, ResetCause(C1)) is None
    assert switched(house) == [ON, HUSH]
    assert ev.CauseReset(C1, SUE) in house.events
    assert not house.state.causes
    assert why(house, ResetCause(CauseId("nowhere"))) is Refusal.UNKNOWN_CAUSE


def test_a_pulse_is_as_long_as_it_is() -> None:
    house = house_with(TRIPPED, OutputEffect(SIREN, Action.PULSE, 2.5))
    house.see(point(GLASS))
    assert switched(house) == [SetOutput(SIREN, on=True, seconds=2.5)]


def test_whoever_wants_it_on_longest_has_it() -> None:
    site = with_cause(with_cause(with_area(small_site()), TRIPPED, SOUND), PointIs(PIR, ACTIVE), SOUND)
    house = quiet_house(site)
    house.see(point(GLASS))
    house.see(point(PIR))
    house.see(point(GLASS, NORMAL))
    assert switched(house)[-1] == ON
    house.see(point(PIR, NORMAL))
    assert switched(house)[-1] == HUSH


def test_off_takes_back_what_anybody_else_wants() -> None:
    site = with_cause(
        with_cause(with_area(small_site()), TRIPPED, OutputEffect(STROBE, Action.ON)),
        PointIs(PIR, ACTIVE),
        OutputEffect(STROBE, Action.OFF),
    )
    house = quiet_house(site)
    house.see(point(GLASS))
    house.see(point(PIR))
    assert switched(house) == [SetOutput(STROBE, on=True), SetOutput(STROBE, on=False)]


def test_a_door_is_locked_once_and_what_was_granted_there_taken_back() -> None:
    house = house_with(TRIPPED, DoorEffect(FRONT, DoorAction.SECURED))
    house.see(swipe(FRONT_IN, ALICE))
    outcome = house.see(point(GLASS))
    assert Relock(FRONT) in outcome.effects
    assert ev.DoorLockOrdered(FRONT, OperatorId("cause:c1")) in outcome.events
    assert [event.why for event in of_kind(ev.GrantWithdrawn, outcome.events)] == [Refusal.DOOR_LOCKED]


def test_a_door_is_blocked_as_long_as_its_cause_whoever_takes_that_off_meanwhile() -> None:
    house = house_with(TRIPPED, BLOCK)
    house.see(point(GLASS))
    assert house.state.door(INNER).block is not None
    house.see(order(GIL, UnblockDoor(INNER)))
    assert house.state.door(INNER).block is not None, "it uncovers what is asked for now"
    house.see(point(GLASS, NORMAL))
    assert house.state.door(INNER).block is None


def test_a_cause_never_lifts_an_operators_block() -> None:
    house = house_with(TRIPPED, BLOCK)
    house.see(order(GIL, BlockDoor(INNER, "broken glass")))
    house.see(point(GLASS))
    house.see(point(GLASS, NORMAL))
    block = house.state.door(INNER).block
    assert block is not None
    assert block.operator == GIL


def test_a_lockdown_begins_and_its_end_takes_two_as_always() -> None:
    house = house_with(AlarmStands(AlarmKind.PANIC), LockdownEffect())
    house.see(point(PANIC))
    lockdown = house.state.lockdown
    assert lockdown is not None
    assert lockdown.operator == OperatorId("cause:c1")
    house.see(order(GIL, AcknowledgeAlarm(AlarmId("a1"))))
    assert house.state.lockdown is not None


def test_one_cause_follows_from_another_in_the_same_turn_whatever_their_order() -> None:
    site = with_area(small_site())
    site = with_cause(site, CauseFires(C2), OutputEffect(STROBE, Action.ON))
    house = quiet_house(with_cause(site, TRIPPED, SOUND))
    house.see(point(GLASS))
    assert set(switched(house)) == {ON, SetOutput(STROBE, on=True)}


def test_what_nobody_knows_is_as_it_was() -> None:
    house = house_with(TRIPPED)
    house.see(point(GLASS))
    house.restart()
    assert house.state.cause(C1).fired
    assert switched(house)[-2:] == [ON, SetOutput(STROBE, on=False)], "after a start every output is told anew"
    house.see(point(GLASS, NORMAL))
    assert switched(house)[-1] == HUSH


def test_a_walk_test_causes_nothing() -> None:
    house = house_with(TRIPPED)
    house.see(order(SUE, WalkTest(ROOM, house.now.wall + timedelta(minutes=5))))
    house.see(point(GLASS))
    assert switched(house) == []


def test_a_delay_is_not_prolonged_by_a_restart() -> None:
    house = house_with(TRIPPED, delay_seconds=60.0)
    house.see(point(GLASS))
    house.wait(30.0)
    house.restart()
    house.wait(26.9)
    assert not house.state.cause(C1).fired
    house.wait(0.2)
    assert house.state.cause(C1).fired


def test_a_restart_in_no_time_leaves_the_whole_delay() -> None:
    house = house_with(TRIPPED, delay_seconds=60.0)
    house.see(point(GLASS))
    house.now = replace(house.now, wall=house.now.wall - timedelta(seconds=3))  # which the restart takes
    house.restart()
    assert house.state.last == house.now
    assert house.state.cause(C1).due == house.now.mono + 60.0


def test_nothing_a_cause_brought_about_outlives_it() -> None:
    site = with_cause(with_cause(with_area(small_site()), TRIPPED, SOUND), TRIPPED, BLOCK)
    house = quiet_house(site)
    house.see(point(GLASS))
    house.site = with_area(small_site())
    house.see(point(PIR))
    assert not house.state.causes
    assert switched(house)[-1] == HUSH
    assert house.state.door(INNER).block is None


# Silent panic buttons


def silent(house_site: House) -> House:
    site = house_site.site
    hushed = replace(site.points[PANIC], silent=True)
    return quiet_house(replace(site, points={**site.points, PANIC: hushed}))


def test_a_silent_panic_button_sounds_nothing_and_still_causes_what_nobody_hears() -> None:
    loud = house_with(AlarmStands(AlarmKind.PANIC))
    house = silent(loud)
    house.see(point(PANIC))
    assert house.alarms(AlarmKind.PANIC)
    assert switched(house) == []
    quiet = silent(house_with(AlarmStands(AlarmKind.PANIC), BLOCK))
    quiet.see(point(PANIC))
    assert quiet.state.door(INNER).block is not None


SILENT_KINDS = {ev.CauseBegan, ev.CauseFired, ev.CauseEnded, ev.CauseReset, ev.OutputOrdered, ev.OutputObserved}


def no_longer_known(house: House) -> None:
    """Another policy goes into force, without the rule."""
    house.site = replace(house.site, causes={})
    house.see(opens(FRONT))


@pytest.mark.parametrize("ends", [lambda house: house.see(point(PANIC, NORMAL)), no_longer_known])
@pytest.mark.parametrize("seconds", [None, 60.0])
def test_a_silent_cause_is_silent_from_its_beginning_to_its_end(
    seconds: float | None, ends: Callable[[House], object]
) -> None:
    """Whoever may not know of the button does not learn of it from what is on record of its rule."""
    then = OutputEffect(STROBE, Action.PULSE, seconds) if seconds else OutputEffect(STROBE, Action.ON)
    house = silent(house_with(PointIs(PANIC, ACTIVE), then))
    house.see(point(PANIC))
    house.see(st.OutputSeen(STROBE, on=True))
    ends(house)
    told = [event for event in house.events if type(event) in SILENT_KINDS]
    assert {type(event) for event in told} == SILENT_KINDS
    assert [event for event in told if not event.silent] == []  # type: ignore[union-attr]
    assert switched(house)[-1] == SetOutput(STROBE, on=False)


@pytest.mark.parametrize(
    ("when", "begin", "hushed"),
    [
        (AlarmStands(AlarmKind.PANIC), point(PANIC), True),
        (AlarmStands(AlarmKind.MAINS), point(MAINS), False),
        (PointIs(MAINS, ACTIVE), point(MAINS), False),
        (ThreatAtLeast(1), order(SUE, SetThreatLevel(1, "x")), False),
    ],
)
def test_a_cause_is_silent_where_all_that_brings_it_about_is(when: Condition, begin: st.Stimulus, hushed: bool) -> None:
    house = silent(house_with(when, BLOCK))
    house.see(begin)
    assert of_kind(ev.CauseBegan, house.events) == [ev.CauseBegan(C1, 0.0, hushed)]


def test_what_a_silent_cause_switches_off_goes_off_in_silence() -> None:
    site = with_cause(with_area(small_site()), TRIPPED, OutputEffect(STROBE, Action.ON))
    house = silent(quiet_house(with_cause(site, PointIs(PANIC, ACTIVE), OutputEffect(STROBE, Action.OFF))))
    for which in (GLASS, PANIC):
        house.see(point(which))
    assert [(event.on, event.silent) for event in of_kind(ev.OutputOrdered, house.events)] == [
        (True, False),
        (False, True),
    ]


def test_an_output_is_silent_while_only_silent_causes_want_it_on() -> None:
    site = with_area(small_site())
    for which in (PANIC, PIR, GLASS):
        site = with_cause(site, PointIs(which, ACTIVE), OutputEffect(STROBE, Action.ON))
        if which is not GLASS:
            site = replace(site, points={**site.points, which: replace(site.points[which], silent=True)})
    house = quiet_house(site)
    told = []
    for seen in (point(PANIC), point(PIR), point(GLASS), point(GLASS, NORMAL), point(PANIC, NORMAL)):
        house.see(seen)
        told.append(house.state.output(STROBE).silent)
    assert told == [True, True, False, True, True]


# Escalation


def escalating() -> House:
    site = with_area(small_site())
    return quiet_house(replace(site, escalation=Escalation(60.0, (STROBE,))))


SHOUT, SILENCE = SetOutput(STROBE, on=True), SetOutput(STROBE, on=False)


def test_a_priority_1_alarm_nobody_acknowledges_is_heard_outside_the_browser() -> None:
    house = escalating()
    house.see(opens(FRONT))
    house.wait(59.9)
    assert switched(house) == []
    house.wait(0.1)
    assert switched(house) == [SHOUT]
    assert ev.AlarmEscalated(AlarmId("a1"), (STROBE,), silent=False) in house.events
    house.wait(3600.0)
    assert len(of_kind(ev.AlarmEscalated, house.events)) == 1
    house.see(order(GIL, AcknowledgeAlarm(AlarmId("a1"))))
    assert switched(house) == [SHOUT, SILENCE]


def test_an_alarm_acknowledged_in_time_does_not_escalate() -> None:
    house = escalating()
    house.see(opens(FRONT))
    house.see(order(GIL, AcknowledgeAlarm(AlarmId("a1"))), after=59.0)
    house.wait(60.0)
    assert switched(house) == []


def test_acknowledging_one_alarm_silences_no_other() -> None:
    house = escalating()
    house.see(opens(FRONT))
    house.see(opens(INNER))
    house.wait(60.0)
    house.see(order(GIL, AcknowledgeAlarm(AlarmId("a1"))))
    assert switched(house)[-1] == SHOUT
    house.see(order(GIL, AcknowledgeAlarm(AlarmId("a2"))))
    assert switched(house)[-1] == SILENCE


def test_an_alarm_of_lower_priority_does_not_escalate() -> None:
    house = escalating()
    house.see(point(MAINS))
    house.wait(600.0)
    assert of_kind(ev.AlarmEscalated, house.events) == []


def test_a_silent_panic_escalates_in_silence() -> None:
    house = silent(escalating())
    house.see(point(PANIC))
    house.wait(60.0)
    assert of_kind(ev.AlarmEscalated, house.events) == [ev.AlarmEscalated(AlarmId("a1"), (), silent=True)]
    assert switched(house) == []


def test_a_restart_gives_nobody_more_time() -> None:
    house = escalating()
    house.see(opens(FRONT))
    house.wait(30.0)
    house.restart()
    house.wait(26.9)
    assert of_kind(ev.AlarmEscalated, house.events) == []
    house.wait(0.2)
    assert len(of_kind(ev.AlarmEscalated, house.events)) == 1


# Laws

CONDITIONS: some.SearchStrategy[Condition] = some.sampled_from(
    [TRIPPED, PointIs(PIR, ACTIVE), AlarmStands(AlarmKind.FORCED_OPEN), ThreatAtLeast(1), AlarmStands(AlarmKind.PANIC)]
)
CONSEQUENCES = some.sampled_from(
    [SOUND, OutputEffect(STROBE, Action.PULSE, 3.0), BLOCK, DoorEffect(FRONT, DoorAction.SECURED), LockdownEffect()]
)
ACTS: some.SearchStrategy[Callable[[House], object]] = some.sampled_from(
    [
        lambda house: house.see(point(GLASS)),
        lambda house: house.see(point(GLASS, NORMAL)),
        lambda house: house.see(point(PIR)),
        lambda house: house.see(point(PANIC)),
        lambda house: house.see(opens(FRONT)),
        lambda house: house.see(closes(FRONT)),
        lambda house: house.see(order(SUE, SetThreatLevel(1, "x"))),
        lambda house: house.see(order(SUE, ResetCause(C1))),
        lambda house: house.see(order(GIL, UnblockDoor(INNER))),
        lambda house: house.wait(7.0),
        lambda house: house.restart(),
    ]
)


@settings(max_examples=150)
@given(CONDITIONS, CONSEQUENCES, some.sampled_from([0.0, 5.0]), some.sampled_from(Reset), some.lists(ACTS, max_size=10))
def test_no_cause_unlocks_a_door(
    when: Condition, then: OutputEffect | DoorEffect | LockdownEffect, delay: float, reset: Reset, acts: list[object]
) -> None:
    house = house_with(
        when, then, delay_seconds=delay, reset=reset, reset_seconds=6.0 if reset is Reset.AFTER else None
    )
    for act in acts:
        assert callable(act)
        act(house)
    assert not [effect for effect in house.effects if isinstance(effect, Unlock | Release)]
    assert UNKNOWN is not house.state.point(GLASS) or of_kind(ev.BoxStarted, house.events)
