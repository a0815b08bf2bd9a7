"""Reports, proofs, policies and devices over the API: who may, what is recorded first, and what is handed out."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from immutables import Map

from api.tables import Table, inert, to_csv, to_pdf
from controller.domain.alarms import Alarm, AlarmKind, Priority, Source
from controller.domain.ids import AlarmId, DeviceId, OperatorId
from controller.domain.maintenance_orders import ReplaceReader
from controller.domain.operators import Operator, Refusal, Role
from controller.domain.record_orders import ReadRecords
from controller.domain.records import Purpose, RecordScope
from controller.domain.state import replace as replace_state
from controller.runtime.studies import (
    Busy,
    Certificate,
    NotActivated,
    NotReplaced,
    Offices,
    PolicyVersion,
    Replaced,
    Study,
    StudyKind,
)
from tests.api.fakes import ALICE, AUDITOR, GUARD, NOON, PASSWORD, SECOND, browser, problem, sign_in

pytestmark = pytest.mark.anyio

FOR = {"purpose": "audit", "case": ""}
ROWS = {
    "rows": [{"person": ALICE, "credential": "c-1", "last": "", "days": None}, {"person": "p-9", "credential": "=1+1"}],
    "more": False,
}
DPO = OperatorId("dan")


class Shelf:
    """Studies that are over at once, and a tape of what was asked."""

    def __init__(self) -> None:
        self.found: dict[str, object] | None = ROWS
        self.problem: str | None = None
        self.tape: list[tuple[object, ...]] = []
        self.known: dict[str, Study] = {}
        self.busy = False

    def begin(self, operator, kind, given):
        if self.busy:
            raise Busy
        self.tape.append((operator, kind, dict(given)))
        study = Study(f"s{len(self.tape)}", kind, operator, NOON, 1.0, self.found, self.problem)
        self.known[study.id] = study
        return study

    def find(self, study):
        return self.known.get(study)

    async def over(self, study):
        return self.known.get(study)

    def cancel(self, study):
        self.known.pop(study, None)


class Versions:
    def __init__(self) -> None:
        self.tape: list[tuple[object, ...]] = []
        self.refused: str | None = None

    async def versions(self):
        return [PolicyVersion("d1", 7, NOON, SECOND, AUDITOR), PolicyVersion("d0", 1, NOON, None, None)]

    async def text(self, digest):
        return "[site]" if digest == "d1" else None

    async def activate(self, first, second, toml, in_force):
        if self.refused:
            raise NotActivated(self.refused)
        self.tape.append((first, second, toml, in_force))
        return 8


class Given:
    async def given(self):
        old, new = NOON - timedelta(days=1), NOON + timedelta(days=20)
        return [Certificate("lock-gate", "0a", old, "expired"), Certificate("lock-gate", "0b", new, "counts")]


@pytest.fixture
def shelf(facade):
    shelf = Shelf()
    facade.offices = Offices(shelf, Versions(), Given())
    facade.operators[DPO] = Operator(DPO, Role.DATA_PROTECTION_OFFICER)
    facade.passwords[DPO] = PASSWORD
    return shelf


async def test_a_report_stands_in_the_log_with_its_purpose_before_it_begins(facade, shelf):
    async with browser(facade) as client:
        headers = await sign_in(client, AUDITOR)
        answer = await client.post("/api/reports", json={**FOR, "report": "unused"}, headers=headers)
    order = ReadRecords(RecordScope.REPORT, Purpose.AUDIT, report="unused")
    assert facade.tape[-1] == (AUDITOR, order)
    assert shelf.tape[0][1:2] == (StudyKind.UNUSED,)
    assert shelf.known == {}, "a report is read once"
    body = answer.json()
    assert body["columns"][:3] == ["person", "name", "credential"]
    assert body["rows"][0] == [ALICE, "Alice Example", "c-1", "", ""]


async def test_a_report_that_is_refused_is_never_begun(facade, shelf):
    facade.refusal = Refusal.CASE_NEEDED
    async with browser(facade) as client:
        headers = await sign_in(client, AUDITOR)
        answer = await client.post("/api/reports", json={**FOR, "report": "acts"}, headers=headers)
    assert problem(answer) == (409, "case_needed")
    assert shelf.tape == []


@pytest.mark.parametrize("times", [{"since": "2026-11-21T12:00:00"}, {"since": "2027-01-01T00:00:00Z"}])
async def test_times_without_a_zone_or_that_run_back_are_refused(facade, shelf, times):
    async with browser(facade) as client:
        headers = await sign_in(client, AUDITOR)
        answer = await client.post("/api/reports", json={**FOR, "report": "acts", **times}, headers=headers)
    assert problem(answer)[0] == 422


async def test_what_a_study_could_not_find_is_its_own_sentence_and_too_many_are_turned_away(facade, shelf):
    async with browser(facade) as client:
        headers = await sign_in(client, AUDITOR)
        shelf.found, shelf.problem = None, "the log begins later"
        answer = await client.post("/api/reports", json={**FOR, "report": "access"}, headers=headers)
        assert problem(answer) == (409, "no_report")
        shelf.busy = True
        answer = await client.post("/api/reports", json={**FOR, "report": "access"}, headers=headers)
        assert problem(answer) == (429, "busy")


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"\xef\xbb\xbf"), ("pdf", b"%PDF-")])
async def test_a_report_as_a_file_is_for_nobodys_cache(facade, shelf, kind, begins):
    async with browser(facade) as client:
        headers = await sign_in(client, AUDITOR)
        asked = {**FOR, "report": "unused", "format": kind}
        answer = await client.post("/api/reports", json=asked, headers=headers)
    assert answer.content.startswith(begins)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="unused-')


def table(*cells):
    return Table("Report", "for the test", ["one"], [[cell] for cell in cells], NOON)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(cell):
    rows = list(csv.reader(io.StringIO(to_csv(table(cell)).decode("utf-8-sig"), newline="")))
    assert rows == [["one"], [f"'{cell}"]]
    assert inert("plain = text") == "plain = text"


def test_arabic_letters_are_joined_on_paper():
    joined, apart = to_pdf(table("محمد")), to_pdf(table("م ح م د"))
    assert joined.startswith(b"%PDF-")
    assert joined != apart
    assert to_pdf(table(*["row"] * 2_001)).count(b"/Type /Page\n") > 1


async def test_proofs_are_for_those_who_check_the_log(facade, shelf):
    shelf.found = {"entry": "", "index": 0, "size": 1, "path": [], "note": "n", "key": "k", "public": "p"}
    async with browser(facade) as client:
        await sign_in(client, GUARD)
        assert problem(await client.get("/api/audit/entries/1/proof")) == (403, "not_your_role")
        assert problem(await client.get("/api/audit/checkpoint")) == (403, "not_your_role")
        assert problem(await client.get("/api/audit/roots/1")) == (403, "not_your_role")
        await sign_in(client, AUDITOR)
        assert problem(await client.get("/api/audit/entries/1/proof")) == (404, "unknown_event")
    assert shelf.tape == []


async def test_the_policy_is_not_for_a_guard_and_its_studies_are_their_own(facade, shelf):
    shelf.found = {"digest": "d2", "errors": [], "changes": ["x"]}
    async with browser(facade) as client:
        headers = await sign_in(client, GUARD)
        asked = {"kind": "compare", "toml": "[site]"}
        assert problem(await client.get("/api/policy")) == (403, "not_your_role")
        assert problem(await client.get("/api/policy/d1")) == (403, "not_your_role")
        assert problem(await client.post("/api/policy/studies", json=asked, headers=headers)) == (403, "not_your_role")
        headers = await sign_in(client, SECOND)
        begun = (await client.post("/api/policy/studies", json=asked, headers=headers)).json()
        assert begun["compared"]["changes"] == ["x"]
        assert shelf.tape == [(SECOND, StudyKind.COMPARE, {"toml": "[site]", "against": "d1"})]
        assert (await client.get("/api/policy")).json()["versions"][0]["second"] == AUDITOR
        assert (await client.get("/api/policy/d1")).json()["toml"] == "[site]"
        assert problem(await client.get("/api/policy/d9")) == (404, "unknown_policy")
        headers = await sign_in(client, AUDITOR)
        assert problem(await client.get(f"/api/studies/{begun['id']}")) == (404, "unknown_study")
        headers = await sign_in(client, SECOND)
        assert (await client.delete(f"/api/studies/{begun['id']}", headers=headers)).status_code == 204
        assert problem(await client.get(f"/api/studies/{begun['id']}")) == (404, "unknown_study")


async def test_a_report_cannot_be_read_as_a_study_of_a_policy(facade, shelf):
    shelf.known["s0"] = replace(Study("s0", StudyKind.ACTS, AUDITOR, NOON), found=ROWS)
    async with browser(facade) as client:
        await sign_in(client, AUDITOR)
        body = (await client.get("/api/studies/s0")).json()
    assert (body["compared"], body["proven"], body["trial"]) == (None, None, None)


async def test_a_policy_is_brought_into_force_by_two_who_prove_who_they_are(facade, shelf):
    facade.operators[GUARD] = Operator(GUARD, Role.SECURITY_OFFICER)
    office = facade.offices.policies
    asked = {"toml": "[site]", "in_force": "d1", "second": {"operator": SECOND, "password": PASSWORD, "code": None}}
    async with browser(facade) as client:
        headers = await sign_in(client, GUARD)
        wrong = {**asked, "second": {**asked["second"], "password": "not it at all"}}
        assert problem(await client.post("/api/policy/activate", json=wrong, headers=headers))[0] == 401
        assert office.tape == []
        answer = await client.post("/api/policy/activate", json=asked, headers=headers)
        assert answer.json() == {"seq": 8}
        assert office.tape == [(GUARD, SECOND, "[site]", "d1")]
        office.refused = "refused: fire"
        assert problem(await client.post("/api/policy/activate", json=asked, headers=headers)) == (409, "not_activated")
        facade.clock += 301
        assert problem(await client.post("/api/policy/activate", json=asked, headers=headers))[1] in (
            "step_up_needed",
            "console_locked",
        )


async def test_devices_say_what_they_serve_and_whose_certificate_ends(facade, shelf):
    async with browser(facade) as client:
        await sign_in(client, GUARD)
        assert problem(await client.get("/api/devices")) == (403, "not_your_role")
        await sign_in(client, SECOND)
        body = (await client.get("/api/devices")).json()
    lock = next(one for one in body["devices"] if one["id"] == "lock-gate")
    assert (lock["serves"], lock["online"], lock["certificate"]) == (["The gate"], True, "counts")
    assert body["expiring"] == ["lock-gate"]
    assert body["broker"] == {
        "up": True,
        "seconds": 90.0,
        "losses": 1,
        "why": "Connection lost",
        "devices": 3,
        "ready": 2,
    }


async def test_a_device_tells_its_errors_as_its_alarms_do_to_whom_they_are_shown(facade, shelf):
    lock = Source(device=DeviceId("lock-gate"))
    faulty = Alarm(AlarmId("a1"), AlarmKind.FAULT, Priority.MEDIUM, lock, "a cut wire", NOON, True, maintenance=True)
    hushed = Alarm(AlarmId("a2"), AlarmKind.DURESS, Priority.HIGH, lock, "hush", NOON, False, silent=True)
    alarms = Map({alarm.id: alarm for alarm in (faulty, hushed)})
    facade.state = replace_state(facade.state, alarms=alarms)
    facade.operators[GUARD] = Operator(GUARD, Role.TECHNICIAN)
    async with browser(facade) as client:
        await sign_in(client, GUARD)
        told = {one["id"]: one["errors"] for one in (await client.get("/api/devices")).json()["devices"]}
        await sign_in(client, SECOND)
        seen = {one["id"]: one["errors"] for one in (await client.get("/api/devices")).json()["devices"]}
    cut = {"alarm": "a1", "kind": "fault", "detail": "a cut wire", "persists": True, "maintenance": True}
    assert told.pop("lock-gate") == [{**cut, "since": NOON.isoformat().replace("+00:00", "Z")}]
    assert not any(told.values())
    assert {error["alarm"] for error in seen["lock-gate"]} == {"a1", "a2"}


class Wizard:
    """Takes over any reader but one that answers nothing."""

    def __init__(self):
        self.tape = []

    async def replace(self, operator, device):
        self.tape.append((operator, device))
        if device == "head-vault":
            raise NotReplaced("nothing answers at address 1")
        return Replaced(device, "0000c0de", True, (2, 3), ("it answers",))


async def test_another_reader_is_ordered_first_and_then_given_a_key(facade, shelf):
    wizard = Wizard()
    facade.offices = replace(facade.offices, readers=wizard)
    async with browser(facade) as client:
        headers = await sign_in(client, SECOND)
        done = await client.post("/api/devices/head-gate/replace", json={"reason": "broken"}, headers=headers)
        assert done.json() == {
            "device": "head-gate",
            "serial": "0000c0de",
            "exposed": True,
            "neighbours": [2, 3],
            "said": ["it answers"],
        }
        assert facade.tape[-1] == (SECOND, ReplaceReader(DeviceId("head-gate"), "broken"))
        silent = await client.post("/api/devices/head-vault/replace", json={"reason": "broken"}, headers=headers)
        assert problem(silent) == (409, "not_replaced")
        facade.refusal = Refusal.NOT_YOUR_ROLE
        assert problem(await client.post("/api/devices/head-gate/replace", json={"reason": "x"}, headers=headers)) == (
            403,
            "not_your_role",
        )
    assert wizard.tape == [(SECOND, "head-gate"), (SECOND, "head-vault")]


async def test_a_building_without_a_log_says_so(facade):
    async with browser(facade) as client:
        headers = await sign_in(client, SECOND)
        answer = await client.post("/api/reports", json={**FOR, "report": "acts"}, headers=headers)
        assert problem(answer) == (404, "no_office")
        assert problem(await client.get("/api/policy")) == (404, "no_office")
        assert (await client.get("/api/devices")).status_code == 200
