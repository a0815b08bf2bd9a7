"""Home Assistant on our broker: doors are shown to it, and it may ask for what the site file lets it ask for.

It is an operator like any other: what it asks for goes through the rules, under its own name, and is refused there.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from controller.domain.doors import LockStatus, Position
from controller.domain.ids import DoorId, OperatorId
from controller.domain.operators import LockDoor, Order, Refusal, UnlockOnce
from controller.domain.site import HomeAssistant, Site
from controller.domain.state import SiteState
from controller.runtime.facade import Moment
from devices.mqtt import discovery
from devices.mqtt.discovery import Looks, ShownDoor

LOOK_SECONDS: Final = 0.25
"""How often the doors are looked at for what has changed; nobody's door waits for it."""

PAUSE_SECONDS: Final = 1.0
"""How long after an order another one for the same door is passed over: a broken automation must not fill the log."""

WHOM: Final = "somebody, through Home Assistant"

NOTHING_SEEN: Final = Looks(there=False, lock=discovery.UNKNOWN, contact=discovery.UNKNOWN)

_LOCKS: Final = {LockStatus.LOCKED: "LOCKED", LockStatus.UNLOCKED: "UNLOCKED", LockStatus.JAMMED: "JAMMED"}
_LEAVES: Final = {Position.OPEN: "OPEN", Position.CLOSED: "CLOSED"}
_LOG = structlog.get_logger(__name__)


class Ordering(Protocol):
    """The building, as far as Home Assistant is concerned."""

    def moment(self) -> Moment:
        """Return the building right now."""
        ...

    async def order(self, operator: OperatorId, order: Order) -> Refusal | None:
        """Carry out an order; None once it is accepted, else why it is refused."""
        ...


Say = Callable[[str, bytes], None]
"""Publishes a retained payload; an empty one takes back what was there."""


class HomeAssistantGateway:
    """Shows the doors that the site file names, and takes orders for those it lets be ordered.

    Where the site file has no Home Assistant, everything that was ever announced is taken back.
    """

    def __init__(self, site: Site, building: Ordering) -> None:
        self._site_id, self._building = site.id, building
        self._known = site.home_assistant or HomeAssistant("", (), frozenset())
        self._announced = discovery.announced(site.id, site.name, _shown(site, self._known))
        self._ours = {
            *self._announced,
            discovery.box_topic(site.id),
            *(topic for door in self._known.doors for topic in discovery.told(site.id, door, NOTHING_SEEN)),
        }
        self._told: dict[str, bytes] = {}
        self._stale: set[str] = set()
        self._refused = False
        self._say: Say | None = None
        self._last: dict[DoorId, float] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    @property
    def filters(self) -> tuple[str, ...]:
        """Return what the box listens to for it: orders, and what was ever said to it."""
        return discovery.filters(self._site_id)

    @property
    def will(self) -> tuple[str, bytes] | None:
        """Return what it is told when the box is gone."""
        return (discovery.box_topic(self._site_id), discovery.OFFLINE.encode()) if self._known.doors else None

    def refuse(self, users: frozenset[str]) -> None:
        """Take no orders from now on from whoever is named here: their certificate was called back."""
        self._refused = self._known.name in users

    async def run(self) -> None:
        """Tell what changes, until cancelled."""
        seen = -1
        while self._known.doors:
            newest = self._building.moment().seq
            if self._say is not None and newest != seen:
                seen = newest
                self._show(self._say)
            await asyncio.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """Say that the box is gone, and take no orders any more."""
        for task in self._under_way:
            task.cancel()
        if self._say is not None and self.will is not None:
            self._say(*self.will)
        self._say = None

    def connected(self, say: Say) -> None:
        """The broker is there: announce everything anew, and take back what the site file no longer shows."""
        self._say = say
        self._told.clear()
        for topic, payload in self._announced.items():
            say(topic, payload)
        for topic in self._stale:
            say(topic, b"")
        self._stale.clear()
        if self._known.doors:
            self._show(say)
            say(discovery.box_topic(self._site_id), discovery.ONLINE.encode())

    def lost(self) -> None:
        """The broker is gone."""
        self._say = None

    def received(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take in what came under one of ``filters``. An order that the broker kept for later opens nothing."""
        door = discovery.ordered(self._site_id, topic)
        if door is not None and not retained:
            self._asked(DoorId(door), payload)
        elif payload and topic not in self._ours:
            self._take_back(topic)

    def _take_back(self, topic: str) -> None:
        """What the broker keeps of ours, and the site file no longer shows, goes."""
        if self._say is not None:
            self._say(topic, b"")
        else:
            self._stale.add(topic)

    def _asked(self, door: DoorId, payload: bytes) -> None:
        word = payload[:16].decode("ascii", errors="replace")
        if self._refused or door not in self._known.orders or word not in discovery.ORDERS:
            _LOG.warning("no order that Home Assistant may give", door=door[:48], order=word)
            return
        now = self._loop.time()
        if word == discovery.LOCK:  # which is never held up
            order: Order = LockDoor(door)
        elif now - self._last.get(door, -math.inf) < PAUSE_SECONDS:
            return
        else:
            self._last[door] = now
            order = UnlockOnce(door, WHOM)
        task = self._loop.create_task(self._carry_out(order))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _carry_out(self, order: Order) -> None:
        refusal = await self._building.order(OperatorId(self._known.name), order)
        if refusal is not None:
            _LOG.warning("refused of Home Assistant", order=type(order).__name__, why=refusal.value)

    def _show(self, say: Say) -> None:
        moment = self._building.moment()
        for door in self._known.doors:
            for topic, payload in discovery.told(self._site_id, door, _looks(moment.site, moment.state, door)).items():
                if self._told.get(topic) != payload:
                    self._told[topic] = payload
                    say(topic, payload)


def _shown(site: Site, known: HomeAssistant) -> list[ShownDoor]:
    doors = (site.doors[door] for door in known.doors)
    return [ShownDoor(d.id, d.name, d.contact is not None, d.id in known.orders) for d in doors]


def _looks(site: Site, state: SiteState, door: DoorId) -> Looks:
    built = site.doors.get(door)
    if built is None:  # another policy came, and the wires follow in a moment
        return NOTHING_SEEN
    known = state.door(door)
    return Looks(
        there=state.device(built.lock.device).online is True,
        lock=_LOCKS.get(known.lock, discovery.UNKNOWN),
        contact=_LEAVES.get(known.position, discovery.UNKNOWN),
    )
