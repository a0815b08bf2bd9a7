"""From a peripheral's reply to the events it means; pure."""

from dataclasses import dataclass, replace

from devices.osdp.events import (
    CardRead,
    InputsReported,
    KeypadInput,
    OutputsReported,
    PanelEvent,
    PowerChanged,
    TamperChanged,
)
from devices.osdp.replies import InputStatus, Keypad, LocalStatus, OutputStatus, RawCard, Reply

_KEYS = {0x7F: "*", 0x0D: "#", ord("*"): "*", ord("#"): "#"} | {ord(digit): digit for digit in "0123456789"}


@dataclass(frozen=True, slots=True)
class Known:
    """What was last told of tamper and power; None before the first report after coming online."""

    tamper: bool | None = None
    power_failed: bool | None = None


def report(address: int, reply: Reply, known: Known, *, at: float, lag: float) -> tuple[tuple[PanelEvent, ...], Known]:
    """The events that this reply means, and what is known after it. A reply that reports nothing gives no event.

    `at` and `lag` are those of `InputsReported`.
    """
    match reply:
        case RawCard(reader=reader, bit_count=bit_count, raw=raw):
            return (CardRead(address, reader, bit_count, raw),), known
        case Keypad(reader=reader, keys=keys):
            return (KeypadInput(address, reader, "".join(_KEYS.get(key, "?") for key in keys)),), known
        case InputStatus(states=states):
            return (InputsReported(address, states, at, lag),), known
        case OutputStatus(states=states):
            return (OutputsReported(address, states),), known
        case LocalStatus():
            return _local_changes(address, reply, known)
        case _:
            return (), known


def _local_changes(address: int, status: LocalStatus, known: Known) -> tuple[tuple[PanelEvent, ...], Known]:
    events: tuple[PanelEvent, ...] = ()
    if status.tamper != known.tamper:
        events += (TamperChanged(address, status.tamper),)
    if status.power_failed != known.power_failed:
        events += (PowerChanged(address, status.power_failed),)
    return events, replace(known, tamper=status.tamper, power_failed=status.power_failed)
