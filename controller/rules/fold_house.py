"""The house's part of the fold: who somebody is, which reader waits for a new badge, and who was counted as safe."""

from __future__ import annotations

from typing import assert_never

from controller.domain import events as ev
from controller.domain.enrolment_orders import RecordCardholder, told
from controller.domain.evacuation import Evacuation, Safe
from controller.domain.ids import CardholderId
from controller.domain.instant import Instant
from controller.domain.state import Enrolment, SiteState, replace
from controller.domain.words import word_for
from controller.rules.fold_records import answered

EvacuationEvent = ev.EvacuationStarted | ev.EvacuationEnded | ev.SafeCounted | ev.SafeUncounted


def recorded(state: SiteState, event: ev.CardholderRecorded) -> SiteState:
    """Fold who somebody is from now on; whatever was asked about just that is answered."""
    known = replace(state, people=state.people.set(event.cardholder.id, event.cardholder))
    return answered(known, word_for(RecordCardholder), told(event.cardholder)) if known.asked else known


def issued(state: SiteState, holder: CardholderId) -> SiteState:
    """Whoever has their badge is waited for no longer."""
    served = [reader for reader, waiting in state.enrolments.items() if waiting.cardholder == holder and waiting.format]
    for reader in served:
        state = replace(state, enrolments=state.enrolments.delete(reader))
    return state


def enrolling(state: SiteState, event: ev.EnrolmentOpened | ev.BadgeOffered, at: Instant) -> SiteState:
    """Fold what a reader waits for."""
    match event:
        case ev.EnrolmentOpened(operator=operator, reader=reader, cardholder=cardholder, seconds=seconds):
            waiting = Enrolment(operator, cardholder, at.mono + seconds)
            return replace(state, enrolments=state.enrolments.set(reader, waiting))
        case ev.BadgeOffered(reader=reader, format=card_format):
            known = state.enrolments.get(reader)
            if known is None:
                return state
            return replace(state, enrolments=state.enrolments.set(reader, replace(known, format=card_format)))
    assert_never(event)


def evacuated(state: SiteState, event: EvacuationEvent, at: Instant) -> SiteState:
    """Fold that everybody leaves, and who was counted."""
    running = state.evacuation
    match event:
        case ev.EvacuationStarted(operator=operator):
            return replace(state, evacuation=Evacuation(operator, at.wall))
        case ev.EvacuationEnded():
            return replace(state, evacuation=None)
        case ev.SafeCounted(cardholder=who, safe_point=point):
            if running is None:
                return state
            counted = running.safe.set(who, Safe(point, at.wall))
            return replace(state, evacuation=replace(running, safe=counted))
        case ev.SafeUncounted(cardholder=who):
            if running is None or who not in running.safe:
                return state
            return replace(state, evacuation=replace(running, safe=running.safe.delete(who)))
    assert_never(event)
