"""A building full of people, without wires: what rules and log are measured with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.building import reader, write_mqtt
from controller.domain import events as ev
from controller.domain.doors import LockStatus, Position
from controller.domain.events import Recorded
from controller.domain.ids import AccessLevelId, CardholderId, CredentialId, DoorId, ReaderId
from controller.domain.instant import Instant
from controller.domain.people import Cardholder, CardholderKind, Credential, CredentialStatus
from controller.domain.site import Assurance, Site
from controller.domain.state import SiteState
from controller.domain.stimuli import CardPresented, LockSeen, PositionSeen
from controller.rules.fold import apply
from controller.rules.step import step
from controller.site.loader import load_site

DOORS = 64
BOOT = "bench"


def crowded(folder: Path, cardholders: int, now: Instant) -> tuple[Site, SiteState]:
    """Return a site of 64 doors, every one seen shut, and its state once so many people and badges are known."""
    site, state = load_site(write_mqtt(folder, DOORS).site), SiteState()
    for event in crowd(cardholders):
        state = apply(state, event, now)
    for door in site.doors:
        for seen in (ev.PositionObserved(door, Position.CLOSED, None, None), ev.LockObserved(door, LockStatus.LOCKED)):
            state = apply(state, seen, now)
    return site, state


def crowd(cardholders: int) -> Iterator[ev.Event]:
    """Return what is written down of so many people and their badges."""
    for number in range(cardholders):
        yield from enrolment(number)


def swipe(number: int) -> CardPresented:
    """Return the badge of a person at one door after the other."""
    return CardPresented(ReaderId(reader(number % DOORS)), token(number), "H10301", 26, "deadbe80")


def badge_of(number: int) -> CredentialId:
    """Return a person's badge."""
    return CredentialId(f"p-{number:05}-badge")


def passage(site: Site, state: SiteState, now: Instant) -> list[ev.Event]:
    """Return all that is written down of one person's going in: granted, unlocked, open, in, closed, locked."""
    return passage_of(site, state, now, 0)


def passage_of(site: Site, state: SiteState, now: Instant, who: int) -> list[ev.Event]:
    """Return the same of a given person, at that person's door."""
    door, events = DoorId(f"door-{who % DOORS:03}"), list[ev.Event]()
    moves = (
        *(swipe(who), LockSeen(door, LockStatus.UNLOCKED), PositionSeen(door, Position.OPEN)),
        *(PositionSeen(door, Position.CLOSED), LockSeen(door, LockStatus.LOCKED)),
    )
    for move in moves:
        outcome = step(site, state, move, now)
        state = outcome.state
        events += outcome.events
    return events


def records(site: Site, events: list[ev.Event], first: int, count: int, now: Instant) -> list[Recorded]:
    """Return ``count`` records from number ``first`` on, the events over and over."""
    return [Recorded(n, now, BOOT, site.digest, events[n % len(events)]) for n in range(first, first + count)]


def enrolment(number: int) -> tuple[ev.Event, ev.Event]:
    """Return what enrols a person and a badge."""
    holder = CardholderId(f"p-{number:05}")
    person = Cardholder(holder, CardholderKind.STAFF, 1, frozenset({AccessLevelId("staff")}))
    badge = Credential(
        badge_of(number), holder, token(number), None, Assurance.SYMMETRIC, CredentialStatus.ACTIVE, None, None
    )
    return ev.CardholderRecorded(BOOT, person, ""), ev.CredentialRecorded(BOOT, badge)


def token(number: int) -> str:
    """Return what stands for the numbers of a person's badge."""
    return f"{number:064x}"
