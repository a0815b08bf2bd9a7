"""The visitors' desk: orders passed on as they came, and the list of who is expected, with names from the vault."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.routes.visits import MOST_HOSTS
from controller.domain.events import (
    CardholderRecorded,
    CredentialRecorded,
    HostApproved,
    VisitorRegistered,
    VisitorSignedIn,
)
from controller.domain.ids import AccessLevelId, CardholderId, CredentialId, ScheduleId
from controller.domain.people import Cardholder, CardholderKind, Credential, CredentialStatus
from controller.domain.site import AccessLevel, Assurance
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor, SignOutVisitor
from controller.runtime.ports import Identity
from tests.api.fakes import AUDITOR, GUARD, browser, problem, sign_in

pytestmark = pytest.mark.anyio

FROM, UNTIL = datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)
VERA = {"name": " Vera ", "host": "p-1", "valid_from": "2026-11-23T11:00:00+01:00", "valid_until": "2026-11-23T12:00Z"}
ROWS = [
    ("/api/visits", VERA, RegisterVisitor("Vera", "p-1", None, FROM, UNTIL, frozenset())),
    (
        "/api/visits",
        {**VERA, "escort": "p-2", "levels": ["hall"]},
        RegisterVisitor("Vera", "p-1", "p-2", FROM, UNTIL, frozenset({"hall"})),
    ),
    ("/api/visits/g-1/approve", None, ApproveVisit("g-1")),
    ("/api/visits/g-1/sign-in", {"credential": "pool-1-badge"}, SignInVisitor("g-1", "pool-1-badge")),
    ("/api/visits/g-1/sign-out", {"badge_returned": False}, SignOutVisitor("g-1", badge_returned=False)),
]


@pytest.mark.parametrize(("path", "body", "order"), ROWS)
async def test_an_order_of_the_desk_is_passed_on_as_it_came(facade, path, body, order):
    async with browser(facade) as client:
        answer = await client.post(path, json=body, headers=await sign_in(client))
    assert (answer.status_code, answer.json()) == (202, {"ordered": True, "code": None})
    assert facade.tape[-1] == (GUARD, order)


@pytest.mark.parametrize(
    "body", [{}, {**VERA, "name": " "}, {**VERA, "valid_from": "2026-11-23T10:00:00"}, {**VERA, "badge": "x"}]
)
async def test_a_visit_without_a_name_or_a_time_zone_is_refused(facade, body):
    async with browser(facade) as client:
        answer = await client.post("/api/visits", json=body, headers=await sign_in(client))
    assert problem(answer) == (422, "invalid_request")


async def test_the_list_says_who_is_expected_and_how_far_they_are(facade):
    facade.record(VisitorRegistered("g-1", GUARD, "p-1", None, FROM, UNTIL))
    facade.record(HostApproved("g-1", GUARD))
    facade.record(VisitorSignedIn("g-1", GUARD, "pool-1-badge"))
    async with browser(facade) as client:
        await sign_in(client)
        (visit,) = (await client.get("/api/visits")).json()["visits"]
    assert visit["visitor"]["id"] == "g-1"
    assert visit["host"]["id"] == "p-1"
    assert (visit["approved"], visit["signed_in"], visit["overdue"]) == (True, True, False)
    assert (visit["credential"], visit["escort"]) == ("pool-1-badge", None)


async def test_the_list_comes_in_pages_that_hold_while_visits_come_and_go(facade):
    """Whom the cursor names is put off meanwhile, so comes again; who comes anew before it is not gone back for."""
    times = {"g-3": FROM, "g-1": FROM, "g-2": FROM + timedelta(hours=1), "g-4": datetime(1969, 7, 20, tzinfo=UTC)}
    for visitor, start in times.items():
        facade.record(VisitorRegistered(CardholderId(visitor), GUARD, "p-1", None, start, UNTIL))
    async with browser(facade) as client:
        await sign_in(client)
        shown, after = [], None
        while after is not None or not shown:
            asked = {"limit": 1, **({"after": after} if after else {})}
            page = (await client.get("/api/visits", params=asked)).json()
            shown += [one["visitor"]["id"] for one in page["visits"]]
            if shown == ["g-4", "g-1"]:
                facade.record(VisitorRegistered(CardholderId("g-1"), GUARD, "p-1", None, UNTIL, UNTIL))
                facade.record(VisitorRegistered(CardholderId("g-0"), GUARD, "p-1", None, FROM, UNTIL))
            after = page["after"]
        whole = (await client.get("/api/visits", params={"limit": 5})).json()
    assert shown == ["g-4", "g-1", "g-3", "g-2", "g-1"]
    assert (len(whole["visits"]), whole["after"]) == (5, None)


@pytest.mark.parametrize("after", ["", "g-1", "1.", ".g-1", "1e9.g-1", "9" * 19 + ".g-1", "1.g\0" + "x" * 99])
async def test_a_place_in_the_list_that_the_box_never_named_is_refused(facade, after):
    async with browser(facade) as client:
        await sign_in(client)
        assert problem(await client.get("/api/visits", params={"after": after})) == (422, "invalid_request")


async def test_the_desk_knows_which_badges_it_may_hand_out_and_what_a_visitor_may_be_given(facade):
    """One of the pool that came back: not one that is out, and not the returned badge of somebody of the house."""
    pool, staff = CardholderId("pool"), CardholderId("p-1")
    for person, kind in ((pool, CardholderKind.VISITOR), (staff, CardholderKind.STAFF)):
        facade.record(CardholderRecorded(GUARD, Cardholder(person, kind, 0, frozenset()), ""))
    for badge, holder, status in (
        ("v-2", pool, CredentialStatus.RETURNED),
        ("v-1", pool, CredentialStatus.RETURNED),
        ("v-3", pool, CredentialStatus.ACTIVE),
        ("s-1", staff, CredentialStatus.RETURNED),
    ):
        made = Credential(CredentialId(badge), holder, badge, None, Assurance.PKI, status, None, None)
        facade.record(CredentialRecorded(GUARD, made))
    hall, night = (
        AccessLevel(AccessLevelId(level), level.title(), frozenset(), frozenset(), ScheduleId("always"), for_visitors)
        for level, for_visitors in (("hall", True), ("night", False))
    )
    facade.site = replace(facade.site, access_levels={hall.id: hall, night.id: night})
    async with browser(facade) as client:
        await sign_in(client)
        desk = (await client.get("/api/visits")).json()
    assert desk["badges"] == ["v-1", "v-2"]
    assert desk["levels"] == [{"id": "hall", "name": "Hall"}]


async def test_a_host_is_found_by_name_by_whoever_registers_visitors_and_visitors_are_none(facade):
    for person, kind, name in (
        ("p-1", CardholderKind.STAFF, "Alice Example"),
        ("p-2", CardholderKind.VISITOR, "Alina Guest"),
        *((f"c-{n}", CardholderKind.CONTRACTOR, f"Twin {n}") for n in range(MOST_HOSTS + 1)),
    ):
        facade.record(CardholderRecorded(GUARD, Cardholder(CardholderId(person), kind, 0, frozenset()), ""))
        facade.names[CardholderId(person)] = Identity(name)
    async with browser(facade) as client:
        headers = await sign_in(client)
        found = await client.post("/api/visits/hosts", json={"text": " ALI "}, headers=headers)
        many = await client.post("/api/visits/hosts", json={"text": "twin"}, headers=headers)
        short = await client.post("/api/visits/hosts", json={"text": "al"}, headers=headers)
        auditor = await client.post("/api/visits/hosts", json={"text": "alice"}, headers=await sign_in(client, AUDITOR))
    assert found.json() == {"hosts": [{"id": "p-1", "name": "Alice Example"}]}
    assert len(many.json()["hosts"]) == MOST_HOSTS
    assert problem(short) == (422, "invalid_request")
    assert problem(auditor) == (403, "not_your_role")
