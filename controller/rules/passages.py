"""Taking a grant back. What was granted to two together is taken back from both."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.ids import DoorId, RequestId
from controller.domain.operators import Refusal
from controller.rules.turn import Turn


def take_back(turn: Turn, door: DoorId, request: RequestId, why: ev.UnlockFailure | Refusal) -> None:
    """Take a grant back, and the one of whoever was to pass together. A request to exit is not ours to take back."""
    for passage in turn.state.door(door).passages:
        if not passage.exit and request in (passage.request, passage.companion):
            turn.record(ev.GrantWithdrawn(passage.request, door, why))
