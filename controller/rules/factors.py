"""What somebody must show at a reader, what of it they have shown, and the checks of it."""

from __future__ import annotations

from controller.domain.decision import AccessRequest, DenyReason, FaceOutcome, GuardAnswer
from controller.domain.site import Factor
from controller.rules.case import Case, Finding

CARD = frozenset({Factor.CARD})
IN_PLACE_OF_A_FACE = frozenset({Factor.PIN, Factor.GUARD})
NOTHING: frozenset[Factor] = frozenset()

NO_GUARD_ASKED = Finding("no guard looked now")
GUARD_CONFIRMED = Finding("a guard looked and confirmed")
GUARD_REFUSED = Finding("a guard looked and refused", DenyReason.GUARD_REFUSED)


def factors_needed(case: Case) -> frozenset[Factor]:
    """Return the union of what zone, reader and threat level ask for. A card comes first, always.

    Nobody can compare a face with a template that was never taken: such a person types a PIN and a guard looks.
    """
    threat = case.threat.added_factors.get(case.zone.id, NOTHING)
    asked = CARD | case.zone.factors | case.reader.factors | threat
    if Factor.FACE in asked and case.reader.keypad and case.holder.id not in case.state.faces:
        return asked - {Factor.FACE} | IN_PLACE_OF_A_FACE
    return asked


def proven(request: AccessRequest) -> frozenset[Factor]:
    """Return the factors this request has proven, those just shown included."""
    shown = {
        Factor.PIN: request.pin_right is True,
        Factor.FACE: request.face is FaceOutcome.MATCHED,
        Factor.GUARD: request.guard is GuardAnswer.CONFIRMED,
    }
    return request.presented | {factor for factor, right in shown.items() if right}


def guard_confirms(case: Case) -> Finding:
    """A guard who was asked to look says no, and why stands beside it in the log."""
    match case.request.guard:
        case None:
            return NO_GUARD_ASKED
        case GuardAnswer.CONFIRMED:
            return GUARD_CONFIRMED
        case GuardAnswer.REFUSED:
            return GUARD_REFUSED
