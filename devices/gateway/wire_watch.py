"""What is seen of the readers' wires: who plays with them, told but not without limit, and how well each holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from controller.domain.events import Violation
from controller.domain.hygiene import KeyFacts, WireFacts
from controller.domain.ids import DeviceId
from controller.domain.site import Device
from controller.domain.stimuli import FaultSeen
from devices.line import Tally
from devices.osdp.events import ViolationKind

TELL_EVERY = 10.0
"""Seconds between two records of the same violation at the same reader: the next one says how many there were."""

VIOLATIONS: Mapping[ViolationKind, Violation] = {
    ViolationKind.PLAINTEXT_REPLY: Violation.PLAINTEXT_REPLY,
    ViolationKind.BAD_MAC: Violation.BAD_MAC,
    ViolationKind.BAD_CRYPTOGRAM: Violation.WRONG_KEY,
    ViolationKind.WRONG_KEY: Violation.WRONG_KEY,
    ViolationKind.DEFAULT_KEY: Violation.DEFAULT_KEY,
    ViolationKind.CAPABILITY_DOWNGRADE: Violation.CAPABILITY_DOWNGRADE,
    ViolationKind.INSTALL_MODE: Violation.INSTALL_MODE,
    ViolationKind.SECOND_PANEL: Violation.SECOND_PANEL,
    ViolationKind.LOCKED_OUT: Violation.LOCKED_OUT,
}


class WireWatch:
    """Counts, from the time it is made. ``mono`` gives monotonic seconds."""

    def __init__(self, mono: Callable[[], float]) -> None:
        self._mono = mono
        self._since = mono()
        self._violations: dict[DeviceId, Counter[Violation]] = {}
        self._told_at: dict[tuple[DeviceId, Violation], float] = {}
        self._secured_since: dict[DeviceId, float] = {}
        self._faults: dict[DeviceId, set[str]] = {}
        self._seconds: dict[DeviceId, float] = {}

    def violated(self, device: DeviceId, violation: Violation) -> str | None:
        """Count a violation; return what is to be told of it beside its name, or None where it was told just now."""
        counts = self._violations.setdefault(device, Counter())
        counts[violation] += 1
        now, last = self._mono(), self._told_at.get((device, violation))
        if last is not None and now - last < TELL_EVERY:
            return None
        self._told_at[device, violation] = now
        return f"{counts[violation]} times since the start" if counts[violation] > 1 else ""

    def fault(self, device: DeviceId, what: str, *, active: bool) -> FaultSeen:
        """Note a fault that lasts, or its end; return what to tell of all that are left at this device."""
        faults = self._faults.setdefault(device, set())
        (faults.add if active else faults.discard)(what)
        return FaultSeen(device, active=bool(faults), detail="; ".join(sorted(faults)))

    def online(self, device: DeviceId, *, secure: bool) -> None:
        """Its channel is up, or it answers in the clear."""
        self.offline(device)
        if secure:
            self._secured_since[device] = self._mono()

    def offline(self, device: DeviceId) -> None:
        """Its channel is down."""
        since = self._secured_since.pop(device, None)
        if since is not None:
            self._seconds[device] = self._seconds.get(device, 0.0) + self._mono() - since

    def facts(self, device: Device, key: KeyFacts | None, tally: Tally) -> WireFacts:
        """Return what is known of one device's wire; ``key`` is None where its channel is off."""
        now = self._mono()
        up = now - self._secured_since.get(device.id, now)
        secured = self._seconds.get(device.id, 0.0) + up
        counts = dict(self._violations.get(device.id, {}))
        return WireFacts(device.id, key, now - self._since, secured, tally.polls, tally.unanswered, counts)
