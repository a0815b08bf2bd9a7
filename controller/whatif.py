"""What if: the requests of the past under another policy, each in the state in which it was made. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from controller.domain.decision import Challenge, Decision, Deny, DenyReason, Grant
from controller.domain.events import ChallengeIssued, FactorProven
from controller.domain.ids import CardholderId, DoorId, RequestId
from controller.domain.site import Factor, Site
from controller.replay import Asked


class Change(StrEnum):
    """What another policy does to somebody's entry."""

    REFUSED = "refused"
    ALLOWED = "allowed"
    ASKED = "asked"  # let in then; now only with a further factor, and whether they had it is not known


@dataclass(frozen=True, slots=True, order=True)
class Changed:
    """One entry that would have gone otherwise. ``hour`` is its full hour in the new policy's time zone.

    ``reasons``: why it is refused now. ``factors``: what would have been asked for and was not shown then.
    """

    change: Change
    person: CardholderId
    door: DoorId
    hour: datetime
    reasons: tuple[DenyReason, ...] = ()
    factors: tuple[Factor, ...] = ()


def changes(asked: Iterable[Asked], site: Site) -> Iterator[Changed | None]:
    """Decide each request under ``site``: one value for each that was granted or refused then, None where both agree.

    A badge, its challenge and its answer are one request. Where ``site`` asks for less, it is decided as soon as
    enough was shown. What would have followed (somebody inside who was not) is not played on: each stands by itself.
    """
    decided: dict[RequestId, Decision] = {}
    for one in asked:
        before = decided.pop(one.request.id, None)
        now = before if isinstance(before, Grant | Deny) else one.decide(site)
        if one.answer.result is Challenge:
            decided[one.request.id] = now
        else:
            yield _changed(one, now, site)


def _changed(one: Asked, now: Decision, site: Site) -> Changed | None:
    event, granted = one.event, one.answer.result is Grant
    if isinstance(event, ChallengeIssued | FactorProven) or event.cardholder is None:
        return None  # nothing was answered yet, or to a card nobody knows under any policy
    door = event.door or site.readers[event.reader].door
    hour = one.record.at.wall.astimezone(site.timezone).replace(minute=0, second=0, microsecond=0)
    match now:
        case Grant():
            return None if granted else Changed(Change.ALLOWED, event.cardholder, door, hour)
        case Deny(reasons=reasons):
            return Changed(Change.REFUSED, event.cardholder, door, hour, reasons) if granted else None
        case Challenge(factors=factors):
            change = Change.ASKED if granted else Change.ALLOWED
            return Changed(change, event.cardholder, door, hour, factors=tuple(sorted(factors)))
    assert_never(now)
