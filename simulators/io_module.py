"""An I/O module on an OSDP line: relays with timed pulses, supervised inputs."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from simulators.osdp_device import OsdpDevice, Wiring

_SUPERVISED = 3
_TIMED_OUTPUTS = 2
_TENTH = 0.1


@dataclass(slots=True)
class _Relay:
    """One output: what it is for good, and what a timer makes of it meanwhile."""

    permanent: bool = False
    temporary: bool = False
    until: float | None = None

    @property
    def energised(self) -> bool:
        return self.permanent if self.until is None else self.temporary


class IoModule(OsdpDevice):
    """`on_output(n, energised, now)` is called at the instant a relay moves: the truth at the door."""

    def __init__(
        self,
        wiring: Wiring,
        *,
        random_bytes: Callable[[int], bytes],
        outputs: int = 2,
        inputs: int = 4,
        on_output: Callable[[int, bool, float], None] = lambda _number, _energised, _now: None,
    ) -> None:
        functions = (
            rep.Capability(rep.CAP_CONTACTS, _SUPERVISED, inputs),
            rep.Capability(rep.CAP_OUTPUTS, _TIMED_OUTPUTS, outputs),
        )
        super().__init__(wiring, functions, random_bytes=random_bytes)
        self._relays = [_Relay() for _ in range(outputs)]
        self._inputs = [0] * inputs
        self._on_output = on_output
        self._now = 0.0

    @property
    def outputs(self) -> tuple[bool, ...]:
        """Which relays are energised."""
        with self._lock:
            return tuple(relay.energised for relay in self._relays)

    def set_input(self, number: int, state: int) -> None:
        """Move a contact: 0 inactive, 1 active, 2 short, 3 open loop (the last two are this maker's supervision)."""
        with self._lock:
            if self._inputs[number] != state:
                self._inputs[number] = state
                self._report(rep.InputStatus(tuple(self._inputs)))

    def get_timer(self) -> float:
        """When the next timed output ends."""
        with self._lock:
            return min((relay.until for relay in self._relays if relay.until is not None), default=math.inf)

    def handle_timer(self, now: float) -> list[bytes]:
        """Let timed outputs that are over fall back."""
        with self._lock:
            for number, relay in enumerate(self._relays):
                if relay.until is not None and now >= relay.until:
                    self._move(number, relay, now, until=None)
        return []

    def _execute(self, command: cmd.Command, now: float) -> rep.Reply:
        self._now = now
        match command:
            case cmd.Output(records=records):
                return self._drive(records, now)
            case cmd.InputStatusRequest():
                return rep.InputStatus(tuple(self._inputs))
            case cmd.OutputStatusRequest():
                return rep.OutputStatus(self.outputs)
            case _:
                return super()._execute(command, now)

    def _drive(self, records: tuple[cmd.OutputRecord, ...], now: float) -> rep.Reply:
        if any(record.output >= len(self._relays) for record in records):
            return rep.Nak(rep.NAK_UNABLE)
        for record in records:
            self._apply(record, self._relays[record.output], now)
        return rep.OutputStatus(self.outputs)

    def _apply(self, record: cmd.OutputRecord, relay: _Relay, now: float) -> None:
        until = now + record.timer * _TENTH
        match record.control:
            case cmd.OutputControl.OFF | cmd.OutputControl.ON as control:
                self._move(record.output, relay, now, permanent=control is cmd.OutputControl.ON, until=None)
            case cmd.OutputControl.OFF_AFTER_TIMER | cmd.OutputControl.ON_AFTER_TIMER as control:
                on = control is cmd.OutputControl.ON_AFTER_TIMER
                self._move(record.output, relay, now, permanent=on, until=relay.until)
            case cmd.OutputControl.TIMED_ON | cmd.OutputControl.TIMED_OFF as control:
                relay_on = control is cmd.OutputControl.TIMED_ON
                self._move(record.output, relay, now, temporary=relay_on, until=until)
            case cmd.OutputControl.NOP:
                pass

    def _move(
        self,
        number: int,
        relay: _Relay,
        now: float,
        *,
        until: float | None,
        permanent: bool | None = None,
        temporary: bool | None = None,
    ) -> None:
        before = relay.energised
        relay.permanent = relay.permanent if permanent is None else permanent
        relay.temporary = relay.temporary if temporary is None else temporary
        relay.until = until
        if relay.energised != before:
            self._on_output(number, relay.energised, now)

    def _power_cut(self) -> None:
        for number, relay in enumerate(self._relays):
            self._move(number, relay, self._now, permanent=False, until=None)
