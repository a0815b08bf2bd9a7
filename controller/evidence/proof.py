"""The log's side of evidence: a checkpoint of now, entries with their proofs, and what a witness saw. Slow."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from controller.core import Core
from controller.ledger.checkpoint import open_checkpoint
from controller.ledger.entry import leaf_hash
from controller.ledger.merkle import consistency_ranges
from controller.ledger.note import BadNote, SignerKey
from controller.ledger.proofs import Leaves
from controller.notary import Notary, NotTheLog, log_key
from controller.runtime.evidence import NotHandedOut
from controller.store.checkpoints import stored_leaves
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.place import log_place
from controller.store.schema import EVENT

CHANGED = "the log is not the one that was signed before: nothing is handed out; audit it first (docs/auditor.md)"


@dataclass(frozen=True, slots=True)
class Proof:
    """A signed checkpoint, entries that are proven to be in it, and how it continues what a witness saw."""

    key: SignerKey
    note: str
    size: int
    entries: list[dict[str, Any]]
    witness: dict[str, Any] | None


def proof_of(core: Core, numbers: Iterable[int], witness: str) -> Proof:
    """Sign the log as it is, and prove these entries. Raises ``NotHandedOut``."""
    try:
        key, note = _signed(core)
        size = open_checkpoint(note, key.verifier).size
    except (BadNote, NotTheLog) as error:
        raise NotHandedOut(CHANGED) from error
    engine = reading_engine(log_place(core.folder, core.keystore.secrets))
    leaves = Leaves(stored_leaves(engine, 0, size))
    if leaves.root() != open_checkpoint(note, None).root:
        raise NotHandedOut(CHANGED)
    entries = []
    for row in stored_entries(engine, EVENT.c.seq.in_(sorted(set(numbers)))):
        entry = row.entry
        if leaf_hash(entry) != row.leaf or not row.as_written:
            raise NotHandedOut(CHANGED)
        entries.append(
            {
                "seq": entry.seq,
                "kind": entry.kind,
                "version": entry.version,
                "wall": entry.wall,
                "mono": entry.mono,
                "boot": entry.boot,
                "body": base64.b64encode(entry.body).decode(),
                "proof": [step.hex() for step in leaves.inclusion(entry.seq - 1)],
            }
        )
    return Proof(key, note, size, entries, _continued(leaves, witness, key) if witness else None)


def check_witness(core: Core, witness: str) -> None:
    """Look whether this is a checkpoint of this log, before anybody agrees. Raises ``NotHandedOut``."""
    try:
        open_checkpoint(witness, log_key(core.folder, core.keystore.secrets).verifier)
    except BadNote as error:
        raise NotHandedOut(f"the witness's file is no checkpoint of this log: {error}") from error


def _signed(core: Core) -> tuple[SignerKey, str]:
    notary = Notary(core.folder, core.keystore.secrets)
    try:
        notary.take_up()
        return log_key(core.folder, core.keystore.secrets), notary.sign()
    finally:
        notary.close()


def _continued(leaves: Leaves, witness: str, key: SignerKey) -> dict[str, Any]:
    try:
        seen = open_checkpoint(witness, key.verifier)
    except BadNote as error:
        raise NotHandedOut(f"the witness's file is no checkpoint of this log: {error}") from error
    if not 0 < seen.size <= len(leaves) or leaves.root(0, seen.size) != seen.root:
        raise NotHandedOut("the log does not contain what the witness saw: nothing is handed out; audit it first")
    steps = leaves.roots(consistency_ranges(seen.size, len(leaves)))
    return {"size": seen.size, "proof": [step.hex() for step in steps]}
