"""Passages that a guard must look at: who waits for that, and what the guard says."""

from __future__ import annotations

from dataclasses import replace

from controller.domain import events as ev
from controller.domain.decision import GuardAnswer
from controller.domain.ids import OperatorId, ReaderId, RequestId
from controller.domain.site import Factor
from controller.domain.state import PendingChallenge
from controller.rules.access import answer, completed
from controller.rules.turn import Turn


def waiting_for_guard(turn: Turn, request: RequestId) -> tuple[ReaderId, PendingChallenge] | None:
    """Return the challenge a guard is asked about; None where nobody waits, or no longer."""
    for reader, pending in turn.state.challenges.items():
        if pending.request == request and Factor.GUARD in pending.wanted and turn.now.mono < pending.until:
            return reader, pending
    return None


def judge(turn: Turn, operator: OperatorId, request: RequestId, said: GuardAnswer, reason: str) -> None:
    """Write down what a guard said, and decide afresh: what was true when the badge was shown may no longer be."""
    found = waiting_for_guard(turn, request)
    if found is None:
        return
    reader, pending = found
    turn.record(ev.PassageJudged(request, reader, operator, said is GuardAnswer.CONFIRMED, reason))
    answer(turn, replace(completed(pending, reader), guard=said))
