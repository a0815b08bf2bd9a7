"""Making anything stricter makes no door easier: every way there is, on an ordinary morning with people inside."""

from __future__ import annotations

from functools import cache

import pytest

from controller.domain import stimuli as st
from controller.domain.decision import DenyReason
from controller.domain.doors import LockStatus, Position
from controller.domain.effects import Unlock
from controller.domain.operators import ConfirmPassage
from controller.rules import decide as rules
from controller.rules.decide import decide
from tests.controller.builders import ALICE, BOB, FRONT, FRONT_IN, GIL, INNER, INNER_IN, House, order, pin, swipe
from tests.controller.full import FullHouse, populate
from tests.controller.rules.tightenings import RANK, TIGHTENINGS, asked, made_easier


@cache
def morning() -> House:
    """Alice is in the chancery, Bob in the lobby."""
    house = FullHouse()
    populate(house)
    for who, reader, door in ((ALICE, FRONT_IN, FRONT), (BOB, FRONT_IN, FRONT), (ALICE, INNER_IN, INNER)):
        house.see(swipe(reader, who))
        if reader == INNER_IN:
            house.see(pin(reader, who))
        for challenge in tuple(house.state.challenges.values()):
            house.see(order(GIL, ConfirmPassage(challenge.request)))
        for position in (Position.OPEN, Position.CLOSED):
            house.see(st.PositionSeen(door, position))
        house.see(st.LockSeen(door, LockStatus.LOCKED))
        house.wait(10.0)
    assert house.state.locations[ALICE] == "chancery"
    return house


@pytest.mark.parametrize("name", sorted(TIGHTENINGS))
def test_no_door_is_easier(name: str) -> None:
    assert made_easier(morning(), name) == []


def test_and_nearly_all_of_them_make_somebodys_way_harder() -> None:
    """A law about changes that change nothing would say nothing: the others need another moment to be felt."""
    felt = set()
    house = morning()
    before = [(request, RANK[type(house.decide(request))]) for request in asked(house)]
    for name, tighten in TIGHTENINGS.items():
        there = House(house.site, house.state, house.now)
        tighten(there)
        if any(RANK[type(there.decide(request))] < rank for request, rank in before):
            felt.add(name)
    assert TIGHTENINGS.keys() - felt == UNFELT


UNFELT = frozenset(
    {
        "no scheduled unlock",  # felt over lunch
        "first person for the unlock",  # it waits for one already
        "an armed area refuses",  # felt while it is armed
        "a reader asks for a PIN",  # it does already
        "a reader asks for a guard out of hours",
        "visitors sign in",  # they do already, where they may go
    }
)


def test_a_law_that_is_broken_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lockdown check that forgets its duty once the level rises."""

    def lax(case: rules.Case) -> rules.Finding:
        return rules.Finding("x", DenyReason.LOCKDOWN if case.threat.number == 0 else None)

    house = morning()  # by the checks as they are
    checks = tuple((name, lax if name == "lockdown" else check) for name, check in rules.CHECKS)
    monkeypatch.setattr(rules, "CHECKS", checks)
    assert made_easier(house, "threat level 1")


def test_an_error_in_any_check_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = morning()
    house = House(shared.site, shared.state, shared.now)

    def broken(case: rules.Case) -> rules.Finding:
        raise ZeroDivisionError

    for broken_one, _ in rules.CHECKS:
        checks = tuple((name, broken if name == broken_one else check) for name, check in rules.CHECKS)
        monkeypatch.setattr(rules, "CHECKS", checks)
        for request in list(asked(house))[::40]:
            assert RANK[type(decide(house.site, house.state, request, house.now))] == 0
        monkeypatch.undo()
    assert not any(isinstance(effect, Unlock) for effect in house.see_late(st.TimePassed(), 0.0).effects)
