"""Deciding again: what was asked at the readers, recovered from the log with the state of its time. Pure.

Nothing here trusts what was decided: state is the fold of the events before, and the request stands in the log with its
answer. Logs of old lack it: there it is rebuilt from what was recorded. A PIN that was wrong, and a second factor that
came too late, are told by the reason they gave; a face by the ``FaceJudged`` before the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, assert_never

from controller.domain import events as ev
from controller.domain.decision import (
    AccessRequest,
    Challenge,
    Decision,
    Deny,
    DenyReason,
    FaceOutcome,
    Grant,
    Trace,
)
from controller.domain.events import Recorded, UnlockFailure
from controller.domain.ids import RequestId
from controller.domain.site import Factor, Site
from controller.domain.state import PendingChallenge, SiteState
from controller.domain.words import word_for
from controller.rules.decide import decide
from controller.rules.fold import apply

Answered = ev.AccessGranted | ev.AccessDenied | ev.ChallengeIssued | ev.FactorProven
"""The events that hold the answer to a request."""

DECISIONS = ("access_granted", "access_denied", "challenge_issued")
"""The kinds of them that hold the trace as well."""


class BrokenHistory(ValueError):
    """An event does not follow from those before it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said at the reader. ``factors`` is None where a challenge went on and the record does not repeat it."""

    result: type[Grant | Deny | Challenge]
    reasons: tuple[DenyReason, ...] = ()
    factors: frozenset[Factor] | None = None

    def agrees(self, other: Answer) -> bool:
        """Tell whether both say the same, as far as both say it."""
        known = self.factors is not None and other.factors is not None
        return (self.result, self.reasons) == (other.result, other.reasons) and (
            not known or self.factors == other.factors
        )

    def plain(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "result": word_for(self.result),
            "reasons": list(self.reasons),
            "factors": sorted(self.factors or ()),
        }

    def __str__(self) -> str:
        said = ", ".join(self.reasons or sorted(self.factors or ()))
        return f"{word_for(self.result)} ({said})" if said else word_for(self.result)


@dataclass(frozen=True, slots=True)
class Asked:
    """One recorded request: what was asked and answered, and the state in which it was."""

    record: Recorded
    event: Answered
    request: AccessRequest
    state: SiteState
    answer: Answer
    trace: Trace | None

    def decide(self, site: Site) -> Decision:
        """Decide it once more, in the state and at the moment of its time, under this policy."""
        return decide(site, self.state, self.request, self.record.at)


@dataclass(frozen=True, slots=True)
class Difference:
    """A recorded decision that is another one today."""

    asked: Asked
    now: Answer


def requests(records: Iterable[Recorded]) -> Iterator[Asked]:
    """Fold the log from its start; return every recorded request on the way."""
    state = SiteState()
    faces: dict[RequestId, FaceOutcome] = {}
    superseded: tuple[SiteState, Recorded] | None = None
    for record in records:
        event = record.event
        match event:
            case ev.FaceJudged():
                faces[event.request] = event.outcome
            case ev.AccessGranted() | ev.AccessDenied() | ev.ChallengeIssued() | ev.FactorProven():
                yield _asked(record, event, _state_then(state, superseded, record), faces.pop(event.request, None))
            case _:
                pass
        superseded = _superseding(superseded, state, record)
        state = apply(state, event, record.at)


def answer_of(decision: Decision) -> Answer:
    """Return what a decision says, without the facts it looked at."""
    match decision:
        case Grant():
            return Answer(Grant)
        case Deny():
            return Answer(Deny, decision.reasons)
        case Challenge():
            return Answer(Challenge, (), decision.factors)
    assert_never(decision)


def answer_of_event(event: Answered) -> Answer:
    """Return what was said at the reader, as it was recorded."""
    match event:
        case ev.AccessGranted():
            return Answer(Grant)
        case ev.AccessDenied():
            return Answer(Deny, event.reasons)
        case ev.ChallengeIssued():
            return Answer(Challenge, (), frozenset(event.factors))
        case ev.FactorProven():
            return Answer(Challenge)
    assert_never(event)


def difference(asked: Asked, site_of: Callable[[str], Site]) -> Difference | None:
    """Decide a request again under the policy of its time; None where the answer is the recorded one."""
    now = answer_of(asked.decide(site_of(asked.record.site)))
    return None if asked.answer.agrees(now) else Difference(asked, now)


def _superseding(
    before: tuple[SiteState, Recorded] | None, state: SiteState, record: Recorded
) -> tuple[SiteState, Recorded] | None:
    """Keep the state in which a grant was decided that first takes the same person's earlier one back."""
    event = record.event
    if not isinstance(event, ev.GrantWithdrawn) or event.why is not UnlockFailure.SUPERSEDED:
        return None
    return before or (state, record)


def _state_then(state: SiteState, superseded: tuple[SiteState, Recorded] | None, record: Recorded) -> SiteState:
    if superseded is None or not isinstance(record.event, ev.AccessGranted):
        return state
    then, withdrawal = superseded
    return then if withdrawal.at == record.at else state


def _asked(record: Recorded, event: Answered, state: SiteState, face: FaceOutcome | None) -> Asked:
    request = event.asked or _rebuilt(record, event, state, face)
    trace = None if isinstance(event, ev.FactorProven) else event.trace
    return Asked(record, event, request, state, answer_of_event(event), trace)


def _rebuilt(record: Recorded, event: Answered, state: SiteState, face: FaceOutcome | None) -> AccessRequest:
    """Return the request of an answer whose record does not hold it."""
    pending = state.challenges.get(event.reader)
    if pending is not None and pending.request == event.request:
        return _completion(event, pending, face)
    return _badge(record, event)


def _badge(record: Recorded, event: Answered) -> AccessRequest:
    """Return the request of a badge that was just shown."""
    if isinstance(event, ev.FactorProven):
        raise BrokenHistory(f"event {record.seq}: {event.request} proved a factor that nothing before it asks for")
    late = DenyReason.FACTOR_NOT_PRESENTED in _reasons(event)
    return AccessRequest(event.request, event.reader, event.credential, frozenset(event.presented), late=late)


def _completion(event: Answered, pending: PendingChallenge, face: FaceOutcome | None) -> AccessRequest:
    """Return the request of whoever answers a challenge, or does not in time."""
    shown = frozenset({event.factor}) if isinstance(event, ev.FactorProven) else frozenset(event.presented)
    asked = AccessRequest(pending.request, event.reader, pending.credential, pending.presented, face=face)
    late = DenyReason.FACTOR_NOT_PRESENTED in _reasons(event) and face is not FaceOutcome.NOBODY
    return replace(asked, pin_right=_pin(event, shown - pending.presented, pending), late=late)


def _pin(event: Answered, fresh: frozenset[Factor], pending: PendingChallenge) -> bool | None:
    """Tell whether a PIN was right. Somebody locked out is told just that, whether it was right or none was shown."""
    if Factor.PIN in fresh:
        return True
    wrong = {DenyReason.WRONG_PIN, DenyReason.TOO_MANY_PIN_TRIES} & set(_reasons(event))
    return False if wrong and Factor.PIN in pending.wanted else None


def _reasons(event: Answered) -> tuple[DenyReason, ...]:
    return event.reasons if isinstance(event, ev.AccessDenied) else ()
