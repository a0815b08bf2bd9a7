"""A serial line for ourselves alone, to hold a conversation on (``devices.osdp.bench``). Blocks: for a thread."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from devices.osdp.bench import REPLY_WITHIN, Ask, BenchError, Conversation
from devices.osdp.frame import Frame, FrameParser
from devices.osdp.handover import Ended, Handover
from devices.transport.port import Transport, TransportLost, TransportUnavailable
from devices.transport.serial import SerialTransport

BETWEEN_BYTES = 0.05
"""Seconds of silence that end a frame which has begun: a slow adapter hands bytes on in lumps."""
LONGEST_REPLY = 2.0
LONGEST_WAIT = 0.5
"""Seconds for which nothing is looked at but the line."""

_READ = 4096

T = TypeVar("T")


class Bench:
    """A context manager. `transport` is not open yet; BenchError once the time of the whole visit, `within`, is up.

    BenchError where the line cannot be opened: somebody else, the box perhaps, holds it.
    """

    def __init__(self, transport: Transport, within: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._clock = clock
        self._ends = clock() + within

    def __enter__(self) -> Self:
        """Open the line."""
        try:
            self._transport.open()
        except TransportUnavailable as error:
            raise BenchError(f"the line cannot be had: {error}") from error
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Close it."""
        self._transport.close()

    def hold(self, conversation: Conversation[T]) -> T:
        """Hold a conversation to its end, and return what it comes to. Raises BenchError."""
        answer: Frame | None = None
        try:
            ask = next(conversation)
            while True:
                answer = self._answer(ask)
                ask = conversation.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result
        except TransportLost as error:
            raise BenchError(f"the line is gone: {error}") from error

    def pause(self, seconds: float) -> None:
        """Let a while pass."""
        self._look_at_the_time()
        time.sleep(seconds)

    def _answer(self, ask: Ask) -> Frame | None:
        self._look_at_the_time()
        parser = FrameParser()
        self._transport.read(_READ, 0.0)  # what came too late for the question before
        self._transport.write(ask.wire)
        began = self._clock()
        until = began + REPLY_WITHIN
        while (left := until - self._clock()) > 0:
            received = self._transport.read(_READ, left)
            for frame in parser.feed(received):
                if frame.reply and frame.address == ask.address:
                    return frame
            if received:
                until = min(max(until, self._clock() + BETWEEN_BYTES), began + LONGEST_REPLY)
        return None

    def _look_at_the_time(self) -> None:
        if self._clock() >= self._ends:
            raise BenchError("the time for this is up; begin again when all is ready")


def hand_over(port: str, handover: Handover, clock: Callable[[], float] = time.monotonic) -> Ended:
    """Hold a hand-over to its end, at whatever speed it asks for on the way. Raises BenchError. Blocks."""
    try:
        while handover.ended is None:
            baud, transport = handover.baud, SerialTransport(port, handover.baud)
            transport.open()
            try:
                while handover.ended is None and handover.baud == baud:
                    _pump(transport, handover, clock)
            finally:
                transport.close()
    except TransportUnavailable as error:
        raise BenchError(f"the line cannot be had: {error}") from error
    except TransportLost as error:
        raise BenchError(f"the line is gone: {error}") from error
    return handover.ended


def _pump(transport: Transport, handover: Handover, clock: Callable[[], float]) -> None:
    outgoing = handover.next_transmission(clock())
    if outgoing:
        transport.write(outgoing)
    before = clock()
    received = transport.read(_READ, max(0.0, min(handover.get_timer() - before, LONGEST_WAIT)))
    if received:
        handover.receive(received, clock())
    handover.handle_timer(before if received else clock())


def serial_bench(port: str, baud: int, within: float) -> Bench:
    """Return the bench at a serial port."""
    return Bench(SerialTransport(port, baud), within)
