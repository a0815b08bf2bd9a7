"""One decision from files: each field of the state file changes what it should, and a wrong one is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app

CONFIG = Path(__file__).parents[2] / "config"
EMBASSY, PEOPLE = CONFIG / "embassy.toml", CONFIG / "people.csv"
MONDAY = "2026-11-23T10:00:00+01:00"
GATE = {"reader": "main-gate-in", "person": "p-005"}
REGISTRY = {"reader": "registry-in", "person": "p-005"}


def decided(request=GATE, state=None, at=MONDAY, *, plain=False, stdin=None):
    files = ["--site", str(EMBASSY), "--people", str(PEOPLE), "--at", at]
    asked = ["--request", request if isinstance(request, str) else json.dumps(request)]
    given = [] if state is None else ["--state", state]
    return CliRunner().invoke(app, ["decide", *files, *asked, *given, *([] if plain else ["--json"])], input=stdin)


def answer(request=GATE, state=None, at=MONDAY):
    said = decided(request, None if state is None else "-", at, stdin=None if state is None else json.dumps(state))
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout)
    return found["result"], found["reasons"], found["factors"]


GRANT = ("grant", [], [])


def deny(*reasons):
    return "deny", [*reasons], []


@pytest.mark.parametrize(
    ("request_", "state", "expected"),
    [
        (GATE, None, GRANT),
        (GATE, {}, GRANT),
        (GATE, {"lockdown": True}, deny("lockdown")),
        (GATE, {"lockdown": False}, GRANT),
        (GATE, {"blocked": ["main-gate"]}, deny("door_blocked")),
        (GATE, {"blocked": ["vehicle-gate"]}, GRANT),
        (GATE, {"log_late": True}, deny("log_cannot_be_written")),
        (GATE, {"open": ["main-gate"], "locations": {"p-005": "outside"}}, GRANT),
        (GATE, {"grants": {"p-005": "lobby-door"}}, deny("grant_pending")),
        (GATE, {"grants": {"p-006": "lobby-door"}}, GRANT),
        (REGISTRY, {"clock_trusted": True}, ("challenge", [], ["pin"])),
        (REGISTRY, {"clock_trusted": False}, deny("clock_not_trusted")),
        (REGISTRY, {"wrong_pins": {"p-005": 2}}, ("challenge", [], ["pin"])),
        (REGISTRY, {"wrong_pins": {"p-005": 3}}, deny("too_many_pin_tries")),
        (REGISTRY, {"threat_level": 3}, deny("clearance_too_low")),
        ({**REGISTRY, "pin_right": True}, {}, GRANT),
        ({**REGISTRY, "pin_right": False}, {}, deny("wrong_pin")),
        ({**REGISTRY, "presented": ["card", "pin"]}, {}, GRANT),
        ({**GATE, "presented": []}, {}, ("challenge", [], ["card"])),
        ({**GATE, "late": True}, {}, deny("factor_not_presented")),
        ({**GATE, "face": "mismatch"}, {}, deny("face_does_not_match")),
        ({**GATE, "person": None}, {}, deny("unknown_credential")),
        ({**GATE, "reader": "nowhere"}, {}, deny("unknown_reader")),
    ],
)
def test_what_is_decided(request_, state, expected):
    assert answer(request_, state) == expected


def test_the_moment_counts():
    saturday = "2026-11-28T10:00:00+01:00"
    local = {"reader": "consular-in", "person": _local_staff()}
    assert answer(local)[0] == "grant"
    assert answer(local, at=saturday) == deny("schedule_outside")


def _local_staff():
    rows = PEOPLE.read_text(encoding="utf-8").splitlines()
    return next(row.split(",")[0] for row in rows if ",local-staff," in row and ",active,,," in row)


def test_it_is_said_in_a_sentence_with_every_check():
    said = decided(plain=True)
    assert said.stdout.startswith("Ingrid Solheim was let through at Main gate, in: nothing spoke against it.\n")
    assert "\n  lockdown " in said.stdout
    assert decided({**GATE, "person": None}, plain=True).stdout.startswith("Somebody was refused at Main gate, in: ")


def test_state_and_request_come_from_files(tmp_path):
    state, request = tmp_path / "state.json", tmp_path / "request.json"
    state.write_text('{"lockdown": true}')
    request.write_text(json.dumps(GATE))
    said = decided(f"@{request}", str(state))
    assert json.loads(said.stdout)["reasons"] == ["lockdown"]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ([], "state: is no object"),
        ({"threat": 1}, 'state: unknown field "threat"; did you mean "threat_level"?'),
        ({"threat_level": 9}, "state.threat_level: "),
        ({"threat_level": "high"}, "state.threat_level: "),
        ({"threat_level": True}, "state.threat_level: "),
        ({"lockdown": 1}, 'state.lockdown: "1" is no answer; write true or false'),
        ({"blocked": "main-gate"}, "state.blocked: is no list"),
        ({"blocked": ["main-gat"]}, 'state.blocked[0]: "main-gat" is not known; did you mean "main-gate"'),
        ({"open": [7]}, "state.open[0]: "),
        ({"locations": {"p-005": "attic"}}, 'state.locations.p-005: "attic" is not known'),
        ({"locations": {"nobody": "lobby"}}, 'state.locations: "nobody" is not known'),
        ({"locations": []}, "state.locations: is no object"),
        ({"grants": {"p-005": "lobby"}}, "state.grants.p-005: "),
        ({"wrong_pins": {"p-005": -1}}, "state.wrong_pins.p-005: "),
        ({"clock_trusted": "no"}, "state.clock_trusted: "),
        ({"log_late": None}, "state.log_late: "),
    ],
)
def test_a_wrong_field_of_the_state_is_named(state, sentence):
    said = decided(state="-", stdin=json.dumps(state))
    assert said.exit_code == 2
    assert said.stderr.startswith(sentence)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ("{", "request: is no JSON: "),
        ({"reader": "main-gate-in"}, 'request: "person" is missing; '),
        ({"person": "p-005"}, 'request: "reader" is missing; '),
        ({**GATE, "reader": 5}, "request.reader: "),
        ({**GATE, "person": "p-999"}, 'request.person: "p-999" is not known'),
        ({**GATE, "pin": "1234"}, 'request: unknown field "pin"'),
        ({**GATE, "pin_right": "yes"}, "request.pin_right: "),
        ({**GATE, "face": "nice"}, "request.face: "),
        ({**GATE, "presented": ["smile"]}, "request.presented[0]: "),
        ({**GATE, "late": 0}, "request.late: "),
    ],
)
def test_a_wrong_field_of_the_request_is_named(request_, sentence):
    said = decided(request_)
    assert said.exit_code == 2
    assert said.stderr.startswith(sentence)


@pytest.mark.parametrize("at", ["yesterday", "2026-11-23T10:00:00"])
def test_a_moment_without_a_zone_is_none(at):
    said = decided(at=at)
    assert (said.exit_code, said.stderr.startswith("--at: ")) == (2, True)


def test_files_that_cannot_be_used_are_sentences(tmp_path):
    latin = tmp_path / "latin.json"
    latin.write_bytes('{"é": 1}'.encode("latin-1"))
    for given in (str(latin), str(tmp_path / "none.json")):
        said = decided(state=given)
        assert said.exit_code == 2
        assert Path(given).name in said.stderr
        assert "Traceback" not in said.output


def test_the_example_of_the_page_is_tried():
    page = (CONFIG.parent / "docs" / "policy.md").read_text(encoding="utf-8")
    state = page.split("```json\n")[1].split("```")[0]
    said = decided(REGISTRY, "-", plain=True, stdin=state)
    assert said.stdout.splitlines()[0] in page
    shown = [line for line in page.splitlines() if line.startswith(("  clearance  ", "  block  ", "  threat level  "))]
    assert len(shown) == 3
    assert set(shown) <= set(said.stdout.splitlines())
