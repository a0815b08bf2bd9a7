"""A whole box, the building it guards at the end of real wires, and a hand in it: what most scenarios begin with."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from controller.bootstrap import Box, Ports
from controller.demo import make_keys
from controller.domain import stimuli as st
from controller.domain.alarms import Alarm, AlarmKind
from controller.domain.events import Recorded
from controller.domain.operators import Operator, Refusal, Role
from controller.domain.state import SiteState
from controller.rules.lockdown import not_secured
from controller.site.loader import load_site
from controller.site.people import load_people
from simulators.building import Building
from simulators.hand import Hand, Orders, until
from simulators.secrets_of import make_missing, read_keys, read_logins

GUARDS = {"gil": Role.GUARD, "sue": Role.SUPERVISOR}
NOBODY = "id,name,kind,clearance,levels,badge_format,facility,number,assurance,status,valid_from,valid_until,pin,face\n"
KAY = NOBODY + "p-1,Kay Example,staff,0,all,H10301,42,405,copyable,active,,,,\n"
"""One badge, of somebody who may go everywhere."""


ASKED_AT_MOST = 5


def open_to_all(zone: str) -> str:
    """The end of a site file: whoever has the level `all` may enter a zone, always."""
    return f"""
[[schedule]]
id = "always"
name = "Always"
always = true

[[access_level]]
id = "all"
name = "All"
zones = ["{zone}"]
schedule = "always"

[[threat_level]]
number = 0
name = "Normal"
"""


class House:
    """What a test looks at and does. ``state`` is what the box believes, the building's doors are the truth."""

    patience = 20.0

    def __init__(self, folder: Path, box: Box, building: Building) -> None:
        self.folder, self.box, self.building, self.hand = folder, box, building, Hand(building)

    @property
    def state(self) -> SiteState:
        return self.box.core.runtime.state

    def records(self, *kinds: str) -> list[Recorded]:
        """What stands in the log of these kinds, the oldest first."""
        return [each for each in self.box.building.read(before=None, limit=10_000)[::-1] if each.kind in kinds]

    def events(self, *kinds: str) -> list[Any]:
        return [record.event for record in self.records(*kinds)]

    def alarms(self, kind: AlarmKind) -> list[Alarm]:
        return [alarm for alarm in self.state.alarms.values() if alarm.kind is kind]

    def locked(self, door: str) -> bool:
        """Whether the bolt is, whatever the box believes."""
        return self.building.door(door).state.bolt_locked

    def secured(self) -> bool:
        return not not_secured(self.box.core.runtime.site, self.state)

    async def obey(self, verb: str, **what: str) -> dict[str, object]:
        """Have the hand do something by its word; return what it says of the truth."""
        return await Orders(self.building).obey({"verb": verb, **what})

    async def order(self, who: str, what: object) -> Refusal | None:
        return await self.box.building.order(who, what)

    async def opens(self, door: str, ask: Callable[[], Awaitable[object]]) -> float:
        """Have somebody ask for a door; return the seconds until its lock was energised."""

        def energised() -> int:
            return len(self.building.door(door).truth.energised_at)

        before = energised()
        return await self.asks(ask, lambda: energised() > before)

    async def asks(self, ask: Callable[[], Awaitable[object]], done: Callable[[], object]) -> float:
        """Have somebody ask until it is done; return the seconds that took.

        A disk that stalls has the grants of that moment taken back, as it must: then, and only then, they ask again.
        """

        def taken_back() -> int:
            return len(self.records("grant_withdrawn", "log_was_late"))

        for _ in range(ASKED_AT_MOST):
            await self.sees(lambda: not self.state.log_late)
            before, asked = taken_back(), time.monotonic()
            await ask()
            await self.sees(lambda before=before: done() or taken_back() > before)
            if done():
                return time.monotonic() - asked
        raise AssertionError(self.events("access_denied", "grant_withdrawn"))

    async def lets_in(self, door: str, person: str = "p-1") -> None:
        """Show a badge at the way in until the bolt has let go."""
        await self.opens(door, functools.partial(self.shows_badge, door, person))
        await self.sees(lambda: not self.locked(door))

    async def shows_badge(self, door: str, person: str = "p-1") -> None:
        """Show a badge at the way in, once."""
        self.hand.present_card(f"{door}-in", person)

    async def sees(self, true: Callable[[], object], within: float | None = None) -> None:
        assert await until(true, self.patience if within is None else within)


Any_House = TypeVar("Any_House", bound=House)


@contextlib.asynccontextmanager
async def standing(
    folder: Path,
    toml: str,
    *,
    people: str = NOBODY,
    operators: Mapping[str, Role] | None = None,
    broker: bool = False,
    kind: type[Any_House] = House,
) -> AsyncIterator[Any_House]:
    """Yield a house of this site file whose box runs; ``broker``: its MQTT devices have found their way there."""
    file, rows, box_folder = folder / "site.toml", folder / "people.csv", folder / "box"
    file.write_text(toml)
    rows.write_text(people)
    site = load_site(file)
    known = load_people(rows, site)
    make_keys(box_folder, site)
    make_missing(box_folder, site)
    wires = {"keys": read_keys(box_folder), "logins": read_logins(box_folder)}
    async with contextlib.AsyncExitStack() as stack:
        building = await stack.enter_async_context(Building(site, known, **wires))
        ports = Ports(lines=building.lines, buses=building.buses, cameras=building.camera_urls, console=False)
        box = await stack.enter_async_context(Box(box_folder, file, ports))
        await box.admin.import_people(known, "test")
        for name, role in (operators or {}).items():
            await box.building.submit(st.OperatorEnrolled("test", Operator(name, role)))
        if broker:
            await box.pki.equip(folder / "bundles", "test")
            await building.connect(box.broker.port, folder / "bundles")
        yield kind(box_folder, box, building)
