"""Random days in the small building, as a log: by the real runtime and the real codec, on a clock set by hand."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from controller.domain import stimuli as st
from controller.domain.decision import FaceOutcome
from controller.domain.doors import LockStatus, Position
from controller.domain.events import Recorded, UnlockFailure
from controller.domain.ids import RequestId
from controller.domain.instant import Instant
from controller.domain.operators import (
    BlockDoor,
    EndLockdown,
    LockDoor,
    Operator,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
    UnlockOnce,
)
from controller.domain.people import CredentialStatus
from controller.domain.site import AntiPassback, Assurance, Factor, Interlock, Site
from controller.domain.state import SiteState
from controller.ledger.entry import Entry
from controller.rules.fold import apply
from controller.rules.step import next_deadline
from controller.runtime.runtime import Runtime
from controller.store.codec import to_entry, to_record
from tests.controller.builders import (
    BERLIN,
    BOB,
    CELLAR,
    CELLAR_CAMERA,
    CELLAR_IN,
    CHANCERY,
    GIL,
    INNER,
    INNER_IN,
    LOBBY,
    MANTRAP,
    MONDAY_TEN,
    NIGHT_CREW,
    OPERATORS,
    PEOPLE,
    STAFF,
    SUE,
    badge,
    order,
    pin,
    small_site,
    strange_card,
    swipe,
    with_zone,
    wrong_pin,
)

READERS = small_site().readers
OTHER_SITE = replace(
    small_site(),
    digest="digest-2",
    readers={
        **READERS,
        INNER_IN: replace(READERS[INNER_IN], factors=frozenset()),
        CELLAR_IN: replace(READERS[CELLAR_IN], keypad=True, factors=frozenset({Factor.CARD, Factor.PIN, Factor.FACE})),
    },
)
"""The same building, but the chancery asks for no PIN, and the vault for a PIN and a face."""

STRICT_SITE = replace(
    with_zone(
        with_zone(small_site(), LOBBY, anti_passback=AntiPassback.HARD, occupancy_limit=1),
        CHANCERY,
        competencies=frozenset({"first-aid"}),
    ),
    digest="digest-3",
    interlocks={MANTRAP: Interlock(MANTRAP, "Mantrap", frozenset({INNER, CELLAR}))},
)
"""The same building, but the lobby holds one person, whose badge lets nobody else in; the vault has a mantrap, and
nobody is trained for the chancery."""

SITES: dict[str, Site] = {site.digest: site for site in (small_site(), OTHER_SITE, STRICT_SITE)}


class Paper:
    """A log that keeps the bytes, and is never late."""

    def __init__(self):
        self.entries: list[Entry] = []

    def append(self, records, *, at_once=True):
        self.entries += [to_entry(record) for record in records]
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def late(self, seconds):
        return False

    def read(self, *, before, limit):
        return []


class Nobody:
    def post(self, effect):
        pass


@dataclass
class HandClock:
    """Whole microseconds, like the real one."""

    wall: datetime
    micros: int

    def now(self):
        return Instant(self.wall, self.micros / 1e6)

    def mono(self):
        return self.micros / 1e6

    def move(self, seconds):
        micros = round(seconds * 1e6)
        self.micros += micros
        self.wall += timedelta(microseconds=micros)


@dataclass
class RandomDays:
    """``records`` are read back from the bytes."""

    seed: int
    log: Paper = field(default_factory=Paper)

    def __post_init__(self):
        self.dice = random.Random(self.seed)
        self.clock = HandClock(MONDAY_TEN.astimezone(UTC), 1_000_000_000)
        self.boots = 0
        self.state, self.folded = SiteState(), 0

    @property
    def records(self) -> list[Recorded]:
        return [to_record(entry) for entry in self.log.entries]

    async def run(self, steps: int) -> list[Recorded]:
        self.start(small_site())
        self.enrol()
        for step in range(steps):
            self.something()
            if step % 50 == 0:
                await asyncio.sleep(0)  # what waits for the log is posted
        await asyncio.sleep(0)
        self.runtime.stop()
        return self.records

    def start(self, site):
        for entry in self.log.entries[self.folded :]:
            record = to_record(entry)
            self.state = apply(self.state, record.event, record.at)
        self.folded = len(self.log.entries)
        self.boots += 1
        self.runtime = Runtime(
            site,
            self.state,
            len(self.log.entries),
            boot=f"boot-{self.boots}",
            log=self.log,
            actuators=Nobody(),
            clock=self.clock,
        )
        self.see(st.BoxStartedUp("1.0", site.digest, f"# {site.digest}"))

    def enrol(self):
        for person in PEOPLE.values():
            self.see(st.PersonEnrolled("test", person, "sealed"))
            self.see(st.BadgeEnrolled("test", badge(person.id)))
        for operator, role in OPERATORS.items():
            self.see(st.OperatorEnrolled("test", Operator(operator, role)))

    def see(self, stimulus):
        self.runtime.handle(stimulus)

    def wait(self, seconds):
        """Let time pass; some deadlines on the way are kept, others come late."""
        until = self.clock.micros + round(seconds * 1e6)
        while (
            (due := next_deadline(self.runtime.state)) is not None and due * 1e6 <= until and self.dice.random() < 0.9
        ):
            self.clock.move(max(0.0, due - self.clock.micros / 1e6))
            self.see(st.TimePassed())
        self.clock.move(max(0.0, (until - self.clock.micros) / 1e6))

    def something(self):
        dice = self.dice
        self.wait(dice.choice([0.05, 0.3, 1.0, 1.0, 1.0, 2.5, 7.0, dice.random() * 20]))
        what = dice.choices(
            [self.badge, self.answer, self.door, self.order, self.change, self.trouble, self.calm, self.restart],
            [50, 40, 12, 4, 3, 2, 6, 0.5],
        )[0]
        what()

    def badge(self):
        dice = self.dice
        reader = dice.choice([*READERS, INNER_IN, INNER_IN, CELLAR_IN, "nowhere"])
        card = swipe(reader, dice.choice([*PEOPLE, BOB, BOB]))
        self.see(dice.choices([card, replace(card, age=9.0), strange_card(reader)], [30, 1, 1])[0])

    def answer(self):
        """Somebody answers a challenge: rightly, wrongly, or at a reader that asks nothing."""
        dice, challenges = self.dice, self.runtime.state.challenges
        if not challenges or dice.random() < 0.05:
            self.see(wrong_pin(INNER_IN))
            return
        reader, pending = dice.choice(sorted(challenges.items(), key=lambda item: item[0]))
        if Factor.PIN in pending.wanted and (Factor.FACE not in pending.wanted or dice.random() < 0.7):
            right = dice.random() < 0.5
            self.see(pin(reader, pending.cardholder) if right else wrong_pin(reader))
        else:
            outcome = dice.choice([FaceOutcome.MATCHED, FaceOutcome.MATCHED, FaceOutcome.NOBODY, *FaceOutcome])
            now = self.clock.now().mono
            self.see(st.FaceSeen(pending.request, CELLAR_CAMERA, outcome, 0.4, 3, now))

    def door(self):
        door = self.dice.choice(list(self.runtime.site.doors))
        asked = RequestId(f"r{self.runtime.state.requests}")
        self.see(
            self.dice.choice(
                [
                    st.PositionSeen(door, Position.OPEN),
                    st.PositionSeen(door, Position.CLOSED),
                    st.LockSeen(door, self.dice.choice([*LockStatus])),
                    st.RexSeen(door),
                    st.UnlockFailed(door, asked, UnlockFailure.DEVICE_OFFLINE),
                ]
            )
        )

    def order(self):
        dice = self.dice
        door = dice.choice(list(self.runtime.site.doors))
        orders = [BlockDoor(door, "x"), UnblockDoor(door), UnblockDoor(door), LockDoor(door), UnlockOnce(door, "x")]
        orders += [SetThreatLevel(dice.choice([0, 0, 1, 2]), "x"), StartLockdown("x"), EndLockdown(), EndLockdown()]
        self.see(order(dice.choice([GIL, SUE, SUE]), dice.choice(orders)))

    def change(self):
        """A badge or a person becomes another one."""
        dice = self.dice
        who = dice.choice(list(PEOPLE))
        wall = self.clock.wall
        spoilt = [badge(who, status=status) for status in CredentialStatus]
        spoilt += [badge(who, valid_until=wall - timedelta(hours=1)), badge(who, valid_from=wall + timedelta(hours=1))]
        spoilt += [badge(who, assurance=Assurance.COPYABLE)]
        self.see(st.BadgeEnrolled("test", dice.choice([badge(who), badge(who), dice.choice(spoilt)])))
        levels = dice.choice([PEOPLE[who].levels, frozenset(), frozenset({STAFF, NIGHT_CREW})])
        self.see(st.PersonEnrolled("test", replace(PEOPLE[who], levels=levels), "sealed"))

    def calm(self):
        """Everything is as it should be again, for a while."""
        self.enrol()
        for who in (GIL, SUE):
            self.see(order(who, EndLockdown()))
        for door in self.runtime.site.doors:
            self.see(order(SUE, UnblockDoor(door)))
        self.see(order(SUE, SetThreatLevel(0, "calm")))
        self.see(st.LogRestoredSeen())
        local = self.clock.wall.astimezone(BERLIN)
        if not 8 <= local.hour < 17 or local.weekday() > 4:
            self.wait((9 - local.hour) % 24 * 3600.0)

    def trouble(self):
        """The wall clock jumps, the log is late, or hours pass."""
        dice = self.dice
        match dice.choice(["clock", "log", "hours", "holiday"]):
            case "clock":
                self.clock.wall += timedelta(seconds=dice.choice([-300, -40, 90]))
            case "log":
                self.see(dice.choice([st.LogLateSeen((), "slow"), st.LogRestoredSeen(), st.LogRestoredSeen()]))
            case "hours":
                self.wait(3600.0 * dice.randint(1, 11))
            case "holiday":
                days = (datetime(2026, 12, 25, 9, tzinfo=UTC) - self.clock.wall).total_seconds()
                self.wait(days if days > 0 and dice.random() < 0.2 else 60.0)

    def restart(self):
        """The power fails: whatever waited is gone, a new boot counts its seconds from anew, maybe another policy."""
        self.runtime.stop()
        self.clock = HandClock(self.clock.wall + timedelta(seconds=3), 5_000_000)
        self.start(self.dice.choice(list(SITES.values())))
