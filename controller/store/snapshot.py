"""The fold of the log up to some record, in a file: a start then folds the rest alone.

JSON lines: a head, then parts of at most ``PART`` values each, so that the thread that writes them never keeps the
doors' loop waiting for long. What stands in them stands in the log as well, sealed as it is there. A snapshot counts
only if its SHA-256 stands in the log, as ``SnapshotTaken``, and if the rules that fold are the ones it was folded by.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import cattrs
import orjson
from immutables import Map

from controller import domain, rules
from controller.domain.state import SiteState
from controller.store import vault
from controller.store.vault import Sealed

FORMAT = 1
PART = 500
REST_SECONDS = 0.001
"""After each part: whoever else wants to run does."""

PRIVATE = 0o600
STATE, SEALED = "state", "sealed"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The fold of the records up to ``seq``. ``activated``: the number of the record with the policy in force, or 0."""

    seq: int
    activated: int
    state: SiteState
    sealed: Sealed


class UnfitSnapshot(ValueError):
    """The file is not what the log tells of it, or another version's."""


def snapshot_file(folder: Path, seq: int) -> Path:
    """Return where the snapshot of that record lies."""
    return folder / f"snapshot-{seq}.jsonl"


def write(folder: Path, snapshot: Snapshot) -> str:
    """Write a snapshot; return its SHA-256 (hex) once it is durable. Slow: call it in a thread. Raises ``OSError``."""
    path = snapshot_file(folder, snapshot.seq)
    draft, digest = path.with_name(f"{path.name}.new"), hashlib.sha256()
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            for part in _parts(snapshot):
                line = orjson.dumps(part, option=orjson.OPT_APPEND_NEWLINE)
                digest.update(line)
                file.write(line)
                time.sleep(REST_SECONDS)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def read(folder: Path, seq: int, digest: str) -> Snapshot:
    """Read the snapshot of which the log tells this. Raises ``UnfitSnapshot``, ``FileNotFoundError``."""
    content = snapshot_file(folder, seq).read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise UnfitSnapshot("it is not the file that the log tells of")
    lines = (orjson.loads(line) for line in content.splitlines())
    head = next(lines)
    if (head.get("format"), head.get("rules")) != (FORMAT, fingerprint()):
        raise UnfitSnapshot("other rules folded it")
    state, sealed = _Gathered(SiteState), _Gathered(Sealed)
    for whose, name, part in lines:
        (state if whose == STATE else sealed).add(name, part)
    return Snapshot(head["seq"], head["activated"], state.whole(), sealed.whole())


def forget_others(folder: Path, seq: int) -> None:
    """Remove every snapshot but one."""
    for path in folder.glob("snapshot-*.jsonl*"):
        if path != snapshot_file(folder, seq):
            path.unlink(missing_ok=True)


@cache
def fingerprint() -> str:
    """Return what stands for the code that folds (hex): a snapshot of another version is never gone on from."""
    digest = hashlib.sha256()
    for package in (domain, rules):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    digest.update(Path(vault.__file__).read_bytes())
    return digest.hexdigest()


class _Gathered:
    """A value whose fields come in parts."""

    def __init__(self, kind: type[Any]) -> None:
        self._kind = kind
        self._types = _types(kind)
        self._values: dict[str, Any] = {name: {} for name in self._types if _is_mapping(self._types[name])}

    def add(self, name: str, part: Any) -> None:
        kind = self._types[name]
        if not _is_mapping(kind):
            self._values[name] = _CONVERTER.structure(part, kind)
            return
        key, value = get_args(kind)
        as_key, as_value = _CONVERTER.get_structure_hook(key), _CONVERTER.get_structure_hook(value)
        self._values[name].update((as_key(k, key), as_value(v, value)) for k, v in part)

    def whole(self) -> Any:
        values = {
            name: Map(value) if _form(self._types[name]) is Map else value for name, value in self._values.items()
        }
        return self._kind(**values)


def _parts(snapshot: Snapshot) -> Iterator[Any]:
    yield {"format": FORMAT, "rules": fingerprint(), "seq": snapshot.seq, "activated": snapshot.activated}
    for whose, value in ((STATE, snapshot.state), (SEALED, snapshot.sealed)):
        for name, kind in _types(type(value)).items():
            for part in _cut(getattr(value, name), kind):
                yield [whose, name, part]


def _cut(value: Any, kind: Any) -> Iterator[Any]:
    """Return a mapping in parts, as pairs; anything else as it is."""
    if not _is_mapping(kind):
        yield _CONVERTER.unstructure(value, kind)
        return
    of_key, of_value = get_args(kind)
    rest = iter(value.items())
    while part := list(islice(rest, PART)):
        yield [[_CONVERTER.unstructure(k, of_key), _CONVERTER.unstructure(v, of_value)] for k, v in part]


def _is_mapping(kind: Any) -> bool:
    return _form(kind) in (Map, dict)


def _form(kind: Any) -> Any:
    """Return what a generic type is one of."""
    return get_origin(kind)


def _types(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_unstructure_hook(datetime, lambda moment: moment.isoformat())
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_unstructure_hook_func(lambda kind: _form(kind) in (frozenset, set), sorted)
    converter.register_unstructure_hook_func(
        lambda kind: _form(kind) is Map,
        lambda values: [[converter.unstructure(key), converter.unstructure(value)] for key, value in values.items()],
    )
    converter.register_structure_hook_func(lambda kind: _form(kind) is Map, _as_map)
    return converter


def _as_map(pairs: list[Any], kind: Any) -> Map[Any, Any]:
    key, value = get_args(kind)
    return Map({_CONVERTER.structure(k, key): _CONVERTER.structure(v, value) for k, v in pairs})


_CONVERTER = _converter()
