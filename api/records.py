"""Records of the log, in the API's words. A field is shown because it is named here, never because it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from enum import IntEnum

from pydantic import JsonValue

from api.schemas import CheckOut, EventOut, EventWhyOut, WhoOut
from controller.domain.alarms import Source
from controller.domain.decision import Check, Trace
from controller.domain.events import Event, Recorded
from controller.domain.ids import CardholderId
from controller.domain.operators import Operator
from controller.domain.people import Cardholder, Credential, HeldCompetency
from controller.domain.site import Site
from controller.runtime.ports import Identity

LIFTED = frozenset(
    {
        "request",
        "alarm",
        "door",
        "reader",
        "camera",
        "device",
        "cardholder",
        "operator",
        "reasons",
        "why",
        "source",
        "whom",
        "visitor",
    }
)
"""Fields of an event that every record has a place of its own for."""

_OF_RECORDS = frozenset(
    {
        "case", "days", "destroyed", "entries", "erased", "held", "hold", "hours", "made", "operators", "place",
        "problem", "purpose", "recording", "recordings", "records", "report", "retention", "scope", "until",
    }
)  # fmt: skip
"""Of what was done with people's records."""

_OF_PICTURES = frozenset(
    {
        "began", "clip", "day", "events", "masked", "pan", "pixelated", "preset", "size", "still", "taken", "tilt",
        "whole", "zoom",
    }
)  # fmt: skip

_OF_PROGRAMS = frozenset({"expires", "issued", "kinds", "revoked", "scopes", "url", "webhook"})

SHOWN = _OF_RECORDS | _OF_PICTURES | _OF_PROGRAMS | frozenset(
    {
        "active", "address", "alarms", "appointed", "area", "assumed", "assurance", "author", "badge_returned",
        "bit_count", "boot", "by", "cameras_gone", "cardholders", "cause", "change", "clearance",
        "competencies", "competency", "condition", "confirmed", "credential", "detail", "devices_gone",
        "digest", "direction", "distance", "doors", "doors_gone", "end", "engine", "enters", "escort",
        "expected_seconds", "exposed", "extended_time", "factor", "factors", "failed", "fire_zone", "fire_zones_gone",
        "safe_point", "asleep", "basis", "gesture", "others", "used",
        "first", "format", "frames", "hear_seconds", "host", "id", "kind", "last", "leaves", "level", "levels",
        "lock", "lockdown_seconds", "loop", "low", "maintenance", "may_escort", "mode", "nameplate", "needs_escort",
        "note", "number", "obstacle", "on", "open_seconds", "order", "origin", "outcome", "output", "outputs",
        "outputs_gone", "persists", "pin_lock_seconds", "point", "points", "points_gone", "position", "presented",
        "priority",
        "raw", "readers_gone", "reason", "reference", "remarks", "requests", "reset", "resets", "role",
        "search", "second", "seconds", "secure", "serial", "start", "status", "steady_seconds", "step", "subject",
        "through", "tried", "trouble", "untested", "until", "valid_from", "valid_until", "version", "violation",
        "wanted_by", "warn_seconds", "withdrawn", "zone", "zones", "zones_gone",
    }
)  # fmt: skip
"""Fields that stand in ``detail``, of an event or of a value inside it. ``raw`` is kept for unknown cards alone."""

Names = Callable[[CardholderId], Identity | None]
Texts = Callable[[str], str]
"""Opens what operators typed: in the log it is sealed."""

TYPED = frozenset({"reason", "note"})


def is_silent(recorded: Recorded) -> bool:
    """Tell whether a record is for those alone who may see a silent alarm."""
    return getattr(recorded.event, "silent", False) is True


def event_of(recorded: Recorded, site: Site, names: Names, texts: Texts = str) -> EventOut:
    """Return a record without its trace."""
    return EventOut.model_validate(_lifted(recorded, site, names, texts))


def why_of(recorded: Recorded, site: Site, names: Names, texts: Texts = str) -> EventWhyOut:
    """Return a record with the trace that answers "why?"."""
    trace: Trace | None = getattr(recorded.event, "trace", None)
    steps = [_check(check) for check in trace] if trace is not None else None
    return EventWhyOut.model_validate({**_lifted(recorded, site, names, texts), "trace": steps})


def _check(check: Check) -> CheckOut:
    return CheckOut(check=check.name, facts=check.facts, refused=check.refused, remark=check.remark)


def _lifted(recorded: Recorded, site: Site, names: Names, texts: Texts) -> dict[str, object]:
    has: Mapping[str, object] = _fields(recorded.event)
    source = has.get("source")
    where = _fields(source) if isinstance(source, Source) else has
    return {
        "seq": recorded.seq,
        "time": recorded.at.wall.astimezone(UTC),
        "kind": recorded.kind,
        "request": has.get("request"),
        "alarm": has.get("alarm"),
        "door": where.get("door") or _door_of_reader(site, where.get("reader")),
        "reader": where.get("reader"),
        "camera": where.get("camera"),
        "device": where.get("device"),
        "who": _who(has if "cardholder" in has else {**where, **has}, names),
        "operator": _operator(has.get("operator")),
        "reasons": _reasons(has),
        "detail": _detail(recorded.event, texts),
    }


def _fields(value: object) -> Mapping[str, object]:
    return {f.name: getattr(value, f.name) for f in fields(value)}  # type: ignore[arg-type] # only dataclasses come


def _door_of_reader(site: Site, reader: object) -> str | None:
    return next((r.door for r in site.readers.values() if r.id == reader), None)


def _who(has: Mapping[str, object], names: Names) -> WhoOut | None:
    held = has.get("cardholder") or has.get("visitor") or has.get("whom")
    if held is None and isinstance(credential := has.get("credential"), Credential):
        held = credential.cardholder
    cardholder = held.id if isinstance(held, Cardholder) else held
    if not isinstance(cardholder, str):
        return None
    known = names(CardholderId(cardholder))
    return WhoOut(id=cardholder, name=known.name if known else None)


def _operator(operator: object) -> object:
    return operator.id if isinstance(operator, Operator) else operator


def _reasons(has: Mapping[str, object]) -> object:
    return [has["why"]] if "why" in has else has.get("reasons", ())


def _detail(event: Event, texts: Texts) -> dict[str, JsonValue]:
    """Return what only this kind has. Of a person, a badge or an operator, likewise only what is named."""
    shown = {name: _plain(value) for name, value in _fields(event).items() if name in SHOWN}
    for name in TYPED & shown.keys():
        shown[name] = texts(str(shown[name]))
    for name in ("cardholder", "operator"):
        value = getattr(event, name, None)
        if isinstance(value, Cardholder | Operator):
            shown[name] = _plain(value)
    source = getattr(event, "source", None)
    if isinstance(source, Source):
        shown |= {name: place for name in ("point", "area") if (place := getattr(source, name)) is not None}
    return shown


def _plain(value: object) -> JsonValue:
    match value:
        case IntEnum():
            return value.name.lower()
        case str():
            return str(value)
        case None | bool() | int() | float():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case tuple():
            return [_plain(item) for item in value]
        case frozenset():
            return [*sorted(str(item) for item in value)]
        case Cardholder() | Credential() | Operator() | HeldCompetency():
            return {name: _plain(part) for name, part in _fields(value).items() if name in SHOWN}
        case _:
            raise TypeError(f"a record holds a {type(value).__name__}, for which the API has no words")
