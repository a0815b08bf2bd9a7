"""The policy's part of the fold: which one is in force, and that what it does not know is forgotten."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

from immutables import Map

from controller.domain import events as ev
from controller.domain.instant import Instant
from controller.domain.state import SiteState, replace
from controller.rules.fold_people import located

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def activated(state: SiteState, event: ev.SiteActivated, at: Instant) -> SiteState:
    """Another policy is in force. Whoever was in a zone that is no more may be anywhere."""
    astray = [who for who, zone in state.locations.items() if zone in event.zones_gone] if event.zones_gone else ()
    return replace(
        located(state, astray, None, at) if astray else state,
        site_digest=event.digest,
        doors=_without(state.doors, event.doors_gone),
        deferred=state.deferred.difference(event.doors_gone),
        challenges=_without(state.challenges, event.readers_gone),
        unknown_cards=_without(state.unknown_cards, event.readers_gone),
        devices=_without(state.devices, event.devices_gone),
        heard=_without(state.heard, event.devices_gone),
        nameplates=_without(state.nameplates, event.devices_gone),
        cameras=_without(state.cameras, event.cameras_gone),
        views=_without(state.views, event.cameras_gone),
        veils=_without(state.veils, event.cameras_gone),
        points=_without(state.points, event.points_gone),
        outputs=_without(state.outputs, event.outputs_gone),
        fires=_without(state.fires, event.fire_zones_gone),
    )


def _without(known: Map[K, V], gone: Iterable[K]) -> Map[K, V]:
    for key in gone:
        if key in known:
            known = known.delete(key)
    return known
