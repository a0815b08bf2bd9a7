"""One RS-485 line: a thread that pumps bytes between a transport and the OSDP control panel."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from devices.osdp.commands import Command
from devices.osdp.control_panel import ControlPanel
from devices.osdp.errors import LocalError
from devices.osdp.events import PanelEvent
from devices.transport.port import Transport, TransportLost, TransportUnavailable

REOPEN_EVERY = 0.5
"""Seconds between two attempts to open a lost line."""

_READ_MAXIMUM = 4096
_READ_AT_MOST = 1.0
_PAUSE_STEP = 0.1


@dataclass(frozen=True, slots=True)
class PanelReport:
    """What the control panel of this line has to tell."""

    line: str
    event: PanelEvent


@dataclass(frozen=True, slots=True)
class LineLost:
    """The line is gone (or could never be opened); it is tried again for as long as it takes."""

    line: str
    cause: str


@dataclass(frozen=True, slots=True)
class LineBack:
    """The line is open: the first time, or again."""

    line: str


@dataclass(frozen=True, slots=True)
class LineFault:
    """A fault of our own in this line's thread; the line is closed and begun anew."""

    line: str
    error: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many frames went to a peripheral, and how many of them nothing usable came back to."""

    polls: int = 0
    unanswered: int = 0


LineEvent = PanelReport | LineLost | LineBack | LineFault


@dataclass(frozen=True, slots=True)
class _Send:
    address: int
    command: Command
    deadline: float
    token: object


@dataclass(frozen=True, slots=True)
class _Confirm:
    address: int


class Line:
    """`on_event` is called in the line's own thread and must not block: hand the value on and return.

    `open_transport()` makes a transport that is not open yet; `clock()` gives monotonic seconds. The panel belongs to
    the line's thread from `start` to `stop`.
    """

    def __init__(
        self,
        name: str,
        open_transport: Callable[[], Transport],
        panel: ControlPanel,
        clock: Callable[[], float],
        on_event: Callable[[LineEvent], None],
    ) -> None:
        self.name = name
        self._open_transport = open_transport
        self._panel = panel
        self._clock = clock
        self._on_event = on_event
        self._requests: SimpleQueue[_Send | _Confirm] = SimpleQueue()
        self._transport: Transport | None = None
        self._told_lost = False
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"line-{name}", daemon=True)

    def start(self) -> None:
        """Begin; a line that cannot be opened is an event, not an error."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the transport; returns when both are done. Harmless before `start`."""
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join()

    def send(self, address: int, command: Command, *, deadline: float, token: object = None) -> None:
        """Queue a command from any thread and wake the line. Past `deadline` (monotonic) it never goes out.

        Its fate comes as CommandDelivered, CommandRefused or CommandDropped. Raises LocalError as `ControlPanel.check`.
        """
        self._panel.check(address, command)
        self._requests.put(_Send(address, command, deadline, token))
        self._wake()

    def confirm(self, address: int) -> None:
        """From any thread: what this address reported is recorded. Raises LocalError for a foreign address."""
        if address not in self._panel.addresses:
            raise LocalError(f"line {self.name} has no address {address}")
        self._requests.put(_Confirm(address))
        self._wake()

    def tally(self, address: int) -> Tally:
        """From any thread: how this address answers."""
        return Tally(*self._panel.tally(address))

    def _wake(self) -> None:
        self._woken.set()
        transport = self._transport
        if transport is not None:
            transport.wake()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._live()
            except Exception as error:  # noqa: BLE001 - the top of this thread: the fault becomes an event
                self._fault(error)
        self._close()

    def _fault(self, error: Exception) -> None:
        self._close()
        self._panel.line_lost(self._clock())
        self._on_event(LineFault(self.name, f"{type(error).__name__}: {error}"))
        self._stopping.wait(REOPEN_EVERY)

    def _live(self) -> None:
        while not self._stopping.is_set():
            if self._transport is None and not self._open():
                self._pause()
                continue
            try:
                self._pump()
            except TransportLost as error:
                self._lose(str(error))

    def _open(self) -> bool:
        transport = self._open_transport()
        try:
            transport.open()
        except TransportUnavailable as error:
            self._lose(str(error))
            return False
        self._transport = transport
        self._told_lost = False
        self._on_event(LineBack(self.name))
        return True

    def _lose(self, cause: str) -> None:
        self._close()
        self._panel.line_lost(self._clock())
        if not self._told_lost:
            self._told_lost = True
            self._on_event(LineLost(self.name, cause))
        self._deliver()

    def _close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _pump(self) -> None:
        """One round: requests, at most one transmission, then wait for bytes, a wake-up or the next timer."""
        transport = self._transport
        if transport is None:
            return
        self._take_requests()
        outgoing = self._panel.next_transmission(self._clock())
        if outgoing:
            transport.write(outgoing)
        self._deliver()
        before = self._clock()
        received = transport.read(_READ_MAXIMUM, min(self._panel.get_timer() - before, _READ_AT_MOST))
        if received:
            self._panel.receive(received, self._clock())
        # A reply that waits in the port while this thread was not run is no missed reply.
        self._panel.handle_timer(before if received else self._clock())
        self._deliver()

    def _pause(self) -> None:
        """Wait for the next attempt to open; commands keep expiring and peripherals going offline meanwhile."""
        reopen_at = self._clock() + REOPEN_EVERY
        while not self._stopping.is_set() and (now := self._clock()) < reopen_at:
            self._woken.wait(min(reopen_at - now, _PAUSE_STEP))
            self._woken.clear()
            self._take_requests()
            self._panel.handle_timer(self._clock())
            self._deliver()

    def _take_requests(self) -> None:
        while (request := self._next_request()) is not None:
            match request:
                case _Send(address, command, deadline, token):
                    self._panel.send(address, command, deadline=deadline, token=token)
                case _Confirm(address):
                    self._panel.confirm(address)

    def _next_request(self) -> _Send | _Confirm | None:
        if self._requests.empty():
            return None
        try:
            return self._requests.get_nowait()
        except Empty:
            return None

    def _deliver(self) -> None:
        for event in self._panel.take_events():
            self._on_event(PanelReport(self.name, event))
