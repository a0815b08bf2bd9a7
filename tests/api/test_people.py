"""People's records over the API: every read is an order with a purpose, and what takes two waits for the second."""

from __future__ import annotations

import pytest

from api.routes.people import MOST_FOUND
from controller.domain.enrolment_orders import IssueBadge, OpenEnrolment, RecordCardholder
from controller.domain.evacuation import CheckIn, EndEvacuation, StartEvacuation, UndoCheckIn
from controller.domain.events import (
    BadgeOffered,
    CardholderRecorded,
    CredentialRecorded,
    EnrolmentOpened,
    EvacuationStarted,
    SafeCounted,
    SecondPersonAsked,
)
from controller.domain.ids import CardholderId
from controller.domain.operators import Refusal
from controller.domain.people import Cardholder, CardholderKind, Credential, CredentialKind, CredentialStatus
from controller.domain.record_orders import (
    AssignAccessLevel,
    EraseCardholder,
    ExportPeople,
    LiftLegalHold,
    PlaceLegalHold,
    ReadRecords,
    SetCredentialStatus,
    WithdrawAccessLevel,
)
from controller.domain.records import Purpose, RecordScope
from controller.domain.site import Assurance
from tests.api.fakes import ALICE, GUARD, NOON, browser, problem, sign_in

pytestmark = pytest.mark.anyio
FOR = {"purpose": "investigation", "case": "2026/17"}
BECAUSE = {"reason": "because"}


def known(facade):
    facade.record(CardholderRecorded("t", Cardholder(ALICE, CardholderKind.STAFF, 2, frozenset({"staff"})), "sealed"))


READS = [
    ("/api/people/search", {**FOR, "text": "ali"}, ReadRecords(RecordScope.PEOPLE, Purpose.INVESTIGATION, "2026/17")),
    ("/api/people/p-1/read", FOR, ReadRecords(RecordScope.PERSON, Purpose.INVESTIGATION, "2026/17", ALICE)),
    ("/api/people/p-1/history", FOR, ReadRecords(RecordScope.HISTORY, Purpose.INVESTIGATION, "2026/17", ALICE)),
    (
        "/api/doors/gate/history",
        FOR,
        ReadRecords(RecordScope.DOOR, Purpose.INVESTIGATION, "2026/17", None, "gate"),
    ),
]
ORDERS = [
    ("/api/people/p-1/erase", BECAUSE, EraseCardholder(ALICE, "because")),
    ("/api/people/p-1/levels/night/assign", BECAUSE, AssignAccessLevel(ALICE, "night", "because")),
    ("/api/people/p-1/levels/night/withdraw", BECAUSE, WithdrawAccessLevel(ALICE, "night", "because")),
    (
        "/api/credentials/b-1/status",
        {**BECAUSE, "status": "lost"},
        SetCredentialStatus("b-1", CredentialStatus.LOST, "because"),
    ),
    ("/api/legal-holds", {**BECAUSE, "hold": "court-7"}, PlaceLegalHold("court-7", None, "because")),
    ("/api/legal-holds/court-7/lift", BECAUSE, LiftLegalHold("court-7", "because")),
    (
        "/api/enrolments",
        {**BECAUSE, "reader": "gate-in", "cardholder": "p-1"},
        OpenEnrolment("gate-in", ALICE, "because"),
    ),
    (
        "/api/enrolments/gate-in/issue",
        {"assurance": "symmetric"},
        IssueBadge("gate-in", Assurance.SYMMETRIC, None, None),
    ),
    ("/api/evacuation", BECAUSE, StartEvacuation("because")),
    ("/api/evacuation/end", BECAUSE, EndEvacuation("because")),
    ("/api/people/p-1/check-in", {"safe_point": "park"}, CheckIn(ALICE, "park")),
    ("/api/people/p-1/check-in/undo", {}, UndoCheckIn(ALICE)),
]


@pytest.mark.parametrize(("path", "body", "order"), READS)
async def test_a_read_is_an_order_before_it_is_answered(facade, path, body, order):
    known(facade)
    async with browser(facade) as client:
        answer = await client.post(path, json=body, headers=await sign_in(client))
    assert answer.status_code == 200, answer.text
    assert (GUARD, order) in facade.tape


@pytest.mark.parametrize(("path", "body", "order"), READS)
async def test_a_refused_read_tells_nothing(facade, path, body, order):
    known(facade)
    facade.refusal = Refusal.CASE_NEEDED
    async with browser(facade) as client:
        answer = await client.post(path, json=body, headers=await sign_in(client))
    assert problem(answer) == (409, "case_needed")
    assert "Alice" not in answer.text


@pytest.mark.parametrize(("path", "body", "order"), ORDERS)
async def test_an_order_about_records_is_passed_on_as_it_came(facade, path, body, order):
    async with browser(facade) as client:
        answer = await client.post(path, json=body, headers=await sign_in(client))
    assert (answer.status_code, answer.json()) == (202, {"ordered": True, "code": None})
    assert facade.tape[-1] == (GUARD, order)


@pytest.mark.parametrize(("path", "body"), [(path, body) for path, body, _ in [*READS, *ORDERS]])
async def test_nobody_reads_or_orders_from_another_page(facade, path, body):
    async with browser(facade) as client:
        await sign_in(client)
        answer = await client.post(path, json=body)
    assert answer.status_code == 403


async def test_people_are_found_by_name_and_by_id(facade):
    known(facade)
    async with browser(facade) as client:
        headers = await sign_in(client)
        found = [
            (await client.post("/api/people/search", json={**FOR, "text": text}, headers=headers)).json()["people"]
            for text in ("alice", "P-1", "bob")
        ]
    assert [len(each) for each in found] == [1, 1, 0]
    nothing_more = {"competencies": [], "extended_time": False, "needs_escort": False, "may_escort": False}
    who = {"id": "p-1", "name": "Alice Example", "kind": "staff", "clearance": 2, "levels": ["staff"]}
    no_face = {"face": False, "face_record": None, "portrait": False, "listed_face": False}
    assert found[0][0] == {**who, **nothing_more, **no_face, "badges": []}


async def test_people_come_in_pages_that_leave_nobody_out_and_show_nobody_twice(facade):
    """Who is added meanwhile, below the cursor, moves nobody; each page is a read on the record."""
    ids = [f"p-{number:03}" for number in range(2 * MOST_FOUND)]
    for one in reversed(ids):
        facade.record(CardholderRecorded("t", Cardholder(CardholderId(one), CardholderKind.STAFF, 0, frozenset()), ""))
    async with browser(facade) as client:
        headers = await sign_in(client)

        async def page(after):
            asked = {**FOR, "text": "p-", "after": after}
            return (await client.post("/api/people/search", json=asked, headers=headers)).json()

        first = await page(None)
        facade.record(
            CardholderRecorded("t", Cardholder(CardholderId("p-000a"), CardholderKind.STAFF, 0, frozenset()), "")
        )
        second = await page(first["after"])
    assert [one["id"] for one in first["people"] + second["people"]] == ids
    assert (first["after"], second["after"]) == (ids[MOST_FOUND - 1], None)
    read = ReadRecords(RecordScope.PEOPLE, Purpose.INVESTIGATION, "2026/17")
    assert facade.tape[-2:] == [(GUARD, read)] * 2


async def test_an_export_holds_everybody_at_once(facade):
    for number in range(MOST_FOUND + 1):
        person = Cardholder(CardholderId(f"p-{number:03}"), CardholderKind.STAFF, 0, frozenset())
        facade.record(CardholderRecorded("t", person, ""))
    async with browser(facade) as client:
        answer = await client.post("/api/people/export", json=FOR, headers=await sign_in(client))
    assert (len(answer.json()["people"]), answer.json()["after"]) == (MOST_FOUND + 1, None)


async def test_a_record_tells_badges_and_no_number(facade):
    known(facade)
    badge = Credential(
        "b-1", ALICE, "token-1", "proof", Assurance.PKI, CredentialStatus.LOST, None, NOON, kind=CredentialKind.CARD
    )
    facade.record(CredentialRecorded("t", badge))
    async with browser(facade) as client:
        answer = await client.post("/api/people/p-1/read", json=FOR, headers=await sign_in(client))
    (shown,) = answer.json()["badges"]
    assert (shown["id"], shown["status"], shown["assurance"], shown["pin"]) == ("b-1", "lost", "pki", True)
    assert "token-1" not in answer.text
    assert "proof" not in answer.text


PERSON = {**BECAUSE, "kind": "staff", "clearance": 2, "may_escort": True}


async def test_somebody_new_gets_a_pseudonym_that_says_nothing(facade):
    async with browser(facade) as client:
        answer = await client.post("/api/people", json={**PERSON, "name": "Nadia"}, headers=await sign_in(client))
    given = facade.tape[-1][-1]
    assert answer.json() == {"id": given.cardholder.id}
    assert given.cardholder.id.startswith("p-")
    assert (given.name, given.cardholder.levels, given.cardholder.may_escort) == ("Nadia", frozenset(), True)


@pytest.mark.parametrize(("name", "orders"), [(None, 1), ("Alice Example", 1), ("Alice Married", 2)])
async def test_another_name_is_an_order_of_its_own_and_waits_for_nobody(facade, name, orders):
    known(facade)
    async with browser(facade) as client:
        headers = await sign_in(client)
        await client.post("/api/people/p-1/change", json={**PERSON, "name": name}, headers=headers)
    given = [entry[-1] for entry in facade.tape if isinstance(entry[-1], RecordCardholder)]
    assert len(given) == orders
    assert given[-1] == RecordCardholder(
        Cardholder(ALICE, CardholderKind.STAFF, 2, frozenset(), may_escort=True), "", "because"
    )


async def test_an_enrolment_is_told_to_whoever_opened_it_alone(facade):
    facade.record(EnrolmentOpened(GUARD, "gate-in", ALICE, 60.0, "because"))
    facade.record(EnrolmentOpened("sue", "vault-in", ALICE, 60.0, "because"))
    facade.record(BadgeOffered("gate-in", ALICE, "H10301"))
    async with browser(facade) as client:
        await sign_in(client)
        answer = await client.get("/api/enrolments")
    shown = {"reader": "gate-in", "cardholder": "p-1", "seconds_left": 60.0, "format": "H10301"}
    assert answer.json() == {"enrolments": [shown]}


async def test_the_muster_of_an_evacuation_tells_who_was_counted(facade):
    known(facade)
    facade.record(EvacuationStarted(GUARD, "smoke"))
    facade.record(SafeCounted(ALICE, None, GUARD, None))
    async with browser(facade) as client:
        await sign_in(client)
        answer = (await client.get("/api/muster")).json()
    assert answer["evacuation"]["operator"] == GUARD
    assert [(one["who"]["id"], one["safe"]["point"]) for one in answer["people"]] == [("p-1", None)]


@pytest.mark.parametrize("body", [{}, {"purpose": "curiosity"}, {**FOR, "case": "x" * 41}])
async def test_a_read_without_a_closed_purpose_is_no_request(facade, body):
    async with browser(facade) as client:
        answer = await client.post("/api/people/p-1/read", json=body, headers=await sign_in(client))
    assert answer.status_code == 422
    assert not [entry for entry in facade.tape if isinstance(entry[-1], ReadRecords)]


async def test_an_export_waits_for_the_second_and_hands_out_nothing_before(facade):
    known(facade)
    async with browser(facade) as client:
        headers = await sign_in(client)
        facade.record(SecondPersonAsked(GUARD, "export_people", "investigation 2026/17", 72.0, ""))
        first = (await client.post("/api/people/export", json=FOR, headers=headers)).json()
        facade.state = facade.state.__class__(people=facade.state.people)
        second = (await client.post("/api/people/export", json=FOR, headers=headers)).json()
    assert first == {"people": [], "after": None, "waits": True}
    assert [each["name"] for each in second["people"]] == ["Alice Example"]
    assert facade.tape[-1] == (GUARD, ExportPeople(Purpose.INVESTIGATION, "2026/17"))
