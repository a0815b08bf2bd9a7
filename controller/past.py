"""The building as it was: who could have entered a zone by rights, and where somebody was by the log. Pure.

Both fold the log up to a moment and look at what stood there then: its people, its policy, its state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from controller.domain.decision import AccessRequest, Challenge, Deny, DenyReason, FaceOutcome, GuardAnswer
from controller.domain.events import EntryObserved, Recorded
from controller.domain.ids import CardholderId, CredentialId, ReaderId, RequestId, ZoneId
from controller.domain.instant import Instant
from controller.domain.site import Factor, Site
from controller.domain.state import SiteState
from controller.rules.decide import decide
from controller.rules.fold import apply

OF_THE_MOMENT = frozenset(
    {
        DenyReason.ANTI_PASSBACK,
        DenyReason.ZONE_FULL,
        DenyReason.INTERLOCK,
        DenyReason.GRANT_PENDING,
        DenyReason.TOO_MANY_PIN_TRIES,
        DenyReason.LOG_CANNOT_BE_WRITTEN,
        DenyReason.CLOCK_NOT_TRUSTED,
        DenyReason.NOBODY_FIRST,
        DenyReason.AREA_ARMED,
        DenyReason.SECOND_PERSON_NEEDED,
        DenyReason.ESCORT_NEEDED,
        DenyReason.ESCORT_TOO_FAR,
    }
)
"""Refusals that are no matter of rights: a little later, or for somebody else in the same place, they would be none."""

NOW_SHOWN = frozenset({Factor.CARD})


@dataclass(frozen=True, slots=True)
class Entitled:
    """Somebody who could have entered at a reader, showing ``factors``; ``but`` is what stood in the way just then."""

    person: CardholderId
    reader: ReaderId
    factors: tuple[Factor, ...]
    but: tuple[DenyReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where somebody was: ``zone`` since ``by``, or None, and ``by`` is the event that made it unknown.

    Without ``by`` nothing was ever heard of them.
    """

    zone: ZoneId | None
    by: Recorded | None


@dataclass(frozen=True, slots=True)
class Past:
    """The building at a moment; ``policy`` is the digest of the one in force."""

    state: SiteState
    policy: str | None
    mono: float

    def now(self, wall: datetime) -> Instant:
        """Return the moment that was asked for, by the clocks of that boot."""
        last = self.state.last
        return Instant(wall, self.mono + (max(0.0, (wall - last.wall).total_seconds()) if last else 0.0))


def folded(records: Iterable[Recorded], until: datetime) -> Past:
    """Fold everything that was recorded up to a moment, it included."""
    state, mono = SiteState(), 0.0
    for record in _until(records, until):
        state, mono = apply(state, record.event, record.at), record.at.mono
    return Past(state, state.site_digest, mono)


def entitled(site: Site, past: Past, zone: ZoneId, wall: datetime) -> Iterator[Entitled]:
    """Return who could have entered a zone by rights, at each of its readers, in the order of the pseudonyms."""
    readers = [reader.id for reader in site.readers.values() if reader.enters == zone]
    now = past.now(wall)
    for credential in sorted(past.state.credentials):
        for reader in readers:
            found = _tried(site, past.state, reader, credential, now)
            if found is not None:
                yield found


def whereabouts(records: Iterable[Recorded], person: CardholderId, until: datetime) -> Whereabouts:
    """Return where somebody was at a moment, and the event that says so."""
    state, by = SiteState(), None
    for record in _until(records, until):
        before = state.locations.get(person)
        state = apply(state, record.event, record.at)
        seen = isinstance(record.event, EntryObserved) and record.event.cardholder == person
        if seen or state.locations.get(person) != before:
            by = record
    return Whereabouts(state.locations.get(person), by)


def _until(records: Iterable[Recorded], until: datetime) -> Iterator[Recorded]:
    """Stop at the first record after a moment. A clock set back in between is passed over: what follows came later."""
    for record in records:
        if record.at.wall > until:
            return
        yield record


def _tried(site: Site, state: SiteState, reader: ReaderId, credential: CredentialId, now: Instant) -> Entitled | None:
    """Have somebody show what is asked of them: what is refused then is a matter of rights, or of the moment."""
    badge = AccessRequest(RequestId("r0"), reader, credential, NOW_SHOWN)
    first = decide(site, state, badge, now)
    factors = tuple(sorted(first.factors)) if isinstance(first, Challenge) else ()
    reasons = first.reasons if isinstance(first, Deny) else ()
    if Factor.PIN in factors and state.credentials[credential].pin is None:
        return None
    if factors:
        reasons = _shown(site, state, badge, factors, now)
    if not OF_THE_MOMENT.issuperset(reasons):
        return None
    return Entitled(state.credentials[credential].cardholder, reader, factors, reasons)


def _shown(
    site: Site, state: SiteState, badge: AccessRequest, factors: tuple[Factor, ...], now: Instant
) -> tuple[DenyReason, ...]:
    complete = AccessRequest(
        badge.id,
        badge.reader,
        badge.credential,
        badge.presented,
        pin_right=True if Factor.PIN in factors else None,
        face=FaceOutcome.MATCHED if Factor.FACE in factors else None,
        guard=GuardAnswer.CONFIRMED if Factor.GUARD in factors else None,
    )
    decision = decide(site, state, complete, now)
    return decision.reasons if isinstance(decision, Deny) else ()
