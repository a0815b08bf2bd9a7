"""Contacts that bounce (EN 60839-11-1): what lasts 400 ms always counts, what is shorter than the debounce time never.

Pure: a report comes with its time, ``at``, and ``lag``, how long before that the change may have happened: as long as
its device had something to tell, or told nothing at all. Reports that come late come in a bunch, and how far apart
they come then says nothing of how long a state lasted: such a one counts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")

ALWAYS_SECONDS = 0.4
"""Whatever lasts as long as this is processed (EN 60839-11-1)."""

LONGEST_DEBOUNCE = 0.1
LATE_SECONDS = ALWAYS_SECONDS - LONGEST_DEBOUNCE
"""A report that may be older than this is late: what lasted 400 ms might end less than a debounce time after it."""


@dataclass(frozen=True, slots=True)
class Contact(Generic[S]):
    """What a contact showed for long enough, if anything yet, and what it shows since ``since``, if that is another."""

    settled: S | None = None
    waiting: S | None = None
    since: float = 0.0


def told(contact: Contact[S], state: S, *, at: float, lag: float, seconds: float) -> tuple[Contact[S], tuple[S, ...]]:
    """Return the contact after a report of ``state``, and the states that count by now, in their order.

    The first word of a contact counts at once: nothing bounces that is only read.
    """
    contact, counts = passed(contact, now=at, seconds=seconds)
    if state == contact.settled:
        return Contact(contact.settled), counts
    if contact.settled is None or lag > LATE_SECONDS:
        return Contact(state), (*counts, state)
    if state != contact.waiting:
        contact = Contact(contact.settled, state, at)
    return contact, counts


def passed(contact: Contact[S], *, now: float, seconds: float) -> tuple[Contact[S], tuple[S, ...]]:
    """Return the contact at ``now``, where nothing was told meanwhile, and the state that counts by now, if any."""
    if contact.waiting is None or now < contact.since + seconds:
        return contact, ()
    return Contact(contact.waiting), (contact.waiting,)
