"""A box that can be stalled: the real API over the real rules and the demo's site, with hands instead of wires."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.app import built_console, create_app
from api.server import ApiServer
from controller.domain.doors import LockStatus, Position
from controller.domain.effects import Effect, FireRelease, HoldUnlocked, Relock, Unlock
from controller.domain.events import OrderRefused, Recorded
from controller.domain.ids import CameraId, DoorId, OperatorId
from controller.domain.instant import Instant
from controller.domain.operators import Operator, Order, Refusal, Role
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.domain.stimuli import (
    BoxStartedUp,
    CameraSeen,
    DeviceSeen,
    LockSeen,
    OperatorEnrolled,
    Ordered,
    PositionSeen,
    Stimulus,
    TimePassed,
)
from controller.rules.step import step
from controller.runtime.facade import SignIn
from controller.site.loader import load_site
from tests.api.fakes import FakeFacade

SITE = Path(__file__).parents[2] / "config" / "embassy.toml"
TICK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Box:
    """What a browser test needs of a running box, and all it may know of it. Passwords are one-time passwords."""

    url: str
    guard: tuple[str, str]
    force_open: Callable[[str], None]
    stall: Callable[[float], None]
    """Let the box say nothing for so many seconds, though its connections stay open."""


class Hands(FakeFacade):
    """A building under the real rules. Its locks obey at once."""

    def __init__(self, one_time: dict[OperatorId, tuple[Role, str]], site: Site | None = None) -> None:
        super().__init__()
        self.site = site or load_site(SITE)
        self.state = SiteState()
        self.stuck: set[DoorId] = set()  # doors whose bolt does not move when it should
        self.operators, self.passwords, self.names = {}, {}, {}
        self.one_time = {name: password for name, (_, password) in one_time.items()}
        self.roles = {name: role for name, (role, _) in one_time.items()}
        self.claim(BoxStartedUp("test", self.site.digest, ""))
        for name, role in self.roles.items():
            self.operators[name] = Operator(name, role)
            self.claim(OperatorEnrolled("setup", self.operators[name]))
        for device in self.site.devices:
            self.claim(DeviceSeen(device, online=True, secure=True, detail=""))
        for camera in self.site.cameras:
            self.claim(CameraSeen(camera, online=True, detail=""))
        for door in self.site.doors:
            self.claim(PositionSeen(door, Position.CLOSED), LockSeen(door, LockStatus.LOCKED))

    def mono(self) -> float:
        return time.monotonic()

    def instant(self) -> Instant:
        return Instant(datetime.now(UTC), self.mono())

    def claim(self, *stimuli: Stimulus) -> None:
        """Let the rules hear of these, in this order. On the server's loop, or before it runs."""
        for stimulus in stimuli:
            now = self.instant()
            outcome = step(self.site, self.state, stimulus, now)
            self.state = outcome.state
            for event in outcome.events:
                record = Recorded(len(self.records) + 1, now, self.boot, self.site.digest, event)
                self.records.append(record)
                for watch in list(self.watches):
                    watch.offer(record)
            for effect in outcome.effects:
                self._obey(effect)

    async def order(self, operator: OperatorId, order: Order) -> Refusal | None:
        before = len(self.records)
        self.claim(Ordered(operator, order))
        refused = [r.event for r in self.records[before:] if isinstance(r.event, OrderRefused)]
        return refused[0].why if refused else None

    async def sign_in(self, operator: OperatorId, password: str, *, new_password: str | None, address: str) -> SignIn:
        if self.one_time.get(operator) == password:
            if new_password is None:
                return SignIn(new_password_needed=True)
            del self.one_time[operator]
            self.passwords[operator] = new_password
        elif self.passwords.get(operator) != password:
            return SignIn(refused=True)
        return SignIn(operator=self.operators[operator])

    async def picture(self, camera: CameraId, *, rests: bool = False) -> bytes | None:
        return None

    async def live(self) -> None:
        """Let time pass."""
        while True:
            self.claim(TimePassed())
            await asyncio.sleep(TICK_SECONDS)

    def _obey(self, effect: Effect) -> None:
        match effect:
            case Relock():
                self.claim(LockSeen(effect.door, LockStatus.LOCKED))
            case Unlock() | HoldUnlocked() | FireRelease():
                if effect.door not in self.stuck:
                    self.claim(LockSeen(effect.door, LockStatus.UNLOCKED))
            case _:
                pass


@contextmanager
def served(hands: Hands) -> Iterator[tuple[str, Callable[[Callable[[], None]], None]]]:
    """Serve a building on a thread of its own; yields its URL and how to lay a hand on it."""
    loop = asyncio.new_event_loop()
    started: list[int] = []
    ready, leaving = threading.Event(), asyncio.Event()

    async def serve() -> None:
        server = ApiServer(create_app(hands, static=built_console()), "127.0.0.1", 0)
        started.append(await server.start())
        ready.set()
        living = asyncio.create_task(hands.live())
        await leaving.wait()
        living.cancel()
        await server.stop()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        finally:
            ready.set()
            loop.close()

    def by_hand(act: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(act)

    thread = threading.Thread(target=run, name="box")
    thread.start()
    ready.wait(30)
    assert started, "the box did not start"
    try:
        yield f"http://127.0.0.1:{started[0]}", by_hand
    finally:
        loop.call_soon_threadsafe(leaving.set)
        thread.join(30)
