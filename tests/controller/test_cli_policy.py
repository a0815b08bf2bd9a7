"""Why, decide and replay on real files: exit codes and sentences, beside a stopped box and a running one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.admin import Admin
from controller.cli import app
from controller.core import open_core, start_up
from controller.domain import stimuli as st
from controller.domain.doors import LockStatus, Position
from controller.domain.operators import Role
from controller.rules import decide as rules
from tests.controller.ledger.insider import disarmed

CONFIG = Path(__file__).parents[2] / "tests" / "embassy"
EMBASSY, PEOPLE = CONFIG / "embassy.toml", CONFIG / "people.csv"


class Nothing:
    def post(self, effect):
        pass


PASSWORD = "a password of one's own"
PATIENCE = 60.0
"""Seconds the log may take: whose grants a busy disk takes back is told elsewhere."""


def embassy(core):
    """People, and a few of them at the doors."""
    token = core.keystore.card_token("H10301", "42:10005")  # Ingrid Solheim
    proof = core.keystore.pin_proof("p-005-badge", "3390")
    for door in ("registry-door", "comms-door"):  # each waits for the other to be shut
        yield st.PositionSeen(door, Position.CLOSED)
        yield st.LockSeen(door, LockStatus.LOCKED)
    yield st.CardPresented("main-gate-in", token, "H10301", 26, "00")
    yield st.PositionSeen("main-gate", Position.OPEN)
    yield st.PositionSeen("main-gate", Position.CLOSED)
    yield st.RexSeen("main-gate")  # somebody leaves: it may have been her, and no rule holds her where she was seen
    yield st.PositionSeen("main-gate", Position.OPEN)
    yield st.PositionSeen("main-gate", Position.CLOSED)
    yield st.CardPresented("main-gate-in", None, "none", 26, "c0ffee00")
    yield st.CardPresented("comms-in", token, "H10301", 26, "00")
    yield st.CardPresented("registry-in", token, "H10301", 26, "00")
    yield st.PinEntered("registry-in", "wrong")
    yield st.CardPresented("registry-in", token, "H10301", 26, "00")
    yield st.PinEntered("registry-in", proof)


@pytest.fixture
def data(tmp_path, monkeypatch):
    data = tmp_path / "data"
    monkeypatch.setattr("controller.runtime.runtime.LOG_WAIT_SECONDS", PATIENCE)

    async def fill():
        core = open_core(data, EMBASSY, Nothing())
        try:
            start_up(core)
            text = PEOPLE.read_text(encoding="utf-8")
            await Admin(core).commands["people_import"]({"csv": text, "file": "people.csv", "author": "t"})
            for stimulus in embassy(core):
                await core.runtime.handle(stimulus).durable
            await Admin(core).add_operator("dora", Role.DATA_PROTECTION_OFFICER, "t")
            core.keystore.set_password("dora", PASSWORD, one_time=False)
        finally:
            core.close()

    asyncio.run(fill())
    return data


@pytest.fixture
def named(ostiary, tmp_path):
    """The same, by an operator who may read who people are, for a purpose."""
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    operator = ("--purpose", "audit", "--operator", "dora", "--password-file", str(password))
    return lambda *arguments: ostiary(*arguments, *operator)


@pytest.fixture
def ostiary(data):
    return lambda *arguments: CliRunner().invoke(app, [*arguments, "--data", str(data)])


def numbers(data, kind):
    with contextlib.closing(sqlite3.connect(data / "ostiary.db")) as other:
        return [seq for (seq,) in other.execute("select seq from event where kind = ? order by seq", (kind,))]


def test_why_somebody_was_refused(named, data):
    _, refused, _ = numbers(data, "access_denied")
    said = named("why", str(refused))
    assert said.exit_code == 0
    lines = said.stdout.splitlines()
    why = "no right to this zone; clearance too low; competency missing or expired"
    assert lines[0] == f"Ingrid Solheim was refused at Communications room, in: {why}."
    assert [line.split()[0] for line in lines[3 : 3 + len(rules.CHECKS)]] == [
        name.split()[0] for name, _ in rules.CHECKS
    ]
    right = next(line for line in lines if line.startswith("  right"))
    assert "no access level of p-005 covers comms_room" in right
    assert right.endswith("refused: no right to this zone")
    assert lines[-3].startswith(f"event   {refused}, Access denied, ")
    assert lines[-2].startswith("policy  ")
    assert lines[-2].endswith("(event 2)")
    assert lines[-1] == "person  p-005, Ingrid Solheim"


def test_names_take_a_purpose_and_that_they_were_read_stands_in_the_log(ostiary, named, data):
    gate = str(numbers(data, "access_granted")[0])
    at = ("--at", soon())
    for arguments in (("why", gate), ("where", "--person", "p-005", *at), ("who", "--zone", "registry", *at)):
        plain = ostiary(*arguments)
        assert plain.exit_code == 0, plain.output
        assert "Solheim" not in plain.output
        assert "--purpose" in plain.stderr
        assert numbers(data, "record_read") == []
    assert "Solheim" in named("why", gate).stdout
    assert len(numbers(data, "record_read")) == 1
    assert ostiary("why", gate, "--purpose", "audit").exit_code == 2


def test_why_and_its_checks_are_said_in_the_language_that_is_asked_for(named, data):
    _, refused, _ = numbers(data, "access_denied")
    said = named("why", str(refused), "--language", "fr").stdout.splitlines()
    assert said[0].startswith("Ingrid Solheim n\u2019a pas pu passer à Communications room, in\u00a0: ")
    assert said[2].split() == ["Contrôle", "Faits", "Résultat"]
    assert named("why", str(refused), "--language", "tlh").exit_code == 2


def test_why_in_json_says_the_same(named, data):
    wrong_pin = numbers(data, "access_denied")[2]
    said = json.loads(named("why", str(wrong_pin), "--json").stdout)
    assert said["result"] == "deny"
    assert said["reasons"] == ["wrong_pin"]
    assert [check for check in said["trace"] if check["refused"]] == [
        {"check": "pin", "facts": "the PIN was wrong", "refused": "wrong_pin", "remark": None}
    ]
    assert said["person"] == {"id": "p-005", "name": "Ingrid Solheim"}
    assert said["policy"]["seq"] == 2
    assert len(said["policy"]["digest"]) == 64
    assert said["at"].endswith(("+01:00", "+02:00"))


def test_why_of_a_grant_and_of_a_challenge(named, data):
    gate = numbers(data, "access_granted")[0]
    assert named("why", str(gate)).stdout.startswith("Ingrid Solheim was let through at Main gate, in: ")
    asked = numbers(data, "challenge_issued")[0]
    assert named("why", str(asked)).stdout.startswith("Ingrid Solheim was asked for PIN at Registry, in: ")


def test_why_of_a_card_nobody_knows_names_nobody(ostiary, data):
    unknown = numbers(data, "access_denied")[0]
    said = ostiary("why", str(unknown))
    assert said.stdout.startswith("Somebody was refused at Main gate, in: card nobody knows.")
    assert "person" not in said.stdout
    assert json.loads(ostiary("why", str(unknown), "--json").stdout)["person"] is None


def test_without_the_boxs_keys_people_keep_their_pseudonyms_and_no_key_is_made(ostiary, data):
    (data / "box.key").rename(data / "elsewhere")
    said = ostiary("why", str(numbers(data, "access_granted")[0]))
    assert said.exit_code == 0
    assert said.stdout.startswith("p-005 was let through")
    assert "pseudonyms" in said.stderr
    assert not (data / "box.key").exists()


@pytest.mark.parametrize(
    ("seq", "sentence"),
    [
        ("99999", "there is no event 99999: the log holds "),
        ("1", 'nothing was decided in event 1 ("Controller started"): it was observed or ordered'),
    ],
)
def test_a_number_without_a_decision_is_a_sentence(ostiary, seq, sentence):
    said = ostiary("why", seq)
    assert said.exit_code == 2
    assert said.stderr.startswith(sentence)


def test_what_follows_from_a_decision_names_it(ostiary, data):
    [entry] = numbers(data, "entry_observed")
    [gate, _] = numbers(data, "access_granted")
    said = ostiary("why", str(entry))
    assert said.exit_code == 2
    assert (
        said.stderr
        == f'nothing was decided in event {entry} ("Went in"); it follows from event {gate}: ostiary why {gate}\n'
    )


def test_beside_a_running_box_and_without_a_trace_of_having_asked(ostiary, data):
    async def ask():
        core = open_core(data, EMBASSY, Nothing())
        try:
            seq = numbers(data, "access_granted")[0]
            return ostiary("why", str(seq)), ostiary("replay"), core.runtime.seq
        finally:
            core.close()

    said, replayed, seq = asyncio.run(ask())
    assert (said.exit_code, replayed.exit_code) == (0, 0)
    with contextlib.closing(sqlite3.connect(data / "ostiary.db")) as other:
        assert other.execute("select count(*) from event").fetchone() == (seq,)


def test_a_replay_without_a_difference(ostiary):
    said = ostiary("replay")
    assert (said.exit_code, said.stdout) == (0, "7 decisions, all the same\n")


def test_a_replay_names_the_first_difference(ostiary, data, monkeypatch):
    checks = tuple((name, check) for name, check in rules.CHECKS if name != "pin")
    monkeypatch.setattr(rules, "CHECKS", checks)
    said = ostiary("replay")
    wrong_pin = numbers(data, "access_denied")[2]
    assert said.exit_code == 1
    assert said.stdout == f"first difference: seq {wrong_pin}: recorded deny (wrong_pin), now challenge (pin)\n"


def test_what_if_lists_entries_by_person_door_and_hour(named, tmp_path):
    lax = tmp_path / "lax.toml"
    text = EMBASSY.read_text(encoding="utf-8")
    assert text.count('factors = ["card", "pin"]') == 1
    lax.write_text(text.replace('factors = ["card", "pin"]', 'factors = ["card"]'), encoding="utf-8")
    said = named("replay", "--site", str(lax))
    assert said.exit_code == 0
    head, row, total = said.stdout.splitlines()
    assert head == "Would have been let in, and were not:"
    assert row.startswith("  Ingrid Solheim · Registry · ")
    assert row.endswith(":00 · once")
    assert total == "5 requests decided again: 0 entries refused, 1 newly allowed, 0 asked for more"


def test_what_if_tells_why_and_what_for(ostiary, tmp_path):
    strict = tmp_path / "strict.toml"
    text = EMBASSY.read_text(encoding="utf-8")
    assert text.count('zones = ["registry"]') == 1
    strict.write_text(text.replace('zones = ["registry"]', 'zones = ["comms_room"]'), encoding="utf-8")
    said = ostiary("replay", "--site", str(strict))
    assert "Would have been refused:" in said.stdout
    assert "· once · no right to this zone" in said.stdout


@pytest.mark.parametrize("arguments", [("why", "1"), ("replay",), ("replay", "--site", str(EMBASSY))])
@pytest.mark.parametrize("spoil", ["missing", "no log", "later version"])
def test_a_log_that_cannot_be_read_is_a_sentence(ostiary, data, arguments, spoil):
    log = data / "ostiary.db"
    for beside in data.glob("ostiary.db-*"):
        beside.unlink()
    match spoil:
        case "missing":
            log.unlink()
        case "no log":
            log.write_bytes(b"this is no database" * 1000)
        case "later version":
            with contextlib.closing(disarmed(log)) as other, other:
                other.execute("update event set version = 9")
    said = ostiary(*arguments)
    assert said.exit_code == 2
    assert said.stderr
    assert "Traceback" not in said.output


def test_a_policy_that_is_not_in_order_is_a_sentence(ostiary, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text("id = 7\n")
    said = ostiary("replay", "--site", str(bad))
    assert said.exit_code == 2
    assert "bad.toml:1" in said.stderr


def soon():
    return (datetime.now(UTC) + timedelta(minutes=1)).isoformat()


def test_who_could_have_entered_names_people_readers_and_factors(named, data):
    done = named("who", "--zone", "registry", "--at", soon(), "--json")
    assert done.exit_code == 0, done.output
    (ingrid,) = [one for one in json.loads(done.stdout) if one["person"] == "p-005"]
    assert (ingrid["name"], ingrid["reader"], "pin" in ingrid["factors"]) == ("Ingrid Solheim", "registry-in", True)
    told = named("who", "--zone", "registry", "--at", soon()).output
    assert "Ingrid Solheim: Registry, in, after " in told
    assert "people could have entered Registry by rights" in told


def test_where_somebody_was_or_why_nobody_knows(named, data):
    done = named("where", "--person", "p-005", "--at", soon())
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Ingrid Solheim ")
    (never,) = named("where", "--person", "p-001", "--at", soon()).output.splitlines()
    assert never.endswith("was not seen at any door up to then")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("who", "--zone", "regstry", "--at", "2036-01-01T00:00:00Z"), 'did you mean "registry"'),
        (("who", "--zone", "registry", "--at", "2016-01-01T00:00:00Z"), "no policy was in force"),
        (("who", "--zone", "registry", "--at", "noon"), "is no time"),
        (("where", "--person", "p-9999", "--at", "2036-01-01T00:00:00Z"), "nobody was known as"),
    ],
)
def test_who_and_where_refuse_with_a_sentence(ostiary, arguments, why):
    done = ostiary(*arguments)
    assert (done.exit_code, why in done.output) == (2, True), done.output
