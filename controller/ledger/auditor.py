"""Check the log of an Ostiary box without trusting Ostiary: one file, the standard library and ``cryptography``.

It shares no code with the product, so that it can be read alone, from ``docs/log.md``, in a quarter of an hour.

    python auditor.py ostiary.db [--checkpoints checkpoints.db] [--checkpoint FILE] [--log-key KEY] [--witness-key KEY]

``--checkpoint`` is what an outside witness cosigned; the leaf hashes it kept are looked for beside it (FILE.leaves). A
KEY is the text of a public key, or a file that holds it. Exit code 0: ``intact: N entries, head HASH``; 1: ``first bad
entry: seq N: REASON``; 2: something cannot be read, or is not signed by whom it should be.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import sqlite3
import struct
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, WITNESS = 0x01, 0x04
HASH, KEY_ID, KEY, STAMP = 32, 4, 32, 8
OWN, THEIRS = "its own checkpoint", "the witness"
ENTRIES = "SELECT seq, kind, version, wall, mono, boot, body, leaf, chain FROM event ORDER BY seq"


class Unusable(Exception):
    """Something cannot be read, or is not signed by whom it should be."""


class Bad(Exception):
    """The first bad entry: its number, and why."""


class Key(NamedTuple):
    """A public key, and the name it signs under."""

    name: str
    kind: int
    public: bytes


@dataclass
class Said:
    """Somebody saw ``size`` entries with this root (None: no signature bears it out), maybe with these leaves."""

    size: int
    root: bytes | None
    by: str
    leaves: bytes = b""


def sha256(*parts: bytes) -> bytes:
    """Return the SHA-256 hash of the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def decoded(text: str) -> bytes:
    """Return the bytes of a base64 text."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Unusable("what should be base64 is not") from error


# Keys and signatures: C2SP signed-note, tlog-checkpoint, tlog-cosignature.


def key_id(key: Key) -> bytes:
    """Return the four bytes that signature lines name a key by."""
    return sha256(key.name.encode(), b"\n", bytes([key.kind]), key.public)[:KEY_ID]


def read_key(given: str, kind: int) -> Key:
    """Read ``name+id+base64``, or the file that holds it."""
    text = (Path(given).read_text() if Path(given).is_file() else given).strip()
    name, _, rest = text.partition("+")
    hexes, _, encoded = rest.partition("+")
    raw = decoded(encoded)
    key = Key(name, kind, raw[1:])
    if len(raw) != 1 + KEY or raw[0] != kind or key_id(key).hex() != hexes:
        raise Unusable(f"no public key of a {'log' if kind == LOG else 'witness'}: {text}")
    return key


def is_good(key: Key, message: bytes, signature: bytes) -> bool:
    """Tell whether the key made this Ed25519 signature."""
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def signatures(note: str, key: Key) -> list[bytes]:
    """Return what stands in the note as signed by this key."""
    found = []
    for line in note.rpartition("\n\n")[2].splitlines():
        dash, name, encoded = (*line.split(" "), "", "")[:3]
        raw = decoded(encoded) if (dash, name) == ("—", key.name) else b""
        if raw[:KEY_ID] == key_id(key):
            found.append(raw[KEY_ID:])
    return found


def signed_by_log(note: str, key: Key) -> bool:
    """Tell whether the log signed this checkpoint, under its own name."""
    text, found = text_of(note), signatures(note, key)
    return text.split("\n")[0] == key.name and bool(found) and all(is_good(key, text.encode(), each) for each in found)


def cosigned_by(note: str, key: Key) -> bool:
    """Tell whether the witness cosigned this checkpoint; its signature begins with the time it did so."""
    for each in signatures(note, key):
        (at,) = struct.unpack(">Q", each[:STAMP].rjust(STAMP, b"\0"))
        if is_good(key, f"cosignature/v1\ntime {at}\n{text_of(note)}".encode(), each[STAMP:]):
            return True
    return False


def text_of(note: str) -> str:
    """Return the lines that are signed."""
    return note.rpartition("\n\n")[0] + "\n"


def claims(note: str) -> tuple[int, bytes]:
    """Return the size and the root that a checkpoint claims."""
    lines = text_of(note).split("\n")
    if len(lines) <= 3 or not lines[1].isdecimal() or len(decoded(lines[2])) != HASH:  # origin, size, root
        raise Unusable("no checkpoint")
    return int(lines[1]), decoded(lines[2])


# The Merkle tree: RFC 6962, section 2.1.


def grown(peaks: list[bytes], size: int, leaf: bytes) -> None:
    """Add one leaf to the roots of the perfect subtrees of a tree that had ``size`` leaves."""
    while size % 2:
        leaf = sha256(b"\x01", peaks.pop(), leaf)
        size //= 2
    peaks.append(leaf)


def root_of(peaks: list[bytes]) -> bytes:
    """Return the root over the perfect subtrees."""
    root = peaks[-1] if peaks else sha256()
    for peak in reversed(peaks[:-1]):
        root = sha256(b"\x01", peak, root)
    return root


# What was said about the log.


def own_checkpoints(path: Path, key: Key | None) -> list[Said]:
    """Return the checkpoints that the box keeps of itself."""
    if not path.exists():
        return []
    with closing(opened(path)) as database:
        made = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoint'").fetchall()
        rows = database.execute("SELECT size, note FROM checkpoint").fetchall() if made else []
    if rows and key is None:
        raise Unusable(f"{path} can be checked with the log's public key only: give --log-key")
    return [Said(size, root_claimed(size, str(note), key), OWN) for size, note in rows if key is not None]


def root_claimed(size: int, note: str, key: Key) -> bytes | None:
    """Return the root of a checkpoint of that size which the log signed, else None."""
    try:
        claimed, root = claims(note)
        return root if claimed == size and signed_by_log(note, key) else None
    except Unusable:
        return None


def witnessed(path: Path, log: Key | None, witness: Key | None) -> Said:
    """Return what the witness cosigned, and the leaves it kept."""
    note = path.read_text(encoding="utf-8")
    size, root = claims(note)
    if log is not None and not signed_by_log(note, log):
        raise Unusable("the checkpoint is not signed by the log's key")
    if witness is not None and not cosigned_by(note, witness):
        raise Unusable("the checkpoint is not cosigned by the witness's key")
    beside = path.with_name(path.name + ".leaves")
    leaves = beside.read_bytes()[: size * HASH] if beside.exists() else b""
    peaks: list[bytes] = []
    for at in range(len(leaves) // HASH):
        grown(peaks, at, leaves[at * HASH : (at + 1) * HASH])
    if leaves and (len(leaves) != size * HASH or root_of(peaks) != root):
        raise Unusable(f"{beside} does not hold the leaves of {path}")
    return Said(size, root, THEIRS, leaves)


# The log itself.


def opened(path: Path) -> sqlite3.Connection:
    """Open a database, so that it cannot be written to."""
    if not path.exists():
        raise Unusable(f"there is no {path}")
    database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    database.text_factory = lambda raw: raw.decode(errors="replace")
    return database


def sound_leaves(path: Path, heads: list[bytes]) -> Iterator[bytes]:
    """Return the leaf hashes of entries that are sound in themselves; ``heads[0]`` is the last chain hash."""
    expected = 1
    with closing(opened(path)) as database:
        for seq, kind, version, wall, mono, boot, body, leaf, chain in database.execute(ENTRIES):
            if seq != expected:
                first = seq < expected
                raise Bad(min(seq, expected), "its number comes before the first" if first else missing(seq))
            if not all(isinstance(each, bytes) for each in (body, leaf, chain)):
                raise Bad(seq, "its bytes were rewritten as text")
            header = f"{seq}\n{kind}\n{version}\n{wall}\n{mono}\n{boot}\n"
            if sha256(b"\x00", header.encode(), body) != leaf:
                raise Bad(seq, "its content does not match its leaf hash")
            heads[0] = sha256(heads[0], leaf)
            if heads[0] != chain:
                raise Bad(seq, "its chain hash does not follow from the entries before it")
            yield leaf
            expected += 1


def missing(seq: int) -> str:
    """Return the reason for a gap before ``seq``."""
    return f"missing: the next entry found is {seq}"


def check(path: Path, said: list[Said]) -> tuple[int, bytes]:
    """Return how many entries there are, and the last chain hash. Raises ``Bad``."""
    left = sorted((each for each in said if each.size > 0), key=lambda each: each.size)
    heads, peaks, size, agreed = [bytes(HASH)], list[bytes](), 0, 0
    for leaf in sound_leaves(path, heads):
        for each in said:
            seen = each.leaves[size * HASH : (size + 1) * HASH]
            if seen and seen != leaf:
                raise Bad(size + 1, f"rewritten: it is not the entry that {each.by} saw")
        grown(peaks, size, leaf)
        size += 1
        while left and left[0].size == size:
            agreed = compared(left.pop(0), root_of(peaks), agreed)
    if left:
        most = left[-1]
        cut = f"truncated: {size} entries, {most.by} saw {most.size}"
        raise Bad(size + 1, cut if most.root is not None else unsigned(most))
    return size, heads[0]


def compared(said: Said, root: bytes, agreed: int) -> int:
    """Return the size up to which the log is agreed upon. Raises ``Bad``."""
    if said.root is None:
        raise Bad(said.size, unsigned(said))
    if said.root == root:
        return said.size
    one = "it is" if agreed + 1 >= said.size else f"it, or one up to seq {said.size}, is"
    raise Bad(min(agreed + 1, said.size), f"rewritten: {one} not the entry that {said.by} saw")


def unsigned(said: Said) -> str:
    """Return the reason for a checkpoint that nobody signed."""
    return f"{said.by} of {said.size} entries is not signed by the log's key"


def main(arguments: list[str] | None = None) -> int:
    """Check what the command line names, print the verdict, and return the exit code."""
    parser = argparse.ArgumentParser(description="Check the log of an Ostiary box without trusting Ostiary.")
    parser.add_argument("database", type=Path, help="ostiary.db")
    parser.add_argument("--checkpoints", type=Path, help="the box's own (default: checkpoints.db beside it)")
    parser.add_argument("--checkpoint", type=Path, help="what a witness cosigned")
    parser.add_argument("--log-key", help="the log's public key, or a file")
    parser.add_argument("--witness-key", help="the witness's public key, or a file")
    given = parser.parse_args(arguments)
    try:
        log = read_key(given.log_key, LOG) if given.log_key else None
        witness = read_key(given.witness_key, WITNESS) if given.witness_key else None
        said = own_checkpoints(given.checkpoints or given.database.with_name("checkpoints.db"), log)
        if given.checkpoint:
            said.append(witnessed(given.checkpoint, log, witness))
        entries, head = check(given.database, said)
    except Bad as bad:
        sys.stdout.write(f"first bad entry: seq {bad.args[0]}: {bad.args[1]}\n")
        return 1
    except (Unusable, OSError, UnicodeDecodeError, sqlite3.Error) as error:
        sys.stderr.write(f"cannot be checked: {error}\n")
        return 2
    sys.stdout.write(f"intact: {entries} entries, head {head.hex()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
