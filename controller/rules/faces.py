"""Faces as ordered and as seen: who may enrol, withdraw and compare, the watch list, and gestures at a door."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.effects import Light, Signal, StopFace
from controller.domain.face_orders import (
    ComparePortrait,
    ConfirmFace,
    EnrolFace,
    FaceOrder,
    KeepPortrait,
    ListFace,
    RemovePortrait,
    UnlistFace,
    WithdrawFace,
)
from controller.domain.faces import Gesture
from controller.domain.ids import CardholderId, OperatorId
from controller.domain.operators import Refusal, Role, one_person
from controller.domain.site import Factor
from controller.domain.state import SiteState
from controller.domain.stimuli import FaceSpotted, GestureWanted
from controller.domain.words import word_for
from controller.rules.alarm import raise_alarm
from controller.rules.record_orders import has_exclusion_rights
from controller.rules.second_person import ask, first_to_ask
from controller.rules.turn import Turn

_DESK: frozenset[type[FaceOrder]] = frozenset({EnrolFace, ConfirmFace, WithdrawFace, KeepPortrait, RemovePortrait})
_POST: frozenset[type[FaceOrder]] = frozenset({ComparePortrait})
_LIST: frozenset[type[FaceOrder]] = frozenset({ListFace, UnlistFace})
RIGHTS: Mapping[Role, frozenset[type[FaceOrder]]] = MappingProxyType(
    {
        Role.GUARD: _POST,
        Role.SUPERVISOR: _DESK | _POST,
        Role.SECURITY_OFFICER: _DESK | _POST | _LIST,
        Role.AUDITOR: frozenset(),
        Role.DATA_PROTECTION_OFFICER: frozenset({WithdrawFace, RemovePortrait, UnlistFace}),
        Role.TECHNICIAN: frozenset(),
    }
)
"""Who may give which of these orders. Whoever answers for people's data may always end the keeping of it."""

COMPARED_AT = frozenset({AlarmKind.FACE_MISMATCH, AlarmKind.SPOOFED_FACE, AlarmKind.WATCH_LIST_HIT})
"""Alarms at which a guard compares who stands there with the portrait of the person they tell of."""

GESTURES: Mapping[Gesture, Light] = MappingProxyType(
    {
        Gesture.TURN_LEFT: Light.TURN_LEFT,
        Gesture.TURN_RIGHT: Light.TURN_RIGHT,
        Gesture.CLOSE_EYES: Light.CLOSE_EYES,
    }
)
"""How a reader asks for each."""


def may(turn: Turn, operator: OperatorId, order: FaceOrder) -> Refusal | None:
    """Tell why an order about a face is refused, the role being right; None where it may be given."""
    state, who = turn.state, order.cardholder
    if who not in state.people:
        return Refusal.UNKNOWN_CARDHOLDER
    if isinstance(order, ConfirmFace):
        return _about(state, operator, who) or _may_confirm(turn, operator, who)
    if not isinstance(order, ComparePortrait):
        refusal = _about(state, operator, who) or _may_change(turn, order)
        return refusal or (None if order.reason.strip() else Refusal.REASON_NEEDED)
    if who not in state.portraits:
        return Refusal.NO_PORTRAIT
    return None if is_compared(state, who) else Refusal.NOTHING_TO_COMPARE


def carry_out(turn: Turn, operator: OperatorId, order: FaceOrder) -> None:
    """Record what an order comes to."""
    match order:
        case EnrolFace():
            _enrol(turn, operator, order)
        case ConfirmFace(cardholder=cardholder):
            turn.record(ev.FaceConfirmed(_first(turn, cardholder) or operator, operator, cardholder))
        case WithdrawFace(cardholder=cardholder, reason=reason):
            withdraw(turn, operator, cardholder, reason)
        case KeepPortrait(cardholder=cardholder, reason=reason, portrait=portrait):
            turn.record(ev.PortraitKept(operator, cardholder, portrait, reason))
        case RemovePortrait(cardholder=cardholder, reason=reason):
            turn.record(ev.PortraitRemoved(operator, cardholder, reason))
        case ComparePortrait(cardholder=cardholder):
            turn.record(ev.PortraitCompared(operator, cardholder))
        case ListFace(cardholder=cardholder, reason=reason):
            turn.record(ev.FaceListed(operator, cardholder, reason))
        case UnlistFace(cardholder=cardholder, reason=reason):
            turn.record(ev.FaceUnlisted(operator, cardholder, reason))
        case _:
            assert_never(order)


def _enrol(turn: Turn, operator: OperatorId, order: EnrolFace) -> None:
    """Keep a template. One that would help into an exclusion zone sleeps until a second person confirms it."""
    asleep = has_exclusion_rights(turn.site, turn.state.people[order.cardholder])
    made = (order.engine, order.mode, order.template, order.basis, order.used, order.others, order.reason, asleep)
    turn.record(ev.FaceTemplateRecorded(operator, order.cardholder, *made))
    if asleep:
        ask(turn, operator, word_for(ConfirmFace), order.cardholder, order.reason)


def withdraw(turn: Turn, author: str, cardholder: CardholderId, reason: str) -> None:
    """Forget a face at once: where the eyes look for it just now, they stop."""
    turn.record(ev.FaceWithdrawn(author, cardholder, reason))
    for pending in turn.state.challenges.values():
        if pending.cardholder == cardholder and Factor.FACE in pending.wanted:
            turn.ask(StopFace(pending.request))


def gesture_wanted(turn: Turn, wanted: GestureWanted) -> None:
    """Have a reader ask for what the eyes drew by lot. It counts only while that very challenge runs there."""
    for reader, pending in turn.state.challenges.items():
        if (
            pending.request == wanted.request
            and Factor.FACE in pending.wanted
            and turn.site.readers[reader].camera == wanted.camera
            and turn.now.mono < pending.until
        ):
            turn.record(ev.GestureAsked(wanted.request, reader, wanted.camera, wanted.gesture))
            turn.ask(Signal(reader, GESTURES[wanted.gesture]))
            return


def face_spotted(turn: Turn, spotted: FaceSpotted) -> None:
    """Raise the alarm for a listed face. What a site has no approved watch list for is never heard."""
    rules = turn.site.faces.watch_list
    if rules is None or spotted.camera not in rules.cameras or spotted.cardholder not in turn.state.listed_faces:
        return
    raise_alarm(turn, AlarmKind.WATCH_LIST_HIT, Source(camera=spotted.camera), spotted.cardholder)


def is_compared(state: SiteState, cardholder: CardholderId) -> bool:
    """Tell whether a guard has somebody before them to compare: who waits for a look, or whom an alarm tells of."""
    waits = any(
        pending.cardholder == cardholder and Factor.GUARD in pending.wanted for pending in state.challenges.values()
    )
    return waits or any(alarm.kind in COMPARED_AT and alarm.detail == cardholder for alarm in state.alarms.values())


def _first(turn: Turn, cardholder: CardholderId) -> OperatorId | None:
    """Return who enrolled the face that sleeps: in time, and still in a role that may."""
    roles = [role for role, orders in RIGHTS.items() if ConfirmFace in orders]
    return first_to_ask(turn, word_for(ConfirmFace), cardholder, roles)


def _may_confirm(turn: Turn, operator: OperatorId, cardholder: CardholderId) -> Refusal | None:
    """Tell why a face sleeps on. What nobody confirmed in time is enrolled anew."""
    face, first = turn.state.enrolled.get(cardholder), _first(turn, cardholder)
    if face is not None and not face.asleep:
        return Refusal.ALREADY_SO
    if face is None or first is None:
        return Refusal.NO_FACE
    return Refusal.SECOND_PERSON_NEEDED if one_person(turn.state.operators, first, operator) else None


def _about(state: SiteState, operator: OperatorId, cardholder: CardholderId) -> Refusal | None:
    return Refusal.ABOUT_YOURSELF if state.operators[operator].cardholder == cardholder else None


def _may_change(  # noqa: C901 - one flat table
    turn: Turn, order: EnrolFace | WithdrawFace | KeepPortrait | RemovePortrait | ListFace | UnlistFace
) -> Refusal | None:
    state, who = turn.state, order.cardholder
    match order:
        case EnrolFace(alike=alike, others=others, template=template):
            if not template:
                return Refusal.NO_FACE
            return None if set(alike) <= set(others) else Refusal.FACE_ALIKE
        case WithdrawFace():
            return None if who in state.enrolled or who in state.portraits else Refusal.NO_FACE
        case KeepPortrait(portrait=portrait):
            if not turn.site.faces.portraits:
                return Refusal.PORTRAITS_NOT_ALLOWED
            return None if portrait else Refusal.NO_PORTRAIT
        case RemovePortrait():
            return None if who in state.portraits else Refusal.NO_PORTRAIT
        case ListFace():
            if turn.site.faces.watch_list is None:
                return Refusal.NO_WATCH_LIST
            if who not in state.faces:
                return Refusal.NO_FACE
            return Refusal.ALREADY_SO if who in state.listed_faces else None
        case UnlistFace():
            return None if who in state.listed_faces else Refusal.ALREADY_SO
    assert_never(order)
