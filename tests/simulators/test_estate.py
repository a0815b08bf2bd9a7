"""A generated building must be one that the controller takes, of exactly the size that was asked for."""

from collections import Counter
from pathlib import Path

import pytest

from controller.domain.points import PointKind
from controller.domain.site import DeviceKind, DoorKind
from controller.site.loader import load_site
from controller.site.people import load_people
from simulators.estate import Estate, person, reader, write

PORTS = Path("/run/estate")


def loaded(folder, *counts, **options):
    estate = Estate(*counts, PORTS, **options)
    write(estate, folder / "new" / "site.toml", folder / "new" / "people.csv")
    site = load_site(folder / "new" / "site.toml")
    return estate, site, load_people(folder / "new" / "people.csv", site)


def test_sixty_four_doors_are_six_lines_of_sixteen_readers_and_sixteen_doors_on_mqtt(tmp_path):
    _, site, people = loaded(tmp_path, 64, 128)
    heads = [site.devices[head.device] for head in site.readers.values()]
    assert (len(site.doors), len(heads), len(people)) == (64, 128, 64)
    assert Counter(head.line for head in heads if head.line) == {f"line-0{n}": 16 for n in range(1, 7)}
    assert sum(head.kind is DeviceKind.MQTT for head in heads) == 32
    assert all(site.devices[door.lock.device].side.value == "safe" for door in site.doors.values())
    assert {door.kind for door in site.doors.values()} == {DoorKind.LEAF, DoorKind.TURNSTILE, DoorKind.BARRIER}
    assert {point.kind for point in site.points.values()} >= {
        PointKind.FIRE, PointKind.PIR, PointKind.GLASS_BREAK, PointKind.PANIC, PointKind.MAINS, PointKind.BATTERY
    }  # fmt: skip
    assert site.lines["line-01"].port == "/run/estate/line-01"


@pytest.mark.parametrize(("doors", "readers", "mqtt"), [(1, 1, None), (1, 2, 1), (7, 9, 7), (7, 9, 0), (64, 128, 0)])
def test_any_size_is_a_site_the_controller_takes(tmp_path, doors, readers, mqtt):
    estate, site, people = loaded(tmp_path, doors, readers, mqtt_doors=mqtt)
    assert (len(site.doors), len(site.readers)) == (doors, readers)
    assert sum(map(len, estate.lines())) == doors - estate.on_broker
    assert site.readers[reader(0)].door == "door-000"
    assert {row.id for row in people} == {person(number) for number in range(doors)}


@pytest.mark.parametrize("sizes", [(0, 0), (4, 3), (4, 9)])
def test_sizes_that_no_building_has_are_refused(sizes):
    with pytest.raises(ValueError, match="readers, not"):
        Estate(*sizes, PORTS)


def test_more_doors_on_mqtt_than_there_are_is_refused():
    with pytest.raises(ValueError, match="MQTT doors among 4"):
        Estate(4, 8, PORTS, mqtt_doors=5)
