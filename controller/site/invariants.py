"""The reader of ``[[invariant]]``: which keys each kind has, and whom, when and what it may speak of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.domain.ids import OUTSIDE, InvariantId
from controller.domain.invariants import Invariant, InvariantKind, People, Times
from controller.domain.people import CardholderKind
from controller.domain.site import Assurance, Factor, Site
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.kinds import Section
from controller.site.reading import Table
from controller.site.sections import ACCESS_LEVEL, COMPETENCY, DOOR, SCHEDULE, ZONE
from controller.site.wiring import Finding

INVARIANT = Section("invariant", InvariantId)

_HIGHEST_CLEARANCE = 9
_HIGHEST_THREAT = 9

_PEOPLE = ("kinds", "levels", "clearance", "clearance_below", "assurance_below", "lacking")
_TIMES = ("during", "outside", "at", "holidays", "threat_from", "threat_to", "lockdown")
_WITHOUT = ("without", "without_escort")
_WAY = ("start", "avoiding_zones", "avoiding_doors")

_KEYS: Mapping[InvariantKind, frozenset[str]] = {
    InvariantKind.NEVER_ENTERS: frozenset({"zones", "doors", *_PEOPLE, *_TIMES, *_WITHOUT}),
    InvariantKind.NEVER_REACHES: frozenset({"zones", *_PEOPLE, *_TIMES, *_WITHOUT, *_WAY}),
    InvariantKind.ALWAYS_REACHES: frozenset({"zones", *_PEOPLE, *_TIMES, "start"}),
    InvariantKind.FREE_WAY_OUT: frozenset({"zones"}),
    InvariantKind.NEVER_UNLOCKED: frozenset({"zones", "doors", *_TIMES}),
}
"""What each kind may say; every other key is refused."""

_ABOUT_A_PLACE = (InvariantKind.NEVER_ENTERS, InvariantKind.NEVER_REACHES, InvariantKind.ALWAYS_REACHES)


def invariant(table: Table) -> Invariant:
    """``[[invariant]]``: a sentence, its kind, and the keys of that kind."""
    kind = table.need("kind", kinds.word(InvariantKind), '"never_enters"', otherwise=InvariantKind.NEVER_ENTERS)
    read = Invariant(
        id=table.need("id", INVARIANT.ident, '"registry-with-pin"'),
        name=table.need("name", kinds.text, '"Nobody enters the registry without a PIN"'),
        kind=kind,
        zones=table.want("zones", kinds.several(ZONE.ref, 1), frozenset()),
        doors=table.want("doors", kinds.several(DOOR.ref, 1), frozenset()),
        people=_people(table),
        times=_times(table),
        without=table.want("without", kinds.several(kinds.word(Factor), 1), frozenset()),
        without_escort=table.want("without_escort", kinds.flag, default=False),
        start=table.want("start", kinds.several(ZONE.ref, 1), frozenset({OUTSIDE})),
        avoiding_zones=table.want("avoiding_zones", kinds.several(ZONE.ref, 1), frozenset()),
        avoiding_doors=table.want("avoiding_doors", kinds.several(DOOR.ref, 1), frozenset()),
    )
    if table.whole:
        _fits(table, read)
    return read


def invariants_name_what_there_is(site: Site) -> Iterator[Finding]:
    """A threat level that the site does not have is never in force: such an invariant would prove nothing."""
    for one in site.invariants.values():
        for key, number in (("threat_from", one.times.threat_from), ("threat_to", one.times.threat_to)):
            if number is not None and number not in site.threat_levels:
                known = ", ".join(map(str, sorted(site.threat_levels)))
                yield Finding(
                    ("invariant", one.id, key), f"there is no threat level {number}", f"choose one of {known}"
                )


def _people(table: Table) -> People:
    clearance = kinds.whole(0, _HIGHEST_CLEARANCE)
    return People(
        kinds=table.want("kinds", kinds.several(kinds.word(CardholderKind), 1), frozenset()),
        levels=table.want("levels", kinds.several(ACCESS_LEVEL.ref), None),
        clearance=table.want("clearance", clearance, None),
        clearance_below=table.want("clearance_below", kinds.whole(1, _HIGHEST_CLEARANCE + 1), None),
        assurance_below=table.want("assurance_below", kinds.word(Assurance), None),
        lacking=table.want("lacking", kinds.several(COMPETENCY.ref, 1), frozenset()),
    )


def _times(table: Table) -> Times:
    at = table.want("at", kinds.clock, None)
    threat = kinds.whole(0, _HIGHEST_THREAT)
    return Times(
        during=table.want("during", SCHEDULE.ref, None),
        outside=table.want("outside", SCHEDULE.ref, None),
        at=None if at is None else 60 * at.hour + at.minute,
        holidays=table.want("holidays", kinds.flag, None),
        threat_from=table.want("threat_from", threat, None),
        threat_to=table.want("threat_to", threat, None),
        lockdown=table.want("lockdown", kinds.flag, None),
    )


def _fits(table: Table, read: Invariant) -> None:
    """Refuse keys that mean nothing for this kind, and an invariant about nothing."""
    allowed = {"id", "name", "kind", *_KEYS[read.kind]}
    for key in table.values:
        if key not in allowed:
            mend = f"remove it; this kind has {', '.join(sorted(_KEYS[read.kind]))}"
            table.refuse(key, f"means nothing for {quoted(read.kind)}", mend)
    if read.kind in _ABOUT_A_PLACE and not read.zones and not read.doors:
        table.refuse("zones", "is about no place", 'name zones: `zones = ["registry"]`')
    if read.kind is InvariantKind.ALWAYS_REACHES and read.people.levels is None:
        table.refuse("levels", "does not say who always gets there", 'name the levels they hold: `levels = ["guards"]`')
