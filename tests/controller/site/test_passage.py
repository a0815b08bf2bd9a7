"""Rules on who may pass when: a row for each one that could not be kept, with its place and its mend."""

from __future__ import annotations

import pytest

from controller.domain.site import AntiPassback
from controller.site.loader import parse_site

# What is wrong: (text of the embassy's file, what it becomes, the key, the problem, the mend)
ROWS: dict[str, tuple[str, str, str, str, str]] = {
    "hard anti-passback without a reader out": (
        'level = "limited"\nanti_passback = "soft"',
        'level = "limited"\nanti_passback = "hard"',
        "zone.chancery.anti_passback",
        'hard anti-passback counts who is in, and nobody can badge out at "fire-exit"',
        'add a reader at "fire-exit" that leaves "chancery", or drop this rule',
    ),
    "a limit without a reader out": (
        'level = "limited"\nanti_passback = "soft"',
        'level = "limited"\nanti_passback = "soft"\noccupancy_limit = 40',
        "zone.chancery.occupancy_limit",
        'an occupancy limit counts who is in, and nobody can badge out at "fire-exit"',
        'add a reader at "fire-exit" that leaves "chancery", or drop this rule',
    ),
    "two people without a reader out": (
        'level = "limited"\nanti_passback = "soft"',
        'level = "limited"\nanti_passback = "soft"\ntwo_person = true',
        "zone.chancery.two_person",
        'the two-person rule counts who is in, and nobody can badge out at "fire-exit"',
        'add a reader at "fire-exit" that leaves "chancery", or drop this rule',
    ),
    "two people in a zone for one": (
        "occupancy_limit = 4",
        "occupancy_limit = 1\ntwo_person = true",
        "zone.registry.occupancy_limit",
        "nobody could ever enter: it holds one person, and two must come together",
        "write 2 or more, or drop one of the two rules",
    ),
    "a time for two where one may go alone": (
        "occupancy_limit = 4",
        "occupancy_limit = 4\ntwo_person_seconds = 20",
        "zone.registry.two_person_seconds",
        "only a zone with `two_person = true` has such a time",
        'remove "two_person_seconds"',
    ),
    "anybody as the first": (
        "occupancy_limit = 4",
        "occupancy_limit = 4\nfirst_person = {}",
        "zone.registry.first_person.access_levels",
        "anybody would do as the first",
        "name access levels, or a clearance above 0",
    ),
    "an escort for everybody": (
        'factors = ["card", "face"]',
        'factors = ["card", "face", "escort"]',
        "zone.server_room.factors",
        "asks everybody for an escort, the escort included",
        'drop "escort" here and write `escort = {}` in the zone',
    ),
    "a zone for nobody": (
        "occupancy_limit = 4",
        "occupancy_limit = 0",
        "zone.registry.occupancy_limit",
        "0 people is out of range",
        "write 1 to 100000 people",
    ),
    "a leaf that nobody sees": (
        'bolt = { device = "lock-comms-door" }\n',
        "",
        "interlock.classified.doors",
        '"comms-door" has no bolt: nobody sees whether this leaf is shut',
        "wire its bolt, or leave it out",
    ),
    "a leaf without a contact": (
        'contact = { device = "lock-comms-door" }\n',
        "",
        "interlock.classified.doors",
        '"comms-door" has no contact',
        "wire its contact, or leave it out",
    ),
    "a leaf alone": (
        'doors = ["registry-door", "comms-door"]',
        'doors = ["registry-door"]',
        "interlock.classified.doors",
        "has 1 elements",
        "list at least 2",
    ),
    "a leaf that is none": (
        'doors = ["registry-door", "comms-door"]',
        'doors = ["registry-door", "coms-door"]',
        "interlock.classified.doors[1]",
        'no door has the id "coms-door"',
        'did you mean "comms-door"',
    ),
    "a competency that is none": (
        'competencies = ["crypto-custodian"]',
        'competencies = ["crypto-custodien"]',
        "zone.comms_room.competencies[0]",
        'no competency has the id "crypto-custodien"',
        'did you mean "crypto-custodian"',
    ),
    "a competency without a name": (
        'id = "crypto-custodian"\nname = "Custodian of cryptographic material"',
        'id = "crypto-custodian"',
        "competency.crypto-custodian.name",
        'missing key "name"',
        'add `name = "First aid"`',
    ),
    "a word that is none": (
        'level = "limited"\nanti_passback = "soft"',
        'level = "limited"\nanti_passback = "strict"',
        "zone.chancery.anti_passback",
        'unknown word "strict"',
        'choose one of "hard", "off", "soft", "timed"',
    ),
    "timed without a time": (
        'anti_passback = "timed"\nanti_passback_minutes = 2',
        'anti_passback = "timed"',
        "zone.guard_post.anti_passback_minutes",
        'missing key "anti_passback_minutes"',
        "add `anti_passback_minutes = 10`",
    ),
    "no time at all": (
        "anti_passback_minutes = 2",
        "anti_passback_minutes = 0",
        "zone.guard_post.anti_passback_minutes",
        "0 minutes is out of range",
        "write 1 to 1440 minutes",
    ),
    "a time that nothing takes": (
        'level = "limited"\nanti_passback = "soft"',
        'level = "limited"\nanti_passback = "soft"\nanti_passback_minutes = 2',
        "zone.chancery.anti_passback_minutes",
        'only `anti_passback = "timed"` has a time',
        'remove "anti_passback_minutes"',
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_rule_that_cannot_be_kept_is_refused(refusals, row):
    old, new, where, problem, mend = row
    errors, line = refusals(old, new, _place(problem))
    [error] = [error for error in errors if error.where == where and problem in error.problem]
    assert (error.file, error.line) == ("site.toml", line)
    assert mend in error.mend


def _place(problem: str) -> str:
    if "nobody sees" in problem or "no contact" in problem:
        return 'doors = ["registry-door"'
    return "row" if "missing" in problem else ""


def test_the_embassy_holds_people_to_it_where_they_can_badge_out(embassy):
    zones = parse_site(embassy.encode(), "site.toml").zones
    assert {zone.id for zone in zones.values() if zone.anti_passback is AntiPassback.HARD} == {"registry", "comms_room"}
    assert (zones["guard_post"].anti_passback, zones["guard_post"].anti_passback_seconds) == (AntiPassback.TIMED, 120.0)
    assert zones["outside"].anti_passback is AntiPassback.OFF


def test_every_door_of_a_zone_counts_also_those_further_in(embassy):
    old = 'level = "controlled"\nanti_passback = "soft"'
    assert embassy.count(old) == 1
    parse_site(embassy.replace(old, old.replace("soft", "hard")).encode(), "site.toml")
