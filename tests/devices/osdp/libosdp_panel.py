"""libosdp as the panel on a serial port, in a process of its own.

argv: port, then `ADDRESS:KEY` for each peripheral. Lines on stdin: `VERB ADDRESS` of any of the `COMMANDS`, or
`quit`. Lines on stdout: `online`, then one JSON object per event.
"""

import json
import sys
import threading
import time

import osdp
import serial


class Port(osdp.Channel):
    def __init__(self, port):
        self.port = port

    def read(self, max_bytes):
        return self.port.read(max_bytes)

    def write(self, buf):
        return self.port.write(buf)

    def flush(self):
        self.port.flush()


COMMANDS = {
    "out": {"command": osdp.Command.Output, "output_no": 0, "control_code": 5, "timer_count": 3},
    "buzzer": {
        "command": osdp.Command.Buzzer, "reader": 0, "control_code": 2, "on_count": 1, "off_count": 1, "rep_count": 2
    },
    "led": {
        "command": osdp.Command.LED, "reader": 0, "led_number": 0, "control_code": 1, "temporary": False,
        "on_count": 10, "off_count": 0, "on_color": osdp.CommandLEDColor.Green,
        "off_color": osdp.CommandLEDColor.Black, "timer_count": 0,
    },
    "blink": {
        "command": osdp.Command.LED, "reader": 0, "led_number": 0, "control_code": 2, "temporary": True,
        "on_count": 1, "off_count": 1, "on_color": osdp.CommandLEDColor.Red,
        "off_color": osdp.CommandLEDColor.Black, "timer_count": 600,
    },
    "text": {
        "command": osdp.Command.Text, "reader": 0, "control_code": 1, "temp_time": 0, "offset_row": 1, "offset_col": 1,
        "data": "WAIT",
    },
    "maker": {"command": osdp.Command.Manufacturer, "vendor_code": 0x23265C, "data": b"any thing"},
    "inputs": {"command": osdp.Command.Status, "type": osdp.StatusReportType.Input, "report": bytes(4)},
    "key": {"command": osdp.Command.Keyset, "type": 1, "data": bytes(range(16))},
    "move": {"command": osdp.Command.Comset, "address": 9, "baud_rate": 115200},
}  # fmt: skip


def told(address, event):
    print(json.dumps({"address": address} | {k: v.hex() if isinstance(v, bytes) else v for k, v in event.items()}))
    sys.stdout.flush()
    return 0


def listen(panel, done):
    for line in sys.stdin:
        match line.split():
            case [verb, address] if verb in COMMANDS:
                panel.submit_command(int(address), COMMANDS[verb])
            case _:
                break
    done.set()


def main():
    channel = Port(serial.Serial(sys.argv[1], 115200, timeout=0))
    infos = []
    for argument in sys.argv[2:]:
        address, key = argument.split(":")
        infos.append(osdp.PDInfo(int(address), channel, scbk=bytes.fromhex(key), flags=[osdp.LibFlag.EnforceSecure]))
    panel = osdp.ControlPanel(infos, log_level=osdp.LogLevel.Emergency, event_handler=told)
    panel.lock = threading.Lock()
    done = threading.Event()
    threading.Thread(target=listen, args=(panel, done), daemon=True).start()
    online = False
    while not done.is_set():
        with panel.lock:
            panel.ctx.refresh()
        if not online and panel.get_num_sc_active() == len(infos):
            online = True
            print("online", flush=True)
        time.sleep(0.001)


if __name__ == "__main__":
    main()
