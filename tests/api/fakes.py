"""A small building, and a facade over it that keeps a tape of the orders it was given."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import sqlalchemy as sa
from immutables import Map
from sqlalchemy.pool import StaticPool

from api.app import create_app
from controller.domain.doors import DoorState, LockStatus, Position
from controller.domain.events import Event, Recorded
from controller.domain.hygiene import BrokerFacts, Hygiene, WireFacts, hygiene
from controller.domain.ids import (
    OUTSIDE,
    CameraId,
    CardholderId,
    DeviceId,
    DoorId,
    LineId,
    OperatorId,
    ReaderId,
    ZoneId,
)
from controller.domain.instant import Instant
from controller.domain.operators import Operator, Order, Refusal, Role
from controller.domain.passwords import Weakness, WeakPassword
from controller.domain.roles import FactorChange, SecondFactor
from controller.domain.site import (
    Assurance,
    Camera,
    Device,
    DeviceKind,
    Door,
    Factor,
    Input,
    LockKind,
    Output,
    Reader,
    RelockOn,
    SecurityLevel,
    Side,
    Site,
    ThreatLevel,
    Zone,
)
from controller.domain.state import DeviceState, SiteState
from controller.rules.fold import apply
from controller.runtime.evidence import Evidence
from controller.runtime.facade import Lagged, Moment, Second, SignIn
from controller.runtime.face_desk import FaceDesk
from controller.runtime.ports import Films, Identity
from controller.runtime.studies import Offices
from controller.store.answers import Answers
from controller.store.programs import Programs
from controller.store.second_factors import SecondFactors

GATE, VAULT = DoorId("gate"), DoorId("vault")
GATE_IN, VAULT_IN = ReaderId("gate-in"), ReaderId("vault-in")
LOBBY, REGISTRY = ZoneId("lobby"), ZoneId("registry")
CAMERA, YARD_CAMERA = CameraId("cam-1"), CameraId("cam-2")
ALICE = CardholderId("p-1")
GUARD, SECOND, AUDITOR = OperatorId("gil"), OperatorId("sue"), OperatorId("ada")
PASSWORD = "correct horse battery"
ONE_TIME = "one-time-secret"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BASE = "http://127.0.0.1"


def small_site() -> Site:
    gate_lock, vault_lock, head = DeviceId("lock-gate"), DeviceId("lock-vault"), DeviceId("head-gate")
    return Site(
        id="mission",
        name="Small mission",
        timezone=ZoneInfo("Europe/Vienna"),
        plan_size=(100.0, 50.0),
        zones={
            OUTSIDE: _zone(OUTSIDE, SecurityLevel.UNRESTRICTED, ()),
            LOBBY: _zone(LOBBY, SecurityLevel.CONTROLLED, ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0))),
            REGISTRY: _zone(REGISTRY, SecurityLevel.EXCLUSION, ((10.0, 0.0), (20.0, 0.0), (20.0, 10.0))),
        },
        doors={
            GATE: _door(GATE, (OUTSIDE, LOBBY), gate_lock, contact=Input(gate_lock, None)),
            VAULT: _door(VAULT, (LOBBY, REGISTRY), vault_lock, contact=None),
        },
        readers={
            GATE_IN: _reader(GATE_IN, GATE, OUTSIDE, LOBBY, head, CAMERA),
            VAULT_IN: _reader(VAULT_IN, VAULT, LOBBY, REGISTRY, DeviceId("head-vault"), None),
        },
        cameras={
            CAMERA: Camera(CAMERA, "Gate camera", LOBBY, "rtsp://user:secret@camera/1", "entry", 3, (1.0, 2.0)),
            YARD_CAMERA: Camera(YARD_CAMERA, "Yard", OUTSIDE, "rtsp://camera/2", "perimeter", 3, (3.0, 4.0)),
        },
        lines={},
        devices={
            d: Device(d, d.title(), kind, Side.SAFE, LineId("a") if kind is DeviceKind.OSDP else None, None, True, ())
            for d, kind in (
                (head, DeviceKind.OSDP),
                (DeviceId("head-vault"), DeviceKind.OSDP),
                (gate_lock, DeviceKind.MQTT),
                (vault_lock, DeviceKind.MQTT),
            )
        },
        schedules={},
        holidays={},
        access_levels={},
        threat_levels={
            1: ThreatLevel(1, "normal", frozenset(), {}, {}),
            2: ThreatLevel(2, "raised", frozenset({VAULT}), {}, {}),
        },
        digest="d1",
    )


def _zone(zone: ZoneId, level: SecurityLevel, shape: tuple[tuple[float, float], ...]) -> Zone:
    return Zone(zone, zone.title(), level, frozenset({Factor.CARD}), Assurance.SYMMETRIC, shape)


def _door(door: DoorId, zones: tuple[ZoneId, ZoneId], lock: DeviceId, *, contact: Input | None) -> Door:
    return Door(
        id=door,
        name=f"The {door}",
        zones=zones,
        lock_kind=LockKind.FAIL_SECURE,
        lock=Output(lock, None),
        contact=contact,
        bolt=Input(lock, None),
        rex=None,
        free_egress=True,
        fire_zone=None,
        unlock_seconds=5,
        open_seconds=20,
        pre_alarm_seconds=5,
        relock_on=RelockOn.CLOSE,
        position=(5.0, 6.0),
    )


def _reader(
    reader: ReaderId, door: DoorId, leaves: ZoneId, enters: ZoneId, head: DeviceId, camera: CameraId | None
) -> Reader:
    return Reader(reader, reader.title(), door, leaves, enters, head, False, camera, frozenset(), 10.0)


def quiet_state(**changes: object) -> SiteState:
    """Both doors locked, the gate closed, everything online."""
    locked = DoorState(position=Position.CLOSED, lock=LockStatus.LOCKED)
    return SiteState(
        **{
            "doors": Map({GATE: locked, VAULT: DoorState(lock=LockStatus.LOCKED)}),
            "devices": Map(
                {DeviceId("lock-gate"): DeviceState(online=True), DeviceId("lock-vault"): DeviceState(True)}
            ),
            "cameras": Map({CAMERA: DeviceState(online=True)}),
            "threat_level": 1,
            **changes,
        }
    )


class FakeWatch:
    """A subscription with room for ``room`` records."""

    def __init__(self, facade: FakeFacade, room: int) -> None:
        self._facade, self._room = facade, room
        self._queue: deque[Recorded] = deque()
        self._some = asyncio.Event()
        self._lagged = False

    def offer(self, record: Recorded) -> None:
        if len(self._queue) < self._room:
            self._queue.append(record)
        else:
            self._lagged = True
        self._some.set()

    async def next(self) -> Recorded:
        while not self._queue and not self._lagged:
            self._some.clear()
            await self._some.wait()
        if self._lagged:
            raise Lagged
        return self._queue.popleft()

    def close(self) -> None:
        self._facade.watches.discard(self)
        self._facade.nobody_watches.set()


def answers_in_memory() -> Answers:
    """The real store of answers, on no disk."""
    return Answers(sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}))


def programs_in_memory() -> Programs:
    """The real secrets of programs, on no disk."""
    key = secrets.token_bytes(32)
    engine = sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    return Programs(engine, lambda: key)


def factors_in_memory() -> SecondFactors:
    """The real second factors, on no disk."""
    key = secrets.token_bytes(32)
    engine = sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    return SecondFactors(engine, lambda: key)


class FakeFacade:
    """A building whose state is a real fold of what it is told to record."""

    def __init__(self) -> None:
        self.site = small_site()
        self.state = quiet_state()
        self.boot = "boot-1"
        self.records: list[Recorded] = []
        self.durable: int | None = None  # the newest durable record; None: all of them
        self.clock = 1000.0
        self.room = 1000
        self.watches: set[FakeWatch] = set()
        self.nobody_watches = asyncio.Event()
        self.operators = {o.id: o for o in (Operator(GUARD, Role.GUARD), Operator(SECOND, Role.SUPERVISOR))}
        self.operators[AUDITOR] = Operator(AUDITOR, Role.AUDITOR)
        self.passwords = {GUARD: PASSWORD, SECOND: PASSWORD, AUDITOR: PASSWORD}
        self.one_time = {OperatorId("new"): ONE_TIME}
        self.duress: dict[OperatorId, str] = {}
        self.weak: dict[str, Weakness] = {}
        self.tape: list[tuple[object, ...]] = []
        self.refusal: Refusal | None = None
        self.wires: list[WireFacts] = []
        self.pictures: dict[CameraId, bytes] = {CAMERA: b"\xff\xd8 jpeg 1"}
        self.texts: dict[str, str] = {}
        self.factors = factors_in_memory()
        self.programs = programs_in_memory()
        self.answers = answers_in_memory()
        self.must_prove: set[OperatorId] = set()
        self.consoles = 0
        self.names = {ALICE: Identity("Alice Example")}
        self.films: Films | None = None
        self.hooks = None
        self.faces: FaceDesk | None = None
        self.evidence: Evidence | None = None
        self.offices: Offices | None = None
        self.found: dict[tuple[str, str], list[Recorded]] = {}  # what a search for recordings finds

    def record(self, event: Event) -> Recorded:
        seq = len(self.records) + 1
        at = Instant(NOON + timedelta(seconds=seq), self.clock)
        recorded = Recorded(seq, at, self.boot, self.site.digest, event)
        self.records.append(recorded)
        self.state = apply(self.state, event, at)
        for watch in list(self.watches):
            watch.offer(recorded)
        return recorded

    def moment(self) -> Moment:
        return Moment(self.boot, len(self.records), self.site, self.state)

    def mono(self) -> float:
        return self.clock

    def watch(self) -> FakeWatch:
        watch = FakeWatch(self, self.room)
        self.watches.add(watch)
        return watch

    def read(self, *, before: int | None, limit: int) -> Sequence[Recorded]:
        durable = self.records[: self.durable]
        return [r for r in reversed(durable) if before is None or r.seq < before][:limit]

    async def order(self, operator: OperatorId, order: Order) -> Refusal | None:
        self.tape.append((operator, order))
        return self.refusal

    async def sign_in(self, operator: OperatorId, password: str, *, new_password: str | None, address: str) -> SignIn:
        self.tape.append(("sign_in", operator, address))
        if self.one_time.get(operator) == password:
            if new_password is None:
                return SignIn(new_password_needed=True)
            self._refuse_weak(new_password)
            del self.one_time[operator]
            self.passwords[operator] = new_password
            self.operators[operator] = Operator(operator, Role.GUARD)
        if self.duress.get(operator) == password:
            return SignIn(self.operators[operator], watched=True, second=self.second(self.operators[operator]))
        if self.passwords.get(operator) != password and new_password is None:
            return SignIn(refused=True)
        return SignIn(self.operators[operator], second=self.second(self.operators[operator]))

    async def vouch(self, operator: OperatorId, password: str, *, address: str) -> SignIn:
        self.tape.append(("vouch", operator, address))
        known = self.operators.get(operator)
        if known is None or password not in (self.passwords.get(operator), self.duress.get(operator)):
            return SignIn(refused=True)
        return SignIn(known, watched=password == self.duress.get(operator), second=self.second(known))

    def second(self, operator: Operator) -> Second:
        if self.factors.methods(operator.id):
            return Second.PROVE
        return Second.ENROL if operator.id in self.must_prove else Second.NONE

    async def signed_in(self, operator: OperatorId, address: str, factor: SecondFactor) -> None:
        self.tape.append(("signed_in", operator, factor))

    async def factor_refused(self, operator: OperatorId, address: str) -> None:
        self.tape.append(("factor_refused", operator))

    async def factor_changed(self, operator: OperatorId, factor: SecondFactor, change: FactorChange) -> None:
        self.tape.append(("factor_changed", operator, factor, change))

    async def change_password(self, operator: OperatorId, password: str, new_password: str, address: str) -> bool:
        if self.passwords[operator] != password:
            return False
        self._refuse_weak(new_password)
        self.passwords[operator] = new_password
        return True

    async def issue_password(self, operator: OperatorId) -> str:
        self.tape.append(("issue_password", operator))
        self.factors.forget(operator)
        return "fresh-one-time"

    async def first_password(self, operator: OperatorId) -> str | None:
        return None if operator in self.passwords else await self.issue_password(operator)

    async def forget_operator(self, operator: OperatorId) -> None:
        self.tape.append(("forget_operator", operator))

    def console_opened(self) -> None:
        self.consoles += 1

    def console_closed(self) -> None:
        self.consoles -= 1

    async def choose_duress(self, operator: OperatorId, password: str, duress: str) -> bool:
        self.tape.append(("choose_duress", operator))
        self._refuse_weak(duress)
        self.duress[operator] = duress
        return self.passwords[operator] == password != duress

    def _refuse_weak(self, password: str) -> None:
        if password in self.weak:
            raise WeakPassword(self.weak[password])

    async def signed_out(self, operator: OperatorId) -> None:
        self.tape.append(("signed_out", operator))

    def operator(self, operator: OperatorId) -> Operator | None:
        return self.operators.get(operator)

    def identity(self, cardholder: CardholderId) -> Identity | None:
        return self.names.get(cardholder)

    def text(self, text: str) -> str:
        return self.texts.get(text, text)

    async def history(self, what: str, subject: str, *, before: int | None, limit: int) -> Sequence[Recorded]:
        self.tape.append(("history", what, subject))
        if what in ("filmed", "recording"):
            return self.found.get((what, subject), [])
        return self.read(before=before, limit=limit)

    def hygiene(self) -> list[tuple[WireFacts, Hygiene]]:
        return [(facts, hygiene(facts, NOON)) for facts in self.wires]

    def broker(self) -> BrokerFacts:
        return BrokerFacts(True, 90.0, 1, "Connection lost", 3, 2)

    async def picture(self, camera: CameraId, *, rests: bool = False) -> bytes | None:
        return self.pictures.get(camera)


@asynccontextmanager
async def browser(facade: FakeFacade, base: str = BASE, **settings: object):
    """A client on the app itself, without a network."""
    app = create_app(facade, **{"static": None, "wall": lambda: NOON, **settings})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
        client.app = app
        yield client


async def sign_in(client: httpx.AsyncClient, operator: OperatorId = GUARD, password: str = PASSWORD) -> dict[str, str]:
    """Sign in and return the headers that orders need."""
    answer = await client.post("/api/session", json={"operator": operator, "password": password})
    assert answer.status_code == 200, answer.text
    return {"X-CSRF-Token": answer.json()["csrf"], "Origin": str(client.base_url).rstrip("/")}


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an answer that must be a whole problem document."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "code"}
    assert body["status"] == answer.status_code
    assert body["type"].endswith(body["code"])
    assert body["detail"]
    return answer.status_code, body["code"]
