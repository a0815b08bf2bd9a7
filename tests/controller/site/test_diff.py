"""Two policies in meaning: each change is one sentence, none is passed over, and another spelling is no change."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import permutations
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app
from controller.domain.people import CardholderKind
from controller.domain.site import FaceEngine, Factor, FactorsOutside, Site
from controller.site.diff import SECTIONS, compare, people_affected
from controller.site.loader import load_site, parse_site
from controller.site.people import load_people

CONFIG = Path(__file__).parents[3] / "tests" / "embassy"
TEXT = (CONFIG / "embassy.toml").read_text(encoding="utf-8")
EMBASSY = load_site(CONFIG / "embassy.toml")
CLEARANCE, FACTORS = EMBASSY.threat_levels[0].minimum_clearance, EMBASSY.threat_levels[0].added_factors
PEOPLE = load_people(CONFIG / "people.csv", EMBASSY)


def edited(old, new):
    assert TEXT.count(old) == 1, TEXT.count(old)
    return parse_site(TEXT.replace(old, new).encode(), "edited")


def said(site):
    return compare(EMBASSY, site)


def test_comments_and_spaces_are_no_difference():
    again = parse_site((TEXT + "\n\n# another comment\n").encode(), "again")
    assert again.digest != EMBASSY.digest
    assert said(again) == []


def with_row(section, key, **changes):
    rows = getattr(EMBASSY, section)
    return replace(EMBASSY, **{section: {**rows, key: replace(rows[key], **changes)}})


@pytest.mark.parametrize(
    ("site", "sentences"),
    [
        (
            with_row("access_levels", "staff", zones=EMBASSY.access_levels["staff"].zones - {"parking"} | {"registry"}),
            ["access level staff: now also registry; no longer parking"],
        ),
        (
            with_row("readers", "main-gate-in", factors=frozenset({Factor.CARD, Factor.PIN})),
            ["reader main-gate-in: now asks for a PIN, a badge"],
        ),
        (
            with_row("threat_levels", 1, allowed_kinds=frozenset({CardholderKind.STAFF})),
            ["threat level 1: now lets in only staff (was anybody with the right)"],
        ),
        (
            with_row("zones", "lobby", factors_outside=FactorsOutside("office", frozenset({Factor.PIN}))),
            ["zone lobby: factors outside now a PIN outside office (was none)"],
        ),
        (
            replace(EMBASSY, random_search_percent=5.0),
            ["site: random search percent now 5 (was 0)"],
        ),
        (
            replace(EMBASSY, face_engine=FaceEngine.FUSION),
            [
                "site: faces are compared by fusion (was dlib); whoever was enrolled for dlib only is enrolled anew",
            ],
        ),
        (
            with_row("zones", "registry", factors=frozenset({Factor.CARD})),
            ["zone registry: no longer asks for a PIN"],
        ),
        (
            with_row("doors", "main-gate", unlock_seconds=9.5, position=(1.0, 1.0)),
            [
                "door main-gate: unlock seconds now 9.5 (was 5)",
                "door main-gate: stands elsewhere on the plan",
            ],
        ),
        (
            with_row(
                "threat_levels", 0, locked_doors=frozenset({"main-gate"}), minimum_clearance={**CLEARANCE, "lobby": 2}
            ),
            [
                "threat level 0: now locks main-gate",
                "threat level 0, lobby: minimum clearance now 2 (was none)",
            ],
        ),
        (
            with_row("threat_levels", 0, added_factors={**FACTORS, "lobby": frozenset({Factor.PIN})}),
            ["threat level 0, lobby: now asks for a PIN"],
        ),
        (
            with_row("access_levels", "local-staff", schedule="always"),
            ["access level local-staff: schedule now always (was office)"],
        ),
    ],
)
def test_what_is_said(site, sentences):
    assert said(site) == sentences


def test_a_schedule_is_told_by_its_periods():
    later = edited('"fri"], start = "07:00", end = "19:30" }', '"fri"], start = "08:00", end = "19:30" }')
    office = "Mon, Tue, Wed, Thu, Fri"
    assert said(later) == [f"schedule office: periods now {office} 08:00-19:30 (was {office} 07:00-19:30)"]


def test_rows_come_and_go():
    fewer = {key: reader for key, reader in EMBASSY.readers.items() if key != "main-gate-out"}
    less = replace(EMBASSY, readers=fewer)
    assert compare(EMBASSY, less) == ["reader main-gate-out: gone (Main gate, out)"]
    assert compare(less, EMBASSY) == ["reader main-gate-out: new (Main gate, out)"]
    assert compare(EMBASSY, replace(EMBASSY, name="Elsewhere")) == [f"site: name now Elsewhere (was {EMBASSY.name})"]


def changes():
    """Every field of every row, set to what it is in another row of its kind."""
    for section in SECTIONS:
        rows = getattr(EMBASSY, section)
        for (key, row), (_, other) in list(permutations(rows.items(), 2))[:60]:
            for field in fields(row):
                if getattr(row, field.name) != getattr(other, field.name):
                    yield section, key, field.name, getattr(other, field.name)


def test_no_change_of_any_field_is_passed_over():
    tried = 0
    for section, key, name, value in changes():
        site = with_row(section, key, **{name: value})
        found = compare(EMBASSY, site)
        assert found, (section, key, name)
        assert all(sentence.startswith(f"{SECTIONS[section]} {key}") for sentence in found), found
        tried += 1
    assert tried > 500


def test_every_map_of_a_site_has_its_word():
    maps = {field.name for field in fields(Site) if isinstance(getattr(EMBASSY, field.name), dict)}
    assert set(SECTIONS) <= maps


def test_how_many_people_more_by_day():
    wider = with_row("access_levels", "registry", zones=frozenset({"registry", "server_room"}))
    registry = {row.id for row in PEOPLE if "registry" in row.levels and row.status == "active"}
    it = {row.id for row in PEOPLE if "it" in row.levels and row.status == "active"}
    more = len(registry - it)
    assert more > 1
    assert people_affected(EMBASSY, wider, PEOPLE) == [f"{more} more people may enter Server room on any day"]
    assert people_affected(wider, EMBASSY, PEOPLE) == [f"{more} fewer people may enter Server room on any day"]
    assert people_affected(EMBASSY, EMBASSY, PEOPLE) == []


def test_days_are_told_where_a_schedule_differs_by_day():
    sundays = edited('"fri"], start = "07:00", end = "19:30" }', '"fri", "sun"], start = "07:00", end = "19:30" }')
    found = people_affected(EMBASSY, sundays, PEOPLE)
    assert found
    assert all(sentence.endswith(" on Sundays") for sentence in found)
    assert not any("Outside" in sentence for sentence in found), "going outside takes no right"
    night = edited('"fri"], start = "07:00", end = "19:30" }', '"fri"], start = "07:00", end = "06:00" }')
    assert any(sentence.endswith(" on Saturdays") for sentence in people_affected(EMBASSY, night, PEOPLE))


def test_doors_and_lost_badges_count():
    by_door = with_row("access_levels", "registry", zones=frozenset(), doors=frozenset({"registry-door"}))
    assert people_affected(EMBASSY, by_door, PEOPLE) == []
    lost = [replace(row, status="lost") for row in PEOPLE]
    assert people_affected(EMBASSY, with_row("access_levels", "registry", zones=frozenset()), lost) == []


def test_on_the_command_line(tmp_path):
    old, new = CONFIG / "embassy.toml", tmp_path / "new.toml"
    new.write_text(TEXT.replace('zones = ["registry"]', 'zones = ["registry", "server_room"]'), encoding="utf-8")
    changed = CliRunner().invoke(app, ["site", "diff", str(old), str(new), "--people", str(CONFIG / "people.csv")])
    first, second = changed.stdout.splitlines()
    assert first == "access level registry: now also server_room"
    assert second.endswith(" more people may enter Server room on any day")
    same = CliRunner().invoke(app, ["site", "diff", str(old), str(old)])
    assert (same.exit_code, same.stdout) == (0, "the same policy\n")
    new.write_text("id = 7\n")
    refused = CliRunner().invoke(app, ["site", "diff", str(old), str(new)])
    assert (refused.exit_code, "new.toml:1" in refused.stderr) == (2, True)
