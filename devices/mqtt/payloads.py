"""The payloads of the topic contract: bytes in, values out, and back. No clock, no I/O, and no exception for any bytes.

JSON objects in events, acks, descriptions and commands; bare words in `$state` and `state/*`. Unknown keys are passed
over, so that a newer device can say more.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, TypeVar

import orjson

from devices.mqtt.messages import (
    SCHEMA,
    Ack,
    AckResult,
    CardEvent,
    Command,
    Description,
    DeviceMessage,
    DeviceState,
    DirectionWord,
    DoorState,
    DoorWord,
    InputEvent,
    InputWord,
    KeyEvent,
    KeyState,
    KeyWord,
    Lifecycle,
    LockAction,
    LockCommand,
    LockState,
    LockWord,
    LoopState,
    LoopWord,
    Malformed,
    OtherContract,
    OutputAction,
    OutputCommand,
    OutputState,
    OutputWord,
    PointState,
    Power,
    PowerWord,
    ReaderCommand,
    ReaderSignal,
    RexEvent,
    RotationEvent,
    Tamper,
    TamperWord,
)
from devices.mqtt.topics import MAX_TOPIC, Address, DeviceId, Topic, split

MAX_PAYLOAD: Final = 2048
"""Bytes; a device has nothing longer to say."""
MAX_BITS: Final = 256
MAX_CAPABILITIES: Final = 32
MAX_UNLOCK_MS: Final = 24 * 3600 * 1000
MAX_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON implementation keeps exact (RFC 8259, section 6)."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9*#]{1,32}", re.ASCII)
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){1,32}", re.ASCII)
_TEXT: Final = re.compile(r"[ -~]{1,64}", re.ASCII)

_Word = TypeVar("_Word", bound=StrEnum)


def parse(topic: str, payload: bytes, retained: bool) -> DeviceMessage | Malformed:  # noqa: FBT001 (MQTT's own flag)
    """Return what a device said, or why it is refused. Events and acks are refused where retained: they are old."""
    parts = split(topic)
    if parts is None:
        return _malformed(topic, "topic: not ostiary/v1/<site>/<device>/<channel>")
    try:
        return _message(parts, payload, retained=retained)
    except _BadError as bad:
        return _malformed(topic, str(bad))


def parse_command(topic: str, payload: bytes, retained: bool) -> Command | Malformed:  # noqa: FBT001 (MQTT's own flag)
    """Return a command as a device reads it. A retained command is refused; expiry is for the device's own clock."""
    parts = split(topic)
    if parts is None or parts.channel != "cmd":
        return _malformed(topic, "topic: not a command of this contract")
    command_id = None
    try:
        fields = _Fields(payload)
        command_id = fields.pattern("id", _ID)
        return _command(parts.name, command_id, fields, retained=retained)
    except _BadError as bad:
        return _malformed(topic, str(bad), command_id)


def is_expired(command: Command, now_ms: int) -> bool:
    """Say whether a command came too late to be obeyed, by the device's wall clock in ms UTC."""
    return now_ms >= command.expires_at


def encode_command(address: Address, command: Command) -> tuple[str, bytes]:
    """Return topic and payload of a command.

    Raises ValueError where the command itself breaks the contract (our bug, never the device's).
    """
    topic, fields = _command_fields(address, command)
    payload = orjson.dumps({"id": command.id, "expires_at": command.expires_at} | fields)
    match parse_command(topic, payload, retained=False):
        case Malformed(why=why):
            raise ValueError(f"command {command.id!r}: {why}")
        case _:
            return topic, payload


def encode_card(boot: str, seq: int, ts: int, bit_count: int, raw: bytes) -> bytes:
    """Return the payload of `event/card`."""
    return encode_event(boot, seq, ts, bits=bit_count, raw=raw.hex())


def encode_event(boot: str, seq: int, ts: int, **fields: str | int) -> bytes:
    """Return the payload of any event: `digits` for a key, `input` and `state` for an input, nothing more for REX."""
    return orjson.dumps({"boot": boot, "seq": seq, "ts": ts} | fields)


def encode_description(boot: str, model: str, capabilities: tuple[str, ...]) -> bytes:
    """Return the payload of `$description`."""
    return orjson.dumps({"schema": SCHEMA, "model": model, "capabilities": capabilities, "boot": boot})


def encode_ack(command_id: str, result: AckResult) -> bytes:
    """Return the payload of `ack/<command_id>`."""
    return orjson.dumps({"id": command_id, "result": result})


class _BadError(ValueError):
    """Theirs, not ours: a sentence that names place and mend."""


class _Fields:
    """A JSON object whose members are asked for one by one, each with its bounds."""

    __slots__ = ("_members",)

    def __init__(self, payload: bytes) -> None:
        if len(payload) > MAX_PAYLOAD:
            raise _BadError(f"payload: at most {MAX_PAYLOAD} bytes")
        try:
            members = orjson.loads(payload)
        except orjson.JSONDecodeError:
            members = None
        if not isinstance(members, dict):
            raise _BadError("payload: send one JSON object")
        self._members = members

    def integer(self, key: str, low: int = 0, high: int = MAX_INTEGER) -> int:
        value = self._members.get(key)
        if type(value) is not int or not low <= value <= high:
            raise _BadError(f"{key}: send an integer from {low} to {high}")
        return value

    def pattern(self, key: str, pattern: re.Pattern[str]) -> str:
        value = self._members.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _BadError(f"{key}: send a string that matches {pattern.pattern}")
        return value

    def word(self, key: str, words: type[_Word]) -> _Word:
        value = self._members.get(key)
        return _one_of(value if isinstance(value, str) else "", words, key)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._members.get(key)
        if (
            not isinstance(values, list)
            or len(values) > MAX_CAPABILITIES
            or not all(isinstance(value, str) and _TEXT.fullmatch(value) for value in values)
        ):
            raise _BadError(f"{key}: send at most {MAX_CAPABILITIES} strings that match {_TEXT.pattern}")
        return tuple(values)


def _malformed(topic: str, why: str, command_id: str | None = None) -> Malformed:
    return Malformed(topic[:MAX_TOPIC], why, command_id)


def _one_of(value: str, words: type[_Word], place: str) -> _Word:
    for word in words:
        if word.value == value:
            return word
    raise _BadError(f"{place}: send one of {', '.join(words)}")


def _message(topic: Topic, payload: bytes, *, retained: bool) -> DeviceMessage:
    device = topic.address.device
    match topic.channel:
        case "$state" | "$description" | "state":
            return _standing(device, f"{topic.channel}/{topic.name}", payload)
        case "event" | "ack" if retained:
            raise _BadError("retained: publish events and acks without the retain flag")
        case "event":
            return _event(device, topic.name, payload)
        case "ack":
            return _ack(device, topic.name, payload)
        case _:
            raise _BadError("topic: a device writes $state, $description, state/*, event/* and ack/* only")


def _standing(device: DeviceId, place: str, payload: bytes) -> DeviceMessage:
    if place == "$description/":
        return _description(device, _Fields(payload))
    word = payload[: MAX_PAYLOAD + 1].decode("ascii", errors="replace")
    match place.split("/"):
        case ["$state", ""]:
            return DeviceState(device, _one_of(word, Lifecycle, "payload"))
        case ["state", name] if name in _STATES:
            return _STATES[name](device, word)
        case _:
            raise _BadError(f"topic: $state, $description, or state/ with one of {', '.join(_STATES)}")


def _description(device: DeviceId, fields: _Fields) -> Description | OtherContract:
    schema = fields.integer("schema", 1)
    if schema != SCHEMA:
        return OtherContract(device, schema)
    return Description(
        device,
        schema=schema,
        model=fields.pattern("model", _TEXT),
        capabilities=fields.texts("capabilities"),
        boot=fields.pattern("boot", _ID),
    )


def _event(device: DeviceId, kind: str, payload: bytes) -> DeviceMessage:
    readers: dict[str, Callable[[DeviceId, str, int, int, _Fields], DeviceMessage]] = {
        "card": _card,
        "key": lambda device, boot, seq, ts, fields: KeyEvent(device, boot, seq, ts, fields.pattern("digits", _DIGITS)),
        "rex": lambda device, boot, seq, ts, _: RexEvent(device, boot, seq, ts),
        "rotation": _rotation,
        "input": _input,
    }
    if kind not in readers:
        raise _BadError(f"topic: event/ with one of {', '.join(readers)}")
    fields = _Fields(payload)
    boot, seq, ts = fields.pattern("boot", _ID), fields.integer("seq", 1), fields.integer("ts")
    return readers[kind](device, boot, seq, ts, fields)


def _card(device: DeviceId, boot: str, seq: int, ts: int, fields: _Fields) -> CardEvent:
    bit_count = fields.integer("bits", 1, MAX_BITS)
    raw = bytes.fromhex(fields.pattern("raw", _HEX))
    padding = 8 * len(raw) - bit_count
    if not 0 <= padding < 8 or raw[-1] & ((1 << padding) - 1):
        raise _BadError("raw: send exactly `bits` bits, first bit first, zeros behind up to a whole byte")
    return CardEvent(device, boot, seq, ts, bit_count, raw)


def _rotation(device: DeviceId, boot: str, seq: int, ts: int, fields: _Fields) -> RotationEvent:
    return RotationEvent(device, boot, seq, ts, fields.word("direction", DirectionWord))


def _input(device: DeviceId, boot: str, seq: int, ts: int, fields: _Fields) -> InputEvent:
    return InputEvent(device, boot, seq, ts, fields.pattern("input", _ID), fields.word("state", InputWord))


def _ack(device: DeviceId, command_id: str, payload: bytes) -> Ack:
    fields = _Fields(payload)
    if fields.pattern("id", _ID) != command_id:
        raise _BadError("id: send the id that stands in the topic")
    return Ack(device, command_id, fields.word("result", AckResult))


def _command(kind: str, command_id: str, fields: _Fields, *, retained: bool) -> Command:
    if retained:
        raise _BadError("retained: publish commands without the retain flag")
    expires_at = fields.integer("expires_at")
    match kind:
        case "lock":
            action = fields.word("action", LockAction)
            low, high = (1, MAX_UNLOCK_MS) if action is LockAction.UNLOCK else (0, 0)
            return LockCommand(command_id, expires_at, action, fields.integer("ms", low, high))
        case "reader":
            return ReaderCommand(command_id, expires_at, fields.word("signal", ReaderSignal))
        case "output":
            action_ = fields.word("action", OutputAction)
            high = MAX_UNLOCK_MS if action_ is OutputAction.ON else 0
            return OutputCommand(command_id, expires_at, action_, fields.integer("ms", 0, high))
        case _:
            raise _BadError("topic: cmd/ with lock, reader or output")


def _command_fields(address: Address, command: Command) -> tuple[str, dict[str, str | int]]:
    match command:
        case LockCommand(action=action, ms=ms):
            return address.topic("cmd/lock"), {"action": action, "ms": ms}
        case ReaderCommand(signal=signal):
            return address.topic("cmd/reader"), {"signal": signal}
        case OutputCommand(action=action, ms=ms):
            return address.topic("cmd/output"), {"action": action, "ms": ms}


_STATES: Final[Mapping[str, Callable[[DeviceId, str], DeviceMessage]]] = {
    "lock": lambda device, word: LockState(device, _one_of(word, LockWord, "payload")),
    "door": lambda device, word: DoorState(device, _one_of(word, DoorWord, "payload")),
    "loop": lambda device, word: LoopState(device, _one_of(word, LoopWord, "payload")),
    "key": lambda device, word: KeyState(device, _one_of(word, KeyWord, "payload")),
    "tamper": lambda device, word: Tamper(device, _one_of(word, TamperWord, "payload")),
    "power": lambda device, word: Power(device, _one_of(word, PowerWord, "payload")),
    "point": lambda device, word: PointState(device, _one_of(word, InputWord, "payload")),
    "output": lambda device, word: OutputState(device, _one_of(word, OutputWord, "payload")),
}
"""What a device may say of each of its sensors."""
