"""Every kind of record, made from its own type, so that a new kind or field cannot slip out unseen."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Union, get_args, get_origin, get_type_hints

import pytest

from api.records import LIFTED, SHOWN, event_of, why_of
from controller.domain.alarms import AlarmKind, Priority, Source
from controller.domain.decision import AccessRequest, Check, DenyReason
from controller.domain.events import (
    KINDS,
    AccessDenied,
    AlarmRaised,
    CredentialRecorded,
    Event,
    GrantWithdrawn,
    OperatorRecorded,
    Recorded,
    UnlockFailure,
)
from controller.domain.ids import CardholderId, CredentialId, RequestId
from controller.domain.instant import Instant
from controller.domain.operators import Operator, Role
from controller.domain.people import Credential, CredentialStatus
from controller.domain.site import Assurance, Factor
from tests.api.fakes import ALICE, CAMERA, GATE, GATE_IN, GUARD, NOON, FakeFacade, browser, problem, sign_in, small_site

SITE = small_site()
WITHHELD = {
    *("toml", "identity", "portrait", "template", "token", "pin", "trace", "asked", "silent", "duress"),
    "escalate_seconds",
}
"""Sealed blobs, proofs, the trace, which has an answer of its own, and the request as it was decided. How long an
alarm may go unacknowledged is a rule of the site; that it did is an event of its own."""
SECRET = "SEALED-BYTES"


def sample(kind: object, name: str = "") -> object:
    """Return some value of a type, with a mark in whatever must not be shown."""
    if name in WITHHELD and kind is str:
        return SECRET
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return sample(next(k for k in inside if k is not type(None)), name)
    if origin is tuple:
        return () if not inside else (sample(inside[0], name),)
    if origin is frozenset:
        return frozenset({sample(inside[0], name)})
    if hasattr(kind, "__supertype__"):
        return f"some-{name}"
    assert isinstance(kind, type), kind
    if issubclass(kind, Enum):
        return next(iter(kind))
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(
            **{
                f.name: SECRET if f.name in WITHHELD - {"trace", "asked", "silent"} else sample(hints[f.name], f.name)
                for f in fields(kind)
            }
        )
    return {str: f"some {name}", int: 7, float: 0.5, bool: True, datetime: NOON}[kind]


def recorded(event: Event) -> Recorded:
    return Recorded(7, Instant(NOON, 1.0), "boot-1", "d1", event)


def show(event: Event) -> dict[str, object]:
    return event_of(recorded(event), SITE, FakeFacade().identity).model_dump(mode="json")


def names_in(kind: type, seen: set[type]) -> set[str]:
    """Return the field names of a value and of every value inside it."""
    seen.add(kind)
    hints = get_type_hints(kind)
    found = {f.name for f in fields(kind)}
    for hint in hints.values():
        for part in (hint, *get_args(hint)):
            if is_dataclass(part) and part not in seen and part not in (Source, Check, AccessRequest):
                found |= names_in(part, seen)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_and_shows_no_sealed_bytes(kind):
    event = sample(KINDS[kind])
    why = why_of(recorded(event), SITE, FakeFacade().identity)
    text = why.model_dump_json()
    assert why.kind == kind
    assert SECRET not in text
    assert SECRET not in str(show(event))


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_shown_or_withheld_on_purpose(kind):
    assert names_in(KINDS[kind], set()) <= SHOWN | LIFTED | WITHHELD


def test_nothing_is_both_shown_and_withheld():
    assert not SHOWN & WITHHELD


DENIED = AccessDenied(
    request=RequestId("r-1"),
    reader=GATE_IN,
    door=GATE,
    credential=CredentialId("c-1"),
    cardholder=ALICE,
    presented=(Factor.CARD,),
    reasons=(DenyReason.CREDENTIAL_LOST, DenyReason.NO_ACCESS_RIGHT),
    trace=(Check("status", "credential c-1 is lost", DenyReason.CREDENTIAL_LOST), Check("validity", "ever", None)),
)


def test_a_denial_says_who_where_and_every_reason():
    shown = show(DENIED)
    assert shown["time"] == "2026-11-21T12:00:00Z"
    assert (shown["seq"], shown["kind"], shown["request"]) == (7, "access_denied", "r-1")
    assert (shown["door"], shown["reader"]) == ("gate", "gate-in")
    assert shown["who"] == {"id": "p-1", "name": "Alice Example"}
    assert shown["reasons"] == ["credential_lost", "no_access_right"]
    assert shown["detail"]["presented"] == ["card"]
    assert "trace" not in shown


def test_an_erased_person_keeps_the_pseudonym():
    shown = event_of(recorded(DENIED), SITE, lambda _: None)
    assert (shown.who.id, shown.who.name) == ("p-1", None)


def test_why_is_the_trace_in_order():
    trace = why_of(recorded(DENIED), SITE, lambda _: None).trace
    assert [(c.check, c.facts, c.refused) for c in trace] == [
        ("status", "credential c-1 is lost", "credential_lost"),
        ("validity", "ever", None),
    ]


def test_an_alarm_is_shown_where_it_comes_from():
    shown = show(
        AlarmRaised("a-1", AlarmKind.FACE_MISMATCH, Priority.HIGH, Source(reader=GATE_IN, camera=CAMERA), "x", False)
    )
    assert (shown["alarm"], shown["door"], shown["reader"], shown["camera"]) == ("a-1", "gate", "gate-in", "cam-1")
    assert shown["detail"] == {
        "kind": "face_mismatch",
        "priority": "high",
        "detail": "x",
        "persists": False,
        "maintenance": False,
    }


def test_what_came_to_nothing_says_why():
    assert show(GrantWithdrawn(RequestId("r-1"), GATE, UnlockFailure.JAMMED))["reasons"] == ["jammed"]


def test_a_badge_is_shown_without_its_proofs():
    badge = Credential(
        CredentialId("c-1"),
        CardholderId("p-1"),
        SECRET,
        SECRET,
        Assurance.SYMMETRIC,
        CredentialStatus.ACTIVE,
        None,
        NOON,
    )
    shown = show(CredentialRecorded("cli", badge))
    assert shown["who"]["id"] == "p-1"
    assert shown["detail"]["credential"] == {
        "id": "c-1",
        "assurance": "symmetric",
        "kind": "card",
        "status": "active",
        "valid_from": None,
        "valid_until": "2026-11-21T12:00:00+00:00",
    }


def test_an_operator_is_named_and_their_role_shown():
    shown = show(OperatorRecorded("cli", Operator(GUARD, Role.GUARD)))
    assert (shown["operator"], shown["detail"]["operator"]["role"]) == ("gil", "guard")


@pytest.mark.anyio
async def test_records_come_the_newest_first_and_page_by_page(facade):
    for _ in range(5):
        facade.record(DENIED)
    async with browser(facade) as client:
        await sign_in(client)
        first = (await client.get("/api/events", params={"limit": 3})).json()
        rest = (await client.get("/api/events", params={"limit": 3, "before": first["before"]})).json()
    assert [e["seq"] for e in first["events"]] == [5, 4, 3]
    assert [e["seq"] for e in rest["events"]] == [2, 1]
    assert rest["before"] is None


@pytest.mark.anyio
async def test_one_record_answers_why(facade):
    facade.record(DENIED)
    async with browser(facade) as client:
        await sign_in(client)
        assert (await client.get("/api/events/1")).json()["trace"][0]["refused"] == "credential_lost"
        assert problem(await client.get("/api/events/2")) == (404, "unknown_event")


@pytest.mark.anyio
@pytest.mark.parametrize("query", ["limit=0", "limit=501", "before=0", f"before={2**63}", "limit=x"])
async def test_a_page_has_bounds(facade, query):
    async with browser(facade) as client:
        await sign_in(client)
        assert problem(await client.get(f"/api/events?{query}")) == (422, "invalid_request")
