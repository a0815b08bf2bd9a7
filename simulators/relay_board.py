"""A relay board on Modbus, as it hangs on a serial bus (RTU) or on a network (TCP): relays, inputs, analogue loops.

Its own reading of the specification (Modbus Application Protocol V1.1b3), not the box's library: a fault in one must
not cancel out in the other.
"""

from __future__ import annotations

import contextlib
import math
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from controller.domain.boards import Board, PulseEnd
from controller.domain.points import PointCondition
from controller.domain.wires import ANALOGUE

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
FLASH_AT = 0x0200
ON, OFF = 0xFF00, 0x0000
LEVELS = (PointCondition.NORMAL, PointCondition.ACTIVE, PointCondition.SHORTED, PointCondition.OPEN_LOOP)
"""What a wire shows by number, as an I/O module's does."""

_TENTH = 0.1
_REQUEST = 8
"""Bytes of every request that this board knows, on a serial bus."""
_MBAP = struct.Struct(">HHHB")
_TICK = 0.02


@dataclass(slots=True)
class _Relay:
    on: bool = False
    until: float = math.inf


class RelayBoard:
    """One board. `on_output(n, energised, now)` is called at the instant a relay moves: the truth at the door."""

    def __init__(
        self,
        board: Board,
        *,
        outputs: int = 8,
        inputs: int = 8,
        analogue: int = 8,
        on_output: Callable[[int, bool, float], None] = lambda _number, _energised, _now: None,
    ) -> None:
        self.unit = board.unit
        self.polls = 0
        self._board = board
        self._relays = [_Relay() for _ in range(outputs)]
        self._inputs = [number in board.inverted for number in range(inputs)]
        self._analogue = [self._reading(0)] * analogue
        self._levels: dict[int, int] = {}
        self._broken: dict[int, int] = {}
        self._registers = {board.watchdog_register: 0} if board.watchdog_register is not None else {}
        self._watchdog = board.watchdog_seconds if board.watchdog_register is None else None
        self._spoken_to = math.inf
        self._frozen = self._unplugged = False
        self._buffer = b""
        self._on_output = on_output
        self._lock = threading.RLock()

    @property
    def outputs(self) -> tuple[bool, ...]:
        """Which relays are energised."""
        with self._lock:
            return tuple(relay.on for relay in self._relays)

    @property
    def reachable(self) -> bool:
        """Whether its cable is plugged in and it answers."""
        return not (self._frozen or self._unplugged)

    @property
    def plugged_in(self) -> bool:
        """Whether its cable is plugged in."""
        return not self._unplugged

    def set_input(self, number: int, state: int) -> None:
        """Move a contact: 0 at rest, 1 active, 2 shorted, 3 cut; analogue registers count on from `ANALOGUE`."""
        with self._lock:
            self._levels[number] = state
            self._show(number)

    def break_wire(self, number: int, state: int) -> None:
        """Cut (3) or short (2) a wire, whatever its contact does from then on."""
        with self._lock:
            self._broken[number] = state
            self._show(number)

    def mend_wire(self, number: int) -> None:
        """Mend a wire: it shows its contact again."""
        with self._lock:
            self._broken.pop(number, None)
            self._show(number)

    def switch(self, number: int, *, on: bool) -> None:
        """Switch a relay by the button on the board, or from another computer on the bus."""
        with self._lock:
            self._move(number, time.monotonic(), on=on)

    def unplug(self) -> None:
        """Pull the bus cable; the board keeps its power and its clock."""
        self._unplugged = True

    def plug_in(self) -> None:
        """Put the bus cable back."""
        self._unplugged = False

    def freeze(self) -> None:
        """Let its program hang: it answers nothing, and its relays stay as they are until its watchdog bites."""
        self._frozen = True

    def thaw(self) -> None:
        """Let its program go on."""
        self._frozen = False

    def receive(self, received: bytes, now: float) -> list[bytes]:
        """Take bytes of a serial bus, its neighbours' too; return the frames to answer with."""
        with self._lock:
            self._buffer = (self._buffer + received)[-256:]
            for start in range(len(self._buffer) - _REQUEST + 1):
                frame = self._buffer[start : start + _REQUEST]
                if frame[0] == self.unit and crc(frame[:-2]) == frame[-2:]:
                    self._buffer = self._buffer[start + _REQUEST :]
                    answer = self.answer(frame[1:-2], now)
                    told = bytes([self.unit]) + answer if answer else b""
                    return [told + crc(told)] if told else []
            return []

    def answer(self, request: bytes, now: float) -> bytes:
        """Carry out a request (function code and data) and return what is answered; nothing where it is not there."""
        with self._lock:
            if not self.reachable:
                return b""
            self.polls += 1
            self._spoken_to = now
            function, data = request[0], request[1:]
            address, value = struct.unpack(">HH", data[:4])
            match function:
                case 1 | 2:
                    shown = self._relays_on() if function == 1 else self._inputs
                    base = self._board.outputs_at if function == 1 else self._board.inputs_at
                    return self._bits(function, shown, address - base, value)
                case 3:
                    known = address in self._registers and value == 1
                    told = struct.pack(">BBH", 3, 2, self._registers.get(address, 0))
                    return told if known else _refusal(3, ILLEGAL_ADDRESS)
                case 4:
                    return self._words(address - self._board.analogue_at, value)
                case 5:
                    return self._write_coil(address, value, now) or request
                case 6:
                    return self._write_register(address, value, now) or request
                case _:
                    return _refusal(function, ILLEGAL_FUNCTION)

    def get_timer(self) -> float:
        """When the next pulse ends, or the watchdog bites."""
        with self._lock:
            return min([*(relay.until for relay in self._relays), self._bites_at()])

    def handle_timer(self, now: float) -> list[bytes]:
        """Let pulses that are over end, and the watchdog bite."""
        with self._lock:
            for number, relay in enumerate(self._relays):
                if now >= min(relay.until, self._bites_at()):
                    self._move(number, now, on=False)
            if now >= self._bites_at():
                self._spoken_to = math.inf
        return []

    def _bites_at(self) -> float:
        return self._spoken_to + self._watchdog if self._watchdog is not None else math.inf

    def _relays_on(self) -> list[bool]:
        return [relay.on for relay in self._relays]

    def _bits(self, function: int, shown: list[bool], first: int, count: int) -> bytes:
        if first < 0 or not 1 <= count <= len(shown) - first:
            return _refusal(function, ILLEGAL_ADDRESS)
        packed = sum(1 << at for at, bit in enumerate(shown[first : first + count]) if bit)
        told = packed.to_bytes((count + 7) // 8, "little")
        return bytes([function, len(told)]) + told

    def _words(self, first: int, count: int) -> bytes:
        if first < 0 or not 1 <= count <= len(self._analogue) - first:
            return _refusal(4, ILLEGAL_ADDRESS)
        return struct.pack(f">BB{count}H", 4, 2 * count, *self._analogue[first : first + count])

    def _write_coil(self, address: int, value: int, now: float) -> bytes | None:
        flashed = address - FLASH_AT
        if self._board.pulse is PulseEnd.FLASH and 0 <= flashed < len(self._relays):
            self._move(flashed, now, on=value > 0, until=now + value * _TENTH)
            return None
        number = address - self._board.outputs_at
        if not 0 <= number < len(self._relays):
            return _refusal(5, ILLEGAL_ADDRESS)
        if value not in (ON, OFF):
            return _refusal(5, ILLEGAL_VALUE)
        self._move(number, now, on=value == ON)
        return None

    def _write_register(self, address: int, value: int, now: float) -> bytes | None:
        timers = self._board.pulse_register
        if timers is not None and 0 <= address - timers < len(self._relays):
            self._move(address - timers, now, on=value > 0, until=now + value * _TENTH)
            return None
        if address in self._registers:
            self._registers[address] = value
            self._watchdog = value * _TENTH
            return None
        return _refusal(6, ILLEGAL_ADDRESS)

    def _move(self, number: int, now: float, *, on: bool, until: float = math.inf) -> None:
        relay = self._relays[number]
        before, relay.on, relay.until = relay.on, on, until if on else math.inf
        if before != on:
            self._on_output(number, on, now)

    def _show(self, number: int) -> None:
        state = self._broken.get(number, self._levels.get(number, 0))
        if number >= ANALOGUE:
            self._analogue[number - ANALOGUE] = self._reading(state)
        else:  # nobody supervises it: a cut wire is an open circuit, a bridged one a closed one
            raw = {0: False, 1: True, 2: True, 3: False}[state]
            self._inputs[number] = raw if state > 1 else raw != (number in self._board.inverted)

    def _reading(self, state: int) -> int:
        low, high = self._board.windows[LEVELS[state]]
        return (low + high) // 2


class TcpBus:
    """Boards behind one address on this machine, by their unit; `path` is `HOST:PORT` once it has started."""

    def __init__(self, boards: Iterable[RelayBoard]) -> None:
        self._boards = {board.unit: board for board in boards}
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    @property
    def path(self) -> str:
        """Return where it listens."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen."""
        self._server = _Server(self._boards)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_TICK,), name="modbus", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.hang_up()
            self._server.server_close()
            self._server = None


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, boards: dict[int, RelayBoard]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.boards = boards
        self._open: set[socket.socket] = set()

    def service_actions(self) -> None:
        for board in self.boards.values():
            board.handle_timer(time.monotonic())
        if not any(board.plugged_in for board in self.boards.values()):
            self.hang_up()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if isinstance(request, socket.socket):
            self._open.add(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """Cut every connection."""
        while self._open:
            with contextlib.suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while (head := self._take(_MBAP.size)) and (told := self._answer(head)) is not None:
                self.request.sendall(told)

    def _answer(self, head: bytes) -> bytes | None:
        number, protocol, length, unit = _MBAP.unpack(head)
        request = self._take(length - 1)
        if not request or protocol:
            return None
        board = self.server.boards.get(unit)
        answer = board.answer(request, time.monotonic()) if board else b""
        return _MBAP.pack(number, 0, len(answer) + 1, unit) + answer if answer else b""

    def _take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            more: bytes = self.request.recv(size - len(taken))
            if not more:
                return b""
            taken += more
        return taken


def crc(frame: bytes) -> bytes:
    """Return a serial frame's two check bytes (Modbus over Serial Line V1.02, section 6.2.2)."""
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def _refusal(function: int, code: int) -> bytes:
    return bytes([function | 0x80, code])
