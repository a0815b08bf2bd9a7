"""Doors that are no leaves, and times for people who need more of it: what they take, and what they may not do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypedDict

from controller.domain.site import CRUSHING, Door, DoorKind, Input, Reader, RelockOn, Site
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.reading import Kind, Table
from controller.site.wiring import Finding

EXTENDED_FACTOR = 2.0
"""How much longer everything takes whoever needs more time, where the site file says nothing else."""

_LONGEST_UNLOCK = 120.0  # seconds
_LONGEST_OPEN = 7200.0
_LONGEST_CHALLENGE = 240.0


class Gate(TypedDict):
    """What a door has beside a leaf, by the names of ``Door``."""

    kind: DoorKind
    relock_on: RelockOn
    loop: Input | None
    rotation_in: Input | None
    rotation_out: Input | None
    key_switch: Input | None
    extended_unlock_seconds: float | None
    extended_open_seconds: float | None


def gate(table: Table, wire: Kind[Input]) -> Gate:
    """The keys of ``[[door]]`` that say what kind of door it is; ``wire`` reads an input."""
    kind = table.want("kind", kinds.word(DoorKind), DoorKind.LEAF)
    relocks = RelockOn.OPEN
    if kind in CRUSHING:
        table.forbid("relock_on", f"a {kind} closes as soon as its loop is free again")
        relocks = RelockOn.CLOSE
    elif kind is DoorKind.TURNSTILE:
        table.forbid("relock_on", "a turnstile locks after its last rotation")
    return Gate(
        kind=kind,
        relock_on=table.want("relock_on", kinds.word(RelockOn), relocks),
        loop=table.want("loop", wire, None),
        rotation_in=table.want("rotation_in", wire, None),
        rotation_out=table.want("rotation_out", wire, None),
        key_switch=table.want("key_switch", wire, None),
        extended_unlock_seconds=table.want("extended_unlock_seconds", _seconds(_LONGEST_UNLOCK), None),
        extended_open_seconds=table.want("extended_open_seconds", _seconds(_LONGEST_OPEN), None),
    )


def extended_challenge(table: Table) -> float | None:
    """The key of ``[[reader]]`` that says how long a second factor may take whoever needs more time."""
    return table.want("extended_challenge_seconds", _seconds(_LONGEST_CHALLENGE), None)


def with_extended_times(door: Door, factor: float) -> Door:
    """The door with the site's factor where it says nothing of its own."""
    return replace(
        door,
        extended_unlock_seconds=door.extended_unlock_seconds or min(_LONGEST_UNLOCK, factor * door.unlock_seconds),
        extended_open_seconds=door.extended_open_seconds or min(_LONGEST_OPEN, factor * door.open_seconds),
    )


def with_extended_challenge(reader: Reader, factor: float) -> Reader:
    """The reader with the site's factor where it says nothing of its own."""
    seconds = reader.extended_challenge_seconds or min(_LONGEST_CHALLENGE, factor * reader.challenge_seconds)
    return replace(reader, extended_challenge_seconds=seconds)


def machines_crush_nobody(site: Site) -> Iterator[Finding]:
    """A barrier or a wedge is moved only where a loop tells that nothing stands there, and a sensor where it is."""
    for door in site.doors.values():
        if door.kind in CRUSHING and door.loop is None:
            problem = f"a {door.kind} crushes whatever stands there, and no safety loop tells whether anything does"
            yield Finding(("door", door.id, "kind"), problem, 'wire one: `loop = { device = "..." }`')
        if door.loop is not None and door.kind is not DoorKind.TURNSTILE and door.bolt is None:
            problem = "nobody sees whether it is open or shut, and so whether it must be kept from closing"
            yield Finding(("door", door.id, "loop"), problem, 'wire its end position: `bolt = { device = "..." }`')


def turnstiles_count(site: Site) -> Iterator[Finding]:
    """One grant is one rotation: what turns is counted in every direction that it turns in, and nothing else is."""
    for door in site.doors.values():
        at = ("door", door.id)
        if door.kind is not DoorKind.TURNSTILE:
            for key in ("rotation_in", "rotation_out"):
                if key in door.inputs:
                    yield Finding(
                        (*at, key), f"a {door.kind} does not turn", 'write `kind = "turnstile"`, or remove it'
                    )
            continue
        for key, way in _uncounted(site, door):
            problem = f"nothing counts who turns it {way}"
            yield Finding((*at, "kind"), problem, f'wire its counter: `{key} = {{ device = "..." }}`')
        for key, what in (("contact", "leaf that opens"), ("loop", "barrier that closes")):
            if key in door.inputs:
                yield Finding((*at, key), f"a turnstile has no {what}", f"remove {quoted(key)}")


def more_time_is_not_less(site: Site) -> Iterator[Finding]:
    """Whoever needs more time never gets less than everybody."""
    for door in site.doors.values():
        if door.unlock_for(extended=True) < door.unlock_seconds:
            yield _shorter(("door", door.id, "extended_unlock_seconds"), door.unlock_seconds)
        if door.open_for(extended=True) < door.open_seconds:
            yield _shorter(("door", door.id, "extended_open_seconds"), door.open_seconds)
    for reader in site.readers.values():
        if reader.challenge_for(extended=True) < reader.challenge_seconds:
            yield _shorter(("reader", reader.id, "extended_challenge_seconds"), reader.challenge_seconds)


def _uncounted(site: Site, door: Door) -> Iterator[tuple[str, str]]:
    entered = {reader.enters for reader in site.readers.values() if reader.door == door.id}
    outer, inner = door.zones
    if door.rotation_in is None and inner in entered:
        yield "rotation_in", "inwards"
    if door.rotation_out is None and (outer in entered or door.free_egress or door.rex is not None):
        yield "rotation_out", "outwards"


def _shorter(at: tuple[str, str, str], seconds: float) -> Finding:
    problem = f"gives less time than everybody has ({seconds:g} seconds)"
    return Finding(at, problem, "make it longer, or leave it out")


def _seconds(most: float) -> Kind[float]:
    return kinds.number(1, most, "seconds")
