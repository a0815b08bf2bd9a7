"""What an outside witness does: cosign only what contains everything it saw before.

A request is the body of C2SP tlog-witness's add-checkpoint: ``old SIZE``, the consistency proof, an empty line, the
checkpoint. Carried by file, a bundle, it may be followed by another empty line and the hashes of the leaves since
``SIZE``: with them a witness's copy names the very entry that was changed, not only the stretch it lies in.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum

from controller.ledger.checkpoint import Checkpoint, open_checkpoint
from controller.ledger.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, consistency_holds
from controller.ledger.note import VerifierKey

MAX_PROOF = 63

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_LEAST_PARTS, _MOST_PARTS = 3, 4


class BadBundle(ValueError):
    """No bundle: the sentence says why."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A signed checkpoint, and the proof that it extends the log's first ``old`` entries.

    ``leaves``: the leaf hashes since then, one after the other; None where they were not sent along.
    """

    old: int
    proof: tuple[bytes, ...]
    note: str
    leaves: bytes | None = None

    def text(self) -> str:
        """Return the bundle as it is written."""
        head = "".join([f"old {self.old}\n", *map(_line, self.proof)])
        return f"{head}\n{self.note}" + ("" if self.leaves is None else "\n" + "".join(map(_line, split(self.leaves))))


@dataclass(frozen=True, slots=True)
class Held:
    """What the witness cosigned last. Before the first: no entry, and no origin."""

    origin: str | None = None
    size: int = 0
    root: bytes = EMPTY_ROOT


class Refusal(StrEnum):
    """Why a checkpoint is not cosigned."""

    OTHER_LOG = "it is a checkpoint of another log"
    SMALLER = "truncated: it counts fewer entries than the witness saw"
    FORKED = "rewritten: it does not contain what the witness saw"
    NOT_FROM_HERE = "its proof does not begin where the witness stopped"
    LEAVES = "the leaves sent along are not those of the checkpoint"


def consider(held: Held, bundle: Bundle, log: VerifierKey) -> Checkpoint | Refusal:
    """Return the checkpoint to cosign, or why not. Raises ``BadNote`` where the log's key did not sign it."""
    checkpoint = open_checkpoint(bundle.note, log)
    if held.origin not in (None, checkpoint.origin):
        return Refusal.OTHER_LOG
    if checkpoint.size < held.size:
        return Refusal.SMALLER
    if checkpoint.size == held.size and checkpoint.root != held.root:
        return Refusal.FORKED
    if bundle.old != held.size:
        return Refusal.NOT_FROM_HERE
    if not consistency_holds(held.size, held.root, checkpoint.size, checkpoint.root, bundle.proof):
        return Refusal.FORKED
    return checkpoint


def leaves_match(leaves: bytes, checkpoint: Checkpoint) -> bool:
    """Tell whether these leaf hashes, from the first on, are those of the checkpoint."""
    if len(leaves) != checkpoint.size * HASH_BYTES:
        return False
    frontier = Frontier()
    for leaf in split(leaves):
        frontier.append(leaf)
    return frontier.root() == checkpoint.root


def parse_bundle(written: str) -> Bundle:
    """Read a bundle. Raises ``BadBundle`` or ``BadNote``."""
    parts = written.split("\n\n")
    if not _LEAST_PARTS <= len(parts) <= _MOST_PARTS:
        raise BadBundle("no bundle: it is not a proof, an empty line and a signed checkpoint")
    old, *proof = parts[0].split("\n")
    size = _OLD.fullmatch(old)
    if size is None or len(proof) > MAX_PROOF:
        raise BadBundle("no bundle: it does not begin with the size of the older log, and a proof")
    if len(parts) == _LEAST_PARTS:
        return Bundle(int(size[1]), tuple(map(_hash, proof)), f"{parts[1]}\n\n{parts[2]}")
    note = f"{parts[1]}\n\n{parts[2]}\n"
    leaves = b"".join(map(_hash, parts[3].split("\n")[:-1]))
    return Bundle(int(size[1]), tuple(map(_hash, proof)), note, leaves)


def split(hashes: bytes) -> list[bytes]:
    """Return the hashes one by one."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def _line(each: bytes) -> str:
    return base64.b64encode(each).decode() + "\n"


def _hash(line: str) -> bytes:
    try:
        found = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadBundle("no bundle: what should be a hash is not") from error
    if len(found) != HASH_BYTES:
        raise BadBundle("no bundle: what should be a hash is not")
    return found
