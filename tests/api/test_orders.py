from datetime import UTC, datetime

import pytest

from api.problems import REFUSED
from controller.domain import area_orders as area
from controller.domain import operators as op
from controller.domain.alarm_orders import EscalateAlarm, ShelveAlarm, TickStep, UnshelveAlarm
from controller.domain.alarms import Source
from controller.domain.doors import LockMode
from controller.domain.events import LockdownEndRequested, LockdownStarted
from controller.domain.maintenance_orders import EndMaintenance, StartMaintenance
from controller.domain.operators import Refusal
from tests.api.fakes import GATE, GUARD, browser, problem, sign_in

pytestmark = pytest.mark.anyio

AT_ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
WORK = {"until": "2026-11-23T13:00:00Z", "reason": "a new closer"}
ROWS = [
    ("/api/doors/gate/unlock", {"whom": " courier "}, op.UnlockOnce(GATE, "courier")),
    ("/api/doors/gate/unlock", {"whom": "Alice", "cardholder": "p-1"}, op.UnlockOnce(GATE, "Alice", cardholder="p-1")),
    ("/api/doors/gate/lock", None, op.LockDoor(GATE)),
    ("/api/doors/gate/block", {"reason": "broken"}, op.BlockDoor(GATE, "broken")),
    ("/api/doors/gate/unblock", None, op.UnblockDoor(GATE)),
    (
        "/api/doors/gate/mode",
        {"mode": "unlocked", "until": "2026-11-23T18:00:00+01:00", "reason": "delivery"},
        op.SetDoorMode(GATE, LockMode.UNLOCKED, datetime(2026, 11, 23, 17, tzinfo=UTC), "delivery"),
    ),
    ("/api/doors/gate/mode/release", {"mode": "blocked"}, op.ReleaseDoorMode(GATE, LockMode.BLOCKED)),
    ("/api/fires/building/confirm-reset", {"reason": "toast"}, op.ConfirmFireReset("building", "toast")),
    ("/api/lockdown", {"reason": "shots"}, op.StartLockdown("shots")),
    ("/api/lockdown/end", None, op.EndLockdown()),
    ("/api/threat-level", {"level": 2, "reason": "crowd"}, op.SetThreatLevel(2, "crowd")),
    ("/api/alarms/a-1/acknowledge", None, op.AcknowledgeAlarm("a-1")),
    ("/api/alarms/a-1/steps", {"step": 2}, TickStep("a-1", 2)),
    ("/api/alarms/a-1/escalate", None, EscalateAlarm("a-1")),
    ("/api/alarms/a-1/unshelve", None, UnshelveAlarm("a-1")),
    (
        "/api/alarms/a-1/shelve",
        {"until": "2026-11-23T13:00:00Z", "reason": "broken"},
        ShelveAlarm("a-1", AT_ONE, "broken"),
    ),
    ("/api/alarms/a-1/close", {"reason": "cleaner"}, op.CloseAlarm("a-1", "cleaner")),
    ("/api/people/p-1/forgive-passback", {"reason": "by hand"}, op.ForgivePassback("p-1", "by hand")),
    ("/api/forgive-passback", {"reason": "drill"}, op.ForgiveAllPassback("drill")),
    ("/api/requests/r-1/confirm", None, op.ConfirmPassage("r-1")),
    ("/api/requests/r-1/refuse", {"reason": "not her"}, op.RefusePassage("r-1", "not her")),
    ("/api/panic", None, op.Panic()),
    ("/api/areas/room/arm", None, area.ArmArea("room")),
    ("/api/areas/room/disarm", None, area.DisarmArea("room")),
    ("/api/areas/room/walk-test", {"until": "2026-11-23T13:00:00Z"}, area.WalkTest("room", AT_ONE)),
    (
        "/api/points/pir/bypass",
        {"until": "2026-11-23T14:00:00+01:00", "reason": "broken"},
        area.BypassPoint("pir", AT_ONE, "broken"),
    ),
    ("/api/points/pir/end-bypass", None, area.EndBypass("pir")),
    *(
        (f"/api/maintenance/{what}/x1", WORK, StartMaintenance(Source(**{what: "x1"}), AT_ONE, "a new closer"))
        for what in ("door", "reader", "device", "point")
    ),
    ("/api/maintenance/reader/gate-in/end", None, EndMaintenance(Source(reader="gate-in"))),
    ("/api/causes/c1/reset", None, area.ResetCause("c1")),
]


@pytest.mark.parametrize(("path", "body", "order"), ROWS)
async def test_an_order_is_passed_on_as_it_came(facade, path, body, order):
    async with browser(facade) as client:
        headers = await sign_in(client)
        answer = await client.post(path, json=body, headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"ordered": True, "code": None})
    assert facade.tape[-1] == (GUARD, order)


UNKNOWN = {refusal for refusal in Refusal if refusal.value.startswith("unknown_")}
STATUS = dict.fromkeys((*UNKNOWN, *(one for one in Refusal if one.value.startswith("no_such_"))), 404) | {
    Refusal.NO_PORTRAIT: 404,
    Refusal.UNKNOWN_OPERATOR: 401,
    Refusal.NOT_YOUR_ROLE: 403,
    Refusal.NOT_YOUR_ZONE: 403,
}


@pytest.mark.parametrize("refusal", Refusal)
async def test_every_refusal_is_a_problem_with_its_own_word(facade, refusal):
    facade.refusal = refusal
    async with browser(facade) as client:
        headers = await sign_in(client)
        answer = await client.post("/api/doors/gate/lock", headers=headers)
        ended = await client.post("/api/lockdown/end", headers=headers)
    assert problem(answer) == problem(ended) == (STATUS.get(refusal, 409), refusal.value)


def test_every_refusal_has_its_sentence():
    assert set(REFUSED) == set(Refusal)


async def test_ending_a_lockdown_says_when_a_second_person_is_waited_for(facade):
    facade.record(LockdownStarted(GUARD, "drill", 5.0))
    facade.record(LockdownEndRequested(GUARD))
    async with browser(facade) as client:
        headers = await sign_in(client)
        answer = await client.post("/api/lockdown/end", headers=headers)
        assert (await client.get("/api/view")).json()["lockdown"]["end_requested_by"] == "gil"
    assert (answer.status_code, answer.json()) == (202, {"ordered": True, "code": "second_person_needed"})


@pytest.mark.parametrize("body", [{}, {"whom": "x" * 501}, {"whom": 3}, {"whom": "x", "force": True}])
async def test_an_order_that_says_too_little_or_too_much_is_refused(facade, body):
    async with browser(facade) as client:
        headers = await sign_in(client)
        facade.tape.clear()
        answer = await client.post("/api/doors/gate/unlock", json=body, headers=headers)
    assert problem(answer) == (422, "invalid_request")
    assert facade.tape == []


async def test_an_end_without_a_time_zone_is_no_end(facade):
    async with browser(facade) as client:
        headers = await sign_in(client)
        answer = await client.post("/api/areas/room/walk-test", json={"until": "2026-11-23T13:00:00"}, headers=headers)
    assert problem(answer) == (422, "invalid_request")
