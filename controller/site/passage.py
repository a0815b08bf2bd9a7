"""Rules on who may pass when: what a rule of this kind needs of the doors, so that it can be kept at all."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.site import AntiPassback, Door, Factor, Site, Zone
from controller.site.errors import quoted
from controller.site.safety import factor_lists
from controller.site.wiring import Finding


def whoever_is_held_to_it_can_badge_out(site: Site) -> Iterator[Finding]:
    """What counts people refuses people: it needs a reader on the way out at every door of its zone."""
    for zone in site.zones.values():
        for door in _without_exit_reader(site, zone):
            for key, what in counts(zone):
                problem = f"{what} counts who is in, and nobody can badge out at {quoted(door.id)}"
                mend = f"add a reader at {quoted(door.id)} that leaves {quoted(zone.id)}, or drop this rule"
                yield Finding(("zone", zone.id, key), problem, mend)


def leaves_of_an_interlock_are_seen(site: Site) -> Iterator[Finding]:
    """Nobody can wait for a leaf to be shut that nobody can see."""
    for group in site.interlocks.values():
        for door_id in sorted(group.doors):
            door = site.doors.get(door_id)
            for key, wired in (("contact", door.contact), ("bolt", door.bolt)) if door else ():
                if wired is None:
                    problem = f"{quoted(door_id)} has no {key}: nobody sees whether this leaf is shut"
                    yield Finding(("interlock", group.id, "doors"), problem, f"wire its {key}, or leave it out")


def two_fit_where_two_are_needed(site: Site) -> Iterator[Finding]:
    """A zone that is entered by two together holds two."""
    for zone in site.zones.values():
        if zone.two_person and zone.occupancy_limit == 1:
            problem = "nobody could ever enter: it holds one person, and two must come together"
            yield Finding(
                ("zone", zone.id, "occupancy_limit"), problem, "write 2 or more, or drop one of the two rules"
            )


def escorts_are_asked_of_visitors(site: Site) -> Iterator[Finding]:
    """An escort is what a zone asks of whoever needs one, never a factor of everybody."""
    for at, factors in factor_lists(site):
        if Factor.ESCORT in factors:
            problem = "asks everybody for an escort, the escort included"
            yield Finding(at, problem, 'drop "escort" here and write `escort = {}` in the zone')


def _without_exit_reader(site: Site, zone: Zone) -> list[Door]:
    leaving = {reader.door for reader in site.readers.values() if reader.leaves == zone.id}
    return [door for door in site.doors.values() if zone.id in door.zones and door.id not in leaving]


def counts(zone: Zone) -> Iterator[tuple[str, str]]:
    """The keys of a zone's rules that count people, and what each is called."""
    if zone.anti_passback is AntiPassback.HARD:
        yield "anti_passback", "hard anti-passback"
    if zone.occupancy_limit is not None:
        yield "occupancy_limit", "an occupancy limit"
    if zone.two_person:
        yield "two_person", "the two-person rule"
