"""Commands that wait for their turn with one peripheral, each with a deadline past which it must never go out."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from devices.osdp.commands import Command, Output

QUEUE_LIMIT = 64
"""Commands one peripheral may have waiting; more are dropped at once."""


class Rank(IntEnum):
    """What goes first on a line: at 9600 baud one exchange takes 30 ms, and a badge brings three."""

    OUTPUT = 0
    """A bolt or a siren is to move."""
    OTHER = 1
    """A light, a tone, a key; the next step of coming back."""
    POLL = 2


@dataclass(frozen=True, slots=True)
class Ticket:
    """A command, the monotonic second after which it must not go out, and the caller's token."""

    command: Command
    deadline: float
    token: object
    number: int
    """As the how manyth of its line it was asked for."""

    @property
    def rank(self) -> Rank:
        """How soon it goes, before others on the line."""
        return Rank.OUTPUT if isinstance(self.command, Output) else Rank.OTHER


class CommandQueue:
    """Outputs before all else, and then first in, first out; `drop` is told of each ticket that will not go out."""

    def __init__(self, drop: Callable[[Ticket], None]) -> None:
        self._drop = drop
        self._tickets: deque[Ticket] = deque()

    def __bool__(self) -> bool:
        return bool(self._tickets)

    def put(self, ticket: Ticket) -> None:
        """Queue behind all others, or drop where the queue is full."""
        if len(self._tickets) < QUEUE_LIMIT:
            self._tickets.append(ticket)
        else:
            self._drop(ticket)

    def put_back(self, ticket: Ticket | None) -> None:
        """Queue before all others: it was under way when the session broke."""
        if ticket:
            self._tickets.appendleft(ticket)

    def take(self) -> Ticket | None:
        """The next ticket, if any: `head`, from now on under way."""
        ticket = self.head()
        if ticket:
            self._tickets.remove(ticket)
        return ticket

    def head(self) -> Ticket | None:
        """What `take` would give."""
        return min(self._tickets, key=lambda ticket: ticket.rank, default=None)

    def next_deadline(self) -> float:
        """When `expire` next has something to drop."""
        return min((ticket.deadline for ticket in self._tickets), default=math.inf)

    def expire(self, now: float) -> None:
        """Drop whatever is past its deadline."""
        late = [ticket for ticket in self._tickets if now >= ticket.deadline]
        for ticket in late:
            self._tickets.remove(ticket)
            self._drop(ticket)
