"""A card reader with keypad, lights, buzzer and tamper switch, as it hangs on an OSDP line."""

from collections.abc import Callable

from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from simulators.osdp_device import OsdpDevice, Wiring

_FUNCTIONS = (
    rep.Capability(rep.CAP_CARD_FORMAT, 1, 1),
    rep.Capability(rep.CAP_LED, 4, 1),
    rep.Capability(rep.CAP_BUZZER, 2, 1),
    rep.Capability(rep.CAP_TEXT, 2, 1),
    rep.Capability(rep.CAP_READERS, 0, 1),
)
_KEYS = {"*": 0x7F, "#": 0x0D} | {digit: ord(digit) for digit in "0123456789"}
_WIEGAND = 1
ATTACHED = 0
_TENTH = 0.1


class Reader(OsdpDevice):
    """One reader: its verbs are what a hand can do to it, `led`, `text` and `beeps` what a person there notices."""

    def __init__(self, wiring: Wiring, *, random_bytes: Callable[[int], bytes]) -> None:
        super().__init__(wiring, _FUNCTIONS, random_bytes=random_bytes)
        self.beeps = 0
        self.text = b""
        self._attached = ATTACHED
        self._permanent = cmd.Color.BLACK
        self._temporary: tuple[cmd.Color, float] | None = None

    def present_card(self, bit_count: int, raw: bytes) -> None:
        """Hold a card to it: its bits, most significant first, left-aligned."""
        with self._lock:
            self._report(rep.RawCard(0, _WIEGAND, bit_count, raw))

    def present_formatted(self, characters: bytes) -> None:
        """Hold a card to a reader that makes characters of it."""
        with self._lock:
            self._report(rep.FormattedCard(0, 0, characters))

    def touch_wall_reader(self, state: int) -> None:
        """Do something to the reader that hangs on this controller: 0 put it back, 1 pull it off, 2 open it."""
        with self._lock:
            self._attached = state
            self._report(rep.ReaderStatus((state,)))

    def type_pin(self, digits: str) -> None:
        """Press keys, of `0123456789*#`."""
        with self._lock:
            self._report(rep.Keypad(0, bytes(_KEYS[digit] for digit in digits)))

    def led(self, now: float) -> cmd.Color:
        """The colour the light shows (or blinks in)."""
        with self._lock:
            if self._temporary and now < self._temporary[1]:
                return self._temporary[0]
            return self._permanent

    def _execute(self, command: cmd.Command, now: float) -> rep.Reply:
        match command:
            case cmd.Led(records=records):
                for record in records:
                    self._light(record, now)
                return rep.Ack()
            case cmd.Buzzer(tone=tone, count=count):
                self.beeps += count if tone is cmd.Tone.DEFAULT else 0
                return rep.Ack()
            case cmd.Text(characters=characters):
                self.text = characters
                return rep.Ack()
            case cmd.ReaderStatusRequest():
                return rep.ReaderStatus((self._attached,))
            case _:
                return super()._execute(command, now)

    def _light(self, record: cmd.LedRecord, now: float) -> None:
        if record.permanent.control is cmd.PermanentLed.SET:
            self._permanent = record.permanent.on_color
        if record.temporary.control is cmd.TemporaryLed.SET:
            self._temporary = (record.temporary.on_color, now + record.temporary.timer * _TENTH)
        elif record.temporary.control is cmd.TemporaryLed.CANCEL:
            self._temporary = None

    def _power_cut(self) -> None:
        self.text = b""
        self._permanent, self._temporary = cmd.Color.BLACK, None
