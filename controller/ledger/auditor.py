"""Check the log of an Ostiary box without trusting Ostiary: one file, the standard library and ``cryptography``.

It shares no code with the product, so that it can be read alone, from ``docs/log.md``, in a quarter of an hour.

    python auditor.py ostiary.db [--checkpoints checkpoints.db] [--checkpoint FILE] [--log-key KEY] [--witness-key KEY]
    python auditor.py evidence.zip --log-key KEY [--witness-key KEY]

The second checks evidence that a box handed out, a ZIP file or its folder (``docs/evidence.md``). ``--checkpoint`` is
what an outside witness cosigned; the leaf hashes it kept are looked for beside it (FILE.leaves). A KEY is the text of a
public key, or a file that holds it. Exit code 0: ``intact: …``; 1: ``first bad entry: seq N: REASON`` or, of evidence,
``first bad file: NAME: REASON``; 2: something cannot be read, or is not signed by whom it should be.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sqlite3
import struct
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, WITNESS = 0x01, 0x04
HASH, KEY_ID, KEY, STAMP = 32, 4, 32, 8
OWN, THEIRS = "its own checkpoint", "the witness"
EVIDENCE = "ostiary evidence 1"
MANIFEST, NOTE, CHECKPOINT, WITNESSED = "manifest.json", "manifest.note", "checkpoint.txt", "witness.txt"
LOGGED = "entries.json"
LARGEST = 64 * 1024 * 1024
NAMED = {"clip_recorded": "clip", "still_recorded": "still"}
ENTRIES = "SELECT seq, kind, version, wall, mono, boot, body, leaf, chain FROM event ORDER BY seq"


class Unusable(Exception):
    """Something cannot be read, or is not signed by whom it should be."""


class Bad(Exception):
    """The first bad entry: its number, and why."""


class BadFile(Exception):
    """The first bad file of what was handed out as evidence: its name, and why."""


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


# Evidence that was handed out.


class Package:
    """A folder or a ZIP file of evidence: plain files side by side, each name once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip = None if path.is_dir() else zipfile.ZipFile(path)
        if self._zip is not None:
            self.names = [each.filename for each in self._zip.infolist()]
        else:
            self.names = [each.name for each in path.iterdir()]
        for name in self.names:
            folder = self._zip is None and ((path / name).is_symlink() or not (path / name).is_file())
            if folder or "/" in name:
                raise BadFile(name, "it is no plain file")
            if self.names.count(name) > 1:
                raise BadFile(name, "it is there twice")

    def opened(self, name: str) -> BinaryIO:
        """Open one file. Raises ``BadFile`` where there is none."""
        if name not in self.names:
            raise BadFile(name, "it is missing")
        return (self._path / name).open("rb") if self._zip is None else self._zip.open(name)  # type: ignore[return-value]

    def read(self, name: str) -> bytes:
        """Return a small file's bytes."""
        with self.opened(name) as file:
            return file.read(LARGEST)

    def measured(self, name: str) -> tuple[int, str]:
        """Return a file's size and its SHA-256 (hex)."""
        digest, size = hashlib.sha256(), 0
        with self.opened(name) as file:
            while part := file.read(1024 * 1024):
                digest.update(part)
                size += len(part)
        return size, digest.hexdigest()


def check_evidence(path: Path, log: Key | None, witness: Key | None) -> str:
    """Return what a package of evidence holds. Raises ``BadFile``."""
    if log is None:
        raise Unusable("evidence can be checked with the log's public key only: give --log-key")
    package, name = Package(path), MANIFEST
    try:
        manifest = signed_manifest(package, log)
        listed(package, manifest)
        name = CHECKPOINT
        size, root = of_the_log(package, CHECKPOINT, log)
        name = LOGGED
        entries = proven(json.loads(package.read(LOGGED)), size, root)
        name = MANIFEST
        shown = handed_out(manifest, entries)
        name = WITNESSED
        seen = cosigned(package, manifest, log, witness, size, root)
    except (ValueError, KeyError, TypeError, AttributeError, Unusable) as error:
        raise BadFile(name, "it is not written as it should be") from error
    except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise BadFile(name, "its bytes are damaged") from error
    return f"intact: {shown}, {len(entries)} entries, checkpoint of {size} entries{seen}"


def signed_manifest(package: Package, log: Key) -> dict[str, Any]:
    """Return the manifest that the log's key signed by its hash."""
    note = package.read(NOTE).decode()
    found = signatures(note, log)
    if not found or not all(is_good(log, text_of(note).encode(), each) for each in found):
        raise BadFile(NOTE, "it is not signed by the log's key")
    written = package.read(MANIFEST)
    if text_of(note) != f"{EVIDENCE}\n{log.name}\n{hashlib.sha256(written).hexdigest()}\n":
        raise BadFile(MANIFEST, "it is not the one that was signed")
    manifest: dict[str, Any] = json.loads(written)
    return manifest


def listed(package: Package, manifest: dict[str, Any]) -> None:
    """Check that there is every file that the manifest lists, as it was, and no other."""
    files = {each["name"]: (each["size"], each["sha256"]) for each in manifest["files"]}
    for name, was in files.items():
        try:
            if package.measured(name) != was:
                raise BadFile(name, "it is not the file that was handed out: its SHA-256 is another")
        except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
            raise BadFile(name, "its bytes are damaged") from error
    for name in sorted(set(package.names) - files.keys() - {MANIFEST, NOTE}):
        raise BadFile(name, "it was added")


def of_the_log(package: Package, name: str, log: Key) -> tuple[int, bytes]:
    """Return size and root of a checkpoint that the log signed."""
    note = package.read(name).decode()
    if not signed_by_log(note, log):
        raise BadFile(name, "it is not signed by the log's key")
    return claims(note)


def proven(told: list[dict[str, Any]], size: int, root: bytes) -> dict[int, tuple[str, dict[str, Any]]]:
    """Return kind and content of each entry by its number, all of them proven to be in the log."""
    found = {}
    for each in told:
        seq, body = each["seq"], decoded(each["body"])
        header = f"{seq}\n{each['kind']}\n{each['version']}\n{each['wall']}\n{each['mono']}\n{each['boot']}\n"
        leaf = sha256(b"\x00", header.encode(), body)
        if climbed(leaf, seq - 1, size, [bytes.fromhex(step) for step in each["proof"]]) != root:
            raise BadFile(LOGGED, f"entry {seq} is not in the log that was signed")
        found[seq] = (each["kind"], json.loads(body)["event"])
    return found


def climbed(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to (RFC 9162, 2.1.3.2); None where it has not the right length."""
    last = size - 1
    if not 0 <= index <= last:
        return None
    for step in proof:
        if last == 0:
            return None
        if index % 2 or index == last:
            leaf = sha256(b"\x01", step, leaf)
            while index and not index % 2:
                index, last = index // 2, last // 2
        else:
            leaf = sha256(b"\x01", leaf, step)
        index, last = index // 2, last // 2
    return leaf if last == 0 else None


def handed_out(manifest: dict[str, Any], entries: dict[int, tuple[str, dict[str, Any]]]) -> str:
    """Check that there is just what the log says was handed out, and each film as the log says it was recorded."""
    kind, told = entries.get(manifest["export"], ("", {}))
    same = ("operator", "second", "purpose", "case", "records", "pixelated")
    shown = manifest["recordings"]
    named = [each["recording"] for each in shown]
    masked = manifest.get("masked", False)
    if kind != "evidence_exported" or told.get("masked", False) != masked or any(told[n] != manifest[n] for n in same):
        raise BadFile(MANIFEST, "it is not what the log says was handed out")
    if sorted(told["recordings"]) != sorted(named) or not set(told["records"]) <= entries.keys():
        raise BadFile(MANIFEST, "it does not hold all that the log says was handed out, or more")
    files = {each["name"]: each["sha256"] for each in manifest["files"]}
    for each in shown:
        kind, film = entries.get(each["entry"], ("", {}))
        if film.get(NAMED.get(kind, "")) != each["recording"] or film["digest"] != each["sha256"]:
            raise BadFile(each["file"], "the log does not say that it was recorded so")
        if (each["copy"] is not None) not in ({True} if manifest["pixelated"] else {False, masked}):
            raise BadFile(each["file"], "it is a copy where the film itself was handed out, or the other way round")
        if each["copy"] is None and files[each["file"]] != film["digest"]:
            raise BadFile(each["file"], "it is not what was recorded: the log has another SHA-256")
    copies = sum(each["copy"] is not None for each in shown)
    how = " and ".join(word for word in ("masked", "pixelated") if manifest.get(word))
    return f"{len(shown)} recordings" + (f" ({copies} of them {how} copies)" if copies else "")


def cosigned(package: Package, manifest: dict[str, Any], log: Key, witness: Key | None, size: int, root: bytes) -> str:
    """Say up to where a witness saw the same log."""
    if manifest["witness"] is None:
        return "" if witness is None else ", and no witness's checkpoint is in it"
    old, old_root = of_the_log(package, WITNESSED, log)
    if witness is not None and not cosigned_by(package.read(WITNESSED).decode(), witness):
        raise BadFile(WITNESSED, "it is not cosigned by the witness's key")
    if not continued(old, old_root, size, root, [bytes.fromhex(step) for step in manifest["witness"]["proof"]]):
        raise BadFile(WITNESSED, "the log that was signed does not contain what the witness saw")
    return f", the first {old} of which a witness saw" if witness is not None else ""


def continued(old: int, old_root: bytes, size: int, root: bytes, proof: list[bytes]) -> bool:
    """Tell whether a tree of ``old`` leaves is the beginning of one of ``size`` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= size or old == size:
        return old == size and not proof and old_root == root
    steps = proof if old & (old - 1) else [old_root, *proof]
    node, last = old - 1, size - 1
    while node % 2:
        node, last = node // 2, last // 2
    before = after = steps[0] if steps else b""
    for step in steps[1:]:
        if last == 0:
            return False
        if node % 2 or node == last:
            before, after = sha256(b"\x01", step, before), sha256(b"\x01", step, after)
            while node and not node % 2:
                node, last = node // 2, last // 2
        else:
            after = sha256(b"\x01", after, step)
        node, last = node // 2, last // 2
    return last == 0 and (before, after) == (old_root, root)


def main(arguments: list[str] | None = None) -> int:
    """Check what the command line names, print the verdict, and return the exit code."""
    parser = argparse.ArgumentParser(description="Check the log of an Ostiary box without trusting Ostiary.")
    parser.add_argument("database", type=Path, help="ostiary.db, or evidence: a ZIP file or its folder")
    parser.add_argument("--checkpoints", type=Path, help="the box's own (default: checkpoints.db beside it)")
    parser.add_argument("--checkpoint", type=Path, help="what a witness cosigned")
    parser.add_argument("--log-key", help="the log's public key, or a file")
    parser.add_argument("--witness-key", help="the witness's public key, or a file")
    given = parser.parse_args(arguments)
    try:
        log = read_key(given.log_key, LOG) if given.log_key else None
        witness = read_key(given.witness_key, WITNESS) if given.witness_key else None
        if given.database.is_dir() or given.database.suffix == ".zip" or zipfile.is_zipfile(given.database):
            sys.stdout.write(check_evidence(given.database, log, witness) + "\n")
            return 0
        said = own_checkpoints(given.checkpoints or given.database.with_name("checkpoints.db"), log)
        if given.checkpoint:
            said.append(witnessed(given.checkpoint, log, witness))
        entries, head = check(given.database, said)
    except Bad as bad:
        sys.stdout.write(f"first bad entry: seq {bad.args[0]}: {bad.args[1]}\n")
        return 1
    except BadFile as bad:
        sys.stdout.write(f"first bad file: {bad.args[0]}: {bad.args[1]}\n")
        return 1
    except (Unusable, OSError, UnicodeDecodeError, sqlite3.Error, zipfile.BadZipFile) as error:
        sys.stderr.write(f"cannot be checked: {error}\n")
        return 2
    sys.stdout.write(f"intact: {entries} entries, head {head.hex()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
