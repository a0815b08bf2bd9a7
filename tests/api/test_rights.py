"""Who may do what over the API, role by role and route by route, by the real rules: as it was reviewed.

The table is written anew by ``python -m tests.api.test_rights``.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from immutables import Map

from api.openapi import document
from api.security import CSRF_HEADER
from controller.domain.events import CardholderRecorded, ClipRecorded, OrderRefused, PortraitKept, Recorded
from controller.domain.faces import FaceRules
from controller.domain.heads import Head, HeadDriver
from controller.domain.instant import Instant
from controller.domain.operators import Operator, Role
from controller.domain.people import Cardholder, CardholderKind
from controller.domain.records import RetentionClass
from controller.domain.stimuli import Ordered
from controller.rules.step import step
from controller.runtime.evidence import Chosen
from controller.runtime.face_desk import FaceDesk
from controller.runtime.ports import FaceMade, FaceTemplate
from tests.api.fakes import ALICE, CAMERA, NOON, PASSWORD, FakeFacade, browser, sign_in

pytestmark = pytest.mark.anyio

GOLDEN = Path(__file__).parents[1] / "golden" / "rights.txt"
WRITE = f"python -m {__name__}"
UNTIL = "2026-11-21T13:00:00Z"
BECAUSE = {"reason": "because"}
CASE = {"case": "2026/17"}
CLIP = "clips.cam-1.2026-11-21.120000000-7"
PURPOSES = ("investigation", "audit", "emergency", "administration", "subject_request", "legal_request")
IDS = {
    "door": "gate",
    "reader": "gate-in",
    "cardholder": ALICE,
    "camera": "cam-1",
    "seq": "1",
    "level": "staff",
    "what": "reader",
    "device": "head-gate",
    "place": "gate-in",
    "fire_zone": "building",
    "recording": CLIP,
    "size": "1",
    "preset": "1",
}
BODIES = {
    "/api/doors/{door}/unlock": {"whom": "courier"},
    "/api/doors/{door}/mode": {**BECAUSE, "mode": "secured", "until": UNTIL},
    "/api/doors/{door}/mode/release": {"mode": "blocked"},
    "/api/threat-level": {**BECAUSE, "level": 2},
    "/api/alarms/{alarm}/steps": {"step": 0},
    "/api/alarms/{alarm}/shelve": {**BECAUSE, "until": UNTIL},
    "/api/points/{point}/bypass": {**BECAUSE, "until": UNTIL},
    "/api/maintenance/{what}/{place}": {**BECAUSE, "until": UNTIL},
    "/api/areas/{area}/walk-test": {"until": UNTIL},
    "/api/events/read": CASE,
    "/api/webhooks": {**BECAUSE, "name": "siem", "url": "https://192.0.2.20/in"},
    "/api/tokens": {**BECAUSE, "name": "bms", "scopes": ["read_state"], "expires": UNTIL},
    "/api/people/search": {**CASE, "text": ""},
    "/api/people/export": CASE,
    "/api/people/{cardholder}/read": CASE,
    "/api/people/{cardholder}/history": CASE,
    "/api/doors/{door}/history": CASE,
    "/api/credentials/{credential}/status": {**BECAUSE, "status": "lost"},
    "/api/legal-holds": {**BECAUSE, "hold": "court-7"},
    "/api/recordings/{recording}/read": CASE,
    "/api/evidence/export": {**CASE, "events": [1]},
    "/api/cameras/{camera}/veil/lift": {**BECAUSE, "seconds": 60},
    "/api/cameras/{camera}/head/turn": {"pan": 1, "seconds": 1},
    "/api/visits": {"name": "Vera", "host": ALICE, "valid_from": "2026-11-21T11:00:00Z", "valid_until": UNTIL},
    "/api/visits/hosts": {"text": "ali"},
    "/api/people": {**BECAUSE, "name": "Nick", "kind": "staff", "clearance": 1},
    "/api/people/{cardholder}/change": {**BECAUSE, "kind": "staff", "clearance": 1},
    "/api/people/{cardholder}/check-in": {"safe_point": None},
    "/api/faces/try": {"images": ["eA=="]},
    "/api/people/{cardholder}/face": {**BECAUSE, "images": ["eA=="], "basis": "consent"},
    "/api/people/{cardholder}/portrait": {**BECAUSE, "image": "eA=="},
    "/api/people/{cardholder}/portrait/read": CASE,
    "/api/enrolments": {**BECAUSE, "reader": "gate-in", "cardholder": ALICE},
    "/api/enrolments/{reader}/issue": {"assurance": "symmetric"},
    "/api/operators": {**BECAUSE, "operator": "nick", "role": "guard", "zones": None},
    "/api/shift/hand-over": {"note": "quiet"},
    "/api/visits/{visitor}/sign-in": {"credential": "pool-1"},
    "/api/reports": {**CASE, "report": "acts"},
    "/api/policy/studies": {"kind": "compare", "toml": ""},
    "/api/policy/activate": {"toml": "", "in_force": "d1", "second": {"operator": "guard", "password": PASSWORD}},
    "/api/visits/{visitor}/sign-out": {"badge_returned": True},
}
"""What routes take that take more than a reason."""

OWN = ("/api/session", "/api/account", "/api/health", "/api/stream", "/api/pending")
"""About the session and its operator, the one before it, one that never ends; what waits is judged as what it is."""


class Desk:
    """Evidence of one clip."""

    async def choose(self, wanted, *, silent):
        return Chosen((CLIP,), (1,), (CAMERA,))

    async def examine(self, chosen, witness, *, masked):
        pass

    async def package(self, order, second, witness):
        yield b"PK"


class Photographer:
    """Eyes to which every photo is good, and shows nobody who is known."""

    def reads(self, engine):
        return True

    async def judge(self, photos):
        return ("",) * len(photos)

    async def make(self, cardholder, photos):
        return FaceMade(FaceTemplate("e", "mean", b"v"), ("",), 5)

    async def portrait(self, photo):
        return b"jpeg"


class Sealer:
    """Seals nothing."""

    def seal_template(self, cardholder, engine, vector):
        return "sealed"

    def seal_portrait(self, cardholder, jpeg):
        return "sealed"

    def portrait_at(self, cardholder):
        return 7

    def portrait(self, cardholder, sealed):
        return b"jpeg"


class Ruled(FakeFacade):
    """A building whose orders the real rules judge."""

    def __init__(self) -> None:
        super().__init__()
        turns = replace(self.site.cameras[CAMERA], head=Head(HeadDriver.ONVIF, "camera:80", {1: "Gate"}))
        self.site = replace(self.site, cameras={**self.site.cameras, CAMERA: turns})
        self.operators = {role.value: Operator(role.value, role) for role in Role}
        self.passwords = dict.fromkeys(self.operators, PASSWORD)
        kept = ClipRecorded(CLIP, CAMERA, RetentionClass.CLIPS, NOON, 15.0, 8, "ab" * 32, True, (7,))
        self.evidence = Desk()
        self.site = replace(self.site, faces=FaceRules(portraits=True))
        shown = Recorded(7, Instant(NOON, 0.0), "b", "s", PortraitKept("t", ALICE, "sealed", "because"))
        self.faces = FaceDesk(Photographer(), Sealer(), self.order, lambda before: [shown])
        self.found["recording", CLIP] = [self.record(kept)]
        self.record(CardholderRecorded("t", Cardholder(ALICE, CardholderKind.STAFF, 2, frozenset()), "sealed"))

    async def order(self, operator, order):
        state = replace(self.state, operators=Map(self.operators))
        outcome = step(self.site, state, Ordered(operator, order), Instant(NOON, self.clock))
        return next((event.why for event in outcome.events if isinstance(event, OrderRefused)), None)


def routes():
    paths = json.loads(document())["paths"]
    return [(verb.upper(), path) for path, verbs in paths.items() for verb in verbs if not path.startswith(OWN)]


def filled(path):
    for name in path.split("{")[1:]:
        key = name.split("}")[0]
        path = path.replace(f"{{{key}}}", IDS.get(key, f"{key}-1"))
    return path


async def asked(client, verb, path, headers, purpose=None):
    body = {**BODIES.get(path, BECAUSE), **({"purpose": purpose} if purpose else {})}
    answer = await client.request(verb, filled(path), json=body if verb == "POST" else None, headers=headers)
    assert answer.status_code < 500, (verb, path, answer.text)
    if answer.status_code == 422 and path not in BODIES:  # it takes no reason either
        answer = await client.request(verb, filled(path), headers=headers)
    assert answer.status_code != 422, (verb, path, answer.text)
    return answer.status_code != 403


async def rows(role):
    """Return what one role may: for each route, or for each purpose that it may be asked for."""
    async with browser(Ruled()) as client:
        headers = await sign_in(client, role.value)
        for verb, path in routes():
            if "case" in BODIES.get(path, {}):
                may = [purpose for purpose in PURPOSES if await asked(client, verb, path, headers, purpose)]
                yield f"{verb} {path}", ", ".join(may)
            else:
                yield f"{verb} {path}", "yes" if await asked(client, verb, path, headers) else ""


async def table():
    """Return the lines: a route, and beneath it who may, and what for."""
    found: dict[str, list[str]] = {}
    for role in Role:
        async for route, may in rows(role):
            who = f"    {role.value}" + (f" ({may})" if may not in ("", "yes") else "")
            found.setdefault(route, []).extend([who] if may else [])
    return [line for route, who in found.items() for line in (route, *(who or ["    nobody alone"]))]


async def test_each_role_may_what_was_reviewed_and_nothing_else():
    today, reviewed = await table(), GOLDEN.read_text(encoding="utf-8").splitlines()
    changed = "\n".join(difflib.unified_diff(reviewed, today, "reviewed", "today", n=2, lineterm=""))
    assert today == reviewed, f"look at each row; if all are meant, write the table anew: {WRITE}\n{changed}"


@pytest.mark.parametrize(("verb", "path"), routes())
async def test_nobody_may_anything_unless_signed_in_and_by_their_own_page(verb, path):
    facade = Ruled()
    async with browser(facade) as client:
        bare = await client.request(verb, filled(path), json=BODIES.get(path, BECAUSE) if verb == "POST" else None)
        assert bare.status_code == 401
        headers = await sign_in(client, Role.SECURITY_OFFICER.value)
        if verb == "POST":
            for token in (b"", b"x" * 43, b"\xe9" * 43):
                stolen = {"Origin": headers["Origin"], CSRF_HEADER: token}
                said = await client.post(filled(path), json=BODIES.get(path, BECAUSE), headers=stolen)
                assert (said.status_code, said.json()["code"]) == (403, "csrf_token_wrong")


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(asyncio.run(table())) + "\n", encoding="utf-8")
    sys.stdout.write(f"{GOLDEN}: written\n")
