"""Events to bytes and back: canonical JSON, one version per kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import cattrs
import orjson
from cattrs.gen import make_dict_unstructure_fn, override

from controller.domain.events import KIND_OF, KINDS, Event, Recorded, UnlockFailure
from controller.domain.instant import Instant
from controller.domain.operators import Refusal
from controller.domain.words import ADDED
from controller.ledger.entry import Entry

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

FIRST_VERSION = 1

VERSIONS: Mapping[str, int] = MappingProxyType(dict.fromkeys(KINDS, 1))
"""The version each kind is written in today. A new one takes an upcaster and a golden file of its own."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: Mapping[tuple[str, int], Upcaster] = MappingProxyType({})
"""By kind and version: how an event of that version (its fields as JSON) is told in the next. Rows stay as they are."""


@dataclass(frozen=True, slots=True)
class _Body:
    event: dict[str, Any]
    site: str


class UnreadableEvent(ValueError):
    """A row that this version cannot read: its kind, its version or its body is not known."""


def to_entry(record: Recorded) -> Entry:
    """Return the row that stands for a record."""
    body = {"event": _CONVERTER.unstructure(record.event), "site": record.site}
    return Entry(
        record.seq,
        KIND_OF[type(record.event)],
        VERSIONS[record.kind],
        (record.at.wall - EPOCH) // MICROSECOND,
        round(record.at.mono * 1e6),
        record.boot,
        orjson.dumps(body, option=orjson.OPT_SORT_KEYS),
    )


def to_record(entry: Entry) -> Recorded:
    """Return the record a row stands for. Raises ``UnreadableEvent`` naming the row."""
    kind = KINDS.get(entry.kind)
    if kind is None or not FIRST_VERSION <= entry.version <= VERSIONS[entry.kind]:
        raise UnreadableEvent(f"event {entry.seq}: kind {entry.kind!r} version {entry.version} is not known here")
    try:
        body = _CONVERTER.structure(orjson.loads(entry.body), _Body)
        event: Event = _CONVERTER.structure(_of_today(entry, body.event), kind)
        at = Instant(EPOCH + entry.wall * MICROSECOND, entry.mono / 1e6)
        return Recorded(entry.seq, at, entry.boot, body.site, event)
    except cattrs.BaseValidationError as error:
        why = "; ".join(cattrs.transform_error(error))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        why = str(error)
    raise UnreadableEvent(f"event {entry.seq}: the body of {entry.kind!r} cannot be read: {why}")


def _of_today(entry: Entry, told: dict[str, Any]) -> dict[str, Any]:
    """Take an event's fields from the version they were written in to today's, step by step."""
    for version in range(entry.version, VERSIONS[entry.kind]):
        told = UPCASTERS[entry.kind, version](told)
    return told


def to_plain(event: Event) -> dict[str, Any]:
    """Return an event as JSON-ready values."""
    plain: dict[str, Any] = _CONVERTER.unstructure(event)
    return plain


def _why(value: str, _: type) -> UnlockFailure | Refusal:
    return UnlockFailure(value) if value in set(UnlockFailure) else Refusal(value)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(datetime, lambda moment: moment.isoformat())
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_structure_hook(UnlockFailure | Refusal, _why)
    converter.register_unstructure_hook_func(_is_set, sorted)
    converter.register_unstructure_hook_factory(_has_grown, lambda kind: _without_defaults(kind, converter))
    return converter


def _has_grown(kind: Any) -> bool:
    """Tell whether a value got fields after its first version was written."""
    return is_dataclass(kind) and any(ADDED.items() <= f.metadata.items() for f in fields(kind))


def _without_defaults(kind: Any, converter: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    """Leave out what was added later and stands at its default: such an event keeps the bytes it always had."""
    added = {f.name: override(omit_if_default=True) for f in fields(kind) if ADDED.items() <= f.metadata.items()}
    return make_dict_unstructure_fn(kind, converter, **added)  # type: ignore[arg-type] # fields are named after options


def _is_set(kind: Any) -> bool:
    return getattr(kind, "__origin__", kind) is frozenset


_CONVERTER = _converter()
