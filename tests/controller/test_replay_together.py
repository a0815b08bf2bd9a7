"""Deciding again what two people asked together: the record of each holds all that was looked at."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from controller.replay import difference, requests
from tests.controller.builders import (
    ALICE,
    BOB,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    INNER,
    INNER_IN,
    INNER_OUT,
    closes,
    opens,
    pin,
    swipe,
)
from tests.controller.chronicle import ordinary_monday
from tests.controller.rules.test_companions import asks_for_two, two_person

SITE = replace(two_person(asks_for_two(INNER_IN)), digest="together")


@pytest.mark.parametrize("seed", range(3))
def test_every_answer_to_two_is_the_same_again_with_every_fact(seed):
    house, dice = ordinary_monday(), random.Random(seed)
    house.site = SITE
    for _ in range(150):
        house.wait(dice.choice([0.1, 1.0, 3.0, 12.0]))
        what = dice.choice(["badge", "badge", "badge", "pin", "pin", "door", "door"])
        who = dice.choice([ALICE, ALICE, BOB, BOB, EVE])
        if what == "badge":
            house.see(swipe(dice.choice([FRONT_IN, FRONT_IN, FRONT_OUT, INNER_IN, INNER_OUT]), who))
        elif what == "pin":
            house.see(pin(INNER_IN, who))
        else:
            door = dice.choice([FRONT, INNER])
            house.see(opens(door))
            house.see(closes(door))
    asked = [one for one in requests(house.records) if one.record.site == SITE.digest]
    assert any(one.request.companion is not None for one in asked)
    assert [found for one in asked if (found := difference(one, lambda _: SITE))] == []
    for one in asked:
        assert one.trace is None or one.decide(SITE).trace == one.trace, one.record.seq
