"""What the control panel tells its owner: frozen values, one closed union."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from devices.osdp.commands import Command
from devices.osdp.replies import Capabilities, Identity


class OfflineCause(StrEnum):
    """Why a peripheral does not count as present."""

    NO_ANSWER = "no_answer"
    SESSION_LOST = "session_lost"
    SECURITY_VIOLATION = "security_violation"
    LINE_LOST = "line_lost"


class ViolationKind(StrEnum):
    """What broke the rule that a secured peripheral speaks inside its own secure channel only, and to us only.

    `LOCKED_OUT`: it was broken so often that the peripheral is left alone for a while (`suspicion`).
    """

    PLAINTEXT_REPLY = "plaintext_reply"
    BAD_MAC = "bad_mac"
    BAD_CRYPTOGRAM = "bad_cryptogram"
    WRONG_KEY = "wrong_key"
    DEFAULT_KEY = "default_key"
    CAPABILITY_DOWNGRADE = "capability_downgrade"
    INSTALL_MODE = "install_mode"
    SECOND_PANEL = "second_panel"
    LOCKED_OUT = "locked_out"


@dataclass(frozen=True, slots=True)
class DeviceOnline:
    """The peripheral is there, with `secure` inside its secure channel; reports of all its states follow."""

    address: int
    identity: Identity
    capabilities: Capabilities
    secure: bool


@dataclass(frozen=True, slots=True)
class DeviceOffline:
    """The peripheral no longer counts as present, or has not come up for 8 s."""

    address: int
    cause: OfflineCause


@dataclass(frozen=True, slots=True)
class CardRead:
    """A card: `bit_count` bits, most significant first, left-aligned in `raw`. To be confirmed."""

    address: int
    reader: int
    bit_count: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class FormattedCardRead:
    """A card that the reader made characters of; `direction` 0 forward, 1 backward. To be confirmed."""

    address: int
    reader: int
    direction: int
    characters: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeypadInput:
    """Keys pressed, as characters of `0123456789*#`; `?` for any other key. To be confirmed."""

    address: int
    reader: int
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class InputsReported:
    """All inputs: 0 inactive, 1 active, more where the maker supervises. To be confirmed.

    `at`: when it came, in monotonic seconds; `lag`: how long before that it may have happened, which is since the
    peripheral last had nothing to tell.
    """

    address: int
    states: tuple[int, ...]
    at: float = field(default=0.0, compare=False)
    lag: float = field(default=math.inf, compare=False)


@dataclass(frozen=True, slots=True)
class OutputsReported:
    """All outputs as the peripheral sees them: 0 off, 1 on. To be confirmed."""

    address: int
    states: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TamperChanged:
    """The tamper switch, told at each coming online and at each change. To be confirmed."""

    address: int
    active: bool


@dataclass(frozen=True, slots=True)
class PowerChanged:
    """The peripheral's supply, told at each coming online and at each change. To be confirmed."""

    address: int
    failed: bool


@dataclass(frozen=True, slots=True)
class ReadersChanged:
    """Whether a reader that hangs on the peripheral is missing, told as tamper is. To be confirmed."""

    address: int
    missing: bool


@dataclass(frozen=True, slots=True)
class CommunicationChanged:
    """The peripheral answered COMSET: from now on it speaks at `new_address` and `baud`. To be confirmed."""

    address: int
    new_address: int
    baud: int


@dataclass(frozen=True, slots=True)
class ManufacturerSaid:
    """Something that only the maker `vendor` (an IEEE OUI of 3 bytes) understands. To be confirmed."""

    address: int
    vendor: bytes
    said: bytes


@dataclass(frozen=True, slots=True)
class SecurityViolation:
    """Somebody or something broke the secure channel; the session is dropped and set up again."""

    address: int
    kind: ViolationKind


@dataclass(frozen=True, slots=True)
class CommandDelivered:
    """The peripheral has carried the command out."""

    address: int
    command: Command
    token: object


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """The peripheral answered NAK, for the reason `nak` of clause 7.3."""

    address: int
    command: Command
    token: object
    nak: int


@dataclass(frozen=True, slots=True)
class CommandDropped:
    """The command is past its deadline (or its queue full) and will not go out any more."""

    address: int
    command: Command
    token: object


@dataclass(frozen=True, slots=True)
class ConfirmOverdue:
    """Nobody confirmed an event in time; the peripheral is polled again."""

    address: int


@dataclass(frozen=True, slots=True)
class ReplyNotUnderstood:
    """An authentic reply whose code or payload makes no sense to us; it is not repeated."""

    address: int
    code: int


TO_BE_CONFIRMED = (
    CardRead,
    FormattedCardRead,
    KeypadInput,
    InputsReported,
    OutputsReported,
    TamperChanged,
    PowerChanged,
    ReadersChanged,
    CommunicationChanged,
    ManufacturerSaid,
)
"""Reports that hold their peripheral until the owner says that they are recorded."""

PanelEvent = (
    DeviceOnline
    | DeviceOffline
    | CardRead
    | FormattedCardRead
    | KeypadInput
    | InputsReported
    | OutputsReported
    | TamperChanged
    | PowerChanged
    | ReadersChanged
    | CommunicationChanged
    | ManufacturerSaid
    | SecurityViolation
    | CommandDelivered
    | CommandRefused
    | CommandDropped
    | ConfirmOverdue
    | ReplyNotUnderstood
)
