"""For machines that watch the box: health without a sign-in, numbers for a token, and nobody's name in them."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Priority, Source
from controller.domain.doors import Position
from controller.domain.ids import OperatorId
from controller.domain.integrations import Scope
from controller.domain.operators import Operator, Role
from tests.api.fakes import ALICE, GATE, PASSWORD, browser, problem, sign_in
from tests.api.test_programs import let_in

pytestmark = pytest.mark.anyio


def read(text):
    return {
        (one.name, *one.labels.values()): one.value for f in text_string_to_metric_families(text) for one in f.samples
    }


async def test_a_box_is_ready_while_its_log_is_durable_and_its_clock_trusted(facade):
    async with browser(facade) as client:
        assert (await client.get("/api/health/live")).json() == {"live": True}
        assert (await client.get("/api/health/ready")).json() == {
            "ready": True,
            "policy": True,
            "log": True,
            "clock": True,
        }
        for fault, is_said, mend in (
            (ev.LogWasLate(300.0), "log", ev.LogWasRestored()),
            (ev.ClockDistrusted("stepped"), "clock", ev.ClockTrusted()),
        ):
            facade.record(fault)
            answer = await client.get("/api/health/ready")
            assert answer.status_code == 503
            assert answer.json()["ready"] is answer.json()[is_said] is False
            assert (await client.get("/api/health/live")).status_code == 200
            facade.record(mend)
            assert (await client.get("/api/health/ready")).status_code == 200


async def test_the_numbers_are_those_of_the_building(facade):
    headers = let_in(facade, Scope.READ_METRICS)
    facade.record(ev.PositionObserved(GATE, Position.OPEN, None, None))
    for number, silent in enumerate((False, True)):
        source = Source(door=GATE)
        facade.record(
            ev.AlarmRaised(f"a{number}", AlarmKind.FORCED_OPEN, Priority.HIGH, source, ALICE, True, silent=silent)
        )
    facade.durable = 2
    async with browser(facade) as client:
        await client.get("/api/site")
        answer = await client.get("/metrics", headers=headers)
    assert answer.headers["content-type"].startswith("text/plain; version=1.0.0")
    known = read(answer.text)
    assert known["ostiary_door_leaf", GATE, "open"] == 1
    assert known["ostiary_door_lock", GATE, "locked"] == 1
    assert known["ostiary_alarms_open", "high"] == 1, "a silent alarm is in no number"
    assert known["ostiary_log_undurable_events",] == 2
    assert known["ostiary_events_total",] == 4
    assert known["ostiary_device_online", "lock-gate", "mqtt"] == 1
    assert known["ostiary_api_request_seconds_count", "GET", "4xx"] == 1
    assert ALICE not in answer.text


async def test_they_take_their_scope_or_a_technician(facade):
    headers = let_in(facade, Scope.READ_STATE)
    name = OperatorId("tina")
    facade.operators[name], facade.passwords[name] = Operator(name, Role.TECHNICIAN), PASSWORD
    async with browser(facade) as client:
        assert problem(await client.get("/metrics")) == (401, "not_signed_in")
        assert problem(await client.get("/metrics", headers=headers)) == (403, "scope_needed")
        await sign_in(client)
        assert problem(await client.get("/metrics")) == (403, "not_your_role")
        await sign_in(client, name)
        assert (await client.get("/metrics")).status_code == 200
