"""Checkpoints (C2SP tlog-checkpoint): how large the log was and what its root was, signed; and cosigned by witnesses.

A witness's signature is C2SP cosignature/v1: it also says when the witness saw the checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass

from controller.ledger.merkle import HASH_BYTES
from controller.ledger.note import (
    COSIGNATURE_V1,
    BadNote,
    Note,
    Signature,
    SignerKey,
    VerifierKey,
    is_signed_by,
    parse_note,
    sign_note,
)

_STAMP = struct.Struct(">Q")
_LINES = 3
"""Origin, size, root."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The first ``size`` entries of the log named ``origin`` have this Merkle root (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the lines that are signed."""
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint. Raises ``BadNote``."""
    lines = text.split("\n")
    if len(lines) <= _LINES or lines.pop() or not all(lines):
        raise BadNote("no checkpoint: it has too few lines, or an empty one")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size) or len(_decoded(root)) != HASH_BYTES:
        raise BadNote("no checkpoint: its lines are not an origin, a size and a root")
    return Checkpoint(origin, int(size), _decoded(root), tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, key: SignerKey) -> str:
    """Return the signed note. The log signs under its own name."""
    return str(sign_note(checkpoint.text(), key))


def open_checkpoint(written: str, key: VerifierKey | None) -> Checkpoint:
    """Read a checkpoint that the log with this key signed (any log for None, unchecked). Raises ``BadNote``."""
    note = parse_note(written)
    checkpoint = parse_checkpoint(note.text)
    if key is not None and checkpoint.origin != key.name:
        raise BadNote(f"the checkpoint is of another log: {checkpoint.origin}")
    if key is not None and not is_signed_by(note, key):
        raise BadNote("the checkpoint is not signed by the log's key")
    return checkpoint


def cosign(written: str, key: SignerKey, at: int) -> str:
    """Return the note with a witness's signature at the end, in place of an older one by the same key.

    ``at``: seconds since 1970, UTC. Whether the checkpoint deserves it is `controller.ledger.witness`'s to say.
    """
    note, verifier = parse_note(written), key.verifier
    value = _STAMP.pack(at) + key.sign(_cosigned_bytes(note, at))
    others = [each for each in note.signatures if (each.name, each.key_id) != (key.name, verifier.key_id)]
    return str(Note(note.text, (*others, Signature(key.name, verifier.key_id, value))))


def cosigned_at(written: str, key: VerifierKey) -> int | None:
    """Return when the witness with this key cosigned (seconds since 1970), the newest; None if it did not."""
    note = parse_note(written)
    found = [_stamp(note, key, value) for value in key.signatures_of(note)] if key.kind == COSIGNATURE_V1 else []
    return max((stamp for stamp in found if stamp is not None), default=None)


def _stamp(note: Note, key: VerifierKey, value: bytes) -> int | None:
    if len(value) <= _STAMP.size:
        return None
    (at,) = _STAMP.unpack_from(value)
    return at if key.verifies(_cosigned_bytes(note, at), value[_STAMP.size :]) else None


def _cosigned_bytes(note: Note, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{note.text}".encode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
