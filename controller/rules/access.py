"""What happens at a reader: a badge, a PIN, a face, and the answers to them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Set
from dataclasses import replace
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.decision import AccessRequest, Challenge, Deny, DenyReason, FaceOutcome, Grant, remarks_of
from controller.domain.doors import Position
from controller.domain.effects import AskFace, Light, Signal, StopFace, Unlock
from controller.domain.ids import CardholderId, CredentialId, ReaderId
from controller.domain.people import Credential, CredentialKind
from controller.domain.site import Door, DoorKind, Factor, Reader, takes_pin_alone
from controller.domain.state import PendingChallenge
from controller.domain.stimuli import CardPresented, FaceSeen, PinEntered
from controller.rules.alarm import raise_alarm
from controller.rules.decide import decide
from controller.rules.factors import drawn, proven, search_percent
from controller.rules.fold_access import keypad_is_closed
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
    """A badge at a reader: it replaces whatever that reader still waited for."""
    abandon_challenge(turn, card.reader, DenyReason.FACTOR_NOT_PRESENTED)
    known = turn.state.tokens.get(card.token) if card.token is not None else None
    stale = abs(card.age) > CARD_AGE_SECONDS
    draw = card.draw if search_percent(turn.site, card.reader) else None
    request = AccessRequest(turn.next_request(), card.reader, known, frozenset({Factor.CARD}), late=stale, draw=draw)
    answer(turn, request, card if known is None else None)


def pin_entered(turn: Turn, entered: PinEntered) -> None:
    """Digits at a keypad: what a challenge asks for or, where the reader takes one, a personal PIN; else nothing."""
    pending = turn.state.challenges.get(entered.reader)
    if pending is None:
        _personal_pin(turn, entered)
        return
    if entered.proof is None or Factor.PIN not in pending.wanted:
        return
    badge = turn.state.credentials[pending.credential]
    forced = is_proof(entered.proof, badge.duress)
    if pending.until <= turn.now.mono:
        abandon_challenge(turn, entered.reader, DenyReason.FACTOR_NOT_PRESENTED)
    else:
        right = is_proof(entered.proof, badge.pin) or forced
        answer(turn, replace(completed(pending, entered.reader, pin_right=right), duress=forced))
    if forced:
        raise_alarm(turn, AlarmKind.DURESS, Source(reader=entered.reader), badge.cardholder)


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
                raise_alarm(turn, kind, Source(reader=reader, camera=seen.camera))
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
    """Decide a request and carry the decision out."""
    pending = turn.state.challenges.get(request.reader)
    decision = decide(turn.site, turn.state, request, turn.now)
    match decision:
        case Grant():
            _grant(turn, request, decision)
        case Deny():
            _deny(turn, request, decision, card)
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
    return AccessRequest(
        pending.request, reader, pending.credential, pending.presented, pin_right=pin_right, face=face, late=late
    )


def count_as_used(turn: Turn, door: Door, cardholder: CardholderId | None) -> None:
    """Count a passage as used where the door already stands open (it gets its full time anew) or has no contact.

    A turnstile counts for itself, and whoever needs more time than the next one keeps it.
    """
    state = turn.state.door(door.id)
    passage = state.passages[-1]
    if door.kind is DoorKind.TURNSTILE:
        return
    if door.contact is not None and state.position is not Position.OPEN:
        return
    if cardholder is None:
        somebody_passed(turn, door, ev.Doubt.GUARD_UNLOCK)
    turn.record(ev.EntryObserved(passage.request, door.id, cardholder, passage.enters, assumed=True))
    if state.held:
        somebody_passed(turn, door, doubt_of(state.hold))
    if state.held_after is not None:
        seconds = max(door.open_for(extended=needs_time(turn.state, cardholder)), state.held_after - turn.now.mono)
        turn.record(ev.HeldOpenTimerRestarted(door.id, seconds, seconds - door.pre_alarm_seconds))


def _grant(turn: Turn, request: AccessRequest, grant: Grant) -> None:
    reader, door = _place(turn, request)
    credential = _credential(turn, request)
    for passage in turn.state.door(door.id).passages:
        if passage.cardholder == credential.cardholder and not passage.used and passage.until > turn.now.mono:
            turn.record(ev.GrantWithdrawn(passage.request, door.id, ev.UnlockFailure.SUPERSEDED))
    seconds = door.unlock_for(extended=needs_time(turn.state, credential.cardholder))
    turn.record(
        ev.AccessGranted(
            request.id,
            reader.id,
            door.id,
            reader.enters,
            credential.id,
            credential.cardholder,
            tuple(sorted(proven(request))),
            seconds,
            grant.trace,
            remarks_of(grant.trace),
            asked=request,
        )
    )
    turn.ask(Unlock(door.id, request.id, seconds, turn.now.mono + UNLOCK_DEADLINE_SECONDS))
    turn.ask(Signal(reader.id, Light.GRANTED))
    count_as_used(turn, door, credential.cardholder)


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
    return Light.LOOK_AT_CAMERA if Factor.FACE in wanted else Light.WAIT


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
        turn.ask(AskFace(pending.request, reader.camera, credential.cardholder, pending.until - FACE_MARGIN_SECONDS))


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
