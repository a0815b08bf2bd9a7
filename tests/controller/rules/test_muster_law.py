"""The muster beside the truth, whatever people do: nobody inside is ever missing from the list or from the count.

The hands below know where everybody is. They do only what the building can sense: each turn of the gate is told, and
whoever moves unseen stays inside, or moves while the box is down.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as some

from controller.domain import stimuli as st
from controller.domain.doors import Direction
from controller.domain.ids import OUTSIDE, CardholderId, ZoneId
from controller.domain.muster import Whereabouts, muster, unaccounted
from controller.domain.operators import UnlockOnce
from controller.domain.people import Cardholder, CardholderKind
from controller.domain.site import Factor
from tests.controller.builders import (
    ALICE,
    BOB,
    CHANCERY,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    INNER_IN,
    INNER_OUT,
    LOBBY,
    STAFF,
    House,
    badge,
    closes,
    everything_answers,
    opens,
    order,
    quiet_house,
    small_site,
    swipe,
    with_reader,
    with_turnstile,
)
from tests.controller.rules.test_laws import law

CARL, DORA = CardholderId("carl"), CardholderId("dora")
PEOPLE = (ALICE, BOB, CARL, DORA)


class Truth:
    """Where everybody is, and what the building was told of it."""

    def __init__(self) -> None:
        site = with_reader(with_turnstile(small_site()), INNER_IN, factors=frozenset({Factor.CARD}))
        self.house = quiet_house(site)
        self.where: dict[CardholderId, ZoneId] = dict.fromkeys(PEOPLE, OUTSIDE)
        for who in (CARL, DORA):
            person = Cardholder(who, CardholderKind.STAFF, 3, frozenset({STAFF}))
            self.house.see(st.PersonEnrolled("test", person, "sealed"))
            self.house.see(st.BadgeEnrolled("test", badge(who)))
        for who in PEOPLE:  # who never came by is on no list
            self.by_badge(who)
            self.by_badge(who)

    def by_badge(self, who: CardholderId) -> None:
        """Through the gate, one way or the other, as everybody should."""
        if self.where[who] != CHANCERY:
            self.house.see(swipe(FRONT_IN if self.where[who] == OUTSIDE else FRONT_OUT, who), 20.0)
            self._turns(who)

    def unseen_by_the_gate(self, who: CardholderId) -> None:
        """Behind somebody else: it turns once too often."""
        if self.where[who] != CHANCERY:
            self.house.wait(20.0)
            self._turns(who)

    def by_name(self, who: CardholderId) -> None:
        """A guard knows them."""
        if self.where[who] != CHANCERY:
            self.house.see(order(GIL, UnlockOnce(FRONT, "a colleague", cardholder=who)), 20.0)
            self._turns(who)

    def unnamed(self, who: CardholderId) -> None:
        """A guard lets them through and says nothing."""
        if self.where[who] != CHANCERY:
            self.house.see(order(GIL, UnlockOnce(FRONT, "somebody")), 20.0)
            self._turns(who)

    def by_the_inner_reader(self, who: CardholderId) -> None:
        """Further in, or back, by badge."""
        if self.where[who] != OUTSIDE:
            self._through(swipe(INNER_IN if self.where[who] == LOBBY else INNER_OUT, who), who)

    def by_the_handle(self, who: CardholderId) -> None:
        """Back out of the chancery without a badge."""
        if self.where[who] == CHANCERY:
            self._through(st.RexSeen(INNER), who)

    def by_name_at_the_inner_door(self, who: CardholderId) -> None:
        """A guard opens the inner door for somebody, who goes whichever way."""
        if self.where[who] != OUTSIDE:
            self._through(order(GIL, UnlockOnce(INNER, "a colleague", cardholder=who)), who)

    def behind_a_colleague(self, who: CardholderId) -> None:
        """Through the inner door, which tells nothing of a second one."""
        if self.where[who] != OUTSIDE:
            self.where[who] = CHANCERY if self.where[who] == LOBBY else LOBBY

    def while_the_box_is_down(self, who: CardholderId) -> None:
        """Nobody watches, and the gate turns for anybody."""
        self.where[who] = LOBBY if self.where[who] == OUTSIDE else OUTSIDE
        self.house.restart()
        everything_answers(self.house)

    def _turns(self, who: CardholderId) -> None:
        comes = self.where[who] == OUTSIDE
        self.house.see(st.RotationSeen(FRONT, Direction.IN if comes else Direction.OUT))
        self.where[who] = LOBBY if comes else OUTSIDE

    def _through(self, how: st.Stimulus, who: CardholderId) -> None:
        self.house.see(how, 20.0)
        self.house.see(opens(INNER))
        self.house.see(closes(INNER))
        self.where[who] = CHANCERY if self.where[who] == LOBBY else LOBBY


Act = Callable[[Truth, CardholderId], None]
WATCHED: tuple[Act, ...] = (
    Truth.by_badge,
    Truth.unseen_by_the_gate,
    Truth.by_name,
    Truth.unnamed,
    Truth.by_the_inner_reader,
    Truth.by_the_handle,
    Truth.by_name_at_the_inner_door,
    Truth.behind_a_colleague,
)
ANY = (*WATCHED, Truth.while_the_box_is_down)
days = some.lists(some.tuples(some.sampled_from(ANY), some.sampled_from(PEOPLE)), max_size=25)


def nobody_is_missing(truth: Truth) -> None:
    """Hold the list and the count against the truth."""
    listed = {one.cardholder: one.whereabouts for one in muster(truth.house.state)}
    inside = [who for who, zone in truth.where.items() if zone != OUTSIDE]
    assert all(listed[who] is not Whereabouts.OUTSIDE for who in inside)
    assert sum(listed[who] is Whereabouts.UNKNOWN for who in inside) <= unaccounted(truth.house.state)


@law
@given(days)
def test_nobody_inside_is_missing(script: list[tuple[Act, CardholderId]]) -> None:
    truth = Truth()
    for act, who in script:
        act(truth, who)
        nobody_is_missing(truth)


def test_whoever_shows_up_further_in_is_no_stranger_any_more() -> None:
    truth = Truth()
    truth.unseen_by_the_gate(ALICE)
    assert unaccounted(truth.house.state) == 1
    truth.by_the_inner_reader(ALICE)
    assert unaccounted(truth.house.state) == 0
    assert located(truth.house) == {ALICE: CHANCERY}


def test_whoever_comes_in_by_badge_after_a_stranger_is_not_the_stranger() -> None:
    truth = Truth()
    truth.unseen_by_the_gate(ALICE)
    truth.by_badge(BOB)
    truth.by_the_inner_reader(BOB)
    assert unaccounted(truth.house.state) == 1


def test_whom_a_guard_names_is_on_the_list_and_nobody_else_is_in_doubt() -> None:
    truth = Truth()
    truth.by_name(ALICE)
    assert (located(truth.house), unaccounted(truth.house.state)) == ({ALICE: LOBBY}, 0)
    truth.by_name(ALICE)
    assert (located(truth.house), unaccounted(truth.house.state)) == ({}, 0)


def test_a_named_one_whom_nobody_placed_may_be_on_either_side_of_a_door() -> None:
    truth = Truth()
    truth.unseen_by_the_gate(ALICE)
    truth.by_name_at_the_inner_door(ALICE)
    state = truth.house.state
    assert state.locations[ALICE] is None
    assert unaccounted(state) >= 1


def located(house: House) -> dict[CardholderId, ZoneId]:
    return {who: zone for who, zone in house.state.locations.items() if zone not in (None, OUTSIDE)}
