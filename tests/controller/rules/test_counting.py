"""Tailgating: people a camera counts through a door, against the entries that the door saw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind, Source
from controller.domain.doors import Position
from controller.domain.ids import OUTSIDE, CameraId
from controller.domain.operators import UnlockOnce
from controller.domain.site import Site
from controller.rules.counting import ONE_TOO_MANY
from controller.rules.fold_counting import LATE_SECONDS, MOST
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR_CAMERA,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    LOBBY,
    LOBBY_CAMERA,
    House,
    closes,
    of_kind,
    opens,
    order,
    quiet_house,
    small_site,
    swipe,
    with_counting,
    with_door,
    with_key,
    with_open_hours,
)

IN, OUT = st.PersonPassed(LOBBY_CAMERA, FRONT, LOBBY), st.PersonPassed(LOBBY_CAMERA, FRONT, OUTSIDE)


def counting(site: Site | None = None) -> House:
    return quiet_house(with_counting(site or small_site()))


def without_button() -> Site:
    return with_door(small_site(), FRONT, rex=None)


def tailgaters(house: House) -> int:
    return len(house.alarms(AlarmKind.TAILGATING))


def test_whoever_was_let_in_is_counted_and_no_tailgater() -> None:
    house = counting()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT), after=1.0)
    passed = house.see(IN, after=1.0)
    assert passed.events == (ev.PersonCounted(FRONT, LOBBY_CAMERA, LOBBY),)


def test_the_second_person_on_one_grant_is_a_tailgater_and_nobody_knows_where_anybody_of_the_two_zones_is() -> None:
    house = counting()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.see(IN, after=1.0)
    assert house.state.locations[ALICE] == LOBBY
    second = house.see(IN, after=1.0)
    (raised,) = of_kind(ev.AlarmRaised, second.events)
    assert (raised.kind, raised.source, raised.detail, raised.persists) == (
        AlarmKind.TAILGATING,
        Source(door=FRONT, camera=LOBBY_CAMERA),
        ONE_TOO_MANY,
        False,
    )
    assert of_kind(ev.WhereaboutsDoubted, second.events) == [
        ev.WhereaboutsDoubted(FRONT, (OUTSIDE, LOBBY), ev.Doubt.TAILGATING)
    ]
    assert house.state.locations[ALICE] is None


def test_two_badges_are_two_people_in_whatever_order_they_are_seen() -> None:
    house = counting()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.see(IN)
    house.see(swipe(FRONT_IN, BOB))  # at the open door: assumed
    house.see(IN)
    assert tailgaters(house) == 0
    house.see(IN)
    assert tailgaters(house) == 1


def test_an_entry_that_nobody_made_is_forgotten_at_the_next_opening_unless_the_camera_is_late() -> None:
    for waited, expected in ((LATE_SECONDS - 1.0, 0), (LATE_SECONDS, 0), (LATE_SECONDS + 0.1, 1)):
        house = counting()
        house.see(swipe(FRONT_IN, ALICE))
        house.see(opens(FRONT))  # and somebody opened it for nobody
        house.see(closes(FRONT), after=waited / 2)
        house.see(swipe(FRONT_IN, BOB), after=waited / 2)
        house.see(opens(FRONT))
        house.see(IN)
        house.see(IN)
        assert tailgaters(house) == expected, waited


def test_only_an_opening_forgets() -> None:
    house = counting()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.see(closes(FRONT), after=LATE_SECONDS + 1.0)
    house.see(st.PositionSeen(FRONT, Position.UNKNOWN), after=1.0)
    house.see(IN)
    assert tailgaters(house) == 0


def test_way_out_by_the_button_takes_no_badge_and_the_way_in_does_at_the_same_opening() -> None:
    house = counting()
    house.see(st.RexSeen(FRONT))
    house.see(opens(FRONT))
    house.see(OUT)
    assert tailgaters(house) == 0
    house.see(IN)
    assert tailgaters(house) == 1


def test_where_there_is_no_button_the_way_out_takes_a_badge_as_well() -> None:
    house = counting(without_button())
    house.see(swipe(FRONT_OUT, ALICE))
    house.see(opens(FRONT))
    house.see(OUT)
    assert tailgaters(house) == 0
    house.see(OUT)
    assert tailgaters(house) == 1


def test_an_entry_one_way_is_none_the_other() -> None:
    house = counting(without_button())
    house.see(swipe(FRONT_OUT, ALICE))
    house.see(opens(FRONT))
    house.see(IN)
    assert tailgaters(house) == 1


def test_a_way_that_no_reader_leads_is_free() -> None:
    site = without_button()
    house = counting(replace(site, readers={key: row for key, row in site.readers.items() if key != FRONT_OUT}))
    house.see(OUT)
    assert tailgaters(house) == 0
    house.see(IN)
    assert tailgaters(house) == 1


def test_somebody_a_guard_lets_through_is_one_person_whichever_way() -> None:
    for way in (IN, OUT):
        house = counting(without_button())
        house.see(order(GIL, UnlockOnce(FRONT, "a courier")))
        house.see(opens(FRONT))
        house.see(way)
        assert tailgaters(house) == 0
        house.see(way)
        assert tailgaters(house) == 1


def test_a_named_entry_is_counted_before_one_of_which_nobody_knows_the_way() -> None:
    house = counting(without_button())
    house.see(order(GIL, UnlockOnce(FRONT, "a courier")))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.see(IN)
    house.see(OUT)
    assert tailgaters(house) == 0


def test_a_button_and_a_badge_at_once_may_be_either_way() -> None:
    house = counting(without_button())
    with_button = replace(house.site, doors={**house.site.doors, FRONT: small_site().doors[FRONT]})
    house.site = with_button
    house.see(swipe(FRONT_IN, ALICE))
    house.see(st.RexSeen(FRONT))
    house.see(opens(FRONT))
    house.see(IN)
    house.see(IN)
    assert tailgaters(house) == 0
    house.see(IN)
    assert tailgaters(house) == 1


def test_what_was_told_otherwise_is_not_told_as_tailgating() -> None:
    forced = counting()
    forced.see(opens(FRONT))
    forced.see(IN)
    assert (tailgaters(forced), len(forced.alarms(AlarmKind.FORCED_OPEN))) == (0, 1)
    forced.see(closes(FRONT))
    forced.see(IN)  # its cause is over: somebody else
    assert tailgaters(forced) == 1
    by_key = counting(with_key(small_site()))
    by_key.see(st.KeySeen(FRONT, turned=True))
    by_key.see(opens(FRONT))
    by_key.see(IN)
    assert tailgaters(by_key) == 0
    unlocked = counting(with_open_hours(small_site()))
    unlocked.see(opens(FRONT))
    unlocked.see(IN)
    assert tailgaters(unlocked) == 0


def test_a_door_found_open_tells_of_itself_and_another_door_s_alarm_of_that_door() -> None:
    found = quiet_house(with_counting(small_site()))
    found.see(st.PositionSeen(FRONT, Position.UNKNOWN))
    found.see(opens(FRONT))
    found.see(IN)
    assert (tailgaters(found), len(found.alarms(AlarmKind.FOUND_OPEN))) == (0, 1)
    other = counting()
    other.see(opens(INNER))
    other.see(IN)
    assert (tailgaters(other), len(other.alarms(AlarmKind.FORCED_OPEN))) == (1, 1)


def test_a_door_held_open_lets_nobody_in_who_was_not_let_in() -> None:
    house = counting()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.see(IN)
    house.wait(30.0)
    assert house.alarms(AlarmKind.HELD_OPEN)
    house.see(IN)
    assert tailgaters(house) == 1


@pytest.mark.parametrize(
    "strange",
    [
        st.PersonPassed(CameraId("nowhere"), FRONT, LOBBY),
        st.PersonPassed(CELLAR_CAMERA, FRONT, LOBBY),  # it does not count
        st.PersonPassed(LOBBY_CAMERA, INNER, LOBBY),  # not there
        st.PersonPassed(LOBBY_CAMERA, "nowhere", LOBBY),  # type: ignore[arg-type]
    ],
)
def test_who_counts_where_the_site_does_not_say_so_counts_nothing(strange: st.PersonPassed) -> None:
    assert counting().see(strange).events == ()


def test_entries_of_a_door_that_is_never_seen_to_close_are_not_kept_for_ever() -> None:
    house = counting()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    for _ in range(MOST + 3):
        house.see(swipe(FRONT_IN, BOB), after=1.0)
        house.see(swipe(FRONT_IN, ALICE), after=1.0)
    assert len(house.state.door(FRONT).uncounted) == MOST
    assert house.state.door(FRONT).uncounted[-1].at == house.now.mono


def test_a_start_forgets_who_was_about_to_be_counted() -> None:
    house = counting()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.restart()
    assert house.state.door(FRONT).uncounted == ()


def test_an_entry_keeps_what_else_is_timed_at_the_door() -> None:
    house = counting()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.see(IN)
    assert house.state.door_deadlines[FRONT] == house.state.door(FRONT).due is not None
