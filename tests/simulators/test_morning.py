"""The scenario's bookkeeping on the embassy's own doors, with a porter of ten lines in place of the controller."""

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import pytest

from controller.domain.faces import Gesture
from controller.domain.people import CredentialStatus
from controller.domain.site import Factor
from controller.rules.schedule import When, when
from controller.site.loader import load_site
from controller.site.people import load_people
from simulators import morning
from simulators.acts import arrivals, cameras, consulate, guard_post, server_room, vault, visitors, watched
from simulators.building import Building
from simulators.guard import GuardError
from simulators.hand import until
from simulators.scenario import Stage, at_rest, one_wire
from simulators.screen import Screen

CONFIG = Path(__file__).parents[2] / "config"
SITE = load_site(CONFIG / "embassy.toml")
PEOPLE = load_people(CONFIG / "people.csv", SITE)
BY_ID = {person.id: person for person in PEOPLE}
PATIENCE = 10.0


class Steps(StrEnum):
    ONE = "Somebody comes"
    TWO = "Somebody goes"


class Post(Screen):
    """A guard's screen with buttons that are remembered; those in `refused` do nothing."""

    def __init__(self, *refused):
        super().__init__()
        self.pressed = []
        self._refused = refused
        self._seq = 0

    async def order(self, button, **said):
        if button in self._refused:
            raise GuardError(f"{button}: 409")
        self.pressed.append(button)

    async def tell(self, kind, **facts):
        self._seq += 1
        nothing = {"door": None, "reader": None, "camera": None, "device": None, "who": None}
        await self.show("event", {"seq": self._seq, "kind": kind, **nothing, "reasons": [], "detail": {}, **facts})


def on_stage(building, say):
    return Stage(building, Post(), Post(), say=say, steps=Steps, enrolled=asyncio.Event(), officer=Post(), auditor=())


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def stage():
    keys = {device.id: bytes(16) for device in SITE.devices.values()}
    logins = dict.fromkeys(SITE.cameras, ("ostiary", "secret"))
    async with Building(SITE, PEOPLE, keys=keys, logins=logins) as building:
        stage = on_stage(building, say=[].append)
        yield stage


@asynccontextmanager
async def porter(stage, person="p-003", *, tells=True):
    """Lets everybody in at the main entrance and, where he `tells`, says so on the guard's screen."""
    door, head = stage.building.door("lobby-door"), stage.building.head("lobby-in")

    async def work():
        await until(lambda: head.pending > 0, PATIENCE)
        head.unplug()
        door.unlock(time.monotonic())
        await until(lambda: door.state.leaf_open, PATIENCE)
        door.lock(time.monotonic())
        if tells:
            await stage.guard.tell("entry_observed", door="lobby-door", who={"id": person, "name": "A"})

    working = asyncio.create_task(work())
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


@pytest.mark.anyio
async def test_a_passage_is_timed_counted_and_checked_against_door_and_screen(stage):
    async with porter(stage):
        assert await stage.walk("p-003", "lobby-in")
    report = stage.tally.report(stage.truth())
    assert report["swipes"] == 1
    assert len(report["unlock_ms"]["osdp"]) == 1
    assert 0 < report["unlock_ms"]["osdp"][0] < 2000
    assert report["unlock_ms"]["mqtt"] == []
    assert report["truth"] == {
        "entries": {"lobby-door": 1},
        "exits": {},
        "opened": {"lobby-door": 1},
        "released": {"lobby-door": 1},
        "forced": {},
    }
    assert [check["ok"] for check in report["checks"]] == [True]
    assert at_rest(stage.building.door("lobby-door"))


@pytest.mark.anyio
async def test_a_passage_that_the_guard_never_saw_is_a_failed_check(stage, monkeypatch):
    monkeypatch.setattr("simulators.scenario.SCREEN_SECONDS", 0.05)
    async with porter(stage, tells=False):
        assert not await stage.passage("lobby-in", "p-003")
    (check,) = stage.tally.checks
    assert (check.ok, check.detail) == (False, "the guard saw no entry")


@pytest.mark.anyio
async def test_a_door_that_does_not_let_go_ends_the_walk_with_a_failed_check(stage, monkeypatch):
    monkeypatch.setattr("simulators.scenario.DOOR_SECONDS", 0.05)
    assert not await stage.walk("p-003", "lobby-in", "chancery-in")
    (check,) = stage.tally.checks
    assert (check.ok, check.detail) == (False, "the bolt did not let go")
    assert stage.tally.swipes == 1
    assert stage.truth()["entries"] == {}


@pytest.mark.anyio
async def test_a_refusal_holds_only_where_the_reason_is_told_and_the_door_stays_shut(stage):
    since, at = stage.guard.seq, time.monotonic()
    await stage.guard.tell("access_denied", reader="lobby-in", reasons=["credential_lost"])
    await stage.refused("lost", "lobby-in", "credential_lost", since=since, at=at)
    await stage.refused("another reason", "lobby-in", "lockdown", since=since, at=at, within=0.01)
    await stage.refused("another reader", "chancery-in", "credential_lost", since=since, at=at, within=0.01)
    await stage.refused("told earlier", "lobby-in", "credential_lost", since=since + 1, at=at, within=0.01)
    stage.building.door("lobby-door").unlock(time.monotonic())
    await stage.refused("told but opened", "lobby-in", "credential_lost", since=since, at=at)
    assert {check.name: check.ok for check in stage.tally.checks} == {
        "lost": True,
        "another reason": False,
        "another reader": False,
        "told earlier": False,
        "told but opened": False,
    }


@pytest.mark.anyio
async def test_what_does_not_come_in_time_and_what_is_refused_are_failed_checks_and_never_errors(stage):
    stage.second = Post("lockdown/end")
    assert await stage.seen("on the screen", lambda screen: screen.record("nothing", 0), within=0.01) is None
    assert not await stage.happens("in the building", lambda: False, within=0.01)
    assert await stage.press("a button", stage.second, "lockdown/end") is None
    assert await stage.press("another button", stage.guard, "lockdown/end") is None
    assert [check.ok for check in stage.tally.checks] == [False, False, False, True]
    assert stage.guard.pressed == ["lockdown/end"]


@pytest.mark.anyio
async def test_steps_are_numbered_as_they_begin(stage):
    said = []
    stage = on_stage(stage.building, say=said.append)
    stage.begin(Steps.TWO)
    stage.begin(Steps.ONE)
    assert said == [
        {"step": {"n": 1, "of": 2, "text": "Somebody goes"}},
        {"step": {"n": 2, "of": 2, "text": "Somebody comes"}},
    ]


@pytest.mark.anyio
async def test_tidying_up_closes_doors_and_the_alarms_whose_cause_is_gone(stage):
    stage.hand.force_open("fire-exit")
    door = stage.building.door("fire-exit")
    await until(lambda: door.state.leaf_open, PATIENCE)

    def alarm(ident, by, *, persists):
        nothing = {"door": None, "reader": None, "device": None}
        return {"id": ident, "kind": "tamper", **nothing, "persists": persists, "acknowledged_by": by}

    alarms = [alarm("a1", None, persists=True), alarm("a2", None, persists=False), alarm("a3", "g", persists=False)]
    await stage.guard.show("view", {"seq": 1, "alarms": alarms})
    await morning.tidy(stage.building, stage.guard)
    assert at_rest(door)
    assert stage.guard.pressed == [
        "alarms/a1/acknowledge",
        "alarms/a2/acknowledge",
        "alarms/a2/close",
        "alarms/a3/close",
    ]


@pytest.mark.parametrize(
    ("reader", "wire"),
    [("lobby-in", "osdp"), ("consular-in", "osdp"), ("main-gate-in", "mqtt"), ("lobby-out", None)],
)
def test_only_a_reader_and_a_lock_on_the_same_kind_of_wire_are_timed(reader, wire):
    assert one_wire(SITE, reader) == wire


@pytest.mark.parametrize("person", morning.ROUTES)
def test_whoever_arrives_in_the_morning_may_do_so_at_any_hour_by_badge_and_at_night_with_a_pin(person):
    row = BY_ID[person]
    assert row.status is CredentialStatus.ACTIVE
    levels = [SITE.access_levels[level] for level in row.levels]
    for reader in map(SITE.readers.get, morning.ROUTES[person]):
        zone = SITE.zones[reader.enters]
        rights = [level for level in levels if zone.id in level.zones or reader.door in level.doors]
        assert any(SITE.schedules[level.schedule].always for level in rights)
        assert zone.factors | reader.factors <= {Factor.CARD}
        outside = reader.factors_outside
        assert outside is None or (outside.factors == {Factor.PIN} and row.pin)
        assert row.assurance >= zone.minimum_assurance
        assert row.clearance >= SITE.threat_levels[0].minimum_clearance.get(zone.id, 0)


def test_what_the_acts_look_at_is_there():
    assert guard_post.CAMERA in SITE.cameras
    assert {count.door for count in SITE.cameras[guard_post.CAMERA].counts} == {guard_post.DOOR}
    assert {cameras.CUT, cameras.COVERED, cameras.TURNING} <= set(SITE.cameras)
    assert not {guard_post.CAMERA, watched.CAMERA, server_room.CAMERA} & {cameras.CUT, cameras.COVERED}
    head = SITE.cameras[cameras.TURNING].head
    assert head is not None
    assert (head.home, set(head.presets)) == (cameras.HOME, {cameras.HOME, cameras.ELSEWHERE})
    assert SITE.areas[watched.AREA].points == {watched.FENCE, watched.BAYS}
    assert {SITE.sights[point].camera for point in (watched.FENCE, watched.BAYS)} == {watched.CAMERA}
    assert set(server_room.GESTURES) == set(Gesture)


def test_enough_people_arrive_on_each_wire_for_a_percentile_to_mean_something():
    wires = [one_wire(SITE, reader) for route in morning.ROUTES.values() for reader in route]
    assert wires.count("osdp") >= 8
    assert wires.count("mqtt") >= 7


def test_whoever_is_needed_beside_the_walkers_walks_nowhere_else_meanwhile():
    """One badge at two doors at once is refused, and rightly: each place has people of its own."""
    busy = [*morning.ROUTES, *arrivals.PEOPLE, consulate.FIRST, visitors.HOST, visitors.POOL]
    busy += [*vault.PEOPLE, server_room.HOLDER, server_room.CONTRACTOR]
    busy += [guard_post.SLOW, guard_post.STRANGER, guard_post.ABSENT]
    assert len(busy) == len(set(busy))
    assert set(busy) <= set(BY_ID)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ((2026, 11, 23, 6, 59), False),
        ((2026, 11, 23, 7, 0), True),
        ((2026, 11, 23, 19, 29), True),
        ((2026, 11, 23, 19, 30), False),
        ((2026, 11, 22, 12, 0), False),
        ((2026, 12, 25, 12, 0), False),
    ],
)
def test_office_hours_as_the_scenario_knows_them_are_those_of_the_box(moment, expected):
    at = datetime(*moment, tzinfo=SITE.timezone)
    assert arrivals.holds(SITE, "office", at) is expected
    assert (when(SITE.schedules["office"], SITE, at) is When.HOLDS) is expected


@pytest.mark.anyio
async def test_a_turnstile_is_turned_and_a_barrier_driven_through_and_left_alone(stage):
    building = stage.building
    for door in ("main-gate", "vehicle-gate"):
        building.door(door).unlock(time.monotonic())
        await stage.go_through(door)
        building.door(door).lock(time.monotonic())
        assert await until(lambda: at_rest(building.doors[door]), PATIENCE)  # noqa: B023
    assert [len(building.door(door).truth.entries) for door in ("main-gate", "vehicle-gate")] == [1, 1]
    assert not building.door("vehicle-gate").occupied
    assert building.door("vehicle-gate").truth.crushed_at == ()


@pytest.mark.anyio
async def test_what_must_stay_hidden_and_who_must_not_press_a_button_are_checked(stage, monkeypatch):
    monkeypatch.setattr("simulators.scenario.STILL_SECONDS", 0.05)
    stage.guard = Post("areas/vault/disarm")
    assert await stage.hidden("nothing is seen", lambda screen: screen.record("alarm_raised", 0))
    await stage.guard.tell("alarm_raised", detail={"kind": "duress"})
    assert not await stage.hidden("duress is seen", lambda screen: screen.raised("duress", 0))
    assert await stage.forbidden("no guard disarms", stage.guard, "areas/vault/disarm")
    assert not await stage.forbidden("anybody arms", stage.guard, "areas/vault/arm")
    assert [check.ok for check in stage.tally.checks] == [True, False, True, False]


@pytest.mark.anyio
@pytest.mark.parametrize(("asked", "shown"), [(["pin"], 1), (["guard"], 0), (["guard", "pin"], 1)])
async def test_whatever_a_reader_asks_for_is_shown(stage, asked, shown):
    """The reader stands in for the box: it asks, and the bolt lets go once the guard has looked or a PIN was typed."""
    head, door, typed = stage.building.head("lobby-in"), stage.building.door("lobby-door"), []
    head.type_pin = typed.append
    waiting = {"request": "r1", "reader": "lobby-in", "who": {"id": "p-008"}, "wanted": asked}

    async def box():
        await until(lambda: head.pending > 0, PATIENCE)
        await stage.guard.tell("challenge_issued", reader="lobby-in", who={"id": "p-008"}, detail={"factors": asked})
        await stage.guard.show("view", {"seq": 1, "waiting": [waiting]})
        await until(lambda: typed or stage.guard.pressed, PATIENCE)
        door.unlock(time.monotonic())

    working = asyncio.create_task(box())
    assert await stage.let_in("lobby-in", "p-008") is not None
    await working
    assert len(typed) == shown
    assert stage.guard.pressed == (["requests/r1/confirm"] if "guard" in asked else [])
    assert stage.tally.unlock_ms["osdp"] == []  # two steps are no figure for one badge


def test_nobodys_pin_is_the_wrong_one():
    assert morning.WRONG_PIN not in {person.pin for person in PEOPLE}
