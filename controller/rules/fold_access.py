"""The readers' part of the fold: grants, denials, challenges, and how often a PIN was wrong."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.decision import DenyReason
from controller.domain.doors import Passage
from controller.domain.ids import CredentialId, ReaderId, RequestId
from controller.domain.instant import Instant
from controller.domain.site import Factor
from controller.domain.state import LetIn, PendingChallenge, PinTries, SiteState, replace
from controller.rules.fold_doors import armed, passage_until

MAX_WRONG_PINS = 3
PIN_LOCK_SECONDS = 60.0
KEYPAD_TRIES = 5
KEYPAD_SECONDS = 900.0
"""So many personal PINs that are nobody's, within so long, close a keypad for ``PIN_LOCK_SECONDS`` after each more."""

BURST_SECONDS = 60.0
BURST_MEMORY = 32
LET_IN_MEMORY = 4


def granted(state: SiteState, event: ev.AccessGranted, at: Instant) -> SiteState:
    """The challenge, if any, is over and the passage armed; a right PIN forgives the wrong ones before it."""
    companion = event.asked.companion if event.asked else None
    passage = Passage(
        event.request,
        event.cardholder,
        event.enters,
        passage_until(at, event.seconds),
        companion=companion.request if companion else None,
    )
    let_in = (*state.let_in.get(event.reader, ()), LetIn(event.cardholder, at.mono))[-LET_IN_MEMORY:]
    state = replace(state, let_in=state.let_in.set(event.reader, let_in))
    state = _unchallenged(counted(state, event.request), event.reader, event.request)
    if Factor.PIN in event.presented and event.credential in state.pin_tries:
        state = replace(state, pin_tries=state.pin_tries.delete(event.credential))
    if Factor.GUARD in event.presented and event.cardholder in state.to_search:
        state = replace(state, to_search=state.to_search.delete(event.cardholder))
    return armed(state, event.door, passage)


def denied(state: SiteState, event: ev.AccessDenied, at: Instant) -> SiteState:
    """The challenge, if any, is over; unknown cards and wrong PINs are counted."""
    state = _unchallenged(counted(state, event.request), event.reader, event.request)
    if DenyReason.UNKNOWN_CREDENTIAL in event.reasons:
        recent = [t for t in state.unknown_cards.get(event.reader, ()) if at.mono - t < BURST_SECONDS]
        seen = (*recent, at.mono)[-BURST_MEMORY:]
        state = replace(state, unknown_cards=state.unknown_cards.set(event.reader, seen))
    if DenyReason.WRONG_PIN in event.reasons and event.credential is not None:
        state = _wrong_pin(state, event.credential, at)
    elif DenyReason.WRONG_PIN in event.reasons:
        tries = (*recent_tries(state, event.reader, at.mono), at.mono)[-KEYPAD_TRIES:]
        state = replace(state, keypad_tries=state.keypad_tries.set(event.reader, tries))
    return state


def recent_tries(state: SiteState, reader: ReaderId, mono: float) -> tuple[float, ...]:
    """Return when, of late, somebody typed what is nobody's PIN at this keypad."""
    return tuple(t for t in state.keypad_tries.get(reader, ()) if mono - t < KEYPAD_SECONDS)


def keypad_is_closed(state: SiteState, reader: ReaderId, mono: float) -> bool:
    """Tell whether so many were typed that for a while no PIN counts there."""
    tries = recent_tries(state, reader, mono)
    return len(tries) >= KEYPAD_TRIES and mono - tries[-1] < PIN_LOCK_SECONDS


def challenged(state: SiteState, event: ev.ChallengeIssued, at: Instant) -> SiteState:
    """A reader waits for further factors."""
    pending = PendingChallenge(
        event.request,
        event.credential,
        event.cardholder,
        frozenset(event.presented),
        frozenset(event.factors),
        at.mono,
        at.mono + event.seconds,
        event.search,
        first=_waiting(state, event),
    )
    state = counted(state, event.request)
    if event.search:
        state = replace(state, to_search=state.to_search.set(event.cardholder, event.request))
    return replace(state, challenges=state.challenges.set(event.reader, pending))


def _waiting(state: SiteState, event: ev.ChallengeIssued) -> PendingChallenge | None:
    """Return who waits at the reader to pass together with the one that is challenged now."""
    companion, running = event.asked.companion if event.asked else None, state.challenges.get(event.reader)
    return running.of(companion.request) if companion and running else None


def proven(state: SiteState, event: ev.FactorProven) -> SiteState:
    """One factor less to wait for."""
    pending = state.challenges.get(event.reader)
    if pending is None or pending.request != event.request:
        return state
    factor = frozenset({event.factor})
    pending = replace(pending, presented=pending.presented | factor, wanted=pending.wanted - factor)
    return replace(state, challenges=state.challenges.set(event.reader, pending))


def counted(state: SiteState, request: RequestId) -> SiteState:
    """Keep the highest number of a request, so that none is given twice."""
    return replace(state, requests=max(state.requests, int(request[1:])))


def tries_after_start(state: SiteState, locked_until: float) -> dict[CredentialId, PinTries]:
    """Return the wrong PINs as a restart leaves them: still counted, and who was locked out is so anew."""
    return {
        credential: PinTries(tries.wrong, None if tries.locked_until is None else locked_until)
        for credential, tries in state.pin_tries.items()
    }


def _wrong_pin(state: SiteState, credential: CredentialId, at: Instant) -> SiteState:
    tries = state.pin_tries.get(credential, PinTries(0, None))
    wrong = 1 if tries.locked_until is not None else tries.wrong + 1
    locked = at.mono + PIN_LOCK_SECONDS if wrong >= MAX_WRONG_PINS else None
    return replace(state, pin_tries=state.pin_tries.set(credential, PinTries(wrong, locked)))


def _unchallenged(state: SiteState, reader: ReaderId, request: RequestId) -> SiteState:
    pending = state.challenges.get(reader)
    if pending is None or pending.request != request:
        return state
    return replace(state, challenges=state.challenges.delete(reader))
