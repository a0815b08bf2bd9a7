"""How one peripheral is configured, and the panel's side of the secure-channel handshake with it; pure."""

from dataclasses import dataclass, field

from devices.osdp import secure_channel as sc
from devices.osdp.commands import Challenge, Command, KeySet, Poll, ServerCryptogram
from devices.osdp.errors import LocalError
from devices.osdp.events import ViolationKind
from devices.osdp.frame import MAX_ADDRESS, SecurityBlock
from devices.osdp.replies import ClientCryptogram, InitialMac

USE_OWN_KEY = b"\x01"
"""Security block data of the handshake: the key is the peripheral's own SCBK, not the public SCBK-D."""

_ACCEPTED = b"\x01"


@dataclass(frozen=True, slots=True)
class Peripheral:
    """One address on the line. `key` is its SCBK (16 bytes); only with `secure=False` may it do without.

    Raises LocalError for an address outside 0 to 126, a missing or short key, the public default key, or a key that
    `secure=False` would leave unused.
    """

    address: int
    key: bytes | None = field(default=None, repr=False)
    secure: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.address <= MAX_ADDRESS:
            raise LocalError(f"address {self.address} is not in 0 to {MAX_ADDRESS}")
        if not self.secure and self.key is not None:
            raise LocalError(f"address {self.address}: a key, yet secure=False")
        if self.secure:
            check_key(self.key)


@dataclass(frozen=True, slots=True)
class Opened:
    """The panel's half of a handshake after CCRYPT was found genuine."""

    session: sc.Session = field(repr=False)
    server_cryptogram: bytes = field(repr=False)


def check_key(key: bytes | None) -> bytes:
    """Return the key if it may be used on a door; raises LocalError."""
    if key is None or len(key) != sc.KEY_LENGTH:
        raise LocalError(f"a base key of {sc.KEY_LENGTH} bytes is needed")
    if sc.matches(sc.DEFAULT_KEY, key):
        raise LocalError("SCBK-D is public and no key")
    return key


def check_command(command: Command, *, secure: bool) -> None:
    """Raise LocalError for KEYSET in the clear or with a bad key, and for what only the panel itself may send."""
    match command:
        case KeySet(key=key):
            if not secure:
                raise LocalError("a key never goes out in the clear")
            check_key(key)
        case Poll() | Challenge() | ServerCryptogram():
            raise LocalError("polls and handshakes are the panel's own")
        case _:
            pass


def open_session(
    key: bytes, panel_random: bytes, reply: ClientCryptogram, block: SecurityBlock | None
) -> Opened | ViolationKind:
    """Judge CCRYPT: the session to go on with, or what is wrong with the peripheral."""
    if block is None or block.kind != sc.SCS_12:
        return ViolationKind.PLAINTEXT_REPLY
    if block.data != USE_OWN_KEY:
        return ViolationKind.INSTALL_MODE
    keys = sc.session_keys(key, panel_random)
    if not _genuine(keys, panel_random, reply):
        default = _genuine(sc.session_keys(sc.DEFAULT_KEY, panel_random), panel_random, reply)
        return ViolationKind.DEFAULT_KEY if default else ViolationKind.WRONG_KEY
    server = sc.server_cryptogram(keys, panel_random, reply.peripheral_random)
    return Opened(sc.begin(keys, server), server)


def confirm_session(opened: Opened, reply: InitialMac, block: SecurityBlock | None) -> ViolationKind | None:
    """Judge RMAC_I: None where both ends now hold the same session."""
    if block is None or block.kind != sc.SCS_14:
        return ViolationKind.PLAINTEXT_REPLY
    if block.data != _ACCEPTED or not sc.matches(opened.session.reply_mac, reply.mac):
        return ViolationKind.BAD_CRYPTOGRAM
    return None


def _genuine(keys: sc.SessionKeys, panel_random: bytes, reply: ClientCryptogram) -> bool:
    return sc.matches(sc.client_cryptogram(keys, panel_random, reply.peripheral_random), reply.cryptogram)
