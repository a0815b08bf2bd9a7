"""Signed notes (C2SP signed-note): a text, an empty line, and lines that sign it.

Keys are texts, as Go's checksum database writes them: ``name+id+base64`` to verify, ``PRIVATE+KEY+name+id+base64`` to
sign; the id is the first four bytes of ``SHA-256(name || 0x0A || kind || public key)``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE_V1 = 0x04
KINDS = (ED25519, COSIGNATURE_V1)

KEY_BYTES = 32
KEY_ID_BYTES = 4
MAX_NOTE = 1_000_000
MAX_SIGNATURES = 100

_PRIVATE = "PRIVATE+KEY+"
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_NAME = re.compile(r"[^\s+]+")


class BadNote(ValueError):
    """No signed note, no key, or not signed by whom it should be; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says to have signed, and the bytes."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a newline, and its signatures, unchecked."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Return the note as it is written."""
        return self.text + "\n" + "".join(map(signature_line, self.signatures))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under. ``kind``: plain Ed25519 (a log) or cosignature/v1 (a witness)."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that signature lines name this key by."""
        material = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(material).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """Return the key's text."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    def signatures_of(self, note: Note) -> list[bytes]:
        """Return what this key says to have signed."""
        return [each.value for each in note.signatures if (each.name, each.key_id) == (self.name, self.key_id)]

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether this key made that Ed25519 signature."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key and the name it signs under."""

    name: str
    kind: int
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """Return the public half."""
        return VerifierKey(self.name, self.kind, self._private().public_key().public_bytes_raw())

    def text(self) -> str:
        """Return the private key's text: a secret."""
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_base64(bytes([self.kind]) + self.seed)}"

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (64 bytes)."""
        return self._private().sign(message)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def parse_note(written: str) -> Note:
    """Take a note apart. Raises ``BadNote``."""
    if len(written) > MAX_NOTE or _CONTROL.search(written):
        raise BadNote("no signed note: too long, or not plain text")
    text, gap, lines = written.rpartition("\n\n")
    if not gap or not text or not lines.endswith("\n"):
        raise BadNote("no signed note: no empty line before its signatures, or its end is missing")
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise BadNote(f"more than {MAX_SIGNATURES} signatures")
    return Note(text + "\n", signatures)


def sign_note(text: str, key: SignerKey) -> Note:
    """Return the text, signed. It must end in a newline and hold no other control character."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise BadNote("only plain text that ends in a newline can be signed")
    return Note(text, (Signature(key.name, key.verifier.key_id, key.sign(text.encode())),))


def is_signed_by(note: Note, key: VerifierKey) -> bool:
    """Tell whether this key signed the note; false also where one of several signatures under its id is wrong."""
    found = key.signatures_of(note)
    return key.kind == ED25519 and bool(found) and all(key.verifies(note.text.encode(), each) for each in found)


def signature_line(signature: Signature) -> str:
    """Return the line, with its newline."""
    return f"— {signature.name} {_base64(signature.key_id + signature.value)}\n"


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a public key's text. Raises ``BadNote``."""
    name, key_id, kind, public = _key_parts(text.strip(), "public")
    key = VerifierKey(name, kind, public)
    if key.key_id.hex() != key_id:
        raise BadNote("no public key: its id is not that of its bytes")
    return key


def parse_signer_key(text: str) -> SignerKey:
    """Read a private key's text. Raises ``BadNote``."""
    stripped = text.strip()
    if not stripped.startswith(_PRIVATE):
        raise BadNote(f"no private key: it does not begin with {_PRIVATE}")
    name, key_id, kind, seed = _key_parts(stripped.removeprefix(_PRIVATE), "private")
    key = SignerKey(name, kind, seed)
    if key.verifier.key_id.hex() != key_id:
        raise BadNote("no private key: its id is not that of its bytes")
    return key


def _key_parts(text: str, sort: str) -> tuple[str, str, int, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    material = _decoded(encoded)
    if not _NAME.fullmatch(name) or len(material) != 1 + KEY_BYTES or material[0] not in KINDS:
        raise BadNote(f"no {sort} key: it is not written name+id+base64, or of no kind known here")
    return name, key_id, material[0], material[1:]


def _signature(line: str) -> Signature:
    found = _SIGNATURE.fullmatch(line)
    value = _decoded(found[2]) if found else b""
    if found is None or len(value) <= KEY_ID_BYTES:
        raise BadNote("no signed note: a line that should sign it does not")
    return Signature(found[1], value[:KEY_ID_BYTES], value[KEY_ID_BYTES:])


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("what should be base64 is not") from error
