"""One turn of the building: a stimulus comes in, facts and requests come out."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.effects import Effect
from controller.domain.events import Event
from controller.domain.ids import RequestId
from controller.domain.instant import Instant
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.rules.fold import apply


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one stimulus led to. ``state`` is the old state with ``events`` folded in."""

    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    state: SiteState


class Turn:
    """The scratch pad of one ``step``: every recorded fact is folded at once, so that the next rule sees it."""

    def __init__(self, site: Site, state: SiteState, now: Instant) -> None:
        self.site = site
        self.state = state
        self.now = now
        self._events: list[Event] = []
        self._effects: list[Effect] = []

    @property
    def events(self) -> tuple[Event, ...]:
        """Return what was written down so far."""
        return tuple(self._events)

    def record(self, event: Event) -> None:
        """Write a fact down."""
        self._events.append(event)
        self.state = apply(self.state, event, self.now)

    def ask(self, effect: Effect) -> None:
        """Ask something of the outside."""
        self._effects.append(effect)

    def next_request(self) -> RequestId:
        """Return the id of the next passage asked for: counted, so that a replay gives the same ids."""
        return RequestId(f"r{self.state.requests + 1}")

    def outcome(self) -> Outcome:
        """Return what came of it."""
        return Outcome(tuple(self._events), tuple(self._effects), self.state)
