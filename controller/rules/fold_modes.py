"""The locks' own part of the fold: what operators ordered for a while, what is in effect, and fire."""

from __future__ import annotations

from datetime import timedelta

from controller.domain import events as ev
from controller.domain.doors import HELD, DoorState, LockMode, LockStatus, ModeOrder
from controller.domain.ids import DoorId
from controller.domain.instant import Instant
from controller.domain.state import ModesDue, SiteState, replace
from controller.rules.fold_doors import with_door


def ordered(state: SiteState, event: ev.DoorModeOrdered, at: Instant) -> SiteState:
    """An operator's order stands until its time; a newer one for the same mode takes its place."""
    order = ModeOrder(event.mode, event.operator, event.reason, event.until, at.mono + event.seconds)
    return with_order(state, event.door, order)


def with_order(state: SiteState, door: DoorId, order: ModeOrder) -> SiteState:
    """Put an operator's order on a door."""
    state = without_order(state, door, order.mode)
    before = state.door(door)
    return with_door(state, door, replace(before, orders=(*before.orders, order)))


def without_order(state: SiteState, door: DoorId, mode: LockMode) -> SiteState:
    """Take an operator's order off a door."""
    before = state.door(door)
    left = tuple(order for order in before.orders if order.mode is not mode)
    return state if left == before.orders else with_door(state, door, replace(before, orders=left))


def changed(state: SiteState, event: ev.LockModeChanged) -> SiteState:
    """A lock was told to stand released, or no longer to. A door that stands released is not timed."""
    before = state.door(event.door)
    wanted = LockStatus.UNLOCKED if event.mode in HELD else LockStatus.LOCKED
    now = replace(
        before,
        hold=event.mode if event.mode in HELD else None,
        ordered=None if before.lock is wanted else wanted,
        warn_after=None,
        held_after=None,
    )
    return with_door(state, event.door, now)


def timed(state: SiteState, event: ev.LockModesTimed, at: Instant) -> SiteState:
    """Keep when a schedule next begins or ends."""
    return replace(state, modes_due=ModesDue(event.until, at.mono + event.seconds))


def first_person(state: SiteState, event: ev.DoorFirstPersonIn, at: Instant) -> SiteState:
    """Keep when somebody entitled went in."""
    return with_door(state, event.door, replace(state.door(event.door), came_in=at.wall))


def fire_moved(state: SiteState, event: ev.FireAlarm | ev.FireResetConfirmed, at: Instant) -> SiteState:
    """A fire stands until it is confirmed to be over, whatever its line reads meanwhile."""
    zone = event.fire_zone
    if isinstance(event, ev.FireAlarm):
        return replace(state, fires=state.fires.set(zone, at.wall))
    return replace(state, fires=state.fires.delete(zone)) if zone in state.fires else state


def orders_after_start(state: SiteState, at: Instant) -> dict[DoorId, DoorState]:
    """Return the doors as a restart leaves them: of what was known, only what operators ordered.

    What is left of an order's time is told by the wall, to the strict side: behind a clock that went backwards nothing
    stays unlocked.
    """
    backwards = state.last is not None and at.wall < state.last.wall

    def rebased(order: ModeOrder) -> ModeOrder:
        if order.until is None:
            return order
        left = max((order.until - at.wall) / timedelta(seconds=1), 0.0)
        lost = backwards and order.mode is LockMode.UNLOCKED
        return replace(order, lapses=at.mono if lost else at.mono + left)

    return {door: DoorState(orders=tuple(map(rebased, was.orders))) for door, was in state.doors.items() if was.orders}
