"""The operators' part of the fold: who may sign in, and the shift that waits to be taken over."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.ids import OperatorId
from controller.domain.instant import Instant
from controller.domain.operator_orders import AppointOperator, operator_subject
from controller.domain.shift import OpenShift
from controller.domain.state import SiteState, replace
from controller.rules.fold_records import answered

OperatorEvent = (
    ev.OperatorRecorded
    | ev.OperatorAppointed
    | ev.OperatorWithdrawn
    | ev.OperatorReset
    | ev.ShiftHandedOver
    | ev.ShiftAccepted
)


def operators_changed(state: SiteState, event: OperatorEvent, at: Instant) -> SiteState:
    """Fold who may sign in from here on, and whose shift it is."""
    match event:
        case ev.OperatorRecorded(operator=operator):
            return replace(state, operators=state.operators.set(operator.id, operator))
        case ev.OperatorAppointed(appointed=new, reason=reason):
            about = operator_subject(AppointOperator(new.id, new.role, new.zones, reason))
            appointed = replace(state, operators=state.operators.set(new.id, new))
            return answered(appointed, "appoint_operator", about)
        case ev.OperatorWithdrawn(withdrawn=gone):
            left = state.operators.delete(gone) if gone in state.operators else state.operators
            return replace(state, operators=left)
        case ev.OperatorReset(reset=who):
            return answered(_begun_anew(state, who), "reset_operator", who)
        case ev.ShiftHandedOver():
            shift = OpenShift(event.operator, event.note, event.alarms, event.doors, at.wall)
            return replace(state, open_shift=shift)
        case ev.ShiftAccepted():
            return replace(state, open_shift=None)


def _begun_anew(state: SiteState, who: OperatorId) -> SiteState:
    known = state.operators.get(who)
    if known is None:
        return state
    return replace(state, operators=state.operators.set(who, replace(known, resets=known.resets + 1)))
