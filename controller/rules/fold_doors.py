"""The doors' part of the fold: who may pass, what was seen, what is timed."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.doors import DoorState, LockStatus, Passage, Position, Waiting
from controller.domain.ids import OUTSIDE, DoorId, RequestId
from controller.domain.instant import Instant
from controller.domain.state import SiteState, replace
from controller.rules.fold_people import found_inside, located

CONTACT_GRACE_SECONDS = 1.0
"""A leaf pulled at the last instant of the strike is reported a debounce and a line cycle later."""


def passage_until(at: Instant, seconds: float) -> float:
    """Return the monotonic second at which a strike released for ``seconds`` no longer excuses an opening."""
    return at.mono + seconds + CONTACT_GRACE_SECONDS


def armed(state: SiteState, door: DoorId, passage: Passage) -> SiteState:
    """Somebody may pass. A request to exit says nothing of the bolt: the way out may be mechanical."""
    before = state.door(door)
    ordered = before.ordered if passage.exit else LockStatus.UNLOCKED
    waiting = None if before.waiting and before.waiting.request == passage.request else before.waiting
    passages = (*before.passages, passage)
    return with_door(state, door, replace(before, passages=passages, ordered=ordered, waiting=waiting))


def delayed(state: SiteState, event: ev.ExitDelayed, at: Instant) -> SiteState:
    """Somebody waits at an interlock."""
    waiting = Waiting(event.request, at.mono + event.seconds)
    return with_door(state, event.door, replace(state.door(event.door), waiting=waiting))


def disarmed(state: SiteState, door: DoorId, requests: tuple[RequestId, ...]) -> SiteState:
    """These may no longer pass. Once nobody may, nothing is left of the order to unlock."""
    before = state.door(door)
    left = tuple(p for p in before.passages if p.request not in requests)
    over = before.ordered is LockStatus.UNLOCKED and all(p.exit for p in left)
    waiting = None if before.waiting and before.waiting.request in requests else before.waiting
    ordered = None if over else before.ordered
    return with_door(state, door, replace(before, passages=left, ordered=ordered, waiting=waiting))


def withdrawn(state: SiteState, event: ev.GrantWithdrawn, at: Instant) -> SiteState:
    """A grant that was counted as used, and is taken back, leaves its holder's whereabouts unknown."""
    assumed = tuple(
        p.cardholder for p in state.door(event.door).passages if p.request == event.request and p.used and p.cardholder
    )
    return located(disarmed(state, event.door, (event.request,)), assumed, None, at)


def entered(state: SiteState, event: ev.EntryObserved, at: Instant) -> SiteState:
    """A passage was used. An assumed one stays until it lapses: its unlock may still wait for the log."""
    state = _used(state, event.door, event.request) if event.assumed else disarmed(state, event.door, (event.request,))
    if event.cardholder is None:
        return state
    if event.leaves not in (None, OUTSIDE):
        state = found_inside(state, event.cardholder)
    return located(state, (event.cardholder,), event.enters, at)


def ambiguous(state: SiteState, event: ev.EntryAmbiguous, at: Instant) -> SiteState:
    """Who passed is not known, and so neither is where they are."""
    return located(disarmed(state, event.door, event.requests), event.cardholders, None, at)


def moved(state: SiteState, event: ev.PositionObserved, at: Instant) -> SiteState:
    """A leaf moved, and is timed or no longer."""
    warn = None if event.warn_seconds is None else at.mono + event.warn_seconds
    held = None if event.open_seconds is None else at.mono + event.open_seconds
    door = replace(state.door(event.door), position=event.position)
    state = timed(with_door(state, event.door, door), event.door, warn, held)
    return state if event.position is Position.CLOSED else _no_longer_secured(state, at)


def timed(state: SiteState, door: DoorId, warn: float | None, held: float | None) -> SiteState:
    """Set or clear when an open door warns and when it is held."""
    return with_door(state, door, replace(state.door(door), warn_after=warn, held_after=held))


def locked(state: SiteState, event: ev.LockObserved, at: Instant) -> SiteState:
    """A bolt moved."""
    before = state.door(event.door)
    ordered = None if before.ordered is event.lock else before.ordered
    state = with_door(state, event.door, replace(before, lock=event.lock, ordered=ordered))
    return state if event.lock is LockStatus.LOCKED else _no_longer_secured(state, at)


def loop_moved(state: SiteState, event: ev.LoopObserved) -> SiteState:
    """Something drove onto a loop or off it."""
    return with_door(state, event.door, replace(state.door(event.door), loop=event.loop))


def key_moved(state: SiteState, event: ev.KeyOverrideObserved, at: Instant) -> SiteState:
    """A key was turned, or turned back: the leaf may follow a moment later."""
    until = None if event.active else at.mono + event.seconds
    return with_door(state, event.door, replace(state.door(event.door), key_turned=event.active, key_until=until))


def told_to_lock(state: SiteState, door: DoorId) -> SiteState:
    """A lock was told to lock; a bolt that is seen locked has nothing left to show."""
    before = state.door(door)
    ordered = None if before.lock is LockStatus.LOCKED else LockStatus.LOCKED
    return with_door(state, door, replace(before, ordered=ordered))


def with_door(state: SiteState, door: DoorId, now: DoorState) -> SiteState:
    """Replace what is known of a door."""
    due, timed = now.due, state.door_deadlines
    if due is not None:
        timed = timed.set(door, due)
    elif door in timed:
        timed = timed.delete(door)
    return replace(state, doors=state.doors.set(door, now), door_deadlines=timed)


def _no_longer_secured(state: SiteState, at: Instant) -> SiteState:
    """A lockdown is secured only while every door is: this one gets the usual time to be seen locked again."""
    lockdown = state.lockdown
    if lockdown is None or not lockdown.secured:
        return state
    again = replace(lockdown, secured=False, secured_by=at.mono + lockdown.expected_seconds)
    return replace(state, lockdown=again)


def _used(state: SiteState, door: DoorId, request: RequestId) -> SiteState:
    before = state.door(door)
    passages = tuple(replace(p, used=True) if p.request == request else p for p in before.passages)
    return with_door(state, door, replace(before, passages=passages))
