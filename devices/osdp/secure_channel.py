"""The OSDP secure channel (annex D): AES-128 session keys, cryptograms, the MAC chain, encryption of payloads.

Everything here is a pure function or a frozen value; random numbers are arguments.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from devices.osdp.errors import BadMac, SecurityError
from devices.osdp.frame import Frame, SecurityBlock, covering

DEFAULT_KEY: Final = bytes(range(0x30, 0x40))
"""SCBK-D: printed in the standard, so known to everybody."""

KEY_LENGTH: Final = 16
RANDOM_LENGTH: Final = 8

SCS_11: Final = 0x11
SCS_12: Final = 0x12
SCS_13: Final = 0x13
SCS_14: Final = 0x14
SCS_15: Final = 0x15
SCS_16: Final = 0x16
SCS_17: Final = 0x17
SCS_18: Final = 0x18

_BLOCKS: Final = {kind: SecurityBlock(kind) for kind in (SCS_15, SCS_16, SCS_17, SCS_18)}
_BLOCK = 16
_PAD = 0x80
_MAC_ON_WIRE = 4


@dataclass(frozen=True, slots=True, repr=False)
class SessionKeys:
    """The three keys of one session, each 16 bytes."""

    enc: bytes
    mac1: bytes
    mac2: bytes
    mac1_block: Callable[[bytes], bytes] = field(init=False, compare=False)
    mac2_block: Callable[[bytes], bytes] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # One block cipher for the whole session: to set one up for each frame would cost more than all the rest of it.
        object.__setattr__(self, "mac1_block", _blocks(self.mac1))
        object.__setattr__(self, "mac2_block", _blocks(self.mac2))


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """A running secure channel: its keys and the last MAC (16 bytes) sent in each direction."""

    keys: SessionKeys
    command_mac: bytes
    reply_mac: bytes


def session_keys(base_key: bytes, panel_random: bytes) -> SessionKeys:
    """Derive the session keys from the base key (SCBK, 16 bytes) and the panel's random number (RND.A, 8 bytes)."""
    enc, mac1, mac2 = (
        _ecb(base_key, bytes((0x01, label)) + panel_random[:6] + bytes(8)) for label in (0x82, 0x01, 0x02)
    )
    return SessionKeys(enc, mac1, mac2)


def client_cryptogram(keys: SessionKeys, panel_random: bytes, peripheral_random: bytes) -> bytes:
    """What the peripheral proves itself with (16 bytes)."""
    return _ecb(keys.enc, panel_random + peripheral_random)


def server_cryptogram(keys: SessionKeys, panel_random: bytes, peripheral_random: bytes) -> bytes:
    """What the panel proves itself with (16 bytes)."""
    return _ecb(keys.enc, peripheral_random + panel_random)


def initial_reply_mac(keys: SessionKeys, server: bytes) -> bytes:
    """RMAC_I, the start of the MAC chain (16 bytes), from the server cryptogram."""
    return _ecb(keys.mac2, _ecb(keys.mac1, server))


def begin(keys: SessionKeys, server: bytes) -> Session:
    """The session that both ends hold once RMAC_I has been exchanged."""
    return Session(keys, command_mac=bytes(_BLOCK), reply_mac=initial_reply_mac(keys, server))


def matches(expected: bytes, received: bytes) -> bool:
    """Compare secrets in constant time."""
    return hmac.compare_digest(expected, received)


def seal(session: Session, frame: Frame) -> tuple[Frame, Session]:
    """Encrypt and authenticate a plain frame; return it and the new session.

    Commands become SCS_15 or, with a payload, SCS_17; replies SCS_16 or SCS_18.
    """
    kind = (SCS_16 if frame.reply else SCS_15) + (2 if frame.payload else 0)
    payload = frame.payload
    if payload:
        payload = _cbc_encrypt(session.keys.enc, _invert(_chain(session, frame)), _pad(payload))
    bare = _with(frame, payload, _BLOCKS[kind])
    covered = bare.authenticated()
    mac = _mac(session.keys, _chain(session, frame), covered)
    sealed = covering(_with(bare, payload, bare.security, mac[:_MAC_ON_WIRE]), covered)
    return sealed, _advance(session, frame, mac)


def unseal(session: Session, frame: Frame) -> tuple[Frame, Session]:
    """Check and decrypt a frame of SCS_15 to SCS_18; return it with its plain payload, and the new session.

    Raises BadMac where the MAC does not continue the chain, SecurityError where type, direction or padding is wrong.
    """
    kinds = (SCS_16, SCS_18) if frame.reply else (SCS_15, SCS_17)
    if frame.security is None or frame.security.kind not in kinds:
        raise SecurityError("the frame is not inside the secure channel")
    mac = _mac(session.keys, _chain(session, frame), frame.authenticated())
    if not matches(mac[:_MAC_ON_WIRE], frame.mac):
        raise BadMac("the MAC does not continue the chain")
    if frame.security.kind == kinds[1]:
        payload = _decrypt_payload(session.keys.enc, _invert(_chain(session, frame)), frame.payload)
        frame = _with(frame, payload, frame.security, frame.mac)
    return frame, _advance(session, frame, mac)


def _with(frame: Frame, payload: bytes, security: SecurityBlock | None, mac: bytes = b"") -> Frame:
    """`dataclasses.replace`, at a fifth of its cost: 128 readers have more than a thousand frames a second."""
    return Frame(frame.address, frame.sequence, frame.code, payload, frame.reply, security, mac, frame.crc)


def _chain(session: Session, frame: Frame) -> bytes:
    """The last MAC of the other direction: start value of this frame's MAC, and inverted of its encryption."""
    return session.command_mac if frame.reply else session.reply_mac


def _advance(session: Session, frame: Frame, mac: bytes) -> Session:
    if frame.reply:
        return Session(session.keys, session.command_mac, reply_mac=mac)
    return Session(session.keys, command_mac=mac, reply_mac=session.reply_mac)


def _mac(keys: SessionKeys, chain: bytes, message: bytes) -> bytes:
    """CBC-MAC with S-MAC1 on all blocks but the last, which takes S-MAC2."""
    padded = message if len(message) % _BLOCK == 0 else _pad(message)
    last = len(padded) - _BLOCK
    for start in range(0, last, _BLOCK):
        chain = keys.mac1_block(_xor(chain, padded[start : start + _BLOCK]))
    return keys.mac2_block(_xor(chain, padded[last:]))


def _pad(plain: bytes) -> bytes:
    marked = plain + bytes((_PAD,))
    return marked + bytes(-len(marked) % _BLOCK)


def _decrypt_payload(key: bytes, start: bytes, payload: bytes) -> bytes:
    if len(payload) % _BLOCK:
        raise SecurityError("the encrypted payload is not made of whole blocks")
    decryptor = Cipher(AES(key), CBC(start)).decryptor()
    padded = (decryptor.update(payload) + decryptor.finalize()).rstrip(b"\0")
    if payload and not padded.endswith(bytes((_PAD,))):
        raise SecurityError("the encrypted payload is not padded")
    return padded[:-1]


def _ecb(key: bytes, block: bytes) -> bytes:
    return _blocks(key)(block)


def _blocks(key: bytes) -> Callable[[bytes], bytes]:
    """Return what encrypts one block at a time."""
    return Cipher(AES(key), ECB()).encryptor().update  # noqa: S305 - single blocks, as annex D prescribes


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(_BLOCK, "big")


def _cbc_encrypt(key: bytes, start: bytes, plain: bytes) -> bytes:
    encryptor = Cipher(AES(key), CBC(start)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def _invert(mac: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in mac)
