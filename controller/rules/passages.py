"""What becomes of a right to pass: it is used, or taken back. What two were granted together is taken from both."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.doors import Passage
from controller.domain.ids import DoorId, RequestId, ZoneId
from controller.domain.operators import Refusal
from controller.domain.site import Door
from controller.rules.turn import Turn


def take_back(turn: Turn, door: DoorId, request: RequestId, why: ev.UnlockFailure | Refusal) -> None:
    """Take a grant back, and the one of whoever was to pass together. A request to exit is not ours to take back."""
    for passage in turn.state.door(door).passages:
        if not passage.exit and request in (passage.request, passage.companion):
            turn.record(ev.GrantWithdrawn(passage.request, door, why))


def went_through(turn: Turn, door: Door, passage: Passage, *, assumed: bool, turned_to: ZoneId | None = None) -> None:
    """Say that a right to pass was used. ``turned_to``: the zone a turnstile was seen to let them into.

    A guard does not say which way: where the door does not either, it is away from where they are known to be.
    """
    outer, inner = door.zones
    enters = passage.enters
    if enters is None and passage.cardholder is not None:
        enters = turned_to or _away(door, turn.state.locations.get(passage.cardholder))
    leaves = None if enters is None else outer if enters == inner else inner
    turn.record(ev.EntryObserved(passage.request, door.id, passage.cardholder, enters, assumed, leaves))


def _away(door: Door, known: ZoneId | None) -> ZoneId | None:
    outer, inner = door.zones
    return inner if known == outer else outer if known == inner else None
