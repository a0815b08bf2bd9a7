"""The faces' part of the fold: whose face is enrolled, of whom a portrait is kept, who is on the watch list."""

from __future__ import annotations

from typing import assert_never

from controller.domain import events as ev
from controller.domain.faces import EnrolledFace
from controller.domain.ids import CardholderId
from controller.domain.instant import Instant
from controller.domain.state import SiteState, replace

FaceEvent = (
    ev.FaceTemplateRecorded | ev.FaceWithdrawn | ev.PortraitKept | ev.PortraitRemoved | ev.FaceListed | ev.FaceUnlisted
)


def face_changed(state: SiteState, event: FaceEvent, at: Instant) -> SiteState:
    """Fold what was kept of somebody's face, or is no longer."""
    who = event.cardholder
    match event:
        case ev.FaceTemplateRecorded():
            face = EnrolledFace(event.engine, event.mode, event.used, event.basis, at.wall)
            return replace(state, faces=state.faces.set(who, event.engine), enrolled=state.enrolled.set(who, face))
        case ev.FaceWithdrawn():
            return faceless(state, who)
        case ev.PortraitKept():
            return replace(state, portraits=state.portraits.set(who, None))
        case ev.PortraitRemoved():
            portraits = state.portraits.delete(who) if who in state.portraits else state.portraits
            return replace(state, portraits=portraits)
        case ev.FaceListed():
            return replace(state, listed_faces=state.listed_faces.set(who, None))
        case ev.FaceUnlisted():
            listed = state.listed_faces.delete(who) if who in state.listed_faces else state.listed_faces
            return replace(state, listed_faces=listed)
    assert_never(event)


def faceless(state: SiteState, who: CardholderId) -> SiteState:
    """Forget all there is of somebody's face."""
    return replace(
        state,
        faces=state.faces.delete(who) if who in state.faces else state.faces,
        enrolled=state.enrolled.delete(who) if who in state.enrolled else state.enrolled,
        portraits=state.portraits.delete(who) if who in state.portraits else state.portraits,
        listed_faces=state.listed_faces.delete(who) if who in state.listed_faces else state.listed_faces,
    )
