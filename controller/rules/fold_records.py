"""The records' part of the fold: badges and levels as ordered, holds, who was erased, what waits for a second."""

from __future__ import annotations

from typing import assert_never

from controller.domain import events as ev
from controller.domain.ids import CardholderId
from controller.domain.instant import Instant
from controller.domain.record_orders import evidence_subject
from controller.domain.records import Asked, LegalHold
from controller.domain.state import SiteState, replace
from controller.rules.fold_faces import faceless
from controller.rules.fold_people import forgotten

ERASE = "erase_cardholder"
LIFT = "lift_legal_hold"
ASSIGN = "assign_access_level"

RecordEvent = (
    ev.SecondPersonAsked
    | ev.CardholderErased
    | ev.CredentialStatusSet
    | ev.AccessLevelAssigned
    | ev.AccessLevelWithdrawn
    | ev.LegalHoldPlaced
    | ev.LegalHoldLifted
    | ev.PeopleExported
    | ev.BackupRestored
    | ev.DestructionOrdered
)


def records_changed(state: SiteState, event: RecordEvent, at: Instant) -> SiteState:  # noqa: C901 - one flat table
    """Fold what was ordered about people's records."""
    match event:
        case ev.SecondPersonAsked():
            return replace(state, asked=state.asked.set((event.order, event.subject), _asked(event, at)))
        case ev.CardholderErased():
            return answered(erased(state, event.cardholder), ERASE, event.cardholder)
        case ev.CredentialStatusSet():
            credential = replace(state.credentials[event.credential], status=event.status)
            changed = replace(state, credentials=state.credentials.set(credential.id, credential))
            return answered(changed, "set_credential_status", f"{event.credential} {event.status}")
        case ev.AccessLevelAssigned() | ev.AccessLevelWithdrawn():
            return _levels(state, event)
        case ev.LegalHoldPlaced():
            return replace(state, holds=state.holds.set(event.hold, LegalHold(event.hold, event.cardholder)))
        case ev.LegalHoldLifted():
            holds = state.holds.delete(event.hold) if event.hold in state.holds else state.holds
            return answered(replace(state, holds=holds), LIFT, event.hold)
        case ev.PeopleExported():
            return answered(state, "export_people", f"{event.purpose} {event.case}".strip())
        case ev.DestructionOrdered():
            return answered(state, "destroy_box", "")
        case ev.BackupRestored():
            for cardholder in event.erased:
                state = erased(state, cardholder)
            return state


def unveiled(state: SiteState, event: ev.VeilLifted | ev.VeilLowered | ev.EvidenceExported, at: Instant) -> SiteState:
    """Fold who sees behind a camera's veil, and until when; and that an export was agreed to."""
    match event:
        case ev.VeilLifted(camera=camera, seconds=seconds):
            lifted = replace(state, veils=state.veils.set(camera, at.mono + seconds))
            return answered(lifted, "lift_veil", f"{camera} {seconds:g}")
        case ev.VeilLowered(camera=camera):
            return replace(state, veils=state.veils.delete(camera)) if camera in state.veils else state
        case ev.EvidenceExported():
            return answered(state, "export_evidence", evidence_subject(event))
    assert_never(event)


def erased(state: SiteState, cardholder: CardholderId) -> SiteState:
    """Forget a person: their badges open nothing, and they are counted nowhere."""
    gone = [badge for badge in state.credentials.values() if badge.cardholder == cardholder]
    credentials, tokens, tries = state.credentials, state.tokens, state.pin_tries
    for badge in gone:
        credentials = credentials.delete(badge.id)
        for token in badge.names:
            if tokens.get(token) == badge.id:
                tokens = tokens.delete(token)
        if badge.id in tries:
            tries = tries.delete(badge.id)
    people = state.people.delete(cardholder) if cardholder in state.people else state.people
    to_search = state.to_search.delete(cardholder) if cardholder in state.to_search else state.to_search
    state = replace(state, people=people, credentials=credentials, tokens=tokens, pin_tries=tries)
    return forgotten(faceless(replace(state, to_search=to_search), cardholder), cardholder)


def _levels(state: SiteState, event: ev.AccessLevelAssigned | ev.AccessLevelWithdrawn) -> SiteState:
    person = state.people[event.cardholder]
    one = frozenset({event.level})
    levels = person.levels | one if isinstance(event, ev.AccessLevelAssigned) else person.levels - one
    changed = replace(state, people=state.people.set(person.id, replace(person, levels=levels)))
    return answered(changed, ASSIGN, f"{event.cardholder} {event.level}")


def _asked(event: ev.SecondPersonAsked, at: Instant) -> Asked:
    return Asked(event.operator, at.wall, event.reason, event.hours)


def answered(state: SiteState, order: str, about: str) -> SiteState:
    """Nothing waits for a second person about this any more."""
    key = (order, about)
    return replace(state, asked=state.asked.delete(key)) if key in state.asked else state
