"""What devices and the box say to each other over MQTT, as frozen values. Times are integer milliseconds UTC."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from devices.mqtt.topics import DeviceId

SCHEMA: Final = 1
"""The version of the contract that this box speaks."""


class Lifecycle(StrEnum):
    """`$state` (Homie 5); `lost` is the last will, written by the broker."""

    INIT = "init"
    READY = "ready"
    DISCONNECTED = "disconnected"
    LOST = "lost"


class LockWord(StrEnum):
    """`state/lock`: what the bolt sensor shows, never what was ordered (Home Assistant's words)."""

    LOCKED = "LOCKED"
    UNLOCKED = "UNLOCKED"
    LOCKING = "LOCKING"
    UNLOCKING = "UNLOCKING"
    JAMMED = "JAMMED"


class DoorWord(StrEnum):
    """`state/door`: the door contact."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class TamperWord(StrEnum):
    """`state/tamper`: the housing."""

    CLEAR = "CLEAR"
    TAMPERED = "TAMPERED"


class PowerWord(StrEnum):
    """`state/power`: what the device lives on."""

    MAINS = "MAINS"
    BATTERY = "BATTERY"
    LOW = "LOW"


class LoopWord(StrEnum):
    """`state/loop`: a barrier's safety loop; `FAULT` where the detector does not know."""

    FREE = "FREE"
    OCCUPIED = "OCCUPIED"
    FAULT = "FAULT"


class KeyWord(StrEnum):
    """`state/key`: the contact behind a mechanical key."""

    NORMAL = "NORMAL"
    TURNED = "TURNED"


class DirectionWord(StrEnum):
    """`event/rotation`: which way a turnstile turned; in is towards the inner zone."""

    IN = "IN"
    OUT = "OUT"


class InputWord(StrEnum):
    """A supervised input's four states."""

    NORMAL = "NORMAL"
    ACTIVE = "ACTIVE"
    OPEN_LOOP = "OPEN_LOOP"
    SHORTED = "SHORTED"


class OutputWord(StrEnum):
    """`state/output`: what a siren or relay does, never what was ordered."""

    ON = "ON"
    OFF = "OFF"


class OutputAction(StrEnum):
    """What an output can be asked to do."""

    ON = "ON"
    OFF = "OFF"


class LockAction(StrEnum):
    """What a lock can be asked to do."""

    UNLOCK = "UNLOCK"
    LOCK = "LOCK"
    HOLD = "HOLD"


class ReaderSignal(StrEnum):
    """What a reader's light and sounder say to the person before it: never a reason."""

    IDLE = "IDLE"
    GRANTED = "GRANTED"
    DENIED = "DENIED"
    PROMPT = "PROMPT"
    ENTER_PIN = "ENTER_PIN"


class AckResult(StrEnum):
    """How a device answers a command."""

    OK = "ok"
    REFUSED = "refused"
    EXPIRED = "expired"
    JAMMED = "jammed"


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device came, left or was lost."""

    device: DeviceId
    state: Lifecycle


@dataclass(frozen=True, slots=True)
class Description:
    """What a device says it is; `boot` is new at each of its starts."""

    device: DeviceId
    schema: int
    model: str
    capabilities: tuple[str, ...]
    boot: str


@dataclass(frozen=True, slots=True)
class OtherContract:
    """A device describes itself by a version of the contract that is not ours; nothing else of it was read."""

    device: DeviceId
    schema: int


@dataclass(frozen=True, slots=True)
class LockState:
    """The bolt as observed."""

    device: DeviceId
    state: LockWord


@dataclass(frozen=True, slots=True)
class DoorState:
    """The leaf as observed by the contact."""

    device: DeviceId
    state: DoorWord


@dataclass(frozen=True, slots=True)
class Tamper:
    """The housing's tamper contact."""

    device: DeviceId
    state: TamperWord


@dataclass(frozen=True, slots=True)
class Power:
    """The device's supply."""

    device: DeviceId
    state: PowerWord


@dataclass(frozen=True, slots=True)
class PointState:
    """The detector on the device's own supervised loop, as it stands."""

    device: DeviceId
    state: InputWord


@dataclass(frozen=True, slots=True)
class OutputState:
    """The device's own output as it stands."""

    device: DeviceId
    state: OutputWord


@dataclass(frozen=True, slots=True)
class LoopState:
    """A barrier's safety loop."""

    device: DeviceId
    state: LoopWord


@dataclass(frozen=True, slots=True)
class KeyState:
    """The contact behind a mechanical key."""

    device: DeviceId
    state: KeyWord


@dataclass(frozen=True, slots=True)
class CardEvent:
    """A card was read: `bit_count` bits in `raw`, first bit in the most significant place, padded with zeros behind."""

    device: DeviceId
    boot: str
    seq: int
    ts: int
    bit_count: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """Keys were typed: `0`-`9`, `*` and `#` (enter). The digits stay out of every representation."""

    device: DeviceId
    boot: str
    seq: int
    ts: int
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RexEvent:
    """The request-to-exit button on this device's own input was pressed."""

    device: DeviceId
    boot: str
    seq: int
    ts: int


@dataclass(frozen=True, slots=True)
class RotationEvent:
    """A turnstile turned once."""

    device: DeviceId
    boot: str
    seq: int
    ts: int
    direction: DirectionWord


@dataclass(frozen=True, slots=True)
class InputEvent:
    """Any other supervised input of the device changed."""

    device: DeviceId
    boot: str
    seq: int
    ts: int
    input: str
    state: InputWord


@dataclass(frozen=True, slots=True)
class Ack:
    """A device's answer to the command `command_id`."""

    device: DeviceId
    command_id: str
    result: AckResult


Event = CardEvent | KeyEvent | RexEvent | RotationEvent | InputEvent
State = LockState | DoorState | LoopState | KeyState | Tamper | Power | PointState | OutputState
DeviceMessage = DeviceState | Description | OtherContract | State | Event | Ack


@dataclass(frozen=True, slots=True)
class LockCommand:
    """Unlock for `ms` milliseconds, lock at once, or stay open until told to lock (`ms` 0 for both).

    Worthless from `expires_at` on.
    """

    id: str
    expires_at: int
    action: LockAction
    ms: int = 0


@dataclass(frozen=True, slots=True)
class ReaderCommand:
    """Show a signal at the reader; worthless from `expires_at` on."""

    id: str
    expires_at: int
    signal: ReaderSignal


@dataclass(frozen=True, slots=True)
class OutputCommand:
    """On for `ms` milliseconds (0: until told otherwise), or off (`ms` 0); worthless from `expires_at` on."""

    id: str
    expires_at: int
    action: OutputAction
    ms: int = 0


Command = LockCommand | ReaderCommand | OutputCommand


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message refused unread: `why` names the place and the mend and repeats nothing of the payload (a PIN, maybe).

    `command_id` is there where a command could be answered nevertheless, `device` where the topic does not name it.
    """

    topic: str
    why: str
    command_id: str | None = None
    device: DeviceId | None = None
