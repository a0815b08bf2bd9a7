"""The OSDP control panel (ACU) of one half-duplex line with any number of peripherals; sans-IO.

The owner feeds what it reads (`receive`), writes what it is given (`next_transmission`), comes back at the time that
`get_timer` names (`handle_timer`) and takes the events (`take_events`). All times are monotonic seconds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devices.osdp.command_queue import Rank, Ticket
from devices.osdp.commands import Command
from devices.osdp.errors import LocalError
from devices.osdp.events import PanelEvent, SecurityViolation, ViolationKind
from devices.osdp.exchange import Pace
from devices.osdp.frame import Frame, FrameParser
from devices.osdp.link import Link
from devices.osdp.peripheral import Peripheral

POLL_INTERVAL = 0.05
"""Seconds between two polls of one peripheral, where the line is fast enough."""
SHORT_LINE = 9
"""Peripherals (eight readers and a module) up to which a line is polled that often all the time."""
RESTING_INTERVAL = 0.25
"""Seconds between two polls on a longer line of one at which nothing happens: 128 readers are to leave the box its
time, and nobody who badges notices."""
REPLY_WITHIN = 0.2
"""Seconds a peripheral may take to begin its reply (clause 5.7)."""
INTER_CHARACTER = 0.03
"""Seconds of silence that end a broken frame: 20 ms by clause 5.7, and a scheduler's delay."""
LONGEST_REPLY = 2.0
"""Seconds that the beginning of a frame may at most keep the line from the other peripherals; noise has less."""
SECOND_PANEL_EVERY = 10.0
"""Seconds between two reports of a second panel: it may give many orders a second."""

_SHORT_WAIT_MINIMUM = 0.02
_SHORT_WAIT_FACTOR = 2
_USUAL_WEIGHT = 1 / 16
_SLOW = 1.5
"""Times the usual exchange that is no longer usual."""
_FULL_WAIT_EVERY = 8
_UNKNOWN_FULL_WAITS = 3


@dataclass(slots=True)
class _Outstanding:
    """The exchange that occupies the line."""

    link: Link
    sent: float
    reply_by: float
    give_up: float
    heard: bool = False


@dataclass(slots=True)
class _Wish:
    """When a link wants the line or to be looked at, as of the last time anything happened to it."""

    link: Link
    what: tuple[Rank, float, int] = (Rank.POLL, 0.0, 0)
    timer: float = 0.0
    next: float = 0.0

    @property
    def due(self) -> float:
        return self.what[1]


class ControlPanel:
    """One line's panel. `random_bytes(n)` must be unpredictable; it feeds the secure channel.

    After an event that asks to be confirmed, its address is not polled (the next poll would acknowledge it on the wire)
    until `confirm`, or for one second at most. Raises LocalError for a duplicate address.
    """

    def __init__(
        self,
        peripherals: Sequence[Peripheral],
        *,
        now: float,
        random_bytes: Callable[[int], bytes],
        poll_interval: float = POLL_INTERVAL,
    ) -> None:
        resting = poll_interval if len(peripherals) <= SHORT_LINE else max(poll_interval, RESTING_INTERVAL)
        self._events: list[PanelEvent] = []
        self._parser = FrameParser()
        self._outstanding: _Outstanding | None = None
        self._echo = b""
        self._tallies: dict[int, tuple[int, int]] = {}
        self._told_second_panel = -math.inf
        self._asked = 0
        self._usual = 0.0
        self._expires = -math.inf  # no link has anything to do by time alone before that
        self._links = {
            peripheral.address: Link(
                peripheral,
                now=now,
                emit=self._events.append,
                random_bytes=random_bytes,
                pace=Pace(poll_interval, resting, began=now),
            )
            for peripheral in peripherals
        }
        if len(self._links) != len(peripherals):
            raise LocalError("two peripherals share an address")
        self._wishes = {address: _Wish(link) for address, link in self._links.items()}
        for link in self._links.values():
            self._changed(link)

    @property
    def addresses(self) -> tuple[int, ...]:
        """The addresses on this line."""
        return tuple(self._links)

    def is_online(self, address: int) -> bool:
        """Whether the peripheral counts as present. Raises LocalError for a foreign address."""
        return self._link(address).online

    def tally(self, address: int) -> tuple[int, int]:
        """Frames sent to this address, and those of them that nothing usable came back to. From any thread."""
        return self._tallies.get(address, (0, 0))

    def check(self, address: int, command: Command) -> None:
        """Raise LocalError for a foreign address, for polls and handshakes, and for a key to a peripheral in the clear.

        Looks at the configuration only, so any thread may ask.
        """
        self._link(address).check(command)

    def send(self, address: int, command: Command, *, deadline: float, token: object = None) -> None:
        """Queue a command for one peripheral; its fate comes as CommandDelivered, CommandRefused or CommandDropped.

        Past `deadline` it never goes out. Raises LocalError as `check` does.
        """
        self.check(address, command)
        link = self._link(address)
        self._asked += 1
        link.submit(Ticket(command, deadline, token, self._asked))
        self._changed(link)

    def confirm(self, address: int) -> None:
        """What this address reported is recorded: it may be polled again. Raises LocalError for a foreign address."""
        link = self._link(address)
        link.confirm()
        self._changed(link)

    def receive(self, received: bytes, now: float) -> None:
        """Take bytes from the line, in any chunking."""
        frames = _checked(self._parser.feed(received))
        for frame in frames:
            self._route(frame, now)
        self._heard(received, now, whole=bool(frames))

    def next_transmission(self, now: float) -> bytes | None:
        """The bytes to write now, or None while the line is taken or nothing is due."""
        if self._outstanding is not None:
            return None
        self._expire(now)
        link = self._whose_turn(now)
        if link is None:
            return None
        self._parser.clear()
        wire = self._echo = link.transmit(now)
        self._count(link, sent=1)
        self._changed(link)
        reply_by = now + self._wait_for(link)
        self._outstanding = _Outstanding(link, now, reply_by, give_up=reply_by)
        return wire

    def get_timer(self) -> float:
        """When `handle_timer` or `next_transmission` next has something to do; infinity for never."""
        if self._outstanding is not None:
            return min(self._outstanding.give_up, self._expires)
        return min([wish.next for wish in self._wishes.values()], default=math.inf)

    def handle_timer(self, now: float) -> None:
        """Do what has become due by time alone; harmless when called too early."""
        if self._outstanding is not None and now >= self._outstanding.give_up:
            self._give_up(self._outstanding, now)
        self._expire(now)
        self._free_line(now)

    def line_lost(self, now: float) -> None:
        """The line itself is gone: every peripheral is offline until it has been brought up again."""
        self._parser.clear()
        self._outstanding = None
        for link in self._links.values():
            link.lost(now)
            self._changed(link)

    def take_events(self) -> tuple[PanelEvent, ...]:
        """What happened since the last call, in order."""
        if not self._events:
            return ()
        events = tuple(self._events)
        self._events.clear()
        return events

    def _link(self, address: int) -> Link:
        link = self._links.get(address)
        if link is None:
            raise LocalError(f"no peripheral has address {address}")
        return link

    def _changed(self, link: Link) -> None:
        """Ask a link anew what it wishes: it can only have changed its mind where something happened to it."""
        wish = self._wishes[link.address]
        wish.what, wish.timer = link.wants(), link.next_timer()
        wish.next = min(wish.due, wish.timer)
        self._expires = min(self._expires, wish.timer)

    def _whose_turn(self, now: float) -> Link | None:
        """What moves a bolt before what shows a light, both before polls; then whoever waits longest."""
        due = [wish for wish in self._wishes.values() if wish.due <= now]
        return min(due, key=lambda wish: wish.what).link if due else None

    def _count(self, link: Link, sent: int = 0, unanswered: int = 0) -> None:
        before = self.tally(link.address)
        self._tallies[link.address] = before[0] + sent, before[1] + unanswered

    def _expire(self, now: float) -> None:
        if now < self._expires:
            return
        for wish in self._wishes.values():
            if wish.timer <= now:
                wish.link.expire(now)
                self._changed(wish.link)
        self._expires = min([wish.timer for wish in self._wishes.values()], default=math.inf)

    def _route(self, frame: Frame, now: float) -> None:
        link = self._links.get(frame.address)
        if not frame.reply:
            self._overheard(frame, now)
        elif link is not None:
            link.receive(frame, now)
            self._free_line(now)
            self._changed(link)

    def _overheard(self, frame: Frame, now: float) -> None:
        """A command on our line: the adapter's echo of our own, or somebody else's, who gives orders here."""
        own = self._echo == frame.encode()
        if own or now - self._told_second_panel < SECOND_PANEL_EVERY:
            return
        self._told_second_panel = now
        address = frame.address if frame.address in self._links else min(self._links, default=frame.address)
        self._events.append(SecurityViolation(address, ViolationKind.SECOND_PANEL))

    def _free_line(self, now: float) -> None:
        waiting = self._outstanding
        if waiting is not None and not waiting.link.awaits_answer:
            self._outstanding = None
            self._took(waiting, now)
            self._usual += (now - waiting.sent - self._usual) * _USUAL_WEIGHT

    def _took(self, waiting: _Outstanding, now: float) -> None:
        """Have a peripheral that keeps the line for longer than is usual here leave it to the others for a while."""
        slow = now - waiting.sent > self._usual * _SLOW
        sharers = sum(link.online for link in self._links.values()) if slow else 0
        waiting.link.took(waiting.sent, now, sharers)

    def _heard(self, received: bytes, now: float, *, whole: bool) -> None:
        """A broken frame is given up after the inter-character time-out instead of the whole reply time."""
        waiting = self._outstanding
        if waiting is None or not received:
            return
        waiting.heard = not whole or self._parser.in_frame
        if waiting.heard:
            longest = waiting.sent + LONGEST_REPLY if self._parser.in_frame else waiting.give_up
            waiting.give_up = min(now + INTER_CHARACTER, longest)
        else:
            waiting.give_up = waiting.reply_by

    def _give_up(self, waiting: _Outstanding, now: float) -> None:
        for frame in _checked(self._parser.flush()):
            self._route(frame, now)
        if self._outstanding is waiting:
            self._outstanding = None
            self._took(waiting, now)
            self._count(waiting.link, unanswered=1)
            waiting.link.missed(now, damaged=waiting.heard)
            self._changed(waiting.link)

    def _wait_for(self, link: Link) -> float:
        """Seconds to wait for the reply: all of the standard's, but little for one that has stopped answering.

        A dead peripheral would otherwise take 200 ms of everybody's line at each probe; every eighth probe still waits
        that long, in case it has become slow.
        """
        known = link.round_trip or max((other.round_trip for other in self._links.values()), default=0.0)
        patient = link.misses == 0 if link.round_trip else link.misses < _UNKNOWN_FULL_WAITS
        if patient or not known or link.misses % _FULL_WAIT_EVERY == 0:
            return REPLY_WITHIN
        return min(REPLY_WITHIN, max(_SHORT_WAIT_MINIMUM, known * _SHORT_WAIT_FACTOR))


def _checked(frames: list[Frame]) -> list[Frame]:
    """The frames with a CRC, by which every peripheral answers us: of all noise, one in 256 has a right checksum."""
    return [frame for frame in frames if frame.crc]
