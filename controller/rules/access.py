"""What happens at a reader: a badge, a PIN, a face, and the answers to them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Set
from dataclasses import replace
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.decision import (
    AccessRequest,
    Challenge,
    Companion,
    Deny,
    DenyReason,
    FaceOutcome,
    Grant,
    remarks_of,
)
from controller.domain.doors import Position
from controller.domain.effects import AskFace, Light, Signal, StopFace, Unlock
from controller.domain.ids import CardholderId, CredentialId, ReaderId
from controller.domain.people import Credential, CredentialKind
from controller.domain.site import Door, DoorKind, Factor, Reader, takes_pin_alone
from controller.domain.state import PendingChallenge
from controller.domain.stimuli import CardPresented, FaceSeen, PinEntered
from controller.rules.alarm import raise_alarm
from controller.rules.companions import TOGETHER, beside, first_of_two, seconds_to_wait
from controller.rules.decide import decide
from controller.rules.enrolment import enrolled_here, offered
from controller.rules.evacuation import shown_at_safe_point
from controller.rules.factors import drawn, proven, search_percent
from controller.rules.fold_access import keypad_is_closed
from controller.rules.passages import take_back, went_through
from controller.rules.turn import Turn
from controller.rules.whereabouts import doubt_of, needs_time, somebody_passed

UNLOCK_DEADLINE_SECONDS = 2.0
"""How old an unlock may be when it reaches the lock; past it the wire drops it (the MQTT contract's expiry)."""

CARD_AGE_SECONDS = 5.0
"""How old a card may be when it is told: a reader that was cut off tells its cards late, to a door nobody stands at."""

FACE_MARGIN_SECONDS = 0.3
"""The eyes stop this much before the challenge lapses, so that their answer still counts."""

UNKNOWN_CARD_BURST = 5
NOBODYS = CredentialId("")

FACE_ALARMS: Mapping[FaceOutcome, AlarmKind] = MappingProxyType(
    {FaceOutcome.MISMATCH: AlarmKind.FACE_MISMATCH, FaceOutcome.NOT_LIVE: AlarmKind.SPOOFED_FACE}
)


def card_presented(turn: Turn, card: CardPresented) -> None:
    """A badge at a reader: the second of two that it waited for; else it replaces whatever it still waited for."""
    known = turn.state.tokens.get(card.token) if card.token is not None else None
    first = first_of_two(turn, card.reader, known)
    if first is None:
        abandon_challenge(turn, card.reader, DenyReason.FACTOR_NOT_PRESENTED)
    stale = abs(card.age) > CARD_AGE_SECONDS
    draw = card.draw if search_percent(turn.site, card.reader) else None
    request = AccessRequest(turn.next_request(), card.reader, known, frozenset({Factor.CARD}), late=stale, draw=draw)
    if first is not None:
        request = replace(request, companion=beside(first))
    new = None if stale else enrolled_here(turn.state, card, turn.now.mono)
    answer(turn, request, card if known is None and new is None else None)  # of a badge to be no number is kept
    if new is not None:
        offered(turn, card, new)
    if not stale:
        shown_at_safe_point(turn, card.reader, known)


def pin_entered(turn: Turn, entered: PinEntered) -> None:
    """Digits at a keypad: what a challenge asks for or, where the reader takes one, a personal PIN; else nothing."""
    pending = turn.state.challenges.get(entered.reader)
    if pending is None:
        _personal_pin(turn, entered)
        return
    if entered.proof is None or Factor.PIN not in pending.wanted:
        return
    badge = turn.state.credentials.get(pending.credential)
    forced = badge is not None and is_proof(entered.proof, badge.duress)
    if badge is None or pending.until <= turn.now.mono:
        abandon_challenge(turn, entered.reader, DenyReason.FACTOR_NOT_PRESENTED)
    else:
        right = is_proof(entered.proof, badge.pin) or forced
        answer(turn, replace(completed(pending, entered.reader, pin_right=right), duress=forced))
    if forced:
        raise_alarm(turn, AlarmKind.DURESS, Source(reader=entered.reader), pending.cardholder)


def _personal_pin(turn: Turn, entered: PinEntered) -> None:
    """A PIN in place of a card: it names whoever types it."""
    reader = turn.site.readers.get(entered.reader)
    if entered.token is None or reader is None or not takes_pin_alone(turn.site, reader):
        return
    known = turn.state.credentials.get(turn.state.tokens.get(entered.token, NOBODYS))
    if known is not None and known.kind is not CredentialKind.PIN:
        known = None
    forced = known is not None and is_proof(entered.token, known.duress)
    draw = entered.draw if search_percent(turn.site, reader.id) else None
    request = turn.next_request()
    typed = frozenset({Factor.PIN})
    answer(turn, AccessRequest(request, reader.id, known.id if known else None, typed, draw=draw, duress=forced))
    if forced and known is not None:
        raise_alarm(turn, AlarmKind.DURESS, Source(reader=reader.id), known.cardholder)


def is_proof(shown: str, enrolled: str | None) -> bool:
    """Tell whether two proofs are one, in a time that tells nothing of where they differ."""
    return enrolled is not None and hmac.compare_digest(shown.encode(), enrolled.encode())


def face_seen(turn: Turn, seen: FaceSeen) -> None:
    """The eyes' answer. It counts only for a running challenge, from that reader's camera, seen after it began."""
    for reader, pending in turn.state.challenges.items():
        if pending.request == seen.request and _counts(turn, reader, pending, seen):
            turn.record(
                ev.FaceJudged(
                    seen.request, reader, seen.camera, pending.cardholder, seen.outcome, seen.distance, seen.frames
                )
            )
            answer(turn, completed(pending, reader, face=seen.outcome))
            if (kind := FACE_ALARMS.get(seen.outcome)) is not None:
                raise_alarm(turn, kind, Source(reader=reader, camera=seen.camera), pending.cardholder)
            return


def abandon_challenge(turn: Turn, reader: ReaderId, why: DenyReason) -> None:
    """End what a reader still waits for, with a denial that says why."""
    pending = turn.state.challenges.get(reader)
    if pending is None:
        return
    if why is DenyReason.FACTOR_NOT_PRESENTED:
        answer(turn, completed(pending, reader, late=True))
    else:
        answer(turn, completed(pending, reader))


def answer(turn: Turn, request: AccessRequest, card: CardPresented | None = None) -> None:
    """Decide a request and carry the decision out. Of two who come together, both are let in or neither."""
    pending = turn.state.challenges.get(request.reader)
    first = pending.of(request.companion.request) if pending and request.companion else None
    decision = decide(turn.site, turn.state, request, turn.now)
    match decision:
        case Grant() if first is not None:
            _grant_two(turn, request, decision, first)
        case Grant():
            _grant(turn, (request, decision))
        case Deny():
            _deny(turn, request, decision, card)
            if first is not None:
                answer(turn, completed(first, request.reader, late=True))
        case Challenge():
            _challenge(turn, request, decision)
        case _:
            assert_never(decision)
    if pending is not None and pending.request == request.id and not isinstance(decision, Challenge):
        _stop_looking(turn, request, pending)


def completed(
    pending: PendingChallenge,
    reader: ReaderId,
    *,
    pin_right: bool | None = None,
    face: FaceOutcome | None = None,
    late: bool = False,
) -> AccessRequest:
    """Return the request of whoever answers a challenge, with what just came."""
    first = pending.first
    return AccessRequest(
        pending.request,
        reader,
        pending.credential,
        pending.presented,
        pin_right=pin_right,
        face=face,
        late=late,
        companion=beside(first) if first else None,
    )


def count_as_used(turn: Turn, door: Door, cardholder: CardholderId | None) -> None:
    """Count a passage as used where the door already stands open (it gets its full time anew) or has no contact.

    A turnstile counts for itself, and whoever needs more time than the next one keeps it.
    """
    state = turn.state.door(door.id)
    if door.kind is DoorKind.TURNSTILE:
        return
    passage = next(p for p in reversed(state.passages) if p.cardholder == cardholder)
    if door.contact is not None and state.position is not Position.OPEN:
        return
    if cardholder is None:
        somebody_passed(turn, door, ev.Doubt.GUARD_UNLOCK)
    went_through(turn, door, passage, assumed=True)
    if state.held:
        somebody_passed(turn, door, doubt_of(state.hold))
    if state.held_after is not None:
        seconds = max(door.open_for(extended=needs_time(turn.state, cardholder)), state.held_after - turn.now.mono)
        turn.record(ev.HeldOpenTimerRestarted(door.id, seconds, seconds - door.pre_alarm_seconds))


def _grant_two(turn: Turn, request: AccessRequest, grant: Grant, first: PendingChallenge) -> None:
    """Let two in together, if what was true of the first, when they showed their badge, still is.

    Else a second person goes no further than the first. An escort asked for nobody, and may go in alone.
    """
    second = Companion(request.id, _credential(turn, request).id, first.wanted)
    theirs = replace(completed(first, request.reader), companion=second)
    decision = decide(turn.site, turn.state, theirs, turn.now)
    if isinstance(decision, Grant):
        _grant(turn, (theirs, decision), (request, grant))
        return
    if isinstance(decision, Deny):
        _deny(turn, theirs, decision, None)
    else:
        answer(turn, completed(first, request.reader, late=True))
    answer(turn, replace(request, companion=None, late=Factor.SECOND_PERSON in first.wanted))


def _grant(turn: Turn, *granted: tuple[AccessRequest, Grant]) -> None:
    """Let somebody in, or several together: all is on record before the first of them counts as in."""
    for request, _ in granted:
        _supersede(turn, request)
    for request, grant in granted:
        _record_grant(turn, request, grant)
    for request, _ in granted:
        reader, door = _place(turn, request)
        seconds = _unlock_seconds(turn, door, request)
        turn.ask(Unlock(door.id, request.id, seconds, turn.now.mono + UNLOCK_DEADLINE_SECONDS))
        if request is granted[-1][0]:
            turn.ask(Signal(reader.id, Light.GRANTED))
        count_as_used(turn, door, _credential(turn, request).cardholder)


def _supersede(turn: Turn, request: AccessRequest) -> None:
    """Take back what the same person was granted here before and did not use."""
    _, door = _place(turn, request)
    holder = _credential(turn, request).cardholder
    for passage in turn.state.door(door.id).passages:
        if passage.cardholder == holder and not passage.used and passage.until > turn.now.mono:
            take_back(turn, door.id, passage.request, ev.UnlockFailure.SUPERSEDED)


def _record_grant(turn: Turn, request: AccessRequest, grant: Grant) -> None:
    reader, door = _place(turn, request)
    credential = _credential(turn, request)
    turn.record(
        ev.AccessGranted(
            request.id,
            reader.id,
            door.id,
            reader.enters,
            credential.id,
            credential.cardholder,
            tuple(sorted(proven(request))),
            _unlock_seconds(turn, door, request),
            grant.trace,
            remarks_of(grant.trace),
            asked=request,
        )
    )


def _unlock_seconds(turn: Turn, door: Door, request: AccessRequest) -> float:
    return door.unlock_for(extended=needs_time(turn.state, _credential(turn, request).cardholder))


def _deny(turn: Turn, request: AccessRequest, deny: Deny, card: CardPresented | None) -> None:
    reader = turn.site.readers.get(request.reader)
    credential = turn.state.credentials.get(request.credential) if request.credential else None
    turn.record(
        ev.AccessDenied(
            request.id,
            request.reader,
            reader.door if reader else None,
            request.credential,
            credential.cardholder if credential else None,
            tuple(sorted(proven(request))),
            deny.reasons,
            deny.trace,
            card.format if card else None,
            card.bit_count if card else None,
            card.raw if card else None,
            asked=request,
            tried=card.tried if card else (),
        )
    )
    if reader is not None:
        turn.ask(Signal(reader.id, Light.DENIED))
    _alarm_of_denial(turn, request, deny)


def _alarm_of_denial(turn: Turn, request: AccessRequest, deny: Deny) -> None:
    if len(turn.state.unknown_cards.get(request.reader, ())) >= UNKNOWN_CARD_BURST and (
        DenyReason.UNKNOWN_CREDENTIAL in deny.reasons
    ):
        raise_alarm(turn, AlarmKind.UNKNOWN_CARD_BURST, Source(reader=request.reader))
    tries = turn.state.pin_tries.get(request.credential) if request.credential else None
    if DenyReason.WRONG_PIN in deny.reasons and tries is not None and tries.locked_until is not None:
        raise_alarm(turn, AlarmKind.PIN_BRUTE_FORCE, Source(reader=request.reader))
    guessed = DenyReason.WRONG_PIN in deny.reasons and request.credential is None
    if guessed and keypad_is_closed(turn.state, request.reader, turn.now.mono):
        raise_alarm(turn, AlarmKind.PIN_BRUTE_FORCE, Source(reader=request.reader))
    if DenyReason.CREDENTIAL_WATCH_LISTED in deny.reasons:
        holder = _credential(turn, request).cardholder
        raise_alarm(turn, AlarmKind.WATCH_LIST_HIT, Source(reader=request.reader), holder)
    if DenyReason.ANTI_PASSBACK in deny.reasons:
        raise_alarm(
            turn, AlarmKind.HARD_ANTI_PASSBACK, Source(reader=request.reader), _credential(turn, request).cardholder
        )


def _challenge(turn: Turn, request: AccessRequest, challenge: Challenge) -> None:
    """Ask for what is missing. A challenge that already runs keeps its deadline, also where more is asked by now."""
    reader, _ = _place(turn, request)
    running = turn.state.challenges.get(reader.id)
    if running is None or running.request != request.id:
        seconds = reader.challenge_for(extended=needs_time(turn.state, _credential(turn, request).cardholder))
        if Factor.GUARD in challenge.factors:
            seconds = max(seconds, reader.guard_seconds)
        seconds = seconds_to_wait(turn.site.zones[reader.enters], challenge.factors, seconds)
        _issue(turn, request, challenge, seconds, frozenset())
    elif challenge.factors - running.wanted:
        _issue(turn, request, challenge, running.until - turn.now.mono, running.wanted)
    else:
        for factor in sorted(proven(request) - running.presented):
            turn.record(ev.FactorProven(request.id, reader.id, factor, asked=request))
    turn.ask(Signal(reader.id, light_for(turn.state.challenges[reader.id].wanted)))


def light_for(wanted: Set[Factor]) -> Light:
    """Return what a reader shows while it waits for these: what the person can do comes first."""
    if Factor.PIN in wanted:
        return Light.ENTER_PIN
    if Factor.FACE in wanted:
        return Light.LOOK_AT_CAMERA
    return Light.NEXT_BADGE if wanted <= TOGETHER else Light.WAIT


def _issue(
    turn: Turn, request: AccessRequest, challenge: Challenge, seconds: float, already: frozenset[Factor]
) -> None:
    """Record what is asked for within ``seconds``, and have the eyes look unless they look ``already``."""
    reader, door = _place(turn, request)
    credential = _credential(turn, request)
    turn.record(
        ev.ChallengeIssued(
            request.id,
            reader.id,
            door.id,
            credential.id,
            credential.cardholder,
            tuple(sorted(proven(request))),
            tuple(sorted(challenge.factors)),
            seconds,
            challenge.trace,
            asked=request,
            search=drawn(turn.site, turn.state, request, credential.cardholder),
        )
    )
    pending = turn.state.challenges[reader.id]
    if Factor.FACE in pending.wanted - already and reader.camera is not None:
        until = pending.until - FACE_MARGIN_SECONDS
        turn.ask(AskFace(pending.request, reader.camera, credential.cardholder, until, reader.liveness))


def _stop_looking(turn: Turn, request: AccessRequest, pending: PendingChallenge) -> None:
    """Call the eyes off a challenge that ended without their answer."""
    if Factor.FACE in pending.wanted and request.face is None:
        turn.ask(StopFace(pending.request))


def _counts(turn: Turn, reader: ReaderId, pending: PendingChallenge, seen: FaceSeen) -> bool:
    return (
        Factor.FACE in pending.wanted
        and turn.site.readers[reader].camera == seen.camera
        and pending.issued < seen.seen_at
        and turn.now.mono < pending.until
    )


def _credential(turn: Turn, request: AccessRequest) -> Credential:
    """Return the badge of a request that was granted or challenged: such a request always has one."""
    if request.credential is None:
        raise ValueError(f"request {request.id} at {request.reader} has no credential")
    return turn.state.credentials[request.credential]


def _place(turn: Turn, request: AccessRequest) -> tuple[Reader, Door]:
    reader = turn.site.readers[request.reader]
    return reader, turn.site.doors[reader.door]
