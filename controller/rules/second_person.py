"""What takes two people: the first asks, a second, other one gives the same order in time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from controller.domain import events as ev
from controller.domain.ids import OperatorId
from controller.domain.operators import Role
from controller.rules.turn import Turn

SECOND_PERSON_HOURS = 72.0
"""So long the first of two waits for the second: over a weekend, and not for ever."""


def first_to_ask(turn: Turn, word: str, about: str, roles: Collection[Role]) -> OperatorId | None:
    """Return who asked for the same before: in time, and still in a role that may."""
    asked = turn.state.asked.get((word, about))
    if asked is None or turn.now.wall - asked.wall > timedelta(hours=asked.hours):
        return None
    known = turn.state.operators.get(asked.operator)
    return asked.operator if known is not None and known.role in roles else None


def ask(turn: Turn, operator: OperatorId, word: str, about: str, reason: str) -> None:
    """Write down that somebody asked, and that another must agree."""
    turn.record(ev.SecondPersonAsked(operator, word, about, SECOND_PERSON_HOURS, reason))
