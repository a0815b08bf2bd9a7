"""The faces' part of the fold: whose face is enrolled, of whom a portrait is kept, who is on the watch list."""

from __future__ import annotations

from typing import TypeVar, assert_never

from immutables import Map

from controller.domain import events as ev
from controller.domain.face_orders import ConfirmFace
from controller.domain.faces import EnrolledFace
from controller.domain.ids import CardholderId
from controller.domain.instant import Instant
from controller.domain.records import Asked
from controller.domain.state import SiteState, replace
from controller.domain.words import word_for

CONFIRM = word_for(ConfirmFace)
K = TypeVar("K")
V = TypeVar("V")

FaceEvent = (
    ev.FaceTemplateRecorded
    | ev.FaceConfirmed
    | ev.FaceWithdrawn
    | ev.PortraitKept
    | ev.PortraitRemoved
    | ev.FaceListed
    | ev.FaceUnlisted
)


def face_changed(state: SiteState, event: FaceEvent, at: Instant) -> SiteState:
    """Fold what was kept of somebody's face, or is no longer."""
    who = event.cardholder
    match event:
        case ev.FaceTemplateRecorded():
            face = EnrolledFace(event.engine, event.mode, event.used, event.basis, at.wall, event.asleep)
            return _enrolled(state, who, face)
        case ev.FaceConfirmed():
            known = state.enrolled.get(who)
            return state if known is None else _enrolled(state, who, replace(known, asleep=False))
        case ev.FaceWithdrawn():
            return faceless(state, who)
        case ev.PortraitKept():
            return replace(state, portraits=state.portraits.set(who, None))
        case ev.PortraitRemoved():
            return replace(state, portraits=_without(state.portraits, who))
        case ev.FaceListed():
            return replace(state, listed_faces=state.listed_faces.set(who, None))
        case ev.FaceUnlisted():
            return replace(state, listed_faces=_without(state.listed_faces, who))
    assert_never(event)


def _enrolled(state: SiteState, who: CardholderId, face: EnrolledFace) -> SiteState:
    """Know a face; what is not confirmed is no face that any door may ask for, and what was before it is gone."""
    awake = state.faces.set(who, face.engine) if not face.asleep else _without(state.faces, who)
    asked = _unasked(state.asked, who)
    return replace(state, faces=awake, enrolled=state.enrolled.set(who, face), asked=asked)


def faceless(state: SiteState, who: CardholderId) -> SiteState:
    """Forget all there is of somebody's face."""
    return replace(
        state,
        asked=_unasked(state.asked, who),
        faces=_without(state.faces, who),
        enrolled=_without(state.enrolled, who),
        portraits=_without(state.portraits, who),
        listed_faces=_without(state.listed_faces, who),
    )


def _unasked(asked: Map[tuple[str, str], Asked], who: CardholderId) -> Map[tuple[str, str], Asked]:
    """Nothing waits for a second person about this face any more; a new one is asked for after it."""
    return _without(asked, (CONFIRM, who))


def _without(known: Map[K, V], key: K) -> Map[K, V]:
    return known.delete(key) if key in known else known
