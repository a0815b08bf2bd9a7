"""Backups of a running box: consistent, encrypted under its key, read back before they count; and how one is restored.

A set is a folder of its own in DEST: ``manifest`` in clear (what is in it, and the wraps of the box's key, which only a
passphrase or a token opens elsewhere) and one file for each part, AES-256-GCM in chunks, bound to the set, the part and
the chunk's place. The keys of people and of what was typed are a part of their own: it goes after ``KEYS_DAYS`` days,
and who is erased meanwhile is struck out of it at once where DEST can be reached, else as soon as it can.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from controller.ledger.verifier import Broken, verify
from controller.pki.authority import PKI_FOLDER
from controller.store.boxkey import SEALED_FILE, KeyAccess, Way, derived, given, open_box, unwrap, ways, wraps_in
from controller.store.checkpoints import CHECKPOINT_FILE
from controller.store.copying import copy_log
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.keystore import KEY_FILE
from controller.store.place import BROKER_FOLDER, LOG_FILE, URL_FILE, log_place
from controller.store.private_file import PRIVATE, shred, sync_folder, write_private
from controller.store.secret_files import SUFFIX

MANIFEST = "manifest"
ERASED = "erased"
PLACES = "backups.json"
BENEATH = "__"
"""Stands for the slash in the name of a part that lies in a folder beneath."""
"""In the data folder: where backups were made, so that an erasure reaches them, and who was struck out there."""

KEYS_DAYS = 30
CHUNK = 1 << 20
_ONE_AT_A_TIME = threading.RLock()
"""A set is written, struck and expired by one thread at a time."""
NONCE_BYTES = 12
STAMP = "%Y%m%dT%H%M%S.%fZ"
PORTABLE = (Way.PASSPHRASE, Way.TOKEN)


class BackupFailed(ValueError):
    """No backup was made, or this one cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was read back: its folder, and how many entries of the log it holds."""

    folder: Path
    entries: int


def take(folder: Path, destination: Path, erased: Iterable[str], now: datetime) -> Taken:
    """Back a data folder up, online. Slow: call it in a thread. Raises ``BackupFailed``, ``SealBroken``."""
    with _ONE_AT_A_TIME:
        return _take(folder, destination, erased, now)


def _take(folder: Path, destination: Path, erased: Iterable[str], now: datetime) -> Taken:
    _refuse_unfit(folder)
    key = open_box(folder)
    destination.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = now.astimezone(UTC).strftime(STAMP)
    draft, final = destination / f".{stamp}.part", destination / stamp
    draft.mkdir(mode=0o700)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as scratch:
            parts = _copied(folder, Path(scratch))
            for name, source in parts.items():
                _encrypt(source, draft / name, derived(key, "backup"), f"{stamp}|{name}")
        manifest = {"version": 1, "made": now.isoformat(), "stamp": stamp, "parts": sorted(parts)}
        manifest["wraps"] = orjson.loads((folder / SEALED_FILE).read_bytes())
        write_private(draft / MANIFEST, _authenticated(manifest, key))
        entries = _read_back(draft, key, folder)
        draft.rename(final)
        sync_folder(destination)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    places = _places(folder)
    places.setdefault(destination.absolute(), set())
    _note_places(folder, places)
    strike_out(folder, erased, again=True)
    expire(destination, now)
    return Taken(final, entries)


def expire(destination: Path, now: datetime) -> int:
    """Shred the keys in sets that are older than ``KEYS_DAYS`` days; return how many."""
    old = [each for each in _sets(destination) if now - _made(each) > timedelta(days=KEYS_DAYS)]
    gone = [each / KEY_FILE for each in old if (each / KEY_FILE).exists()]
    for keys in gone:
        shred(keys)
    return len(gone)


def expire_everywhere(folder: Path, now: datetime) -> int:
    """Likewise in every place where this box was backed up, as far as it can be reached now."""
    with _ONE_AT_A_TIME:
        return sum(expire(place, now) for place in _places(folder) if place.is_dir())


def strike_out(folder: Path, erased: Iterable[str], *, again: bool = False) -> list[Path]:
    """Strike who is erased out of every set that can be reached; return the places that still await it.

    What was struck where is remembered; ``again`` strikes all the same. A place counts as reached when a backup is in
    it: where a disk is not plugged in, its folder may be there all the same.
    """
    names = set(erased)
    with _ONE_AT_A_TIME:
        places = _places(folder)
        owed = {place: names for place, struck in places.items() if names - struck or (again and names)}
        reached = [place for place in owed if any(_sets(place))]
        if reached:
            key = open_box(folder)
            for place in reached:
                _strike_place(place, key, sorted(names), folder)
                places[place] |= names
            _note_places(folder, places)
        return [place for place in owed if place not in reached and names - places[place]]


def _strike_place(place: Path, key: bytes, names: list[str], folder: Path) -> None:
    write_private(place / ERASED, _closed(orjson.dumps(names), derived(key, "backup erasures"), ERASED))
    for each in _sets(place):
        if (each / KEY_FILE).exists():
            _strike(each, key, names, folder)


def restore_files(source: Path, folder: Path, access: KeyAccess | None = None) -> tuple[datetime, int, tuple[str, ...]]:
    """Bring a set back into an empty folder; return when it was made, its entries, and who was erased since.

    Raises ``BackupFailed`` for a set that is damaged, incomplete or expired, ``BoxLocked`` for one that does not open.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupFailed(f"{folder} is not empty: a box is restored into a folder of its own")
    manifest = _manifest(source)
    wraps = wraps_in(orjson.dumps(manifest.get("wraps")), str(source / MANIFEST))
    key = unwrap(wraps, access or given(), str(source))
    _check_manifest(source, manifest, key)
    if not (source / KEY_FILE).exists():
        raise BackupFailed(f"the keys of {source} have expired after {KEYS_DAYS} days: take a newer backup")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in manifest["parts"]:
        place = folder / name.replace(BENEATH, "/")
        place.parent.mkdir(mode=0o700, exist_ok=True)
        _decrypt(source / name, place, derived(key, "backup"), f"{manifest['stamp']}|{name}")
    write_private(folder / SEALED_FILE, orjson.dumps(manifest["wraps"], option=orjson.OPT_INDENT_2))
    return datetime.fromisoformat(manifest["made"]), _verified(folder), _erased_since(source.parent, key)


def _refuse_unfit(folder: Path) -> None:
    opened_by = ways(folder)
    if not opened_by:
        raise BackupFailed("the box's key lies in the open, so its backup would too: first `ostiary keys seal`")
    if not set(opened_by) & set(PORTABLE):
        raise BackupFailed("only this machine opens this box: add a passphrase or a token, else no backup is of use")


def _copied(folder: Path, scratch: Path) -> dict[str, Path]:
    """Copy what a box is made of: databases as of one moment each, keys last, so that no record lacks its key."""
    parts = {}
    place = log_place(folder)
    if isinstance(place, sa.URL):
        parts[LOG_FILE] = scratch / LOG_FILE
        copy_log(place, scratch / LOG_FILE)
    for name in (LOG_FILE, CHECKPOINT_FILE, KEY_FILE):
        if (folder / name).exists():
            parts[name] = scratch / name
            _copy_database(folder / name, scratch / name)
    beside = [*folder.glob(f"*{SUFFIX}"), *folder.glob("*.pub")]
    beside += [path for beneath in (BROKER_FOLDER, PKI_FOLDER) for path in folder.glob(f"{beneath}/*{SUFFIX}")]
    for path in beside:
        if path.name not in (SEALED_FILE, f"{URL_FILE}{SUFFIX}"):  # a restored box has its log beside it
            parts[str(path.relative_to(folder)).replace("/", BENEATH)] = path
    return parts


def _copy_database(source: Path, target: Path) -> None:
    """SQLite's online backup: a consistent copy of a database that is being written."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reading,
        contextlib.closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
        writing.execute("pragma journal_mode=delete")


def _read_back(taken: Path, key: bytes, folder: Path) -> int:
    """Restore a set into a scratch folder and check it: a backup nobody read is none."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as scratch:
        manifest = _manifest(taken)
        _check_manifest(taken, manifest, key)
        for name in manifest["parts"]:
            _decrypt(taken / name, Path(scratch) / name, derived(key, "backup"), f"{manifest['stamp']}|{name}")
        with contextlib.closing(sqlite3.connect(Path(scratch) / KEY_FILE)) as keys:
            if keys.execute("pragma integrity_check").fetchone() != ("ok",):
                raise BackupFailed("the copy of the keys is damaged")
        return _verified(Path(scratch))


def _verified(folder: Path) -> int:
    verdict = verify(stored_entries(reading_engine(folder / LOG_FILE)))
    if isinstance(verdict, Broken):
        raise BackupFailed(f"the log in it is not intact: seq {verdict.seq}: {verdict.reason}")
    return verdict.entries


def _strike(taken: Path, key: bytes, names: list[str], folder: Path) -> None:
    manifest = _manifest(taken)
    bound = f"{manifest['stamp']}|{KEY_FILE}"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".erase-") as scratch:
        plain = Path(scratch) / KEY_FILE
        _decrypt(taken / KEY_FILE, plain, derived(key, "backup"), bound)
        with contextlib.closing(sqlite3.connect(plain, isolation_level=None)) as keys:
            keys.execute("pragma secure_delete=on")
            struck = sum(
                keys.execute(f"delete from {table} where subject=?", (name,)).rowcount  # noqa: S608 - our own names
                for table in ("subject_key", "card", "pin_salt")
                for name in names
            )
            keys.execute("vacuum")
        if struck:
            draft = taken / f"{KEY_FILE}.new"
            _encrypt(plain, draft, derived(key, "backup"), bound)
            shred(taken / KEY_FILE)
            draft.rename(taken / KEY_FILE)
        shred(plain)


def _encrypt(source: Path, target: Path, key: bytes, bound: str) -> None:
    """Write ``source`` in sealed chunks; the last one says that it is the last, so that none can be cut off."""
    opener = AESGCM(key)
    with source.open("rb") as plain, os.fdopen(os.open(target, _NEW, PRIVATE), "wb") as sealed:
        number, chunk = 0, plain.read(CHUNK)
        while True:
            following = plain.read(CHUNK)
            nonce = os.urandom(NONCE_BYTES)
            sealed.write(nonce + opener.encrypt(nonce, chunk, f"{bound}|{number}|{not following}".encode()))
            if not following:
                break
            number, chunk = number + 1, following
        sealed.flush()
        os.fsync(sealed.fileno())


def _decrypt(source: Path, target: Path, key: bytes, bound: str) -> None:
    place = target.with_name(target.name.replace("__", "/"))
    place.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(place, _NEW, PRIVATE), "wb") as plain:
        for chunk in _chunks(source, key, bound):
            plain.write(chunk)
        plain.flush()
        os.fsync(plain.fileno())


def _chunks(source: Path, key: bytes, bound: str) -> Iterator[bytes]:
    opener, whole = AESGCM(key), NONCE_BYTES + CHUNK + _TAG
    with source.open("rb") as sealed:
        number, chunk = 0, sealed.read(whole)
        while True:
            following = sealed.read(whole)
            try:
                yield opener.decrypt(
                    chunk[:NONCE_BYTES], chunk[NONCE_BYTES:], f"{bound}|{number}|{not following}".encode()
                )
            except (InvalidTag, ValueError) as error:
                raise BackupFailed(f"{source} is damaged, or is not what it says it is") from error
            if not following:
                return
            number, chunk = number + 1, following


def _authenticated(manifest: dict[str, Any], key: bytes) -> bytes:
    return orjson.dumps({"manifest": manifest, "seal": _seal(manifest, key)}, option=orjson.OPT_INDENT_2)


def _seal(manifest: dict[str, Any], key: bytes) -> str:
    plain = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(plain, key=derived(key, "backup manifest")).hexdigest()


def _manifest(source: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = orjson.loads((source / MANIFEST).read_bytes())["manifest"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupFailed(f"{source} is no backup: name one of the folders within DEST") from error
    return found


def _check_manifest(source: Path, manifest: dict[str, Any], key: bytes) -> None:
    if orjson.loads((source / MANIFEST).read_bytes()).get("seal") != _seal(manifest, key):
        raise BackupFailed(f"{source / MANIFEST} was changed")


def _erased_since(destination: Path, key: bytes) -> tuple[str, ...]:
    path = destination / ERASED
    if not path.exists():
        return ()
    sealed = path.read_bytes()
    try:
        opener = AESGCM(derived(key, "backup erasures"))
        return tuple(orjson.loads(opener.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], ERASED.encode())))
    except (InvalidTag, ValueError) as error:
        raise BackupFailed(f"{path} is damaged: without it erased people would come back") from error


def _closed(plain: bytes, key: bytes, bound: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound.encode())


def _sets(destination: Path) -> list[Path]:
    return sorted(each.parent for each in destination.glob(f"*/{MANIFEST}") if not each.parent.name.startswith("."))


def _made(taken: Path) -> datetime:
    return datetime.fromisoformat(_manifest(taken)["made"])


def _places(folder: Path) -> dict[Path, set[str]]:
    """Return where this box was backed up, and whom of the erased each place no longer holds."""
    path = folder / PLACES
    noted = orjson.loads(path.read_bytes()) if path.exists() else {}
    if isinstance(noted, list):  # by an older version, which remembered no names
        noted = dict.fromkeys(noted, ())
    return {Path(place): set(names) for place, names in noted.items()}


def _note_places(folder: Path, places: Mapping[Path, Iterable[str]]) -> None:
    write_private(folder / PLACES, orjson.dumps({str(place): sorted(names) for place, names in places.items()}))


_TAG = 16
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
