"""Conversations with single peripherals on a line that nobody polls: who is there, and a key for one of them; sans-IO.

Each conversation is a generator: it yields what to send and is sent back the reply frame, or None where none came in
time. The public default key (SCBK-D) is used here and nowhere else.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from devices.osdp import secure_channel as sc
from devices.osdp.errors import MessageError, OsdpError, SecurityError
from devices.osdp.frame import Frame, SecurityBlock
from devices.osdp.peripheral import USE_OWN_KEY

REPLY_WITHIN = 0.2
"""Seconds a peripheral may take to begin its reply (clause 5.7)."""
TRIES = 3
LEAST_DIFFERENT_BYTES = 8
"""A random key of 16 bytes has fewer different ones once in some ten million."""

_USE_DEFAULT_KEY = b"\x00"


class BenchError(OsdpError):
    """The conversation failed; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Send `wire`, and wait for a reply of `address` that begins within `REPLY_WITHIN`."""

    address: int
    wire: bytes = field(repr=False)


T = TypeVar("T")
Conversation = Generator[Ask, Frame | None, T]


@dataclass(frozen=True, slots=True)
class Found:
    """A peripheral that answered. `default_key`: whether it takes the public key, as in install mode."""

    address: int
    identity: rep.Identity
    capabilities: rep.Capabilities
    default_key: bool


@dataclass(frozen=True, slots=True)
class Keyed:
    """A peripheral that proved to hold the key that was meant for it."""

    identity: rep.Identity


def weak(key: bytes) -> str | None:
    """Return why this is no key for a door, or None."""
    if len(key) != sc.KEY_LENGTH:
        return f"a key has {sc.KEY_LENGTH} bytes, {2 * sc.KEY_LENGTH} hexadecimal digits"
    if sc.matches(sc.DEFAULT_KEY, key):
        return "this is the public default key, printed in the standard"
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    if len(set(key)) < LEAST_DIFFERENT_BYTES or len(steps) == 1:
        return "this key is not random: anybody would try it"
    return None


def scan(addresses: Sequence[int], random_bytes: Callable[[int], bytes]) -> Conversation[tuple[Found, ...]]:
    """Ask each address who is there. A peripheral that answers only in part is left out."""
    found = []
    for address in addresses:
        talk = _Talk(address, random_bytes)
        try:
            identity, capabilities = yield from talk.identify(tries=1)
            default_key = capabilities.secure_channel and (yield from talk.opens_with(sc.DEFAULT_KEY))
        except BenchError:
            continue
        found.append(Found(address, identity, capabilities, default_key))
    return tuple(found)


def answering(addresses: Sequence[int]) -> Conversation[tuple[int, ...]]:
    """Return which of these addresses answer at all."""
    heard: tuple[int, ...] = ()
    for address in addresses:
        question = cmd.IdentityRequest()
        if (yield Ask(address, Frame(address, 0, question.code, question.payload()).encode())) is not None:
            heard += (address,)
    return heard


def give_key(
    address: int, key: bytes, openers: Sequence[bytes], random_bytes: Callable[[int], bytes]
) -> Conversation[Keyed]:
    """Set `key` inside a secure channel that the first fitting one of `openers` opens, and see it proven.

    Raises BenchError; until KEYSET is acknowledged the peripheral has its old key, afterwards (or if the
    acknowledgement was lost) the new one.
    """
    talk = _Talk(address, random_bytes)
    identity, capabilities = yield from talk.identify()
    _refuse_downgraded(address, capabilities)
    opened = False
    for opener in openers:
        opened = opened or (yield from talk.opens_with(opener))
    if not opened:
        raise BenchError(
            f"the reader at address {address} takes none of the keys that were tried: put it in install mode (its "
            "manual says how) to commission it, or bring its key with --key-file"
        )
    answer = yield from talk.ask(cmd.KeySet(key))
    if not isinstance(answer, rep.Ack):
        raise BenchError(f"the reader at address {address} refused the new key (KEYSET)")
    yield from _prove(talk, key, capabilities)
    return Keyed(identity)


def try_key(address: int, key: bytes, random_bytes: Callable[[int], bytes]) -> Conversation[Keyed]:
    """See a key proven that the peripheral was given elsewhere. Raises BenchError."""
    talk = _Talk(address, random_bytes)
    identity, capabilities = yield from talk.identify()
    _refuse_downgraded(address, capabilities)
    yield from _prove(talk, key, capabilities)
    return Keyed(identity)


def _refuse_downgraded(address: int, capabilities: rep.Capabilities) -> None:
    if not capabilities.secure_channel:
        raise BenchError(
            f"the reader at address {address} says it has no secure channel: switch it on in its configuration, or "
            "suspect whatever sits between"
        )


def _prove(talk: "_Talk", key: bytes, in_clear: rep.Capabilities) -> Conversation[None]:
    """Reconnect with the key, hear inside the channel what was said in the clear, and be refused the public key."""
    if not (yield from talk.opens_with(key)):
        raise BenchError(f"the reader at address {talk.address} does not prove that it holds the key")
    inside = yield from talk.ask(cmd.CapabilitiesRequest())
    if inside != in_clear:
        raise BenchError(
            f"the reader at address {talk.address} said in the clear that it can do something else than inside the "
            "channel: somebody sits between"
        )
    if (yield from talk.opens_with(sc.DEFAULT_KEY)):
        raise BenchError(
            f"the reader at address {talk.address} still takes the public default key: end its install mode, then "
            "begin again"
        )


class _Talk:
    """What both ends of one conversation remember: sequence and session."""

    def __init__(self, address: int, random_bytes: Callable[[int], bytes]) -> None:
        self.address = address
        self._random_bytes = random_bytes
        self._sequence = 0
        self._session: sc.Session | None = None

    def identify(self, tries: int = TRIES) -> Conversation[tuple[rep.Identity, rep.Capabilities]]:
        """Who is there, and what it says in the clear that it can do."""
        self._reset()
        identity = yield from self.ask(cmd.IdentityRequest(), tries=tries)
        capabilities = yield from self.ask(cmd.CapabilitiesRequest())
        if isinstance(identity, rep.Identity) and isinstance(capabilities, rep.Capabilities):
            return identity, capabilities
        raise BenchError(f"what answers at address {self.address} does not say who it is")

    def opens_with(self, key: bytes) -> Conversation[bool]:
        """Try to open a secure channel anew; the public key is offered as such."""
        self._reset()
        which = _USE_DEFAULT_KEY if sc.matches(sc.DEFAULT_KEY, key) else USE_OWN_KEY
        mine = self._random_bytes(sc.RANDOM_LENGTH)
        theirs = yield from self.ask(cmd.Challenge(mine), SecurityBlock(sc.SCS_11, which))
        keys = sc.session_keys(key, mine)
        if not isinstance(theirs, rep.ClientCryptogram):
            return False
        if not sc.matches(sc.client_cryptogram(keys, mine, theirs.peripheral_random), theirs.cryptogram):
            return False
        server = sc.server_cryptogram(keys, mine, theirs.peripheral_random)
        start = yield from self.ask(cmd.ServerCryptogram(server), SecurityBlock(sc.SCS_13, which))
        session = sc.begin(keys, server)
        if not isinstance(start, rep.InitialMac) or not sc.matches(session.reply_mac, start.mac):
            return False
        self._session = session
        return True

    def ask(
        self, command: cmd.Command, block: SecurityBlock | None = None, tries: int = TRIES
    ) -> Conversation[rep.Reply]:
        """Send a command and return its reply, repeated as often as `tries` says, byte for byte."""
        frame = Frame(self.address, self._sequence, command.code, command.payload(), security=block)
        if self._session is not None:
            frame, self._session = sc.seal(self._session, frame)
        for _ in range(tries):
            answer = yield Ask(self.address, frame.encode())
            if answer is not None and answer.sequence == self._sequence and answer.code != rep.Busy.code:
                self._sequence = self._sequence % 3 + 1
                return self._opened(answer)
        raise BenchError(
            f"nothing answers at address {self.address}: look at power, the two data wires (swapped?), the baud rate "
            "and the address"
        )

    def _opened(self, answer: Frame) -> rep.Reply:
        try:
            if self._session is not None and answer.code != rep.Nak.code:
                answer, self._session = sc.unseal(self._session, answer)
            return rep.parse_reply(answer.code, answer.payload)
        except (SecurityError, MessageError) as error:
            raise BenchError(f"what answers at address {self.address} breaks the channel: {error}") from error

    def _reset(self) -> None:
        """Sequence 0 makes the peripheral forget its session, too."""
        self._sequence, self._session = 0, None
