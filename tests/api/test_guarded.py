"""Areas, points, outputs and causes as the screen shows them: what was told is never shown as done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api.guarding import guarding_of
from api.views import view_of
from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import Source
from controller.domain.area_orders import ArmArea, BypassPoint, WalkTest
from controller.domain.causes import Action, OutputEffect, PointIs
from controller.domain.maintenance_orders import StartMaintenance
from controller.domain.points import OutputKind, PointCondition
from controller.runtime.facade import Moment
from tests.api.fakes import browser, sign_in
from tests.controller.builders import (
    FRONT,
    GIL,
    GLASS,
    PANIC,
    PIR,
    ROOM,
    SIREN,
    STROBE,
    SUE,
    House,
    opens,
    order,
    point,
    quiet_house,
    small_site,
    with_area,
    with_cause,
)

pytestmark = pytest.mark.anyio


def seen(house: House):
    return guarding_of(house.site, house.state, house.now, silent=False)


@pytest.fixture
def house() -> House:
    when, then = PointIs(PIR, PointCondition.ACTIVE), OutputEffect(STROBE, Action.ON)
    return quiet_house(with_cause(with_area(small_site()), when, then))


def test_an_area_that_rests(house):
    [area] = seen(house).areas
    assert (area.mode, area.until, area.not_ready, area.zones) == ("disarmed", None, [], ["chancery"])
    assert seen(house).causes == []


def test_an_area_on_its_way_says_when_and_what_keeps_it_from_it(house):
    house.see(point(GLASS))
    assert seen(house).areas[0].not_ready == ["glass"]
    house.see(point(GLASS, PointCondition.NORMAL))
    house.see(order(GIL, ArmArea(ROOM)))
    [area] = seen(house).areas
    assert (area.mode, area.until) == ("exit_delay", house.now.wall + timedelta(seconds=30))


def test_a_point_and_its_bypass(house):
    until = house.now.wall + timedelta(hours=1)
    house.see(order(SUE, BypassPoint(GLASS, until, "broken")))
    shown = {p.id: p for p in seen(house).points}
    assert (shown["glass"].condition, shown["glass"].bypassed_until) == ("normal", until)
    assert shown["pir"].bypassed_until is None


def test_a_place_that_somebody_works_on_and_what_comes_of_it(house):
    until = house.now.wall + timedelta(hours=1)
    house.see(order(SUE, StartMaintenance(Source(door=FRONT), until, "a new closer")))
    house.see(opens(FRONT))
    view = view_of(Moment("boot-1", 1, house.site, house.state), house.now)
    [work] = view.maintenance
    assert (work.door, work.reader, work.device, work.point) == (FRONT, None, None, None)
    assert (work.name, work.operator, work.reason, work.until) == ("The front door", SUE, "a new closer", until)
    assert [alarm.maintenance for alarm in view.alarms] == [True]


def test_a_walk_test(house):
    until = house.now.wall + timedelta(hours=1)
    house.see(order(SUE, WalkTest(ROOM, until)))
    house.see(point(PIR))
    [area] = seen(house).areas
    assert (area.walk_test_until, area.tested) == (until, ["pir"])


def test_an_output_that_was_told_is_not_shown_on_before_it_says_so(house):
    house.see(point(PIR))
    strobe = {o.id: o for o in seen(house).outputs}["strobe"]
    assert (strobe.ordered, strobe.on, strobe.wanted_by) == (True, None, ["cause c1"])
    house.see(st.OutputSeen(STROBE, on=True))
    assert {o.id: o.on for o in seen(house).outputs} == {SIREN: None, STROBE: True}
    [cause] = seen(house).causes
    assert (cause.holding, cause.fired) == (True, True)


def test_a_silent_button_is_shown_to_those_alone_who_may_see_it(house):
    hushed = replace(house.site.points[PANIC], silent=True)
    house.site = replace(house.site, points={**house.site.points, PANIC: hushed})
    house.see(point(PANIC))
    assert PANIC not in {p.id for p in seen(house).points}
    shown = guarding_of(house.site, house.state, house.now, silent=True).points
    assert {p.id: p.condition for p in shown}[PANIC] == "active"
    assert all(event.silent for event in house.events)


def test_what_a_silent_button_brings_about_is_as_silent(house):
    """A relay calls for help elsewhere: nothing of it shows at a post that is watched."""
    hushed = replace(house.site.points[PANIC], silent=True)
    relay = replace(house.site.outputs[STROBE], kind=OutputKind.RELAY)
    site = replace(house.site, points={**house.site.points, PANIC: hushed}, outputs={STROBE: relay}, causes={})
    house.site = with_cause(site, PointIs(PANIC, PointCondition.ACTIVE), OutputEffect(STROBE, Action.ON))
    before = seen(house)
    house.see(point(PANIC))
    house.see(st.OutputSeen(STROBE, on=True))
    [strobe] = guarding_of(house.site, house.state, house.now, silent=True).outputs
    assert (strobe.ordered, strobe.on) == (True, True)
    assert seen(house).causes == []
    assert [(o.ordered, o.on) for o in seen(house).outputs] == [(False, False)]
    house.see(point(PANIC, PointCondition.NORMAL))
    house.see(st.OutputSeen(STROBE, on=False))
    assert [(o.ordered, o.on) for o in seen(house).outputs] == [(False, False)]
    assert seen(house).points == before.points
    told = {type(event) for event in house.events}
    assert {ev.CauseBegan, ev.CauseFired, ev.OutputOrdered, ev.OutputObserved, ev.CauseEnded, ev.CauseReset} <= told
    assert [event for event in house.events if not getattr(event, "silent", False)] == []


async def test_the_lists_of_their_own_are_those_of_the_view(facade, house):
    facade.site = replace(house.site, threat_levels=facade.site.threat_levels)
    facade.state = house.state
    async with browser(facade) as client:
        await sign_in(client)
        view = (await client.get("/api/view")).json()["guarding"]
        for name in ("areas", "points", "outputs"):
            assert (await client.get(f"/api/{name}")).json() == view[name]
            assert view[name]
