"""A simulated card reader with keypad on MQTT."""

from collections.abc import Callable

from devices.mqtt.messages import (
    AckResult,
    Command,
    LockCommand,
    Malformed,
    OutputCommand,
    ReaderCommand,
    ReaderSignal,
    TamperWord,
)
from devices.mqtt.payloads import is_expired
from simulators.mqtt_session import Device, MqttSession, wall_ms


class MqttReader:
    """Cards and keys go out as numbered events; `light` is what the person before it sees. `run` holds it alive."""

    def __init__(
        self,
        device: Device,
        *,
        wall: Callable[[], int] = wall_ms,
        on_light: Callable[[ReaderSignal], None] = lambda _: None,
    ) -> None:
        self.session = MqttSession(device, "Ostiary simulated reader", ("card", "keypad", "tamper"), self._obey, wall)
        self.session.tell("tamper", TamperWord.CLEAR)
        self.light = ReaderSignal.IDLE
        self._on_light = on_light

    async def run(self) -> None:
        """Hold the device alive until cancelled."""
        await self.session.run()

    def present_card(self, bit_count: int, raw: bytes) -> int:
        """Hold a card before it: `bit_count` bits, first bit first, zeros behind. Returns the event's number."""
        return self.session.send("card", bits=bit_count, raw=raw.hex())

    def type_pin(self, digits: str) -> int:
        """Type digits and `#`. Returns the event's number."""
        return self.session.send("key", digits=f"{digits}#")

    def tear_off(self) -> None:
        """Pull the housing off the wall."""
        self.session.tell("tamper", TamperWord.TAMPERED)

    def put_back(self) -> None:
        """Put the housing back."""
        self.session.tell("tamper", TamperWord.CLEAR)

    def unplug(self) -> None:
        """Pull the network cable; what is read meanwhile is sent later."""
        self.session.unplug()

    def plug_in(self) -> None:
        """Put the network cable back."""
        self.session.plug_in()

    def _obey(self, command: Command | Malformed) -> None:
        match command:
            case Malformed(command_id=None):
                return
            case Malformed(command_id=str(command_id)):
                self.session.acknowledge(command_id, AckResult.REFUSED)
            case LockCommand(id=command_id) | OutputCommand(id=command_id):
                self.session.acknowledge(command_id, AckResult.REFUSED)
            case ReaderCommand(id=command_id) if is_expired(command, self.session.wall()):
                self.session.acknowledge(command_id, AckResult.EXPIRED)
            case ReaderCommand(id=command_id, signal=signal):
                self.light = signal
                self._on_light(signal)
                self.session.acknowledge(command_id, AckResult.OK)
