"""Each kind of invariant, held and broken: the answer names a person, a path and a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain.ids import OUTSIDE, DoorId, ZoneId
from controller.domain.people import CardholderKind
from controller.domain.site import Assurance, EscortOrder, EscortRule, Factor
from tests.controller.builders import (
    CELLAR,
    CHANCERY,
    FRONT,
    GUARDS,
    INNER,
    LOBBY,
    NIGHT,
    NIGHT_CREW,
    OFFICE,
    STAFF,
    VAULT,
    small_site,
    with_zone,
)
from tests.controller.prove.sites import asked

HOLD = {
    "the vault never without a face": ("never_enters", {"zones": {VAULT}, "without": {Factor.FACE}}),
    "the chancery never without a PIN": ("never_enters", {"zones": {CHANCERY}, "without": {Factor.PIN}}),
    "at a threat the lobby never without a PIN": (
        "never_enters",
        {"zones": {LOBBY}, "without": {Factor.PIN}, "threat_from": 1},
    ),
    "staff never at night": ("never_enters", {"zones": {CHANCERY}, "outside": OFFICE, "levels": {STAFF, NIGHT_CREW}}),
    "the night crew never further than the lobby": ("never_reaches", {"zones": {CHANCERY}, "levels": {NIGHT_CREW}}),
    "nobody during a lockdown": ("never_enters", {"zones": {LOBBY, CHANCERY, VAULT}, "lockdown": True}),
    "nobody through the inner door from level 2 on": ("never_enters", {"doors": {INNER}, "threat_from": 2}),
    "at a threat only the cleared": ("never_enters", {"zones": {CHANCERY}, "threat_from": 1, "clearance_below": 3}),
    "no copied badge": ("never_enters", {"zones": {VAULT, CHANCERY}, "assurance_below": Assurance.SYMMETRIC}),
    "the vault only through the inner door": ("never_reaches", {"zones": {VAULT}, "avoiding_doors": {INNER}}),
    "the vault only through the chancery": ("never_reaches", {"zones": {VAULT}, "avoiding_zones": {CHANCERY}}),
    "guards get to the vault": (
        "always_reaches",
        {"zones": {VAULT}, "levels": {GUARDS}, "lockdown": False, "threat_to": 1},
    ),
    "staff come in on working days": (
        "always_reaches",
        {
            "zones": {CHANCERY},
            "levels": {STAFF},
            "lockdown": False,
            "threat_to": 1,
            "during": OFFICE,
            "holidays": False,
        },
    ),
    "everybody gets out": ("free_way_out", {}),
    "nobody who is not trained": ("never_enters", {"zones": {LOBBY}, "lacking": {"first-aid"}}),
}
TRAINED = replace(
    with_zone(small_site(), LOBBY, competencies=frozenset({"first-aid"})), competencies={"first-aid": None}
)


@pytest.mark.parametrize("name", HOLD)
def test_what_the_policy_keeps_is_proven(name):
    kind, said = HOLD[name]
    assert asked(kind, TRAINED if "lacking" in said else None, **said) is None


def test_a_broken_one_names_who_the_path_and_the_time():
    assert asked("never_enters", zones={CHANCERY}, outside=OFFICE) == [
        "a visitor with access level guards, from Outside:",
        "  Tuesday 03:00, threat level 0: The front door, Outside to Lobby, by badge",
        "  Tuesday 03:00, threat level 0: The inner door, Lobby to Chancery, by badge and PIN",
    ]


def test_whoever_has_no_way_there_may_be_there_already():
    found = asked("never_enters", zones={CHANCERY}, kinds={CardholderKind.VISITOR}, levels={STAFF}, threat_from=1)
    assert found[0] == "a visitor with access level staff, clearance 3, from Outside:"
    nobody_comes_in = replace(small_site(), readers={k: r for k, r in small_site().readers.items() if r.door != FRONT})
    found = asked("never_enters", nobody_comes_in, zones={CHANCERY})
    assert found[0] == "a visitor with access level guards, who is in Lobby already:"
    assert len(found) == 2


def guards_by_turns():
    site = small_site()
    by_night = replace(site.access_levels[NIGHT_CREW], doors=frozenset({FRONT}), schedule=NIGHT)
    by_day = replace(site.access_levels[GUARDS], zones=frozenset({CHANCERY, VAULT}), schedule=OFFICE)
    return replace(site, access_levels={GUARDS: by_day, NIGHT_CREW: by_night})


def test_a_way_may_take_until_tomorrow():
    """By the front door at night, by the inner door at day: no one moment will do, and there is time in between."""
    site = guards_by_turns()
    who, first, then, last = asked("never_reaches", site, zones={VAULT}, levels={GUARDS, NIGHT_CREW})
    assert who == "a visitor with access level guards, night-crew, from Outside:"
    assert (first[2:15], then[2:15], last[2:15]) == ("Tuesday 03:00", "Tuesday 10:00", "Tuesday 10:00")
    assert asked("never_reaches", site, zones={VAULT}, levels={GUARDS}) is None
    assert asked("never_reaches", site, zones={VAULT}, levels={NIGHT_CREW}) is None


def test_without_the_night_crews_right_there_is_no_way_for_a_visitor_of_theirs():
    assert asked("never_reaches", zones={LOBBY}, levels={NIGHT_CREW}, during=OFFICE) is None
    assert asked("never_reaches", zones={LOBBY}, levels={NIGHT_CREW}, during=NIGHT)


@pytest.mark.parametrize("holidays", [True, False])
def test_on_a_holiday_only_what_counts_on_holidays_counts(holidays):
    found = asked("never_enters", zones={LOBBY}, levels={STAFF}, holidays=holidays)
    assert (found is None) == holidays


def test_a_right_that_a_higher_level_takes_away_is_missed():
    (line,) = asked("always_reaches", zones={VAULT}, levels={GUARDS}, lockdown=False)
    assert line == (
        "Tuesday 03:00, threat level 2: a member of staff with access level guards, from Outside, gets no further than "
        "Outside, Lobby"
    )


def test_a_zone_whose_doors_all_lead_further_in_is_a_trap():
    site = small_site()
    turned = replace(site.doors[FRONT], zones=(LOBBY, OUTSIDE))
    (line,) = asked("free_way_out", replace(site, doors={**site.doors, FRONT: turned}))
    assert line == "whoever is there, from Chancery, gets no further than Chancery, Lobby"
    lost = replace(
        site, zones={**site.zones, ZoneId("cave"): replace(site.zones[VAULT], id=ZoneId("cave"), name="Cave")}
    )
    assert asked("free_way_out", lost) == ["whoever is there, from Cave, gets no further than Cave"]
    assert asked("free_way_out", lost, zones={VAULT}) is None


def test_a_way_out_that_waits_for_the_software_is_not_free():
    site = small_site()
    shut = replace(site.doors[FRONT], free_egress=False)
    assert asked("free_way_out", replace(site, doors={**site.doors, FRONT: shut}))


def unlocked_at_night(**also):
    """A schedule for the cleaners that somebody wrote at the wrong door."""
    site = small_site()
    held = replace(site.doors[FRONT], unlocked_schedule=NIGHT, **also)
    return replace(site, doors={**site.doors, FRONT: held})


def test_a_forgotten_unlock_in_the_night_is_found():
    """The cleaners' schedule, written at the wrong door: nobody has to show anything."""
    (line,) = asked("never_unlocked", unlocked_at_night(), at=180)
    assert line == "Tuesday 03:00, threat level 0: The front door, Outside to Lobby, the door stands unlocked"
    assert asked("never_unlocked", unlocked_at_night(), at=720) is None
    assert asked("never_unlocked", unlocked_at_night(), during=OFFICE) is None
    assert asked("never_unlocked", unlocked_at_night(), outside=OFFICE)
    assert asked("never_unlocked", unlocked_at_night(), doors={INNER}) is None
    assert asked("never_unlocked", unlocked_at_night(), zones={VAULT}) is None
    assert asked("never_unlocked", unlocked_at_night(), zones={LOBBY})


def test_whoever_passes_an_unlocked_door_enters():
    found = asked("never_enters", unlocked_at_night(), zones={LOBBY}, levels=set())
    assert found == [
        "a visitor with no access level, from Outside:",
        "  Tuesday 03:00, threat level 0: The front door, Outside to Lobby, the door stands unlocked",
    ]
    assert asked("never_reaches", unlocked_at_night(), zones={LOBBY}, levels=set())
    assert asked("never_reaches", unlocked_at_night(), zones={CHANCERY}, levels=set()) is None


@pytest.mark.parametrize("stricter", [{"threat_from": 1}, {"lockdown": True}])
def test_whatever_is_stricter_shuts_it(stricter):
    """Level 1 asks for a PIN in the lobby, and a lockdown for everything."""
    assert asked("never_unlocked", unlocked_at_night(), **stricter) is None


def test_whoever_has_to_come_first_may_have_come():
    assert asked("never_unlocked", unlocked_at_night(after_first_person=True), at=180)


def test_a_door_with_no_schedule_of_its_own_never_stands_unlocked():
    assert asked("never_unlocked", at=180) is None
    assert asked("never_unlocked", doors={FRONT, CELLAR, DoorId(INNER)}) is None


def test_no_visitor_reaches_the_vault_without_an_escort():
    visitors = {"zones": {VAULT}, "kinds": {CardholderKind.VISITOR}, "without_escort": True}
    assert asked("never_reaches", **visitors)
    escorted = with_zone(small_site(), VAULT, escort=EscortRule(EscortOrder.EITHER, 30.0, 2, 60.0))
    assert asked("never_reaches", escorted, **visitors) is None
    assert asked("never_enters", escorted, **visitors) is None
    with_one = asked("never_reaches", escorted, zones={VAULT}, kinds={CardholderKind.VISITOR})
    assert with_one[0] == "a visitor with access level guards, an escort, from Outside:"
    staff = asked("never_reaches", escorted, zones={VAULT}, without_escort=True)
    assert staff[0].startswith("a contractor with access level guards")
