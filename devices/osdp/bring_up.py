"""From silence to a peripheral that is known and, where it must be, inside its secure channel.

ID and CAP in the clear, then CHLNG and SCRYPT, then CAP once more inside the channel: what was said in the clear must
have been the truth.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from devices.osdp import secure_channel as sc
from devices.osdp.events import ViolationKind
from devices.osdp.frame import SecurityBlock
from devices.osdp.peripheral import USE_OWN_KEY, Opened, confirm_session, open_session

EXPECTED_IN_CLEAR = (
    rep.Nak.code,
    rep.Identity.code,
    rep.Capabilities.code,
    rep.ClientCryptogram.code,
    rep.InitialMac.code,
)
"""Codes of the replies that a secured peripheral may send before its channel is up."""

_RESYNC = (rep.NAK_CHECK, rep.NAK_LENGTH, rep.NAK_SEQUENCE)


class Step(Enum):
    """What is asked next."""

    IDENTITY = auto()
    CAPABILITIES = auto()
    CHALLENGE = auto()
    CRYPTOGRAM = auto()
    CONFIRM = auto()


class Progress(Enum):
    """How a reply moves the bring-up, where it neither ends nor breaks it."""

    ON = auto()
    AGAIN = auto()


@dataclass(frozen=True, slots=True)
class Secured:
    """The channel is up: everything from now on goes through it."""

    session: sc.Session = field(repr=False)


@dataclass(frozen=True, slots=True)
class Up:
    """The peripheral is known."""

    identity: rep.Identity
    capabilities: rep.Capabilities


Outcome = Progress | Secured | Up | ViolationKind


class BringUp:
    """One attempt; `key` is None for a peripheral in the clear. `random_bytes(n)` must be unpredictable."""

    def __init__(self, key: bytes | None, random_bytes: Callable[[int], bytes]) -> None:
        self._key = key
        self._random_bytes = random_bytes
        self._step = Step.IDENTITY
        self._panel_random = b""
        self._identity: rep.Identity | None = None
        self._capabilities: rep.Capabilities | None = None
        self._opened: Opened | None = None

    @property
    def in_handshake(self) -> bool:
        """Whether the peripheral has answered, so that silence now means it has lost the thread."""
        return self._step is not Step.IDENTITY

    def command(self) -> tuple[cmd.Command, SecurityBlock | None]:
        """What to ask now, with the security block of the handshake."""
        match self._step:
            case Step.IDENTITY:
                return cmd.IdentityRequest(), None
            case Step.CAPABILITIES | Step.CONFIRM:
                return cmd.CapabilitiesRequest(), None
            case Step.CHALLENGE:
                self._panel_random = self._random_bytes(sc.RANDOM_LENGTH)
                return cmd.Challenge(self._panel_random), SecurityBlock(sc.SCS_11, USE_OWN_KEY)
            case Step.CRYPTOGRAM:
                cryptogram = self._opened.server_cryptogram if self._opened else b""
                return cmd.ServerCryptogram(cryptogram), SecurityBlock(sc.SCS_13, USE_OWN_KEY)

    def take(self, reply: rep.Reply, block: SecurityBlock | None) -> Outcome:
        """Judge the reply to the last command."""
        match self._step, reply:
            case step, rep.Nak(reason=reason):
                return self._refused(step, reason)
            case Step.IDENTITY, rep.Identity():
                self._identity = reply
                return self._go(Step.CAPABILITIES)
            case Step.CAPABILITIES, rep.Capabilities():
                return self._told_capabilities(reply)
            case Step.CHALLENGE, rep.ClientCryptogram():
                return self._told_cryptogram(reply, block)
            case Step.CRYPTOGRAM, rep.InitialMac():
                return self._told_mac(reply, block)
            case Step.CONFIRM, rep.Capabilities():
                return self._up() if reply == self._capabilities else ViolationKind.CAPABILITY_DOWNGRADE
            case _:
                return Progress.AGAIN

    def _go(self, step: Step) -> Progress:
        self._step = step
        return Progress.ON

    def _refused(self, step: Step, reason: int) -> Outcome:
        if reason in _RESYNC or step in (Step.IDENTITY, Step.CAPABILITIES):
            return Progress.AGAIN
        return ViolationKind.BAD_CRYPTOGRAM if step is Step.CRYPTOGRAM else ViolationKind.CAPABILITY_DOWNGRADE

    def _told_capabilities(self, reply: rep.Capabilities) -> Outcome:
        self._capabilities = reply
        if self._key is None:
            return self._up()
        return self._go(Step.CHALLENGE) if reply.secure_channel else ViolationKind.CAPABILITY_DOWNGRADE

    def _told_cryptogram(self, reply: rep.ClientCryptogram, block: SecurityBlock | None) -> Outcome:
        opened = open_session(self._key or b"", self._panel_random, reply, block)
        if isinstance(opened, ViolationKind):
            return opened
        self._opened = opened
        return self._go(Step.CRYPTOGRAM)

    def _told_mac(self, reply: rep.InitialMac, block: SecurityBlock | None) -> Outcome:
        if self._opened is None:
            return Progress.AGAIN
        self._step = Step.CONFIRM
        return confirm_session(self._opened, reply, block) or Secured(self._opened.session)

    def _up(self) -> Outcome:
        if self._identity is None or self._capabilities is None:
            return Progress.AGAIN
        return Up(self._identity, self._capabilities)


def status_requests(capabilities: rep.Capabilities) -> list[cmd.Command]:
    """What is asked of a peripheral that has come up: all its states, as far as it says that it has any."""
    asked: dict[int, cmd.Command] = {
        rep.CAP_CONTACTS: cmd.InputStatusRequest(),
        rep.CAP_OUTPUTS: cmd.OutputStatusRequest(),
        rep.CAP_READERS: cmd.ReaderStatusRequest(),
    }
    return [cmd.LocalStatusRequest(), *(request for what, request in asked.items() if capabilities.items(what))]
