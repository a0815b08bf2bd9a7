"""One command and its answer: what a retry needs of it, how long to wait before one, what a report leaves open."""

from dataclasses import dataclass

from devices.osdp.command_queue import Ticket
from devices.osdp.replies import Reply

HANDSHAKE_WITHIN = 1.0
"""Seconds of silence within one step of the bring-up after which it begins anew."""

PROBE_PAUSE = 0.8
HANDSHAKE_PAUSE = 0.1
DAMAGED_PAUSE = 0.005
BUSY_PAUSE = 0.1
RESTART_PAUSE = 0.25

_RETRY_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(slots=True)
class Exchange:
    """The one command that is under way with a peripheral, kept byte for byte so that a retry is the same frame."""

    wire: bytes
    sequence: int
    ticket: Ticket | None
    first_sent: float
    retry_at: float
    attempts: int = 0
    on_line: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """A report already told, of whose acknowledgement the peripheral may not know before `until`."""

    reply: Reply
    until: float


def retry_pause(misses: int) -> float:
    """Seconds before an online peripheral is asked again, after so many misses in a row (at least one)."""
    return _RETRY_PAUSES[min(misses, len(_RETRY_PAUSES)) - 1]
