"""What is found out from the log: reports about people, doors, alarms and operators, and proofs of its entries. Pure,
but for the proofs, which read the log's rows themselves.

A report is ``{"rows": [...], "more": bool}``: a row holds pseudonyms under ``person``, sealed words under ``said``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from controller.domain import events as ev
from controller.domain.events import Recorded
from controller.domain.ids import OUTSIDE, ZoneId
from controller.domain.people import Cardholder
from controller.domain.site import Site
from controller.ledger.checkpoint import open_checkpoint
from controller.ledger.entry import entry_bytes
from controller.ledger.merkle import inclusion_ranges, prove, root_of
from controller.notary import log_verifier
from controller.past import entitled, folded
from controller.store.checkpoints import stored_checkpoints, stored_leaves
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.place import log_place
from controller.store.schema import EVENT

MOST_ROWS = 20_000

Given = Mapping[str, Any]
Found = dict[str, Any]
Row = dict[str, Any]

_ABOUT = ("door", "reader", "camera", "device", "alarm", "point", "area", "scope", "report", "order", "file", "level")
"""What an operator's act was about, in the order in which it is told."""


class WrongQuestion(ValueError):
    """What was asked cannot be answered; the sentence says why."""


def access(records: Iterable[Recorded], site_of: Callable[[str], Site], given: Given) -> Found:
    """Return who could go where by rights ``at`` a time: one row for each person and reader.

    ``zone``, ``person`` and ``door`` narrow it.
    """
    at = datetime.fromisoformat(given["at"])
    past = folded(records, at)
    if past.policy is None:
        raise WrongQuestion("no policy was in force then: the log begins later")
    site = site_of(past.policy)
    zones = [ZoneId(given["zone"])] if given.get("zone") else [zone for zone in site.zones if zone != OUTSIDE]
    return _rows(
        {
            "person": one.person,
            "zone": site.zones[zone].name,
            "door": site.doors[site.readers[one.reader].door].name,
            "reader": site.readers[one.reader].name,
            "shows": [*one.factors],
            "rights": _rights(site, past.state.people.get(one.person), zone, site.readers[one.reader].door),
            "but": [*one.but],
        }
        for zone in zones
        if zone in site.zones
        for one in entitled(site, past, zone, at)
        if given.get("person") in (None, one.person) and given.get("door") in (None, site.readers[one.reader].door)
    )


def passages(records: Iterable[Recorded], given: Given) -> Found:
    """Return who asked to go through which door, and who was seen to."""
    return _rows(
        {
            "time": _time(record),
            "person": event.cardholder,
            "door": _door(event),
            "what": record.kind,
            "why": [*getattr(event, "reasons", ())],
            "seq": record.seq,
        }
        for record in _between(records, given)
        if isinstance(event := record.event, ev.AccessGranted | ev.AccessDenied | ev.EntryObserved)
        and given.get("person") in (None, event.cardholder)
        and given.get("door") in (None, _door(event))
    )


def alarms(records: Iterable[Recorded], given: Given) -> Found:
    """Return every alarm with who acknowledged and who closed it, and how long each took, in seconds."""
    found: dict[str, Row] = {}
    raised: dict[str, datetime] = {}
    for record in _between(records, given):
        match record.event:
            case ev.AlarmRaised() as event if given["silent"] or not event.silent:
                raised[event.alarm] = record.at.wall
                found[event.alarm] = {
                    "time": _time(record),
                    "alarm": event.kind,
                    "priority": event.priority.name.lower(),
                    "where": next((str(place) for place in _places(event.source)), ""),
                    "acknowledged": "",
                    "after": None,
                    "closed": "",
                    "open": None,
                    "said": "",
                }
            case ev.AlarmAcknowledged(alarm=alarm, operator=operator) if alarm in found:
                found[alarm] |= {"acknowledged": operator, "after": _since(record, raised[alarm])}
            case ev.AlarmClosed(alarm=alarm, operator=operator, reason=reason) if alarm in found:
                found[alarm] |= {"closed": operator, "open": _since(record, raised[alarm]), "said": reason}
            case _:
                pass
    return _rows(iter(found.values()))


def unused(records: Iterable[Recorded], given: Given) -> Found:
    """Return every good credential that opened nothing for so many ``days`` before ``at``, the longest first."""
    at = datetime.fromisoformat(given["at"])
    used: dict[str, datetime] = {}

    def seen() -> Iterator[Recorded]:
        for record in records:
            if isinstance(record.event, ev.AccessGranted):
                used[record.event.credential] = record.at.wall
            yield record

    state = folded(seen(), at).state
    rows = []
    for badge in state.credentials.values():
        last = used.get(badge.id)
        if badge.status.value == "active" and (last is None or (at - last).days >= given["days"]):
            idle = None if last is None else (at - last).days
            when = "" if last is None else last.astimezone(UTC).isoformat(timespec="seconds")
            rows.append({"person": badge.cardholder, "credential": badge.id, "last": when, "days": idle})
    return _rows(iter(sorted(rows, key=lambda row: (row["last"], row["credential"]))))


def acts(records: Iterable[Recorded], given: Given) -> Found:
    """Return what operators did: signed in, ordered, read, were refused."""
    return _rows(
        {
            "time": _time(record),
            "operator": _name(operator),
            "what": record.kind,
            "about": ", ".join(str(value) for name in _ABOUT if (value := getattr(event, name, None))),
            "person": getattr(event, "cardholder", None),
            "said": str(getattr(event, "reason", "") or ""),
            "seq": record.seq,
        }
        for record in _between(records, given)
        if (operator := getattr(event := record.event, "operator", None)) is not None
        and (given["silent"] or getattr(event, "silent", False) is not True)
        and given.get("operator") in (None, _name(operator))
    )


def newest_checkpoint(folder: Path, entries: int) -> Found:
    """Return what of the log is signed."""
    stored = stored_checkpoints(folder)
    if not stored:
        raise WrongQuestion("no checkpoint was signed yet: the log is signed every minute")
    return {"entries": entries, "size": stored[-1].size, **signed(folder, stored[-1].note)}


def entry_proof(folder: Path, given: Given) -> Found:
    """Return the bytes of entry ``seq``, and what leads from them to the root that the newest checkpoint signs."""
    seq, stored = int(given["seq"]), stored_checkpoints(folder)
    if not stored or stored[-1].size < seq:
        raise WrongQuestion("no checkpoint counts this entry yet: the log is signed every minute")
    newest, engine = stored[-1], reading_engine(log_place(folder))
    row = next(stored_entries(engine, EVENT.c.seq == seq), None)
    if row is None:
        raise WrongQuestion(f"there is no entry {seq}")
    path = prove(inclusion_ranges(seq - 1, newest.size), stored_leaves(engine, 0, newest.size))
    return {
        "entry": _base64(entry_bytes(row.entry)),
        "index": seq - 1,
        "size": newest.size,
        "path": [_base64(node) for node in path],
        **signed(folder, newest.note),
    }


def root(folder: Path, given: Given) -> Found:
    """Return the root of the log's first ``size`` entries: what a witness's copy of that size must say."""
    size, engine = int(given["size"]), reading_engine(log_place(folder))
    leaves = [*stored_leaves(engine, 0, size)]
    if len(leaves) < size:
        raise WrongQuestion(f"truncated: the log holds {len(leaves)} entries, and {size} were seen")
    return {"size": size, "root": _base64(root_of(leaves))}


def signed(folder: Path, note: str) -> Found:
    """Return a checkpoint as a browser checks it: the note, and the key it must be signed by."""
    key = log_verifier(folder)
    open_checkpoint(note, key)
    return {"note": note, "key": str(key), "public": _base64(key.public)}


def _rows(rows: Iterator[Row]) -> Found:
    kept = [*islice(rows, MOST_ROWS)]
    return {"rows": kept, "more": next(rows, None) is not None}


def _between(records: Iterable[Recorded], given: Given) -> Iterator[Recorded]:
    since, until = datetime.fromisoformat(given["since"]), datetime.fromisoformat(given["until"])
    return (record for record in records if since <= record.at.wall < until)


def _rights(site: Site, person: Cardholder | None, zone: ZoneId, door: str) -> list[str]:
    """Return by which access levels, and when they count."""
    held = [level for name, level in site.access_levels.items() if person and name in person.levels]
    return [
        f"{level.name} ({site.schedules[level.schedule].name})" if level.schedule in site.schedules else level.name
        for level in held
        if zone in level.zones or door in level.doors
    ]


def _door(event: ev.AccessGranted | ev.AccessDenied | ev.EntryObserved) -> str:
    return str(event.door or "")


def _places(source: object) -> Iterator[object]:
    for name in ("door", "point", "area", "reader", "camera", "device"):
        if (place := getattr(source, name, None)) is not None:
            yield place


def _name(operator: object) -> str:
    return str(getattr(operator, "id", operator))


def _since(record: Recorded, raised: datetime) -> int:
    return round((record.at.wall - raised).total_seconds())


def _time(record: Recorded) -> str:
    return record.at.wall.astimezone(UTC).isoformat(timespec="seconds")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
