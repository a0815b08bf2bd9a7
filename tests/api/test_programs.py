"""Programs: let in by a security officer, held to their scopes and zones, and told of things, never of people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.programs import OPENS, PER_TOKEN, WRONG_PER_ADDRESS, Rates, token_text
from api.stream import LOOK_SECONDS
from controller.domain import events as ev
from controller.domain.doors import Position
from controller.domain.ids import OperatorId
from controller.domain.integration_orders import IssueToken, RevokeToken
from controller.domain.integrations import Scope
from controller.domain.operators import LockDoor, Operator, Role
from tests.api.consoles import listening, served
from tests.api.fakes import ALICE, GATE, GUARD, LOBBY, NOON, PASSWORD, VAULT, FakeFacade, browser, problem, sign_in

pytestmark = pytest.mark.anyio

OFFICER, BMS = OperatorId("sven"), OperatorId("api:bms")
ASKED = {
    "name": "bms",
    "scopes": ["order_doors", "read_state"],
    "zones": ["lobby"],
    "expires": "2026-12-21T12:00:00Z",
    "reason": "building automation",
}
DENIED_BY_NAME = ev.DoorUnlockOrdered("r9", GATE, GUARD, "pseudonym", 5.0)


@pytest.fixture
def facade() -> FakeFacade:
    made = FakeFacade()
    made.operators[OFFICER] = Operator(OFFICER, Role.SECURITY_OFFICER)
    made.passwords[OFFICER] = PASSWORD
    return made


def let_in(facade, *scopes, zones=None, expires=NOON + timedelta(days=1), name=BMS):
    """A program with a token, as after a security officer's order."""
    facade.record(ev.TokenIssued(OFFICER, name, frozenset(scopes), zones, expires, "why"))
    return {"Authorization": f"Bearer {token_text(name, facade.programs.make_token(name))}"}


async def test_a_security_officer_issues_a_token_that_is_shown_once(facade):
    async with browser(facade) as client:
        headers = await sign_in(client, OFFICER)
        answer = await client.post("/api/tokens", json=ASKED, headers=headers)
        assert answer.status_code == 200, answer.text
        order = facade.tape[-1][1]
        assert isinstance(order, IssueToken)
        assert (order.token, order.zones) == (BMS, frozenset({LOBBY}))
        secret = answer.json()["token"]
        assert secret.startswith("ost_bms.")
        facade.record(ev.TokenIssued(OFFICER, BMS, order.scopes, order.zones, order.expires, "why"))
        listed = (await client.get("/api/tokens")).json()["tokens"]
        assert [(one["name"], one["used"]) for one in listed] == [("bms", None)]
        assert secret.partition(".")[2] not in str(listed)
    async with browser(facade) as program:
        assert (await program.get("/api/view", headers={"Authorization": f"Bearer {secret}"})).status_code == 200
    async with browser(facade) as client:
        await sign_in(client, OFFICER)
        (listed,) = (await client.get("/api/tokens")).json()["tokens"]
        assert listed["used"] == "2026-11-21T12:00:00Z"


async def test_it_takes_a_fresh_proof(facade):
    async with browser(facade) as client:
        headers = await sign_in(client, OFFICER)
        facade.clock += 301.0
        assert problem(await client.post("/api/tokens", json=ASKED, headers=headers)) == (403, "step_up_needed")


async def test_every_route_is_closed_to_a_token_but_those_of_its_scopes(facade):
    """By the schema's own list: a route that is added is closed until somebody opens it."""
    everything = let_in(facade, *Scope)
    nothing = let_in(facade, Scope.READ_METRICS, name=OperatorId("api:meter"))
    async with browser(facade) as client:
        paths = client.app.openapi()["paths"]
        routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
        opened = {route for scope in Scope for route in OPENS[scope]}
        assert opened <= routes | {("GET", "/metrics")}
        for method, path in sorted(routes - opened):
            headers = {**everything, "Content-Type": "application/json"}
            client.app.state.api.rates = Rates()
            answer = await client.request(method, path.replace("{", "").replace("}", ""), headers=headers, content="{}")
            if "session" not in path and path not in ("/api/health", "/api/health/live", "/api/health/ready"):
                assert answer.status_code in (403, 404, 422), (method, path, answer.text)
                assert answer.status_code != 200
        for method, path in sorted(opened - {("GET", "/metrics")}):
            answer = await client.request(method, path.replace("{", "").replace("}", ""), headers=nothing)
            assert problem(answer) == (403, "scope_needed"), path


async def test_an_order_by_a_token_is_the_programs_own(facade):
    headers = let_in(facade, Scope.ORDER_DOORS)
    async with browser(facade) as client:
        answer = await client.post(f"/api/doors/{GATE}/lock", headers=headers)
    assert answer.status_code == 202
    assert facade.tape[-1] == (BMS, LockDoor(GATE))


async def test_a_clock_that_is_not_trusted_orders_nothing(facade):
    headers = let_in(facade, Scope.ORDER_DOORS, Scope.READ_STATE)
    facade.record(ev.ClockDistrusted("stepped"))
    async with browser(facade) as client:
        refused = await client.post(f"/api/doors/{GATE}/lock", headers=headers)
        assert problem(refused) == (403, "clock_not_trusted")
        assert (await client.get("/api/view", headers=headers)).status_code == 200


@pytest.mark.parametrize("late", [timedelta(0), timedelta(microseconds=-1)])
async def test_a_token_ends_when_it_says(facade, late):
    headers = let_in(facade, Scope.READ_STATE, expires=NOON + late)
    async with browser(facade) as client:
        assert problem(await client.get("/api/view", headers=headers)) == (401, "token_not_valid")
        assert (await client.get("/api/view", headers=headers)).headers["www-authenticate"] == "Bearer"


async def test_a_revoked_token_opens_nothing_from_the_next_request_on_and_its_stream_ends(facade):
    headers = let_in(facade, Scope.READ_EVENTS)
    async with served(facade) as client:
        client.cookies.clear()
        client.headers.update(headers)
        async with listening(client) as stream:
            await stream.until("hello")
            assert facade.consoles == 0, "a program watches no console"
            facade.record(ev.TokenRevoked(OFFICER, BMS, ""))
            facade.programs.forget_token(BMS)
            assert (await stream.until("signed_out")).data["why"] in ("session_ended", "right_withdrawn")
        assert problem(await client.get("/api/events")) == (401, "token_not_valid")
    assert LOOK_SECONDS < 1.0


async def test_revoking_takes_the_secret_too(facade):
    headers = let_in(facade, Scope.READ_STATE)
    async with browser(facade) as client:
        own = await sign_in(client, OFFICER)
        answer = await client.post("/api/tokens/bms/revoke", json={"reason": "gone"}, headers=own)
        assert answer.status_code == 202
        assert facade.tape[-1] == (OFFICER, RevokeToken(BMS, "gone"))
        client.cookies.clear()
        assert problem(await client.get("/api/view", headers=headers)) == (401, "token_not_valid")


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer x", "Basic Z2lsOng=", "bearer ost_bms.", "Bearer ost_BMS.aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""],
)
async def test_what_is_no_token_is_nobodys_also_beside_a_good_cookie(facade, authorization):
    async with browser(facade) as client:
        await sign_in(client)
        answer = await client.get("/api/view", headers={"Authorization": authorization})
        assert problem(answer) == (401, "token_not_valid")


async def test_a_token_in_the_cookie_is_nobodys(facade):
    token = let_in(facade, *Scope)["Authorization"]
    async with browser(facade) as client:
        client.cookies.set("ostiary_session", token.replace(" ", "%20"))
        assert problem(await client.get("/api/view")) == (401, "not_signed_in")
        answer = await client.get("/api/view", headers={"Cookie": f'ostiary_session="{token}"'})
        assert problem(answer) == (401, "not_signed_in")


async def test_whoever_asks_too_often_or_guesses_waits(facade):
    headers = let_in(facade, Scope.READ_STATE)
    async with browser(facade) as client:
        assert (await client.get("/api/site", headers=headers)).status_code == 200
        for _ in range(PER_TOKEN[1].amount):
            client.app.state.api.rates._window.hit(PER_TOKEN[1], "token", BMS)
        assert problem(await client.get("/api/site", headers=headers)) == (429, "too_many_requests")
        wrong = {"Authorization": "Bearer ost_bms." + "a" * 43}
        guesses = [await client.get("/api/site", headers=wrong) for _ in range(WRONG_PER_ADDRESS.amount + 1)]
        assert problem(guesses[0]) == (401, "token_not_valid")
        assert problem(guesses[-1]) == (429, "too_many_requests")
        assert int(guesses[-1].headers["retry-after"]) >= 1


async def test_a_program_is_told_of_things_and_never_of_people(facade):
    facade.record(DENIED_BY_NAME)
    facade.record(ev.PositionObserved(GATE, Position.OPEN, None, None))
    headers = let_in(facade, Scope.READ_EVENTS, Scope.READ_STATE)
    async with browser(facade) as client:
        events = (await client.get("/api/events", headers=headers)).json()["events"]
        assert [event["kind"] for event in events] == ["token_issued", "position_observed", "door_unlock_ordered"]
        assert events[1]["detail"] == {"position": "open", "open_seconds": None, "warn_seconds": None}
        assert [event["withheld"] for event in events] == [True, False, True]
        assert all(event["who"] is event["operator"] is None for event in events)
        assert "pseudonym" not in str(events)
        view = (await client.get("/api/view", headers=headers)).json()
        assert view["waiting"] == view["pending"] == []


async def test_a_program_of_one_zone_hears_of_its_doors_alone(facade):
    for door in (GATE, VAULT):
        facade.record(ev.PositionObserved(door, Position.OPEN, None, None))
    facade.record(ev.ClockTrusted())
    headers = let_in(facade, Scope.READ_EVENTS, Scope.READ_STATE, zones=frozenset({"registry"}))
    async with browser(facade) as client:
        events = (await client.get("/api/events", headers=headers)).json()["events"]
        view = (await client.get("/api/view", headers=headers)).json()
    assert [event["door"] for event in events] == [VAULT]
    assert [door["id"] for door in view["doors"]] == [VAULT]


@pytest.mark.parametrize("role", Role)
async def test_who_it_was_is_told_to_the_post_today_and_to_others_for_a_purpose(facade, role):
    passed = ev.DoorUnlockOrdered("r1", GATE, GUARD, "w1", 5.0, cardholder=ALICE)
    facade.record(passed)
    name = OperatorId("somebody")
    facade.operators[name], facade.passwords[name] = Operator(name, role), PASSWORD
    later = NOON + timedelta(days=1, seconds=1)
    for wall, today in ((lambda: NOON, True), (lambda: later, False)):
        async with browser(facade, wall=wall) as client:
            headers = await sign_in(client, name)
            (event,) = (await client.get("/api/events")).json()["events"]
            told = today and role in (Role.GUARD, Role.SUPERVISOR, Role.SECURITY_OFFICER)
            assert event["withheld"] is not told
            assert (event["who"] is not None) is told
            assert event["operator"] == GUARD
            assert (await client.get("/api/events/1")).json()["withheld"] is not told
            asked = {"purpose": "audit", "case": ""}
            (event,) = (await client.post("/api/events/read", json=asked, headers=headers)).json()["events"]
            assert event["who"]["id"] == ALICE
            assert not event["withheld"]
            assert facade.tape[-1][1].scope == "events"
