"""A film or a picture on the disk: chunks under AES-256-GCM whose order and end are sealed as well.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce counts the chunks and says which is the
last, so that chunks cannot be swapped, left out or cut off unnoticed. Each file has a random key of its own, wrapped
under the key of its camera and day: destroying that one ends all of them, shredding the head ends one.

    magic | length of the label (2) | label | nonce (12) | wrapped key (48) | { length (4) | chunk }*
"""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"OSTREC01"
KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
CHUNK = 64 * 1024
"""Bytes in clear that make a chunk; a flush makes a smaller one."""
LONGEST_CHUNK = CHUNK + TAG_BYTES
LONGEST_LABEL = 200


class SealedError(ValueError):
    """This is no sealed file, or not one that this key opens."""


class Damaged(SealedError):
    """A chunk is not the one that was written there."""


class BrokenOff(SealedError):
    """The last chunk is missing: the file was cut, or whoever wrote it was killed."""


class Sealer:
    """Writes one sealed file. ``label`` says under which key; whoever opens it must give the same."""

    def __init__(self, file: BinaryIO, key: bytes, label: str) -> None:
        own = os.urandom(KEY_BYTES)
        nonce, name = os.urandom(NONCE_BYTES), label.encode()
        head = MAGIC + struct.pack(">H", len(name)) + name
        file.write(head + nonce + AESGCM(key).encrypt(nonce, own, head))
        self._file, self._cipher = file, AESGCM(own)
        self._waiting, self._chunks = bytearray(), 0

    def write(self, content: bytes) -> int:
        """Take content; whole chunks go to the file at once."""
        self._waiting += content
        while len(self._waiting) > CHUNK:
            self._chunk(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(content)

    def flush(self) -> None:
        """Write what waits, as a chunk of its own: what is in the file survives whatever happens next."""
        if self._waiting:
            self._chunk(bytes(self._waiting), last=False)
            self._waiting.clear()

    def finish(self) -> None:
        """Write the last chunk, which says that it is the last."""
        self._chunk(bytes(self._waiting), last=True)

    def _chunk(self, clear: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._chunks, last=last), clear, None)
        self._file.write(struct.pack(">I", len(sealed)) + sealed)
        self._chunks += 1


def unsealed(file: BinaryIO, key: bytes, label: str) -> Iterator[bytes]:
    """Yield what was written, chunk by chunk. Raises ``SealedError``, ``Damaged``, and ``BrokenOff`` after the rest."""
    cipher = _opened(file, key, label)
    number = 0
    while True:
        prefix = file.read(4)
        length = struct.unpack(">I", prefix)[0] if len(prefix) == 4 else 0
        sealed = file.read(length) if TAG_BYTES <= length <= LONGEST_CHUNK else b""
        if len(prefix) == 4 and not TAG_BYTES <= length <= LONGEST_CHUNK:
            raise Damaged(f"chunk {number} has no length that was written there")
        if len(prefix) < 4 or len(sealed) < length:
            raise BrokenOff(f"it ends after {number} chunks, and none of them is the last")
        clear, last = _chunk(cipher, number, sealed)
        yield clear
        number += 1
        if last:
            if file.read(1):
                raise Damaged("something follows the last chunk")
            return


def _opened(file: BinaryIO, key: bytes, label: str) -> AESGCM:
    head = file.read(len(MAGIC) + 2)
    length = struct.unpack(">H", head[-2:])[0] if len(head) == len(MAGIC) + 2 else 0
    if not head.startswith(MAGIC) or length > LONGEST_LABEL:
        raise SealedError("this is no sealed recording")
    name = file.read(length)
    if name.decode(errors="replace") != label:
        raise SealedError(f"this recording says that it is of {name.decode(errors='replace')!r}")
    nonce, wrapped = file.read(NONCE_BYTES), file.read(KEY_BYTES + TAG_BYTES)
    try:
        return AESGCM(AESGCM(key).decrypt(nonce, wrapped, head + name))
    except (InvalidTag, ValueError) as error:
        raise SealedError("this recording does not open with that key") from error


def _chunk(cipher: AESGCM, number: int, sealed: bytes) -> tuple[bytes, bool]:
    for last in (False, True):
        try:
            return cipher.decrypt(_nonce(number, last=last), sealed, None), last
        except InvalidTag:
            continue
    raise Damaged(f"chunk {number} is not the one that was written there")


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([last])
