"""The shipped embassy: what the demo, the simulators and the console's plan count on."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from controller.domain.faces import Liveness
from controller.domain.filming import MaskKind
from controller.domain.ids import OUTSIDE
from controller.domain.people import CardholderKind, CredentialStatus
from controller.domain.points import OutputKind
from controller.domain.site import AntiPassback, Assurance, DeviceKind, DoorKind, Factor, SecurityLevel, Side, Site
from controller.prove.prover import prove
from controller.rules.schedule import When, when
from controller.site.errors import SiteErrors
from controller.site.loader import load_site, parse_site
from controller.site.people import PersonRow, load_people

CONFIG = Path(__file__).parents[3] / "config"
ENTRIES_ON_OSDP = {"lobby-in": "osdp-lobby", "chancery-in": "osdp-chancery", "registry-in": "osdp-registry"}


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(CONFIG / "embassy.toml")


@pytest.fixture(scope="module")
def people(site: Site) -> list[PersonRow]:
    return load_people(CONFIG / "people.csv", site)


def test_the_embassy_has_the_size_that_was_promised(site: Site):
    assert set(site.zones) == {
        OUTSIDE,
        "forecourt",
        "guard_post",
        "parking",
        "consular_hall",
        "lobby",
        "chancery",
        "registry",
        "comms_room",
        "server_room",
    }
    assert (len(site.doors), len(site.readers), len(site.cameras)) == (12, 20, 6)
    assert len(site.schedules) >= 2
    assert any(period.end < period.start for schedule in site.schedules.values() for period in schedule.periods)
    assert len(site.holidays) == 10
    assert {"staff", "local-staff", "consular", "comms", "it", "guards", "visitors"} <= set(site.access_levels)
    assert list(site.threat_levels) == [0, 1, 2, 3]


def test_three_readers_and_a_module_share_the_line_on_secure_channel_and_one_speaks_in_the_clear(site: Site):
    line = site.lines["line-a"]
    assert (len(site.lines), line.port, line.baud) == (1, "/dev/ttyUSB0", 115_200)
    osdp = {device.id: device for device in site.devices.values() if device.kind is DeviceKind.OSDP}
    assert {device.id: (device.address, device.side, device.secure_channel) for device in osdp.values()} == {
        "osdp-lobby": (0, Side.ATTACK, True),
        "osdp-chancery": (1, Side.ATTACK, True),
        "osdp-registry": (2, Side.ATTACK, True),
        "osdp-consular": (3, Side.ATTACK, False),
        "osdp-io": (8, Side.SAFE, True),
    }
    assert {reader: site.readers[reader].device for reader in ENTRIES_ON_OSDP} == ENTRIES_ON_OSDP
    consular = next(reader for reader in site.readers.values() if reader.device == "osdp-consular")
    assert (consular.enters, site.zones[consular.enters].level) == ("consular_hall", SecurityLevel.UNRESTRICTED)


def test_four_doors_hang_on_the_module_and_the_others_on_their_own_mqtt_lock(site: Site):
    on_module = [door for door in site.doors.values() if door.lock.device == "osdp-io"]
    assert {door.id: door.lock.index for door in on_module} == {
        "lobby-door": 0,
        "chancery-door": 1,
        "registry-door": 2,
        "consular-door": 3,
    }
    for door in site.doors.values():
        device = "osdp-io" if door in on_module else f"lock-{door.id}"
        assert door.lock.device == device
        assert (door.contact is None) is (door.kind is DoorKind.TURNSTILE)
        assert door.bolt is not None
        assert door.rex is not None
        assert {each.device for each in door.inputs.values()} | {door.rex.input.device} == {device}


def test_the_gates_are_a_turnstile_that_counts_and_a_barrier_with_a_loop(site: Site):
    kinds = {door.id: door.kind for door in site.doors.values() if door.kind is not DoorKind.LEAF}
    assert kinds == {"main-gate": DoorKind.TURNSTILE, "vehicle-gate": DoorKind.BARRIER}
    assert {"rotation_in", "rotation_out"} <= set(site.doors["main-gate"].inputs)
    assert site.doors["vehicle-gate"].loop is not None
    assert site.doors["fire-exit"].key_switch is not None


def test_most_of_what_a_zone_may_ask_is_asked_somewhere(site: Site):
    zones = site.zones.values()
    assert {zone.anti_passback for zone in zones} == set(AntiPassback)
    assert [zone.id for zone in zones if zone.two_person] == ["comms_room"]
    assert [zone.id for zone in zones if zone.escort] == ["lobby", "chancery", "registry"]
    assert [zone.id for zone in zones if zone.first_person] == ["server_room"]
    assert [zone.id for zone in zones if zone.visitors_sign_in] == ["lobby"]
    assert {zone.id for zone in zones if zone.occupancy_limit} == {"registry", "server_room"}
    assert [zone.id for zone in zones if zone.competencies] == ["comms_room"]
    readers = site.readers.values()
    assert [reader.id for reader in readers if Factor.GUARD in reader.factors] == ["guard-post-in"]
    assert [reader.id for reader in readers if reader.card_or_pin] == ["lobby-in"]
    assert [reader.id for reader in readers if reader.factors_outside] == ["parking-in"]
    assert [reader.id for reader in readers if reader.random_search_percent] == ["vehicle-gate-in"]
    assert [door.id for door in site.doors.values() if door.unlocked_schedule] == ["consular-door"]
    assert site.doors["consular-door"].after_first_person
    assert (len(site.interlocks), len(site.fire_zones), len(site.areas), len(site.causes)) == (1, 1, 2, 3)
    assert {point.kind for point in site.points.values()} >= {
        "fire",
        "pir",
        "glass_break",
        "panic",
        "mains",
        "battery",
        "camera",
    }
    assert {output.kind for output in site.outputs.values()} == set(OutputKind)
    assert site.escalation is not None
    assert site.retention
    assert any(level.allowed_kinds and level.allowed_levels for level in site.threat_levels.values())


def test_the_shelter_is_open_at_any_hour_so_that_the_demo_may_show_it_at_any(site: Site):
    schedule = site.schedules[site.doors["consular-door"].unlocked_schedule]
    midnight = datetime(2026, 12, 24, tzinfo=site.timezone)
    moments = [midnight + timedelta(minutes=minutes) for minutes in range(0, 3 * 24 * 60, 30)]
    assert {when(schedule, site, moment) for moment in moments} == {When.HOLDS}


def test_what_must_hold_is_proven(site: Site):
    verdicts = list(prove(site))
    assert [one.invariant.id for one in verdicts if one.broken] == []
    assert len(verdicts) >= 8
    assert {"No visitor reaches the registry without an escort", "From every zone there is a free way out"} <= {
        one.invariant.name for one in verdicts
    }


def test_sixteen_readers_speak_mqtt_each_by_a_device_of_its_own(site: Site):
    devices = [reader.device for reader in site.readers.values() if not reader.device.startswith("osdp-")]
    assert (len(devices), len(set(devices))) == (16, 16)
    assert {site.devices[device].kind for device in devices} == {DeviceKind.MQTT}
    assert all(
        device == f"reader-{reader.id}" for reader in site.readers.values() if (device := reader.device) in devices
    )


def test_the_registry_asks_for_a_pin_and_the_server_room_for_a_face(site: Site):
    assert site.zones["registry"].factors == {Factor.CARD, Factor.PIN}
    assert site.readers["registry-in"].keypad
    assert [zone.id for zone in site.zones.values() if Factor.FACE in zone.factors] == ["server_room"]
    entry = site.readers["server-in"]
    assert entry.camera == "cam-server"
    assert site.cameras[entry.camera].zone == entry.leaves
    assert entry.liveness is Liveness.CHALLENGE
    assert all(camera.url == f"rtsp://127.0.0.1:8554/{camera.id}" for camera in site.cameras.values())


def test_cameras_watch_a_line_and_an_area_count_at_a_door_turn_and_hide_what_they_must(site: Site):
    assert {point: sight.kind for point, sight in site.sights.items()} == {"see-bays": "intrusion", "see-fence": "line"}
    assert [count.door for camera in site.cameras.values() for count in camera.counts] == ["guard-post-door"]
    assert [camera.id for camera in site.cameras.values() if camera.head] == ["cam-chancery"]
    masks = {mask.kind for camera in site.cameras.values() for mask in camera.masks or ()}
    assert masks == set(MaskKind)


def test_doors_lie_on_the_wall_between_their_zones_and_cameras_inside_theirs(site: Site):
    for door in site.doors.values():
        for zone in door.zones:
            assert zone == OUTSIDE or on_wall(site.zones[zone].shape, door.position), (door.id, zone)
    for camera in site.cameras.values():
        assert inside(site.zones[camera.zone].shape, camera.position), camera.id


def test_rooms_do_not_overlap_and_fill_most_of_the_plan(site: Site):
    grid = [(x, y) for x in range(5, 1200, 10) for y in range(5, 700, 10)]
    covers = Counter(sum(inside(zone.shape, point) for zone in site.zones.values()) for point in grid)
    assert set(covers) == {0, 1}
    assert covers[1] > 0.85 * len(grid)


def test_the_people_are_those_the_demo_needs(site: Site, people: list[PersonRow]):
    assert len(people) == 29
    assert {person.face: person.name for person in people if person.face} == {
        "astronaut": "Eileen Collins",
        "grace_hopper": "Grace Hopper",
    }
    server_levels = {level.id for level in site.access_levels.values() if "server_room" in level.zones}
    for person in people:
        if person.face:
            assert person.levels & server_levels
            assert person.clearance >= max(t.minimum_clearance["server_room"] for t in site.threat_levels.values())
    assert any(person.levels & server_levels and not person.face for person in people)
    assert any("registry" in person.levels and person.pin for person in people)
    assert {person.badge_format for person in people} == {"H10301", "C1000_35"}
    assert sum(person.assurance is Assurance.COPYABLE for person in people) == 1
    assert {person.kind for person in people} == set(CardholderKind)
    for has in ("duress_pin", "personal_pin", "extended_time", "may_escort", "competencies"):
        assert any(getattr(person, has) for person in people), has
    statuses = Counter(person.status for person in people)
    assert statuses.keys() >= {CredentialStatus.EXPIRED, CredentialStatus.LOST, CredentialStatus.SUSPENDED}
    assert statuses[CredentialStatus.ACTIVE] >= 18


def test_a_badge_is_good_until_the_end_of_its_last_day_in_the_sites_zone(people: list[PersonRow]):
    expired = next(person for person in people if person.status is CredentialStatus.EXPIRED)
    vienna = ZoneInfo("Europe/Vienna")
    assert expired.valid_from == datetime(2021, 9, 1, tzinfo=vienna)
    assert expired.valid_until == datetime(2026, 9, 1, tzinfo=vienna)


def on_wall(shape: tuple[tuple[float, float], ...], point: tuple[float, float]) -> bool:
    x, y = point
    for (x1, y1), (x2, y2) in zip(shape, (*shape[1:], shape[0]), strict=True):
        if min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
            return True
    return False


def inside(shape: tuple[tuple[float, float], ...], point: tuple[float, float]) -> bool:
    x, y = point
    crossings = 0
    for (x1, y1), (x2, y2) in zip(shape, (*shape[1:], shape[0]), strict=True) if shape else ():
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            crossings += 1
    return crossings % 2 == 1


def test_a_policy_of_old_times_in_the_log_is_read_without_its_sheets(embassy: str):
    """A box whose policy is older than the sheets starts all the same; only a new file must have them."""
    old = "\n".join(
        line for line in embassy.splitlines() if not line.startswith(("view =", "legal_basis =", "masks ="))
    )
    with pytest.raises(SiteErrors):
        parse_site(old.encode(), "site.toml")
    assert parse_site(old.encode(), "site.toml", logged=True).cameras["cam-lobby"].masks is None
