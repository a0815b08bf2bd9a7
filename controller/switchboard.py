"""Which gateway each effect goes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, assert_never

from controller.domain.effects import (
    AskFace,
    DoorEffect,
    Effect,
    FireRelease,
    Hold,
    HoldUnlocked,
    MoveHead,
    Release,
    Relock,
    SetOutput,
    Signal,
    StopFace,
    Unlock,
)
from controller.domain.hygiene import BrokerFacts, WireFacts
from controller.domain.site import DeviceKind, Site
from devices.gateway.boards import BoardGateway
from devices.gateway.broker import MqttGateway
from devices.gateway.lines import OsdpGateway
from vision.gateway import VisionGateway


class Heads(Protocol):
    """Whoever turns the cameras."""

    def post(self, effect: MoveHead) -> None:
        """Have a head do what was ordered; never blocks."""
        ...


class Switchboard:
    """Carries each effect to the gateway its device hangs on."""

    def __init__(self) -> None:
        self._site: Site | None = None
        self._lines: OsdpGateway | None = None
        self._boards: BoardGateway | None = None
        self._broker: MqttGateway | None = None
        self._eyes: VisionGateway | None = None
        self._heads: Heads | None = None

    def plug_in(
        self, site: Site, lines: OsdpGateway, boards: BoardGateway, broker: MqttGateway, eyes: VisionGateway
    ) -> None:
        """Connect the gateways. Until then nothing is carried anywhere: nothing unlocks."""
        self._site, self._lines, self._boards, self._broker, self._eyes = site, lines, boards, broker, eyes

    def follow(self, site: Site) -> None:
        """Look doors and readers up in another policy, whose wiring is the same."""
        self._site = site

    def unplug(self) -> None:
        """Carry nothing to the doors' gateways any more: they stop, and whatever they were still told would be lost in
        silence. Every lock is told anew what to do once it answers the new ones.
        """
        self._lines = self._boards = self._broker = None

    def look_through(self, eyes: VisionGateway) -> None:
        """Send faces to other eyes."""
        self._eyes = eyes

    def turn_with(self, heads: Heads) -> None:
        """Have these turn the cameras from now on."""
        self._heads = heads

    def wires(self) -> Sequence[WireFacts]:
        """Return what is known of every reader's wire; nothing, while none is plugged in."""
        return self._lines.wires() if self._lines is not None else ()

    def broker(self) -> BrokerFacts | None:
        """Return how the link to the broker stands; None while it is not plugged in."""
        return self._broker.link() if self._broker is not None else None

    def post(self, effect: Effect) -> None:
        """Send an effect on its way."""
        if isinstance(effect, AskFace | StopFace):
            if self._eyes is not None:
                self._eyes.post(effect)
        elif isinstance(effect, MoveHead):
            if self._heads is not None:
                self._heads.post(effect)
        else:
            self._to_device(effect)

    def _to_device(self, effect: DoorEffect | Signal | SetOutput) -> None:
        if self._site is None or self._lines is None or self._boards is None or self._broker is None:
            return
        match effect:
            case Unlock() | Release() | HoldUnlocked() | FireRelease() | Relock() | Hold():
                door = self._site.doors.get(effect.door)
                device = door.lock.device if door else None
            case Signal():
                reader = self._site.readers.get(effect.reader)
                device = reader.device if reader else None
            case SetOutput():
                output = self._site.outputs.get(effect.output)
                device = output.output.device if output else None
            case _:
                assert_never(effect)
        if device is None:  # a new policy's, connected in a moment, and told what to do when it answers
            return
        match self._site.devices[device].kind:
            case DeviceKind.OSDP:
                self._lines.post(effect)
            case DeviceKind.MODBUS:
                self._boards.post(effect)
            case _:
                self._broker.post(effect)
