"""What a site file may say of Home Assistant: it looks on, and orders little about."""

from __future__ import annotations

import re

import pytest

from controller.domain.home_assistant import HomeAssistant
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site


def read(embassy: str, table: str):
    return parse_site(f"{embassy}\n[home_assistant]\n{table}\n".encode(), "site.toml")


def doors_by_level(embassy: str) -> dict[int, str]:
    site = parse_site(embassy.encode(), "site.toml")
    return {max(site.zones[zone].level for zone in door.zones): door.id for door in site.doors.values()}


def test_without_orders_it_looks_on_under_its_usual_name(embassy):
    assert parse_site(embassy.encode(), "site.toml").home_assistant is None
    door = doors_by_level(embassy)[3]
    found = read(embassy, f'doors = ["{door}", "{door}"]').home_assistant
    assert found == HomeAssistant("home-assistant", (door,), frozenset())


def test_it_orders_about_what_is_controlled_at_most(embassy):
    door = doors_by_level(embassy)[1]
    found = read(embassy, f'name = "ha"\ndoors = ["{door}"]\norders = ["{door}"]').home_assistant
    assert found == HomeAssistant("ha", (door,), frozenset({door}))


@pytest.mark.parametrize("level", [2, 3])
def test_no_door_above_is_ordered_about(embassy, level):
    door = doors_by_level(embassy)[level]
    with pytest.raises(SiteErrors, match="nobody orders it about from a living room") as refused:
        read(embassy, f'doors = ["{door}"]\norders = ["{door}"]')
    assert len(refused.value.errors) == 1


def test_what_it_orders_about_it_sees(embassy):
    doors = doors_by_level(embassy)
    with pytest.raises(SiteErrors, match="is not shown there"):
        read(embassy, f'doors = ["{doors[3]}"]\norders = ["{doors[1]}"]')


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("doors = []", "list at least 1"),
        ("", 'missing key "doors"'),
        ('doors = ["nowhere"]', 'no door has the id "nowhere"'),
        ('doors = ["DOOR"]\nname = "Home Assistant"', '"Home Assistant" is no name'),
        ('doors = ["DOOR"]\nname = "controller"', "the name of another user of the broker"),
        ('doors = ["DOOR"]\nname = "DEVICE"', "the name of another user of the broker"),
        ('doors = ["DOOR"]\nunlock = true', 'unknown key "unlock"'),
    ],
)
def test_what_is_wrong_is_said(embassy, table, said):
    site = parse_site(embassy.encode(), "site.toml")
    device = next(name for name in site.devices if re.fullmatch(r"[a-z][a-z0-9-]*", name))
    table = table.replace("DOOR", next(iter(site.doors))).replace("DEVICE", device)
    with pytest.raises(SiteErrors) as refused:
        read(embassy, table)
    assert said in str([(each.problem, each.mend) for each in refused.value.errors])


def test_the_difference_is_told(embassy):
    door = doors_by_level(embassy)[1]
    before = parse_site(embassy.encode(), "site.toml")
    (said,) = compare(before, read(embassy, f'doors = ["{door}"]\norders = ["{door}"]'))
    assert said == f"site: home assistant now name home-assistant doors {door} orders {door} (was none)"
