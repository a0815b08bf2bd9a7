"""From a peripheral's reply to the events it means; pure."""

from dataclasses import dataclass, replace

from devices.osdp.events import (
    CardRead,
    CommunicationChanged,
    FormattedCardRead,
    InputsReported,
    KeypadInput,
    ManufacturerSaid,
    OutputsReported,
    PanelEvent,
    PowerChanged,
    ReadersChanged,
    TamperChanged,
)
from devices.osdp.replies import (
    CommunicationReport,
    FormattedCard,
    InputStatus,
    Keypad,
    LocalStatus,
    ManufacturerReply,
    OutputStatus,
    RawCard,
    ReaderStatus,
    Reply,
)

_NOT_CONNECTED = 1
_TAMPERED = 2

_KEYS = {0x7F: "*", 0x0D: "#", ord("*"): "*", ord("#"): "#"} | {ord(digit): digit for digit in "0123456789"}


@dataclass(frozen=True, slots=True)
class Known:
    """What was last told of the peripheral and of the readers that hang on it; None before the first report."""

    tamper: bool | None = None
    power_failed: bool | None = None
    readers_tamper: bool = False
    readers_missing: bool | None = None


def report(address: int, reply: Reply, known: Known, *, at: float, lag: float) -> tuple[tuple[PanelEvent, ...], Known]:
    """The events that this reply means, and what is known after it. A reply that reports nothing gives no event.

    `at` and `lag` are those of `InputsReported`.
    """
    match reply:
        case RawCard(reader=reader, bit_count=bit_count, raw=raw):
            return (CardRead(address, reader, bit_count, raw),), known
        case FormattedCard(reader=reader, direction=direction, characters=characters):
            return (FormattedCardRead(address, reader, direction, characters),), known
        case Keypad(reader=reader, keys=keys):
            return (KeypadInput(address, reader, "".join(_KEYS.get(key, "?") for key in keys)),), known
        case InputStatus(states=states):
            return (InputsReported(address, states, at, lag),), known
        case OutputStatus(states=states):
            return (OutputsReported(address, states),), known
        case LocalStatus():
            return _local_changes(address, reply, known)
        case ReaderStatus(states=states):
            return _reader_changes(address, states, known)
        case CommunicationReport(address=new_address, baud=baud):
            return (CommunicationChanged(address, new_address, baud),), known
        case ManufacturerReply(vendor=vendor, said=said):
            return (ManufacturerSaid(address, vendor, said),), known
        case _:
            return (), known


def _local_changes(address: int, status: LocalStatus, known: Known) -> tuple[tuple[PanelEvent, ...], Known]:
    events = _tamper(address, known, replace(known, tamper=status.tamper))
    if status.power_failed != known.power_failed:
        events += (PowerChanged(address, status.power_failed),)
    return events, replace(known, tamper=status.tamper, power_failed=status.power_failed)


def _reader_changes(address: int, states: tuple[int, ...], known: Known) -> tuple[tuple[PanelEvent, ...], Known]:
    """A tampered reader is a tampered peripheral: somebody is at the wall."""
    told = replace(known, readers_tamper=_TAMPERED in states, readers_missing=_NOT_CONNECTED in states)
    events = _tamper(address, known, told)
    if told.readers_missing != known.readers_missing:
        events += (ReadersChanged(address, bool(told.readers_missing)),)
    return events, told


def _tamper(address: int, before: Known, after: Known) -> tuple[PanelEvent, ...]:
    """The change of both switches together; the peripheral's own is always told first."""
    if after.tamper is None:
        return ()
    active = after.tamper or after.readers_tamper
    told = None if before.tamper is None else before.tamper or before.readers_tamper
    return (TamperChanged(address, active),) if active != told else ()
