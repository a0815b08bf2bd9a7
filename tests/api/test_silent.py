"""A silent alarm: nothing of it reaches a post that may be watched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain.alarms import AlarmKind, Priority, Source
from controller.domain.events import AlarmAcknowledged, AlarmRaised, LockdownSecured
from controller.domain.operators import AcknowledgeAlarm, Refusal
from tests.api.consoles import listening, served
from tests.api.fakes import AUDITOR, GATE, GATE_IN, GUARD, PASSWORD, SECOND, browser, problem, sign_in

pytestmark = pytest.mark.anyio

FORCED = AlarmRaised("a1", AlarmKind.DURESS, Priority.HIGH, Source(reader=GATE_IN), "p-1", persists=False, silent=True)
SEEN = AlarmAcknowledged("a1", SECOND, silent=True)


async def shown(facade, operator, password=PASSWORD):
    """What an operator's console gets: alarms of the view, kinds of the events, and of the two silent records."""
    async with browser(facade) as client:
        await sign_in(client, operator, password)
        view = (await client.get("/api/view")).json()
        listed = (await client.get("/api/events")).json()["events"]
        each = [(await client.get(f"/api/events/{seq}")).status_code for seq in (1, 2, 3)]
    return [alarm["kind"] for alarm in view["alarms"]], [event["kind"] for event in listed], each


@pytest.fixture
def forced(facade):
    for event in (FORCED, LockdownSecured(3.0), SEEN):
        facade.record(event)
    return facade


@pytest.mark.parametrize("operator", [SECOND, AUDITOR])
async def test_the_second_station_sees_it(forced, operator):
    everything = ["alarm_acknowledged", "lockdown_secured", "alarm_raised"]
    assert await shown(forced, operator) == (["duress"], everything, [200, 200, 200])


async def test_the_post_does_not(forced):
    assert await shown(forced, GUARD) == ([], ["lockdown_secured"], [404, 200, 404])


async def test_nor_does_the_history_of_the_door(facade):
    facade.record(replace(FORCED, source=Source(door=GATE)))
    facade.duress[SECOND] = "the other password"
    found = []
    for operator, password in ((SECOND, PASSWORD), (SECOND, "the other password"), (GUARD, PASSWORD)):
        async with browser(facade) as client:
            headers = await sign_in(client, operator, password)
            asked = {"purpose": "investigation", "case": "2026/17"}
            answer = await client.post("/api/doors/gate/history", json=asked, headers=headers)
            found.append(len(answer.json()["events"]))
    assert found == [1, 0, 0]


async def test_nor_does_the_stream_of_the_post(facade):
    async with served(facade) as client, listening(client) as console:
        await console.until("view")
        for event in (FORCED, LockdownSecured(3.0), SEEN, LockdownSecured(4.0)):
            facade.record(event)
        await console.until("event", seq=4)
        await console.until("beat")  # by then a view of all four was sent
    assert console.seqs() == [2, 4]
    views = [said.data for said in console.heard if said.name == "view"]
    assert views[-1]["seq"] == 4
    assert not any(view["alarms"] for view in views)


async def test_nor_does_a_supervisor_who_signed_in_by_force(forced):
    forced.duress[SECOND] = "the other password"
    assert await shown(forced, SECOND, "the other password") == ([], ["lockdown_secured"], [404, 200, 404])


async def test_for_whoever_may_not_see_it_there_is_no_such_alarm(forced):
    forced.duress[SECOND] = "the other password"
    for operator, password in ((GUARD, PASSWORD), (SECOND, "the other password")):
        async with browser(forced) as client:
            headers = await sign_in(client, operator, password)
            seen = await client.post("/api/alarms/a1/acknowledge", headers=headers)
            closed = await client.post("/api/alarms/a1/close", json={"reason": "x"}, headers=headers)
        assert problem(seen) == problem(closed) == (404, Refusal.UNKNOWN_ALARM)
    assert not [order for _, order, *_ in forced.tape if isinstance(order, AcknowledgeAlarm)]


async def test_a_second_password_is_chosen_with_the_first(facade):
    async with browser(facade) as client:
        headers = await sign_in(client)
        body = {"password": PASSWORD, "duress_password": "somebody made me do it"}
        chosen = await client.post("/api/session/duress-password", json=body, headers=headers)
        wrong = await client.post("/api/session/duress-password", json={**body, "password": "x"}, headers=headers)
        bare = await client.post("/api/session/duress-password", json=body)
    assert chosen.status_code == 204
    assert problem(wrong) == (409, "duress_password_refused")
    assert problem(bare) == (403, "csrf_token_wrong")
