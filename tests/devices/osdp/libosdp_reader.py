"""libosdp as a reader on a serial port, in a process of its own: its callbacks and threads stay there.

argv: port, address, key in hex (or "-" for the clear). Lines on stdin: `card BITS HEX`, `keys DIGITS`, `tamper 0|1`,
`quit`. Lines on stdout: `ready`, then one JSON object per command received.
"""

import json
import sys
import threading
import time

import osdp
import serial


class Port(osdp.Channel):
    def __init__(self, path):
        self.port = serial.Serial(path, 115200, timeout=0)

    def read(self, max_bytes):
        return self.port.read(max_bytes)

    def write(self, buf):
        return self.port.write(buf)

    def flush(self):
        self.port.flush()


def obey(command):
    said = {key: value.hex() if isinstance(value, bytes) else value for key, value in command.items()}
    print(json.dumps(said), flush=True)
    return tuple([0, None])  # noqa: C409 - a constant tuple is released once too often by libosdp on 3.11


def listen(reader, done):
    for line in sys.stdin:
        match line.split():
            case ["card", bits, raw]:
                card = {
                    "event": osdp.Event.CardRead,
                    "reader_no": 0,
                    "format": osdp.CardFormat.Wiegand,
                    "direction": 0,
                    "length": int(bits),
                    "data": bytes.fromhex(raw),
                }
                reader.submit_event(card)
            case ["tamper", active]:
                report = bytes([int(active), 0])
                reader.submit_event({"event": osdp.Event.Status, "type": osdp.StatusReportType.Local, "report": report})
            case ["keys", digits]:
                reader.submit_event({"event": osdp.Event.KeyPress, "reader_no": 0, "data": digits.encode()})
            case _:
                break
    done.set()


def main():
    port, address, key = sys.argv[1:]
    flags = [] if key == "-" else [osdp.LibFlag.EnforceSecure]
    info = osdp.PDInfo(int(address), Port(port), scbk=None if key == "-" else bytes.fromhex(key), flags=flags)
    capabilities = osdp.PDCapabilities(
        [
            (osdp.Capability.OutputControl, 1, 2),
            (osdp.Capability.LEDControl, 1, 1),
            (osdp.Capability.AudibleControl, 1, 1),
            (osdp.Capability.CardDataFormat, 3, 1),
            (osdp.Capability.TextOutput, 1, 1),
            (osdp.Capability.Readers, 0, 1),
            (osdp.Capability.ContactStatusMonitoring, 1, 2),
            (osdp.Capability.CommunicationSecurity, 1, 1),
        ]
    )
    reader = osdp.PeripheralDevice(info, capabilities, log_level=osdp.LogLevel.Emergency, command_handler=obey)
    reader.lock = threading.Lock()
    done = threading.Event()
    threading.Thread(target=listen, args=(reader, done), daemon=True).start()
    print("ready", flush=True)
    while not done.is_set():
        with reader.lock:
            reader.ctx.refresh()
        time.sleep(0.001)


if __name__ == "__main__":
    main()
