"""Rules on what is asked for at the readers, so that it is asked for at all, and of somebody."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.site import Site
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
