"""An evacuation: a row per refusal, who is counted and who is looked for again, and that no door moves for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.evacuation import CheckIn, EndEvacuation, SafePoint, StartEvacuation, UndoCheckIn
from controller.domain.ids import CardholderId, SafePointId
from controller.domain.muster import mustered
from controller.domain.operators import Refusal
from controller.domain.people import CredentialStatus
from tests.controller.builders import (
    ADA,
    ALICE,
    BOB,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    LOBBY,
    SUE,
    badge,
    closes,
    of_kind,
    opens,
    order,
    quiet_house,
    small_site,
    strange_card,
    swipe,
)

PARK = SafePointId("park")
SMOKE = StartEvacuation("smoke")
NOBODY = CardholderId("nobody")


def house(*, running=True):
    site = replace(small_site(), safe_points={PARK: SafePoint(PARK, "Park", frozenset({FRONT_OUT}))})
    known = quiet_house(site)
    if running:
        known.see(order(GIL, SMOKE))
    return known


def refusal(known, who, what):
    return next((e.why for e in known.see(order(who, what)).events if isinstance(e, ev.OrderRefused)), None)


def goes_in(known, who):
    known.see(swipe(FRONT_IN, who))
    known.see(opens(FRONT))
    known.see(closes(FRONT))


@pytest.mark.parametrize(
    ("running", "who", "what", "why"),
    [
        (False, ADA, SMOKE, Refusal.NOT_YOUR_ROLE),
        (False, GIL, StartEvacuation(" "), Refusal.REASON_NEEDED),
        (False, GIL, SMOKE, None),
        (True, SUE, SMOKE, Refusal.ALREADY_SO),
        (False, GIL, EndEvacuation("over"), Refusal.NO_EVACUATION),
        (True, GIL, EndEvacuation(""), Refusal.REASON_NEEDED),
        (True, GIL, EndEvacuation("over"), None),
        (False, GIL, CheckIn(ALICE, PARK), Refusal.NO_EVACUATION),
        (True, GIL, CheckIn(NOBODY, PARK), Refusal.UNKNOWN_CARDHOLDER),
        (True, GIL, CheckIn(ALICE, SafePointId("pub")), Refusal.UNKNOWN_SAFE_POINT),
        (True, GIL, CheckIn(ALICE, PARK), None),
        (True, GIL, CheckIn(ALICE, None), None),
        (False, GIL, UndoCheckIn(ALICE), Refusal.NO_EVACUATION),
        (True, GIL, UndoCheckIn(ALICE), Refusal.ALREADY_SO),
    ],
    ids=str,
)
def test_why_an_order_is_refused(running, who, what, why):
    assert refusal(house(running=running), who, what) is why


def test_a_guard_counts_somebody_and_takes_it_back():
    known = house()
    known.see(order(GIL, CheckIn(ALICE, PARK)))
    assert known.state.evacuation.safe[ALICE].point == PARK
    assert known.events[-1] == ev.SafeCounted(ALICE, PARK, GIL, None)
    known.see(order(SUE, UndoCheckIn(ALICE)))
    assert ALICE not in known.state.evacuation.safe
    assert known.events[-1] == ev.SafeUncounted(ALICE, SUE)


def test_a_badge_at_the_safe_points_reader_counts_its_holder():
    known = house()
    known.see(swipe(FRONT_OUT, ALICE))
    assert of_kind(ev.SafeCounted, known.events) == [ev.SafeCounted(ALICE, PARK, None, FRONT_OUT)]


@pytest.mark.parametrize("reader", [FRONT_IN, FRONT_OUT])
def test_elsewhere_or_without_an_evacuation_a_badge_counts_nobody(reader):
    known = house(running=reader == FRONT_IN)
    known.see(swipe(reader, ALICE))
    assert of_kind(ev.SafeCounted, known.events) == []


def test_a_strangers_a_lost_and_a_late_card_count_nobody():
    known = house()
    known.see(strange_card(FRONT_OUT))
    known.see(replace(swipe(FRONT_OUT, BOB), age=5.1))
    known.see(st.BadgeEnrolled("test", replace(known.state.credentials[badge_name(ALICE)], status=LOST)))
    known.see(swipe(FRONT_OUT, ALICE))
    assert of_kind(ev.SafeCounted, known.events) == []


LOST = CredentialStatus.LOST


def badge_name(who):
    return badge(who).id


def test_the_list_names_who_is_inside_and_who_was_counted():
    known = house(running=False)
    goes_in(known, ALICE)
    goes_in(known, BOB)
    known.see(order(GIL, SMOKE))
    known.see(order(GIL, CheckIn(ALICE, PARK)), after=1.0)
    listed = {one.cardholder: one for one in mustered(known.state)}
    assert listed[ALICE].safe.point == PARK
    assert listed[BOB].safe is None
    assert listed[BOB].zone == LOBBY


def test_whoever_goes_in_again_is_looked_for_again():
    known = house()
    known.see(order(GIL, CheckIn(ALICE, PARK)))
    known.wait(1.0)
    goes_in(known, ALICE)
    (listed,) = (one for one in mustered(known.state) if one.cardholder == ALICE)
    assert listed.safe is None


def test_whom_no_door_told_of_is_listed_once_counted_and_it_survives_a_restart():
    known = house()
    effects = known.see(order(GIL, CheckIn(BOB, None))).effects
    assert list(effects) == []
    known.restart()
    assert [one.cardholder for one in mustered(known.state) if one.safe] == [BOB]
    known.see(order(GIL, EndEvacuation("over")))
    assert [one for one in mustered(known.state) if one.safe] == []
    assert known.state.evacuation is None
