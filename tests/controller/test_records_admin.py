"""People's records at the box itself: who asks proves it, says what for, and two do what takes two."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.admin import Admin, AdminError
from controller.cli import Nobody
from controller.core import open_core, start_up
from controller.domain import events as ev
from controller.domain.operators import Role
from controller.domain.stimuli import CardPresented
from controller.ledger.verifier import Intact, verify
from controller.policies import Policies
from controller.replay import difference, requests
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.history import History
from controller.store.projection import Projection

pytestmark = pytest.mark.anyio
CONFIG = Path(__file__).parents[2] / "tests" / "embassy"
PEOPLE = (CONFIG / "people.csv").read_text(encoding="utf-8")
NAME = "Eileen Collins"  # p-001
PASSWORD = "a password of one's own"


@pytest.fixture
async def core(tmp_path):
    core = open_core(tmp_path, CONFIG / "embassy.toml", Nobody())
    start_up(core)
    yield core
    core.close()


@pytest.fixture
async def admin(core):
    admin = Admin(core)
    for name, role in (
        ("dora", Role.DATA_PROTECTION_OFFICER),
        ("sven", Role.SECURITY_OFFICER),
        ("sue", Role.SUPERVISOR),
    ):
        await admin.add_operator(name, role, "t")
        core.keystore.set_password(name, PASSWORD, one_time=False)
    await admin.commands["people_import"]({"csv": PEOPLE, "file": "people.csv", "author": "t"})
    return admin


async def give(admin, who, order, **fields):
    return await admin.commands["record_order"](
        {"operator": who, "password": PASSWORD, "order": order, "fields": fields}
    )


async def read(admin, who, **fields):
    return await admin.commands["people_read"]({"operator": who, "password": PASSWORD, "fields": fields})


def recorded(core, kind):
    return [r.event for r in core.runtime.read(before=None, limit=1000) if isinstance(r.event, kind)]


async def test_an_erased_person_is_gone_from_disk_and_memory_and_the_proofs_still_hold(core, admin, tmp_path):
    sealed = core.vault.sealed().identities["p-001"]
    asked = {"cardholder": "p-001", "reason": f"{NAME} asked for it"}
    assert await give(admin, "dora", "erase", **asked) == {"done": False}
    assert core.vault.identity("p-001").name == NAME
    assert await give(admin, "sven", "erase", **asked) == {"done": True}
    assert core.vault.identity("p-001") is None
    assert "p-001" not in core.runtime.state.people
    with pytest.raises(ValueError, match="erased, or never known"):
        core.keystore.open("p-001", "identity", sealed)
    assert isinstance(verify(stored_entries(reading_engine(tmp_path / "ostiary.db"))), Intact)
    assert NAME.encode() not in b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert await give(admin, "dora", "erase", cardholder="p-002", reason="x") == {"done": False}


async def test_an_erasure_cut_short_is_finished_at_the_next_start(core, admin, tmp_path):
    for who in ("dora", "sven"):
        await give(admin, who, "erase", cardholder="p-001", reason="x")
    core.keystore.make_keys(["p-001"])  # as if the box had died before the key was destroyed
    await core.log.append(())
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("ostiary.db", "ostiary.db-wal", "keys.db", "box.key"):
        if (tmp_path / name).exists():
            (copy / name).write_bytes((tmp_path / name).read_bytes())
    again = open_core(copy, None, Nobody())
    assert "p-001" not in again.keystore.subjects()
    assert "p-002" in again.keystore.subjects()
    again.close()


async def test_replay_agrees_after_an_erasure(core, admin, tmp_path):
    token = core.runtime.state.credentials["p-001-badge"].token
    core.runtime.handle(CardPresented("lobby-in", token, "H10301", 26, "00"))
    for who in ("dora", "sven"):
        await give(admin, who, "erase", cardholder="p-001", reason="x")
    core.runtime.handle(CardPresented("lobby-in", token, "H10301", 26, "00"))
    await core.log.append(())
    history = History(tmp_path / "ostiary.db")
    asked = list(requests(history.records()))
    assert len(asked) == 2
    assert [difference(each, Policies(history).site) for each in asked] == [None, None]


async def test_a_wrong_password_is_a_fact_and_gives_nothing(core, admin):
    given = {"operator": "dora", "password": "wrong", "fields": {"scope": "people", "purpose": "audit"}}
    with pytest.raises(AdminError, match="the password is another"):
        await admin.commands["people_read"](given)
    assert len(recorded(core, ev.OperatorSignInFailed)) == 1
    assert not recorded(core, ev.RecordRead)


async def test_a_one_time_password_reads_nothing(core, admin):
    password = await admin.add_operator("new", Role.AUDITOR, "t")
    given = {"operator": "new", "password": password, "fields": {"scope": "people", "purpose": "audit"}}
    with pytest.raises(AdminError, match="sign in at the console first"):
        await admin.commands["people_read"](given)


async def test_reading_a_person_takes_a_purpose_and_a_case_and_is_recorded_first(core, admin):
    with pytest.raises(AdminError, match="refused: case needed"):
        await read(admin, "sven", scope="person", purpose="investigation", cardholder="p-001")
    fields = {"scope": "person", "purpose": "investigation", "case": "2026/17", "cardholder": "p-001"}
    (person,) = (await read(admin, "sven", **fields))["people"]
    assert (person["id"], person["name"]) == ("p-001", NAME)
    (event,) = recorded(core, ev.RecordRead)
    assert (event.operator, event.purpose, event.case) == ("sven", "investigation", "2026/17")
    with pytest.raises(AdminError, match="purpose"):
        await read(admin, "sven", scope="person", purpose="curiosity", cardholder="p-001")


async def test_a_history_is_what_the_log_says_of_one_person(core, admin):
    await give(admin, "sue", "status", credential="p-001-badge", status="lost", reason="x")
    found = await read(admin, "dora", scope="history", purpose="audit", cardholder="p-001")
    kinds = [record["kind"] for record in found["records"]]
    assert kinds == ["record_read", "credential_status_set", "credential_recorded", "cardholder_recorded"]


async def test_names_are_handed_out_to_two_and_no_cell_is_a_formula(core, admin):
    changed = PEOPLE.replace("Grace Hopper", "=HYPERLINK(1)")
    await admin.commands["people_import"]({"csv": changed, "file": "people.csv", "author": "t"})
    given = {"password": PASSWORD, "fields": {"purpose": "subject_request", "case": "dsr-3"}}
    assert await admin.commands["people_export"]({"operator": "dora", **given}) == {"done": False, "csv": None}
    handed = await admin.commands["people_export"]({"operator": "sven", **given})
    assert NAME in handed["csv"]
    assert "'=HYPERLINK(1)" in handed["csv"]
    (event,) = recorded(core, ev.PeopleExported)
    assert (event.operator, event.second) == ("dora", "sven")


async def test_a_dry_run_says_line_by_line_and_changes_nothing(core, admin):
    seq = core.runtime.seq
    changed = PEOPLE.replace("Grace Hopper,staff,3", "Grace Murray Hopper,staff,2")
    given = {"csv": changed, "file": "people.csv", "author": "t", "dry_run": True}
    report = await admin.commands["people_import"](given)
    lines = dict(line.split(": ", 1) for line in report["lines"])
    assert lines["p-002"] == "another name; another kind, clearance, level or competency"
    assert lines["p-001"] == "known just so"
    assert report["new"] == 1
    assert core.runtime.seq == seq
    assert not any("Grace" in line for line in report["lines"])


async def test_what_is_searched_is_equal_when_made_anew(core, admin, tmp_path):
    projection = Projection(tmp_path)
    for step in range(3):
        await give(admin, "sue", "status", credential=f"p-00{step + 1}-badge", status="lost", reason="x")
        projection.catch_up()
    before = projection.dump()
    assert projection.rebuild() == core.runtime.seq
    assert projection.dump() == before
    assert {("person", "p-001"), ("person", "p-002")} <= {(what, who) for what, who, _ in before}
    assert NAME.encode() not in (tmp_path / "projections.db").read_bytes()


async def test_what_an_operator_types_is_sealed_in_the_log_and_shown_to_who_may_see_it(core, admin, tmp_path):
    await give(admin, "sue", "status", credential="p-001-badge", status="lost", reason="Eileen left it in a taxi")
    (event,) = recorded(core, ev.CredentialStatusSet)
    assert "taxi" not in event.reason
    assert core.vault.text(event.reason) == "Eileen left it in a taxi"
    assert b"taxi" not in b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
