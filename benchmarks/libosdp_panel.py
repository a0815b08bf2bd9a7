"""libosdp as the panel of a line, in a process of its own: whoever shows a card has the relay of that number pulsed.

argv: port, baud, the I/O module's address, then `ADDRESS:KEY` for each peripheral. It says `online` once all are
secured, then `card` for each card. It decides nothing and writes nothing down. It ends with its input.
"""

import sys
import threading
import time
from queue import Empty, SimpleQueue
from typing import Any

import osdp
import serial

CARD = 0
TIMED_ON = 5
TENTHS = 10


class Port(osdp.Channel):  # type: ignore[misc]  # libosdp is not typed
    """A serial port in libosdp's words."""

    def __init__(self, port: serial.Serial) -> None:
        self.port = port

    def read(self, most: int) -> bytes:
        return self.port.read(most)

    def write(self, outgoing: bytes) -> int:
        return self.port.write(outgoing) or 0

    def flush(self) -> None:
        self.port.flush()


def main() -> None:
    """Poll until stdin ends."""
    path, baud, module = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    channel = Port(serial.Serial(path, baud, timeout=0))
    infos = [
        osdp.PDInfo(int(address), channel, scbk=bytes.fromhex(key), flags=[osdp.LibFlag.EnforceSecure])
        for address, key in (argument.split(":") for argument in sys.argv[4:])
    ]
    cards: SimpleQueue[int] = SimpleQueue()

    def told(place: int, event: dict[str, Any]) -> int:
        if event.get("event") == osdp.Event.CardRead:
            cards.put(infos[place].address)  # it counts its peripherals, whatever their addresses
        return 0

    panel = osdp.ControlPanel(infos, log_level=osdp.LogLevel.Emergency, event_handler=told)
    panel.lock = threading.Lock()
    done = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        done.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    online = False
    while not done.is_set():
        panel.ctx.refresh()
        if not online and panel.get_num_sc_active() == len(infos):
            online = True
            sys.stdout.write("online\n")
        for address in _taken(cards):  # not from inside its callback: it deadlocks there
            pulse = {"output_no": address, "control_code": TIMED_ON, "timer_count": TENTHS}
            panel.submit_command(module, {"command": osdp.Command.Output, **pulse})
            sys.stdout.write("card\n")
        sys.stdout.flush()
        time.sleep(0.001)


def _taken(cards: "SimpleQueue[int]") -> list[int]:
    taken = []
    while True:
        try:
            taken.append(cards.get_nowait())
        except Empty:
            return taken


if __name__ == "__main__":
    main()
