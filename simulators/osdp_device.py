"""The peripheral's end of OSDP (PD), sans-IO: what a reader and an I/O module have in common.

A report (card, keys, a change) is repeated until the panel has acknowledged it, which in OSDP is the next sequence
number; after 8 s without the panel it is forgotten, because a card of long ago must open nothing.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from devices.osdp import secure_channel as sc
from devices.osdp.errors import MessageError, SecurityError
from devices.osdp.frame import BROADCAST_ADDRESS, REPLY_BIT, START_OF_MESSAGE, Frame, FrameParser, SecurityBlock

OFFLINE_AFTER = 8.0
INTER_CHARACTER = 0.02

_OPEN_COMMANDS = (cmd.IdentityRequest.code, cmd.CapabilitiesRequest.code)
_DEFAULT_KEY_BLOCK = b"\x00"
_OWN_KEY_BLOCK = b"\x01"


@dataclass(frozen=True, slots=True)
class Wiring:
    """How a peripheral is set up. `key` None: it speaks in the clear only. `install_mode`: it offers SCBK-D."""

    address: int
    key: bytes | None = field(default=None, repr=False)
    install_mode: bool = False
    identity: rep.Identity = field(default=rep.Identity(b"\x0a\x00\x17", 1, 1, 0x0001_0203, (1, 0, 0)))


class OsdpDevice:
    """One peripheral. `random_bytes(n)` feeds its half of the handshake. Verbs may be called from any thread.

    `polls` counts how often it was polled, last at monotonic `polled_at`: from one to the next its line comes round.
    `baud`: what COMSET last asked for; 0: the line's. One that is `movable` obeys that, and answers before it moves;
    another's place is set by switches.
    """

    def __init__(
        self, wiring: Wiring, functions: tuple[rep.Capability, ...], *, random_bytes: Callable[[int], bytes]
    ) -> None:
        self.address = wiring.address
        self.powered = True
        self.movable = True
        self.polls, self.polled_at = 0, 0.0
        self.baud = 0
        self._moving: tuple[int, int] | None = None
        self._wiring = wiring
        self._key = wiring.key
        self._installing = wiring.install_mode
        self._right_key: bytes | None = None
        secure = rep.Capability(rep.CAP_SECURITY, int(wiring.key is not None or wiring.install_mode), 0)
        self.capabilities = rep.Capabilities((*functions, rep.Capability(rep.CAP_CHECK, 1, 0), secure))
        self._random_bytes = random_bytes
        self._lock = threading.RLock()
        self._parser = FrameParser()
        self._reports: deque[rep.Reply] = deque()
        self._tampered = False
        self._power_failed = False
        self._heard_bytes = self._heard_panel = 0.0
        self._forget()

    @property
    def secured(self) -> bool:
        """Whether a secure channel is up."""
        return self._session is not None

    @property
    def nameplate(self) -> str:
        """Vendor, model and serial number, as it says them itself."""
        return self._wiring.identity.nameplate

    @property
    def pending(self) -> int:
        """Reports that the panel has not acknowledged yet."""
        return len(self._reports)

    def tamper(self, active: bool) -> None:  # noqa: FBT001 - the hand's verb: tamper(True)
        """Open or close the case."""
        with self._lock:
            self._tampered = active
            self._report(rep.LocalStatus(self._tampered, self._power_failed))

    def unplug(self) -> None:
        """Cut the power: session, reports and outputs are gone, nothing is answered."""
        with self._lock:
            self.powered = False
            self._reports.clear()
            self._forget()
            self._power_cut()

    def plug_in(self) -> None:
        """Give power back."""
        with self._lock:
            self.powered = True

    def install_mode(self) -> None:
        """Turn the switch on the back that lets the next panel set a key: until then it takes the public one."""
        with self._lock:
            self._installing = True
            self._forget()

    def mistake_key(self) -> None:
        """Hold another key than the panel's from now on, as one that was swapped or set up wrongly does."""
        with self._lock:
            self._right_key = self._right_key or self._key
            self._key = self._random_bytes(sc.KEY_LENGTH)
            self._forget()

    def recall_key(self) -> None:
        """Hold the right key again."""
        with self._lock:
            self._key, self._right_key = self._right_key or self._key, None
            self._forget()

    def swap(self, serial: int) -> None:
        """Hang another of the same make in its place, with this serial number; whoever has its key copied that."""
        with self._lock:
            self._wiring = replace(self._wiring, identity=replace(self._wiring.identity, serial=serial))
            self._reports.clear()
            self._forget()
            self._power_cut()

    def receive(self, received: bytes, now: float) -> list[bytes]:
        """Take bytes from the line as they arrive; return the replies to send, each a whole frame."""
        with self._lock:
            if not self.powered:
                return []
            if now - self._heard_bytes > INTER_CHARACTER:
                self._parser.clear()
            self._heard_bytes = now
            if not self._parser.in_frame and self._is_for_another(received):
                return []
            answers = [self._hear(frame, now) for frame in self._parser.feed(received)]
            return [answer for answer in answers if answer]

    def get_timer(self) -> float:
        """When something happens in here without the panel."""
        return float("inf")

    def handle_timer(self, now: float) -> list[bytes]:
        """Let it happen; return what the device says of its own accord, which in OSDP is nothing."""
        del now
        return []

    def _is_for_another(self, received: bytes) -> bool:
        """Whether this is one whole frame of another's: most of what is heard on a line, and soon told."""
        if len(received) != int.from_bytes(received[2:4], "little") or received[0] != START_OF_MESSAGE:
            return False
        return received[1] & ~REPLY_BIT not in (self.address, BROADCAST_ADDRESS)

    def _report(self, reply: rep.Reply) -> None:
        if self.powered:
            self._reports.append(reply)

    def _power_cut(self) -> None:
        """What a subclass loses with the power."""

    def _execute(self, command: cmd.Command, now: float) -> rep.Reply:
        """What a subclass does with a command that is not the protocol's own."""
        del command, now
        return rep.Nak(rep.NAK_UNKNOWN_COMMAND)

    def _forget(self) -> None:
        self._parser.clear()
        self._session: sc.Session | None = None
        self._challenge: tuple[sc.SessionKeys, bytes, bytes] | None = None
        self._last: tuple[Frame, bytes] | None = None
        self._unacknowledged = False

    def _hear(self, frame: Frame, now: float) -> bytes | None:
        if frame.reply or frame.address != self.address:
            return None
        if now - self._heard_panel > OFFLINE_AFTER:
            self._reports.clear()
            self._forget()
        self._heard_panel = now
        if self._last and self._last[0] == frame and frame.sequence:
            return self._last[1]
        if frame.sequence == 0:
            self._forget()
        elif self._last is None or frame.sequence != self._last[0].sequence % 3 + 1:
            return self._plain(frame, rep.Nak(rep.NAK_SEQUENCE)).encode()
        answer = self._answer(frame, now).encode()
        self._last = (frame, answer)
        self._readdress()
        return answer

    def _readdress(self) -> None:
        if self._moving is not None:
            (self.address, self.baud), self._moving = self._moving, None
            self._forget()

    def _answer(self, frame: Frame, now: float) -> Frame:
        if frame.security is not None and not frame.security.has_mac:
            return self._handshake(frame, frame.security)
        if frame.security is None:
            allowed = self._key is None or frame.code in _OPEN_COMMANDS
            return self._plain(frame, self._obey(frame, now) if allowed else rep.Nak(rep.NAK_SECURITY_REQUIRED))
        if self._session is None:
            return self._plain(frame, rep.Nak(rep.NAK_SECURITY_REQUIRED))
        try:
            opened, self._session = sc.unseal(self._session, frame)
        except SecurityError:
            self._session = None
            return self._plain(frame, rep.Nak(rep.NAK_SECURITY_REQUIRED))
        sealed, self._session = sc.seal(self._session, self._plain(frame, self._obey(opened, now)))
        return sealed

    def _plain(self, frame: Frame, reply: rep.Reply, block: SecurityBlock | None = None) -> Frame:
        return Frame(
            self.address, frame.sequence, reply.code, reply.payload(), reply=True, security=block, crc=frame.crc
        )

    def _obey(self, frame: Frame, now: float) -> rep.Reply:
        if self._unacknowledged:
            self._unacknowledged = False
            self._reports.popleft()
        try:
            command = cmd.parse_command(frame.code, frame.payload)
        except MessageError:
            return rep.Nak(rep.NAK_UNKNOWN_COMMAND)
        match command:
            case cmd.Poll():
                self.polls, self.polled_at = self.polls + 1, now
                self._unacknowledged = bool(self._reports)
                return self._reports[0] if self._reports else rep.Ack()
            case cmd.IdentityRequest():
                return self._wiring.identity
            case cmd.CapabilitiesRequest():
                return self.capabilities
            case cmd.LocalStatusRequest():
                return rep.LocalStatus(self._tampered, self._power_failed)
            case cmd.KeySet(key=key):
                self._key, self._installing = key, False
                return rep.Ack()
            case cmd.CommunicationSet(address=address, baud=baud):
                return self._told_to_move(address, baud)
            case cmd.Manufacturer(vendor=vendor, said=said):
                return rep.ManufacturerReply(vendor, said)
            case _:
                return self._execute(command, now)

    def _told_to_move(self, address: int, baud: int) -> rep.Reply:
        if not self.movable:
            return rep.Nak(rep.NAK_UNABLE)
        self._moving = address, baud
        return rep.CommunicationReport(address, baud)

    def _handshake(self, frame: Frame, block: SecurityBlock) -> Frame:
        key = self._handshake_key(block)
        try:
            command = cmd.parse_command(frame.code, frame.payload)
        except MessageError:
            return self._plain(frame, rep.Nak(rep.NAK_UNABLE))
        match command:
            case cmd.Challenge(panel_random=panel_random) if key and block.kind == sc.SCS_11:
                return self._challenged(frame, key, panel_random)
            case cmd.ServerCryptogram(cryptogram=proof) if self._challenge and block.kind == sc.SCS_13:
                return self._proven(frame, proof, self._challenge)
            case _:
                return self._plain(frame, rep.Nak(rep.NAK_SECURITY_UNSUPPORTED))

    def _handshake_key(self, block: SecurityBlock) -> bytes | None:
        if self._installing:
            return sc.DEFAULT_KEY
        return self._key if block.data == _OWN_KEY_BLOCK else None

    def _challenged(self, frame: Frame, key: bytes, panel_random: bytes) -> Frame:
        own_random = self._random_bytes(sc.RANDOM_LENGTH)
        keys = sc.session_keys(key, panel_random)
        self._session = None
        self._challenge = (keys, panel_random, own_random)
        identity = self._wiring.identity.payload()[:8]
        reply = rep.ClientCryptogram(identity, own_random, sc.client_cryptogram(keys, panel_random, own_random))
        used = _DEFAULT_KEY_BLOCK if self._installing else _OWN_KEY_BLOCK
        return self._plain(frame, reply, SecurityBlock(sc.SCS_12, used))

    def _proven(self, frame: Frame, proof: bytes, challenge: tuple[sc.SessionKeys, bytes, bytes]) -> Frame:
        keys, panel_random, own_random = challenge
        self._challenge = None
        if not sc.matches(sc.server_cryptogram(keys, panel_random, own_random), proof):
            return self._plain(frame, rep.Nak(rep.NAK_SECURITY_REQUIRED))
        self._session = sc.begin(keys, proof)
        reply = rep.InitialMac(self._session.reply_mac)
        return replace(self._plain(frame, reply), security=SecurityBlock(sc.SCS_14, b"\x01"))
