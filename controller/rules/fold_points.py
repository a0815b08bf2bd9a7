"""The points', outputs' and messages' part of the fold."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.instant import Instant
from controller.domain.state import Heard, SiteState, replace

BOOTS_MEMORY = 8
"""So many boots of a device that are over are known by name: what is still on its way from them no longer counts."""


def observed(state: SiteState, event: ev.PointObserved) -> SiteState:
    """A point was read."""
    return replace(state, points=state.points.set(event.point, event.condition))


def switched(state: SiteState, event: ev.OutputOrdered, at: Instant) -> SiteState:
    """Somebody wants an output on, or no longer does."""
    before = state.output(event.output)
    until = None if event.seconds is None else at.mono + event.seconds
    left = before.wanted.delete(event.wanted_by) if event.wanted_by in before.wanted else before.wanted
    wanted = left.set(event.wanted_by, until) if event.on else left
    hushed = frozenset(who for who in before.hushed if who in wanted) - {event.wanted_by}
    if event.silent:
        hushed |= {event.wanted_by}
    now = replace(before, wanted=wanted, hushed=hushed)
    return replace(state, outputs=state.outputs.set(event.output, now))


def shown(state: SiteState, event: ev.OutputObserved) -> SiteState:
    """An output told what it does."""
    now = replace(state.output(event.output), on=event.on)
    return replace(state, outputs=state.outputs.set(event.output, now))


def heard(state: SiteState, event: ev.MessageTaken) -> SiteState:
    """A device's numbered message was taken. With the first of another boot the one before is over."""
    before = state.heard.get(event.device)
    ended = before.ended if before else ()
    if before is not None and before.boot != event.boot:
        ended = (*ended, before.boot)[-BOOTS_MEMORY:]
    return replace(state, heard=state.heard.set(event.device, Heard(event.boot, event.number, ended)))
