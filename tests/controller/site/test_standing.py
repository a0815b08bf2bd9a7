"""Doors that stand unlocked by themselves, and fire: a row for each file that is refused, and one that is taken."""

from __future__ import annotations

import pytest

from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site

CONSULAR = "position = [260, 540]"
"""The public's entrance: from the forecourt into the consular hall, both unrestricted."""
GUARD_POST = "position = [200, 610]"
PANEL = 'kind = "fire"\ndevice = "osdp-io"'
GARAGE = """[[point]]
id = "fire-garage"
name = "Garage"
zone = "parking"
kind = "fire"
device = "osdp-io"
input = 13

"""
HOURS = 'unlocked_schedule = "office"\n'

# What is wrong: (text of the embassy's file, what it becomes, the key, the problem)
ROWS: dict[str, tuple[str, str, str, str]] = {
    "hours into a limited zone": (
        GUARD_POST,
        HOURS + GUARD_POST,
        "door.guard-post-door.unlocked_schedule",
        'would stand open to everybody, and "guard_post" is limited',
    ),
    "hours where people are counted": (
        'name = "Consular hall"\nlevel = "unrestricted"',
        'name = "Consular hall"\nlevel = "unrestricted"\noccupancy_limit = 30',
        "door.consular-door.unlocked_schedule",
        'an occupancy limit of "consular_hall" counts who is in',
    ),
    "hours in a mantrap": (
        'doors = ["registry-door", "comms-door"]',
        'doors = ["registry-door", "comms-door", "consular-door"]',
        "door.consular-door.unlocked_schedule",
        "would keep the other leaves of its interlock shut",
    ),
    "a schedule that is none": (
        CONSULAR,
        'unlocked_schedule = "ofice"\n' + CONSULAR,
        "door.consular-door.unlocked_schedule",
        'no schedule has the id "ofice"',
    ),
    "a first person without hours": (
        GUARD_POST,
        "after_first_person = true\n" + GUARD_POST,
        "door.guard-post-door.after_first_person",
        "only a door with an `unlocked_schedule` waits for its first person",
    ),
    "a first person whom nobody sees": (
        'contact = { device = "osdp-io", input = 9 }\n',
        "after_first_person = true\n",
        "door.consular-door.after_first_person",
        "waits for a first person whom nobody sees go in",
    ),
    "a lock on the attack side": (
        'name = "I/O module in the riser"\nkind = "osdp"\nside = "safe"',
        'name = "I/O module in the riser"\nkind = "osdp"\nside = "attack"',
        "door.consular-door.lock",
        'unlocks by itself, and "osdp-io" hangs on the attack side',
    ),
    "a fire line in the clear": (
        'name = "I/O module in the riser"\nkind = "osdp"\nside = "safe"',
        'name = "I/O module in the riser"\nkind = "osdp"\nside = "safe"\nsecure_channel = false',
        "fire_zone.building.point",
        '"osdp-io" hangs on a line in the clear: whoever reaches it opens every door of this zone',
    ),
    "a fire line that is none": (
        PANEL,
        'kind = "water"\ndevice = "osdp-io"',
        "fire_zone.building.point",
        '"fire-panel" is a water point',
    ),
    "one line for two zones": (
        '[[fire_zone]]\nid = "building"',
        '[[fire_zone]]\nid = "garage"\nname = "Garage"\npoint = "fire-panel"\n\n[[fire_zone]]\nid = "building"',
        "fire_zone.building.point",
        '"fire-panel" serves "garage" already',
    ),
    "a fire line nobody listens to": (
        '[[point]]\nid = "fire-panel"',
        GARAGE + '[[point]]\nid = "fire-panel"',
        "point.fire-garage.kind",
        "belongs to no fire zone",
    ),
    "a fire zone that is none": (
        'id = "building"\nname = "Building"',
        'id = "bilding"\nname = "Building"',
        "door.guard-post-door.fire_zone",
        'no fire zone has the id "building"',
    ),
}


@pytest.fixture(scope="module")
def with_hours(embassy):
    """The embassy whose public entrance follows office hours."""
    assert embassy.count(CONSULAR) == 1
    return embassy.replace(CONSULAR, HOURS + CONSULAR)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_what_would_be_unsafe_is_refused(embassy, with_hours, row):
    old, new, where, problem = row
    text = embassy if old == CONSULAR else with_hours
    assert text.count(old) == 1
    with pytest.raises(SiteErrors) as caught:
        parse_site(text.replace(old, new).encode(), "site.toml")
    assert [error.where for error in caught.value.errors if problem in error.problem][:1] == [where]


def test_a_public_door_may_follow_office_hours(with_hours):
    door = parse_site(with_hours.encode(), "site.toml").doors["consular-door"]
    assert (door.unlocked_schedule, door.after_first_person) == ("office", False)


def test_the_difference_says_who_gets_in(embassy, with_hours):
    old, new = (parse_site(text.encode(), "site.toml") for text in (embassy, with_hours))
    assert compare(old, new) == ["door consular-door: stands unlocked to everybody during office (was none)"]
    assert compare(new, old) == ["door consular-door: no longer stands unlocked to anybody (was office)"]
