"""Events to bytes and back: canonical JSON, one version per kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import cattrs
import orjson

from controller.domain.events import KIND_OF, KINDS, Event, Recorded, UnlockFailure
from controller.domain.instant import Instant
from controller.domain.operators import Refusal
from controller.ledger.entry import Entry

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

VERSIONS: Mapping[str, int] = MappingProxyType(dict.fromkeys(KINDS, 1))
"""The version each kind is written in today."""


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
    if kind is None or entry.version != VERSIONS[entry.kind]:
        raise UnreadableEvent(f"event {entry.seq}: kind {entry.kind!r} version {entry.version} is not known here")
    try:
        body = _CONVERTER.structure(orjson.loads(entry.body), _Body)
        event: Event = _CONVERTER.structure(body.event, kind)
        at = Instant(EPOCH + entry.wall * MICROSECOND, entry.mono / 1e6)
        return Recorded(entry.seq, at, entry.boot, body.site, event)
    except cattrs.BaseValidationError as error:
        why = "; ".join(cattrs.transform_error(error))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        why = str(error)
    raise UnreadableEvent(f"event {entry.seq}: the body of {entry.kind!r} cannot be read: {why}")


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
    return converter


def _is_set(kind: Any) -> bool:
    return getattr(kind, "__origin__", kind) is frozenset


_CONVERTER = _converter()
