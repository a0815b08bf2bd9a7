"""Where people are, told as simply as it can be said: what the building says of it is held against this."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from controller.domain import events as ev
from controller.domain.ids import CardholderId, RequestId, ZoneId


@dataclass
class Model:
    """Who is where, told by what was written down alone, as simply as it can be said."""

    where: dict[CardholderId, ZoneId | None] = field(default_factory=dict)
    last: dict[CardholderId, ZoneId] = field(default_factory=dict)
    assumed: dict[RequestId, CardholderId] = field(default_factory=dict)

    def take(self, event: object) -> None:
        match event:
            case ev.EntryObserved(cardholder=who, enters=zone) if who is not None and zone is not None:
                self.where[who] = self.last[who] = zone
                if event.assumed:
                    self.assumed[event.request] = who
            case ev.PassageLapsed():
                self.assumed.pop(event.request, None)
            case ev.EntryAmbiguous():
                self.lose(*event.cardholders)
            case ev.GrantWithdrawn() if event.request in self.assumed:
                self.lose(self.assumed.pop(event.request))
            case ev.WhereaboutsDoubted():
                self.lose(*(who for who, zone in self.where.items() if zone in event.zones))
            case ev.PassbackForgiven():
                self.lose(*([event.cardholder] if event.cardholder else self.where))
            case ev.BoxStarted():
                self.lose(*self.where)
                self.assumed.clear()
            case _:
                pass

    def lose(self, *people: CardholderId) -> None:
        self.where.update(dict.fromkeys(people))


def groups(pairs: Iterable[tuple[CardholderId, ZoneId | None]]) -> dict[ZoneId, set[CardholderId]]:
    """Return who is in which zone; whoever is in none is left out."""
    found: dict[ZoneId, set[CardholderId]] = {}
    for who, zone in pairs:
        if zone is not None:
            found.setdefault(zone, set()).add(who)
    return found
