from dataclasses import replace
from datetime import timedelta

import pytest
from immutables import Map

from api.plan import site_of
from api.views import muster_of, view_of
from controller.domain.alarms import Alarm, AlarmKind, Priority, Source
from controller.domain.doors import DoorState, LockMode, LockStatus, Loop, ModeOrder, Position
from controller.domain.events import EntryObserved, Violation
from controller.domain.hygiene import KeyFacts, WireFacts
from controller.domain.ids import OUTSIDE, AreaId, CredentialId, DeviceId, FireZoneId, PointId, RequestId
from controller.domain.instant import Instant
from controller.domain.points import Point, PointKind, Sight, SightKind
from controller.domain.site import DoorKind, Factor, FireZone, Input, Site
from controller.domain.state import DeviceState, Lockdown, PendingChallenge, Sighting
from controller.rules.lockdown import not_secured
from controller.rules.mode import mode_requests
from controller.runtime.facade import Moment
from tests.api.fakes import (
    ALICE,
    CAMERA,
    GATE,
    GATE_IN,
    GUARD,
    LOBBY,
    NOON,
    SECOND,
    VAULT,
    browser,
    problem,
    quiet_state,
    sign_in,
    small_site,
)

SITE = small_site()
SEEN = PointId("see-gate")
LOCKED, UNLOCKED, JAMMED, NO_BOLT = LockStatus.LOCKED, LockStatus.UNLOCKED, LockStatus.JAMMED, LockStatus.UNKNOWN
CLOSED, OPEN, UNSEEN = Position.CLOSED, Position.OPEN, Position.UNKNOWN


def view(mono: float = 50.0, site: Site = SITE, **changes: object):
    state, now = quiet_state(**changes), Instant(NOON, mono)
    modes = {door: mode_requests(site, state, door, now) for door in site.doors}
    return view_of(Moment("boot-1", 9, site, state, modes), now)


def gate(state: DoorState, **changes: object):
    return view(doors=Map({GATE: state}), **changes).doors[0]


def alarm(ident: str, kind: AlarmKind, source: Source, **changes: object) -> Alarm:
    return replace(Alarm(ident, kind, Priority.HIGH, source, "", NOON, persists=True), **changes)


def alarms(*raised: Alarm) -> dict[str, object]:
    return {"alarms": Map({a.id: a for a in raised})}


@pytest.mark.parametrize(
    ("position", "lock", "status"),
    [
        (CLOSED, LOCKED, "secured"),
        (CLOSED, UNLOCKED, "unlocked"),
        (CLOSED, JAMMED, "unknown"),
        (CLOSED, NO_BOLT, "unknown"),
        (OPEN, LOCKED, "open"),
        (OPEN, UNLOCKED, "open"),
        (UNSEEN, LOCKED, "unknown"),
        (UNSEEN, UNLOCKED, "unlocked"),
    ],
)
def test_a_door_is_what_its_sensors_say(position, lock, status):
    assert gate(DoorState(position, lock)).status == status


def test_a_barrier_shows_what_stands_under_it_and_what_kind_of_door_it_is():
    wired = replace(SITE.doors[GATE], kind=DoorKind.BARRIER, loop=Input(DeviceId("motor"), None))
    site = replace(SITE, doors={**SITE.doors, GATE: wired})
    state = quiet_state(doors=Map({GATE: DoorState(OPEN, UNLOCKED, loop=Loop.OCCUPIED, key_turned=True)}))
    modes = dict.fromkeys(site.doors, ())
    shown = view_of(Moment("boot-1", 9, site, state, modes), Instant(NOON, 50.0)).doors[0]
    assert (shown.loop, shown.key_turned) == (Loop.OCCUPIED, True)
    assert (gate(DoorState()).loop, gate(DoorState()).key_turned) == (None, False)
    assert [door.kind for door in site_of(site).doors if door.id == GATE] == [DoorKind.BARRIER]


def test_a_low_battery_is_shown_at_its_device():
    low = next(iter(SITE.devices))
    shown = view(devices=Map({low: DeviceState(online=True, battery_low=True)}))
    assert [device.id for device in shown.devices if device.battery_low] == [low]


def test_what_is_ordered_is_not_shown_as_observed():
    door = gate(DoorState(CLOSED, UNLOCKED, ordered=LOCKED))
    assert (door.status, door.ordered) == ("unlocked", "locked")


def test_a_door_without_a_contact_is_judged_by_its_bolt():
    assert view().doors[1].status == "secured"


@pytest.mark.parametrize(("online", "status"), [(True, "secured"), (None, "secured"), (False, "offline")])
def test_a_door_whose_lock_was_missed_is_offline(online, status):
    devices = Map({DeviceId("lock-gate"): DeviceState(online=online)})
    assert gate(DoorState(CLOSED, LOCKED), devices=devices).status == status


@pytest.mark.parametrize(
    ("kinds", "persists", "status", "shown"),
    [
        ([AlarmKind.FORCED_OPEN], True, "forced_open", "forced_open"),
        ([AlarmKind.HELD_OPEN], True, "held_open", "held_open"),
        ([AlarmKind.FOUND_OPEN], True, "open", "found_open"),
        ([AlarmKind.FORCED_OPEN, AlarmKind.HELD_OPEN], True, "forced_open", "forced_open"),
        ([AlarmKind.FORCED_OPEN], False, "open", None),
        ([AlarmKind.TAMPER], True, "open", None),
    ],
)
def test_what_is_wrong_with_an_open_door_comes_first(kinds, persists, status, shown):
    raised = [alarm(f"a-{n}", kind, Source(door=GATE), persists=persists) for n, kind in enumerate(kinds)]
    door = gate(DoorState(OPEN, UNLOCKED), **alarms(*raised))
    assert (door.status, door.alarm) == (status, shown)


def lockdown(**changes: object) -> Lockdown:
    return replace(
        Lockdown(operator=GUARD, reason="drill", started=NOON, started_mono=40.0, secured_by=60.0), **changes
    )


def test_the_strictest_mode_shows_once_the_door_is_seen_secured():
    blocked = DoorState(CLOSED, LOCKED, orders=(ModeOrder(LockMode.BLOCKED, GUARD, "broken"),))
    assert (gate(blocked).status, gate(blocked).mode) == ("blocked", "blocked")
    assert gate(blocked).block.reason == "broken"
    assert gate(blocked, lockdown=lockdown()).status == "lockdown"
    assert gate(replace(blocked, position=OPEN), lockdown=lockdown()).status == "open"


def test_a_threat_level_blocks_the_doors_it_locks():
    raised = view(threat_level=2)
    assert [door.mode for door in raised.doors] == ["secured", "blocked"]
    assert (raised.threat_level.number, raised.threat_level.name) == (2, "raised")


@pytest.mark.parametrize(
    ("running", "mono", "state"),
    [
        (lockdown(), 59.9, "securing"),
        (lockdown(), 60.0, "incomplete"),
        (lockdown(secured_by=None), 50.0, "incomplete"),
        (lockdown(secured=True, secured_by=None), 99.0, "secured"),
    ],
)
def test_a_lockdown_says_how_far_it_is(running, mono, state):
    assert view(mono, lockdown=running).lockdown.state == state


@pytest.mark.parametrize("door", [DoorState(p, lock) for p in Position for lock in LockStatus])
def test_a_lockdown_names_the_doors_that_the_rules_find_unsecured(door):
    changes = {"doors": Map({GATE: door, VAULT: door}), "lockdown": lockdown(end_requested_by=SECOND)}
    shown = view(**changes).lockdown
    assert tuple(shown.unsecured_doors) == not_secured(SITE, quiet_state(**changes))
    assert (shown.operator, shown.end_requested_by, shown.since) == ("gil", "sue", NOON)


def test_alarms_stand_in_the_order_a_guard_works_them():
    late = NOON + timedelta(seconds=1)
    raised = [
        alarm("a-1", AlarmKind.OFFLINE, Source(), priority=Priority.LOW),
        alarm("a-2", AlarmKind.TAMPER, Source(), raised_at=late),
        alarm("a-3", AlarmKind.TAMPER, Source()),
        alarm("a-4", AlarmKind.TAMPER, Source(), acknowledged_by=GUARD),
    ]
    assert [a.id for a in view(**alarms(*raised)).alarms] == ["a-3", "a-2", "a-1", "a-4"]


@pytest.mark.parametrize(
    ("source", "name", "door", "zone", "camera"),
    [
        (Source(door=GATE), "The gate", "gate", "lobby", "cam-1"),
        (Source(door=VAULT), "The vault", "vault", "registry", "cam-1"),
        (Source(reader=GATE_IN), "Gate-In", "gate", "lobby", "cam-1"),
        (Source(device=DeviceId("lock-vault")), "Lock-Vault", "vault", "registry", "cam-1"),
        (Source(device=DeviceId("head-gate")), "Head-Gate", "gate", "lobby", "cam-1"),
        (Source(camera=CAMERA), "Gate camera", None, "lobby", "cam-1"),
        (Source(), "Small mission", None, None, None),
        (Source(door="gone"), "gone", "gone", None, None),
        (Source(reader="gone"), "gone", None, None, None),
        (Source(device=DeviceId("gone")), "gone", None, None, None),
        (Source(camera="gone"), "gone", None, None, "gone"),
    ],
)
def test_an_alarm_says_where_to_look(source, name, door, zone, camera):
    shown = view(**alarms(alarm("a-1", AlarmKind.TAMPER, source))).alarms[0]
    assert (shown.name, shown.door, shown.zone, shown.camera) == (name, door, zone, camera)


def test_an_alarm_of_a_point_that_a_camera_sees_shows_that_camera():
    seen = Point(SEEN, "Somebody at the gate", LOBBY, PointKind.CAMERA, None, sight=Sight(CAMERA, SightKind.TOLD, ()))
    site = replace(SITE, points={SEEN: seen})
    shown = view(site=site, **alarms(alarm("a-1", AlarmKind.INTRUSION, Source(point=SEEN)))).alarms[0]
    assert (shown.name, shown.zone, shown.camera) == ("Somebody at the gate", LOBBY, CAMERA)


def test_people_count_as_inside_only_where_they_are_known_to_be():
    shown = view(**scattered())
    assert (shown.inside, shown.possibly_inside, shown.unknown) == (1, 1, 2)


def scattered() -> dict[str, object]:
    """One is inside, one is not; one may have left, one may have come in, of one nothing is known."""
    seen = {"p-1": LOBBY, "p-2": OUTSIDE, "p-3": LOBBY, "p-4": OUTSIDE}
    return {
        "locations": Map({"p-1": LOBBY, "p-2": OUTSIDE, "p-3": None, "p-4": None, "p-5": None}),
        "sightings": Map({who: Sighting(zone, NOON, 1.0) for who, zone in seen.items()}),
    }


def test_the_muster_names_everybody_who_may_be_inside():
    listed = muster_of(Moment("boot-1", 9, SITE, quiet_state(**scattered())), Instant(NOON, 50.0), lambda _: None)
    assert [(one.who.id, one.whereabouts, one.zone, one.seen) for one in listed.people] == [
        ("p-1", "inside", "lobby", NOON),
        ("p-3", "possibly_inside", "lobby", NOON),
        ("p-4", "unknown", "outside", NOON),
        ("p-5", "unknown", None, None),
    ]
    assert listed.unaccounted == 0  # nobody came in unseen, by the count


def test_where_nobody_could_count_everybody_unknown_is_unaccounted_for():
    state = quiet_state(**scattered(), strangers=None)
    listed = muster_of(Moment("boot-1", 9, SITE, state), Instant(NOON, 50.0), lambda _: None)
    assert listed.unaccounted == 2


@pytest.mark.anyio
async def test_the_muster_is_asked_for_by_name(facade):
    facade.record(EntryObserved(RequestId("r1"), GATE, ALICE, LOBBY, assumed=False))
    async with browser(facade) as client:
        await sign_in(client)
        (one,) = (await client.get("/api/muster")).json()["people"]
    assert (one["who"], one["whereabouts"], one["zone"]) == ({"id": "p-1", "name": "Alice Example"}, "inside", "lobby")


def test_devices_and_cameras_not_heard_of_are_neither_on_nor_off():
    shown = view(devices=Map({DeviceId("head-gate"): DeviceState(online=True, secure=True, tampered=True)}))
    assert [(d.online, d.secure, d.tampered) for d in shown.devices][:2] == [(True, True, True), (None, False, False)]
    assert [c.online for c in shown.cameras] == [True, None]


def test_the_box_says_how_it_is_itself():
    shown = view(log_late=True, clock_trusted=False)
    assert (shown.log_late, shown.clock_trusted) == (True, False)
    assert (shown.boot, shown.seq, shown.time) == ("boot-1", 9, NOON)


@pytest.mark.anyio
async def test_the_plan_shows_what_is_built_and_no_wiring(facade):
    async with browser(facade) as client:
        await sign_in(client)
        answer = await client.get("/api/site")
    plan = answer.json()
    assert (plan["timezone"], plan["plan"]) == ("Europe/Vienna", {"width": 100.0, "height": 50.0})
    assert [z["level"] for z in plan["zones"]] == ["unrestricted", "controlled", "exclusion"]
    assert plan["doors"][0]["zones"] == ["outside", "lobby"]
    assert plan["readers"][0]["camera"] == "cam-1"
    assert [level["name"] for level in plan["threat_levels"]] == ["normal", "raised"]
    assert "rtsp" not in answer.text


@pytest.mark.anyio
async def test_the_view_is_of_this_moment(facade):
    async with browser(facade) as client:
        await sign_in(client)
        assert (await client.get("/api/view")).json()["doors"][0]["status"] == "secured"


@pytest.mark.anyio
async def test_a_picture_is_a_jpeg_or_a_reason_why_not(facade):
    async with browser(facade) as client:
        await sign_in(client)
        picture = await client.get("/api/cameras/cam-1/picture")
        assert (picture.headers["content-type"], picture.content) == ("image/jpeg", facade.pictures[CAMERA])
        assert problem(await client.get("/api/cameras/cam-2/picture")) == (404, "no_picture")
        assert problem(await client.get("/api/cameras/cam-9/picture")) == (404, "unknown_camera")


def test_whoever_waits_is_shown_with_what_they_have_proven():
    pending = PendingChallenge(
        RequestId("r-9"), CredentialId("b-1"), ALICE, frozenset({Factor.CARD}), frozenset({Factor.GUARD}), 49.0, 62.5
    )
    (one,) = view(challenges=Map({GATE_IN: pending})).waiting
    assert (one.request, one.door, one.camera, one.who.id) == ("r-9", GATE, CAMERA, ALICE)
    assert (one.proven, one.wanted) == ([Factor.CARD], [Factor.GUARD])
    assert one.until == NOON + timedelta(seconds=12.5)
    assert not one.portrait
    (compared,) = view(challenges=Map({GATE_IN: pending}), portraits=Map({ALICE: None})).waiting
    assert compared.portrait


def test_an_operators_order_says_why_it_stands():
    order = ModeOrder(LockMode.BLOCKED, GUARD, "painters", NOON + timedelta(hours=1))
    state = quiet_state(doors=Map({GATE: DoorState(orders=(order,))}), lockdown=lockdown())
    modes = {GATE: mode_requests(SITE, state, GATE, Instant(NOON, 50.0))}
    shown = view_of(Moment("boot-1", 9, SITE, state, modes), Instant(NOON, 50.0), lambda said: said.upper())
    assert [(r.mode, r.source, r.reason) for r in shown.doors[0].modes] == [
        ("lockdown", "lockdown", None),
        ("blocked", "operator", "PAINTERS"),
    ]


def test_a_fire_names_the_doors_it_releases():
    zone = FireZone(FireZoneId("house"), "House", PointId("panel"))
    site = replace(
        SITE, fire_zones={zone.id: zone}, doors={**SITE.doors, GATE: replace(SITE.doors[GATE], fire_zone=zone.id)}
    )
    state = quiet_state(fires=Map({zone.id: NOON}))
    (fire,) = view_of(Moment("boot-1", 9, site, state), Instant(NOON, 50.0)).fires
    assert (fire.name, fire.since, fire.panel, fire.doors) == ("House", NOON, "unknown", [GATE])


def test_an_alarm_that_nobody_acknowledged_in_time_is_marked():
    late = alarm("a-1", AlarmKind.INTRUSION, Source(point=PointId("pir"), area=AreaId("room")), escalated=True)
    (shown,) = view(**alarms(late)).alarms
    assert (shown.escalated, shown.point, shown.area) == (True, "pir", "room")


@pytest.mark.anyio
async def test_how_well_the_wires_are_kept(facade):
    facade.wires = [
        WireFacts("head", KeyFacts(NOON, exposed=True), 10.0, 10.0, 100, 1, {Violation.SECOND_PANEL: 2}),
        WireFacts("clear", None),
    ]
    async with browser(facade) as client:
        await sign_in(client)
        first, second = (await client.get("/api/devices/hygiene")).json()
    assert (first["score"], first["key_exposed"], first["violations"]) == (40, True, {"second_panel": 2})
    assert first["lost"] == [{"flaw": "key_exposed", "points": 40}, {"flaw": "attacked", "points": 20}]
    assert (second["score"], second["secured"], second["key_made"]) == (40, False, None)
