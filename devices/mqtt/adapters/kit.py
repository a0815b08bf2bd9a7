"""What every adapter is: one device of consumer kit, heard and told in its own words. Pure: no clock, no I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from devices.mqtt.messages import (
    Ack,
    AckResult,
    Command,
    DeviceMessage,
    DeviceState,
    DoorState,
    DoorWord,
    InputWord,
    Lifecycle,
    LockAction,
    LockCommand,
    Malformed,
    OutputAction,
    OutputCommand,
    OutputState,
    OutputWord,
    PointState,
    ReaderCommand,
)
from devices.mqtt.topics import MAX_TOPIC, DeviceId

MAX_PAYLOAD: Final = 16_384
"""Bytes; some of these devices tell all they know in one message."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Something to be said to a device, at once or ``after`` so many seconds, unless it is told something else."""

    topic: str
    payload: bytes
    after: float = 0.0


class Bad(ValueError):
    """Theirs, not ours: a sentence on what is wrong with a payload."""


class Kit(ABC):
    """One device. ``user`` is who it signs in as; ``written`` it writes and we read, ``read`` the reverse.

    It is there while it says so itself, and its gateway, if it has one, does too.
    """

    def __init__(self, device: DeviceId, topic: str) -> None:
        self.device = device
        self.topic = topic
        self._there: bool | None = None
        self._gateway_there: bool | None = True
        self._told_there: bool | None = None
        self._pending: tuple[str, bool] | None = None

    @property
    def user(self) -> str:
        """Return the name it signs in at the broker with."""
        return self.device

    @property
    @abstractmethod
    def written(self) -> tuple[str, ...]:
        """Return the topics that it writes."""

    @property
    @abstractmethod
    def read(self) -> tuple[str, ...]:
        """Return the topics that it reads."""

    @abstractmethod
    def questions(self) -> tuple[Publish, ...]:
        """Return what asks it how everything stands."""

    @abstractmethod
    def _heard(self, topic: str, payload: bytes, *, retained: bool) -> Iterable[DeviceMessage]:
        """Take one message in. Raises ``Bad``."""

    @abstractmethod
    def _switch(self, command_id: str, seconds: float | None, *, on: bool) -> tuple[Publish, ...]:
        """Return what energises its relay (or frees its bolt), for so many seconds; None: until told otherwise."""

    def reset(self) -> None:
        """The broker is there again: everything is heard anew."""
        self._there = self._told_there = self._pending = None

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> list[DeviceMessage | Malformed]:
        """Return what a message of this device says in our words. No bytes make it raise."""
        if len(payload) > MAX_PAYLOAD:
            return [Malformed(topic[:MAX_TOPIC], f"payload: at most {MAX_PAYLOAD} bytes", device=self.device)]
        try:
            return list(self._heard(topic, payload, retained=retained))
        except Bad as bad:
            return [Malformed(topic[:MAX_TOPIC], str(bad), device=self.device)]

    def told(self, command: Command) -> tuple[Publish, ...] | None:
        """Return what carries out a command; None where the device is not there: no order waits for it."""
        if not self._told_there:
            return None
        seconds: float | None = None
        match command:
            case LockCommand(action=LockAction.UNLOCK, ms=ms):
                seconds, on = ms / 1000, True
            case LockCommand(action=action):
                on = action is LockAction.HOLD
            case OutputCommand(action=action_, ms=ms):
                on = action_ is OutputAction.ON
                seconds = ms / 1000 if on and ms else None
            case ReaderCommand():
                return None
        self._pending = command.id, on
        return self._switch(command.id, seconds, on=on)

    def _available(self, *, there: bool | None = None, gateway: bool | None = None) -> Iterable[DeviceMessage]:
        """Take in who is there; tell it where that changes something."""
        self._there = self._there if there is None else there
        self._gateway_there = self._gateway_there if gateway is None else gateway
        if self._there is None or self._gateway_there is None:
            return
        now = self._there and self._gateway_there
        if now != self._told_there:
            self._told_there = now
            self._pending = None
            yield DeviceState(self.device, Lifecycle.READY if now else Lifecycle.LOST)

    def _relay(self, *, on: bool, retained: bool) -> Iterable[DeviceMessage]:
        """Its relay says what it does: that answers an order as well, unless the broker only remembers it."""
        yield OutputState(self.device, OutputWord.ON if on else OutputWord.OFF)
        if not retained:
            yield from self._answered(on=on)

    def _answered(self, *, on: bool) -> Iterable[DeviceMessage]:
        if self._pending is not None and self._pending[1] == on:
            yield self._ack(AckResult.OK)

    def _ack(self, result: AckResult) -> Ack:
        command_id = self._pending[0] if self._pending else ""
        self._pending = None
        return Ack(self.device, command_id, result)

    def _contact(self, *, is_open: bool) -> Iterable[DeviceMessage]:
        """One contact may be a door's or a point's: the site file knows which, and the other is passed over."""
        yield DoorState(self.device, DoorWord.OPEN if is_open else DoorWord.CLOSED)
        yield PointState(self.device, InputWord.ACTIVE if is_open else InputWord.NORMAL)


def members(payload: bytes) -> Mapping[str, object]:
    """Return a JSON object. Raises ``Bad``."""
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Bad("payload: one JSON object is expected")
    return value


def flag(fields: Mapping[str, object], key: str) -> bool | None:
    """Return a member that is true or false; None where it is not there or not known. Raises ``Bad``."""
    value = fields.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise Bad(f"{key}: true or false is expected")


def inner(fields: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return a member that is an object, empty where it is not there. Raises ``Bad``."""
    value = fields.get(key, {})
    if not isinstance(value, dict):
        raise Bad(f"{key}: an object is expected")
    return value


def one_of(value: object, words: Mapping[str, bool], what: str) -> bool:
    """Return what a word means. Raises ``Bad``."""
    meaning = words.get(value) if isinstance(value, str) else None
    if meaning is None:
        raise Bad(f"{what}: one of {', '.join(words)} is expected")
    return meaning


def word(payload: bytes, words: Mapping[str, bool]) -> bool:
    """Return what a payload of one word means. Raises ``Bad``."""
    return one_of(payload[:64].decode("ascii", errors="replace"), words, "payload")
