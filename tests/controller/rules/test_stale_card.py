"""A reader that was cut off tells its cards late: they open nothing, by either sign of its clock's error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain.decision import DenyReason
from controller.domain.effects import Unlock
from controller.rules.access import CARD_AGE_SECONDS
from tests.controller.builders import ALICE, FRONT_IN, quiet_house, swipe


@pytest.mark.parametrize("age", [CARD_AGE_SECONDS, -CARD_AGE_SECONDS])
def test_a_card_told_just_in_time_is_let_in(age: float) -> None:
    house = quiet_house()
    outcome = house.see(replace(swipe(FRONT_IN, ALICE), age=age))
    assert any(isinstance(effect, Unlock) for effect in outcome.effects)


@pytest.mark.parametrize("age", [CARD_AGE_SECONDS + 0.001, -CARD_AGE_SECONDS - 0.001, 3600.0])
def test_a_card_told_late_is_refused(age: float) -> None:
    house = quiet_house()
    outcome = house.see(replace(swipe(FRONT_IN, ALICE), age=age))
    denials = [event for event in outcome.events if isinstance(event, ev.AccessDenied)]
    assert [denial.reasons for denial in denials] == [(DenyReason.FACTOR_NOT_PRESENTED,)]
    assert not any(isinstance(effect, Unlock) for effect in outcome.effects)
