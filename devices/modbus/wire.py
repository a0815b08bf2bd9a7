"""Modbus requests over pymodbus: one at a time, each answered in time, refused, or a silence."""

from __future__ import annotations

import logging
import struct
from collections.abc import Awaitable
from typing import Protocol

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from devices.modbus.board import Coil, Command, Flash, Register

REPLY_SECONDS = 0.12
"""How long a board may take to answer on a serial bus; what is not there costs the others so much."""

TCP_REPLY_SECONDS = 0.4
WRITE_COIL = 5

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # a board that is away is our event, not its line every second


class Silence(Exception):
    """No answer in time, or one that is none to this question."""


class Refused(Exception):
    """The board answered with an exception code."""


class Wire(Protocol):
    """One bus as a bus task uses it."""

    @property
    def is_open(self) -> bool:
        """Whether it is connected, as far as this end knows."""

    @property
    def lingers(self) -> bool:
        """Whether what was not answered waits in it and holds up what is asked next: only a new one reaches who is
        back."""

    async def open(self) -> None:
        """Connect. Raises ``Silence``."""

    async def bits(self, unit: int, function: int, address: int, count: int) -> tuple[bool, ...]:
        """Read coils (function 1) or discrete inputs (2). Raises ``Silence`` or ``Refused``."""

    async def registers(self, unit: int, function: int, address: int, count: int) -> tuple[int, ...]:
        """Read holding (function 3) or input registers (4). Raises ``Silence`` or ``Refused``."""

    async def write(self, unit: int, command: Command) -> None:
        """Have a board do something. Raises ``Silence`` or ``Refused``."""

    def close(self) -> None:
        """Let go of it; harmless when it is not open."""


class _FlashRequest(ModbusPDU):
    """Write single coil with a number in place of a bit (Waveshare's "flash on": 0x0200 and the relay's number)."""

    function_code = WRITE_COIL
    rtu_frame_size = 8

    def encode(self) -> bytes:
        return struct.pack(">HH", self.address, self.registers[0])

    def decode(self, data: bytes) -> None:
        """A request of ours is never read."""
        raise NotImplementedError(data)


class PymodbusWire:
    """A bus through pymodbus's client. ``baud`` None: ``port`` is ``HOST:PORT`` and the bus is TCP."""

    def __init__(self, port: str, baud: int | None) -> None:
        self._port, self._baud = port, baud
        self._client: AsyncModbusSerialClient | AsyncModbusTcpClient | None = None

    @property
    def is_open(self) -> bool:
        """See Wire."""
        return self._client is not None and bool(self._client.connected)

    @property
    def lingers(self) -> bool:
        """See Wire. TCP sends again after twice the time, each time (RFC 6298, 5.5): soon only once in a minute."""
        return self._baud is None

    async def open(self) -> None:
        """See Wire."""
        self.close()
        self._client = self._made()
        if not await self._client.connect():
            self.close()
            raise Silence(f"{self._port} cannot be opened")

    async def bits(self, unit: int, function: int, address: int, count: int) -> tuple[bool, ...]:
        """See Wire."""
        client = self._opened()
        read = client.read_coils if function == 1 else client.read_discrete_inputs
        answer = await _answer(read(address, count=count, device_id=unit), function)
        if not count <= len(answer.bits) < count + 8:
            raise Silence(f"{len(answer.bits)} bits for {count}")
        return tuple(answer.bits[:count])

    async def registers(self, unit: int, function: int, address: int, count: int) -> tuple[int, ...]:
        """See Wire."""
        client = self._opened()
        read = client.read_holding_registers if function == 3 else client.read_input_registers
        answer = await _answer(read(address, count=count, device_id=unit), function)
        if len(answer.registers) != count:
            raise Silence(f"{len(answer.registers)} registers for {count}")
        return tuple(answer.registers)

    async def write(self, unit: int, command: Command) -> None:
        """See Wire."""
        client = self._opened()
        match command:
            case Coil(address, on):
                await _answer(client.write_coil(address, on, device_id=unit), WRITE_COIL)
            case Register(address, value):
                await _answer(client.write_register(address, value, device_id=unit), 6)
            case Flash(address, tenths):
                request = _FlashRequest(dev_id=unit, address=address, registers=[tenths])
                await _answer(client.execute(False, request), WRITE_COIL)  # noqa: FBT003 - pymodbus's

    def close(self) -> None:
        """See Wire."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _made(self) -> AsyncModbusSerialClient | AsyncModbusTcpClient:
        if self._baud is not None:
            return AsyncModbusSerialClient(
                self._port, baudrate=self._baud, timeout=REPLY_SECONDS, retries=0, reconnect_delay=0
            )
        host, _, port = self._port.rpartition(":")
        return AsyncModbusTcpClient(host, port=int(port), timeout=TCP_REPLY_SECONDS, retries=0, reconnect_delay=0)

    def _opened(self) -> AsyncModbusSerialClient | AsyncModbusTcpClient:
        if self._client is None or not self._client.connected:
            raise ConnectionResetError(f"{self._port} is not open")
        return self._client


async def _answer(asked: Awaitable[ModbusPDU], function: int) -> ModbusPDU:
    try:
        answer = await asked
    except ModbusException as error:
        raise Silence(str(error)) from error
    if answer.isError() and answer.function_code & 0x7F == function:
        raise Refused(str(answer))
    if answer.function_code != function:
        raise Silence(f"an answer to function {answer.function_code}")
    return answer
