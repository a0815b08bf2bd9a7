"""Why? One plain sentence for the guard, then the trace as it was recorded, then the policy of that time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.domain.decision import Challenge, Deny, Trace
from controller.domain.events import (
    KIND_OF,
    AccessDenied,
    AccessGranted,
    ChallengeIssued,
    Event,
    FactorProven,
    Recorded,
)
from controller.domain.ids import CardholderId, ReaderId
from controller.domain.site import Site
from controller.languages import Language, Words, words_in
from controller.policies import Policies, UnknownPolicy
from controller.replay import DECISIONS, Answer, answer_of_event
from controller.site.errors import SiteErrors
from controller.store.history import History

Decided = AccessGranted | AccessDenied | ChallengeIssued


class NoDecision(LookupError):
    """There is no such event, or nothing was decided in it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something was decided. ``policy`` is its digest; ``since`` the event by which it came into force.

    ``person`` is a pseudonym, ``name`` who that is today where it can be told; both None for a card nobody knows.
    """

    record: Recorded
    event: Decided
    sentence: str
    trace: Trace
    policy: str
    since: Recorded | None
    person: CardholderId | None
    name: str | None
    at: datetime

    def plain(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        answer = answer_of_event(self.event)
        return {
            "seq": self.record.seq,
            "kind": self.record.kind,
            "at": self.at.isoformat(),
            "sentence": self.sentence,
            **answer.plain(),
            "trace": plain_trace(self.trace),
            "policy": {
                "digest": self.policy,
                "since": self.since and self.since.at.wall.astimezone(self.at.tzinfo).isoformat(),
                "seq": self.since and self.since.seq,
            },
            "person": {"id": self.person, "name": self.name} if self.person else None,
        }


def explain(
    history: History,
    policies: Policies,
    seq: int,
    name_of: Callable[[CardholderId], str | None],
    language: Language = Language.EN,
) -> Explanation:
    """Explain one event, in a sentence of that language.

    Raises ``NoDecision`` with a sentence for a number without a decision.
    """
    words, record = words_in(language), history.record(seq)
    if record is None:
        raise NoDecision(f"there is no event {seq}: the log holds {history.count()}")
    event = record.event
    if not isinstance(event, AccessGranted | AccessDenied | ChallengeIssued):
        raise NoDecision(_nothing_decided(history, seq, event, words))
    site = _site(policies, record)
    person = event.cardholder
    name = name_of(person) if person else None
    return Explanation(
        record,
        event,
        sentence_of(answer_of_event(event), name or person or words.nobody_known(), place(site, event.reader), words),
        event.trace,
        record.site,
        policies.activated(record),
        person,
        name,
        record.at.wall.astimezone(site.timezone) if site else record.at.wall,
    )


def sentence_of(answer: Answer, who: str, where: str, words: Words) -> str:
    """Return the guard's sentence."""
    if answer.result is Deny:
        return words.denied(who, where, answer.reasons)
    if answer.result is Challenge:
        return words.challenged(who, where, answer.factors or ())
    return words.granted(who, where)


def place(site: Site | None, reader: ReaderId) -> str:
    """Return what a reader is called: its id, where the policy does not know it."""
    known = site.readers.get(reader) if site else None
    return known.name if known else str(reader)


def plain_trace(trace: Trace) -> list[dict[str, str | None]]:
    """Return a trace as JSON-ready values, in its order."""
    return [
        {"check": check.name, "facts": check.facts, "refused": check.refused, "remark": check.remark} for check in trace
    ]


def trace_lines(trace: Trace, words: Words) -> list[str]:
    """Return a trace as a table: check, facts, verdict."""
    rows = [words.headings(), *((check.name, check.facts, words.verdict(check)) for check in trace)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"  {name:<{widths[0]}}  {facts:<{widths[1]}}  {verdict}" for name, facts, verdict in rows]


def _nothing_decided(history: History, seq: int, event: Event, words: Words) -> str:
    """Say so, and name the decision that this event belongs to."""
    said = f'nothing was decided in event {seq} ("{words.event(KIND_OF[type(event)])}")'
    request = getattr(event, "request", None)
    for record in history.records(*DECISIONS) if request else ():
        if getattr(record.event, "request", None) != request:
            continue
        if isinstance(event, FactorProven) or record.seq < seq:
            return f"{said}; it follows from event {record.seq}: ostiary why {record.seq}"
    return f"{said}: it was observed or ordered"


def _site(policies: Policies, record: Recorded) -> Site | None:
    """Return the policy for its names, if it can be read: the decision itself is told from the record alone."""
    try:
        return policies.site(record.site)
    except (UnknownPolicy, SiteErrors):
        return None
