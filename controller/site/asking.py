"""Rules on what is asked for at the readers, so that it is asked for at all, and of somebody."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.site import Assurance, SecurityLevel, Site
from controller.site.errors import quoted
from controller.site.wiring import Finding


def hours_end(site: Site) -> Iterator[Finding]:
    """What is asked for outside a schedule that always holds is never asked for."""
    rules = {("zone", str(zone.id)): zone.factors_outside for zone in site.zones.values()}
    rules |= {("reader", str(reader.id)): reader.factors_outside for reader in site.readers.values()}
    for at, rule in rules.items():
        schedule = site.schedules.get(rule.schedule) if rule else None
        if schedule and schedule.always:
            problem = f"{quoted(schedule.id)} always holds, so this is never asked for"
            yield Finding((*at, "factors_outside"), problem, "name a schedule with periods")


def pins_alone_open_little(site: Site) -> Iterator[Finding]:
    """A PIN can be told, and looked at over a shoulder: in place of a card it is taken up to ``controlled``."""
    asked = {("zone", str(zone.id)): zone for zone in site.zones.values() if zone.card_or_pin}
    for reader in site.readers.values():
        zone = site.zones.get(reader.enters)
        if reader.card_or_pin and zone:
            asked["reader", str(reader.id)] = zone
        if reader.card_or_pin and not reader.keypad:
            problem = "takes a PIN in place of a card here and the reader has no keypad"
            yield Finding(
                ("reader", reader.id, "card_or_pin"), problem, "add `keypad = true` if it has one, or drop it"
            )
    for at, zone in asked.items():
        if zone.level > SecurityLevel.CONTROLLED:
            problem = f"takes a PIN in place of a card into {quoted(zone.id)}, which is {zone.level.name.lower()}"
            yield Finding((*at, "card_or_pin"), problem, "drop it: it may stand up to level controlled")
        elif zone.minimum_assurance > Assurance.COPYABLE:
            needs = zone.minimum_assurance.name.lower()
            problem = f"takes a PIN, which can be told, into {quoted(zone.id)}, which asks for {needs}"
            yield Finding((*at, "card_or_pin"), problem, 'drop it, or write `minimum_assurance = "copyable"` there')
