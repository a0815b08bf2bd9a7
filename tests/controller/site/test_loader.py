"""The file as a whole: all problems at once, in the order of their lines, and no way to crash the loader."""

from __future__ import annotations

import hashlib
from datetime import date, time
from pathlib import Path

import pytest

from controller.domain.ids import OUTSIDE
from controller.domain.site import Factor, LockKind, Output, SecurityLevel, Side, Weekday
from controller.site.check import check, format_errors
from controller.site.errors import SiteError, SiteErrors
from controller.site.loader import load_site, parse_site

SMALL = """\
[site]
id = "hut"
name = "Hut"
timezone = "Pacific/Auckland"
plan = [100, 50]
holidays = [{ day = 2027-02-06, name = "Waitangi Day" }]

[[zone]]
id = "room"
name = "Room"
level = "controlled"
shape = [[0, 0], [100, 0], [100, 50]]

[[device]]
id = "lock"
kind = "mqtt"
side = "safe"

[[door]]
id = "door"
name = "Door"
zones = ["outside", "room"]
lock = { kind = "fail_secure", device = "lock" }
free_egress = true
position = [0, 25]

[[schedule]]
id = "night"
name = "Night"
periods = [{ days = ["fri"], start = 22:00:00, end = "06:00", on_holidays = true }]

[[threat_level]]
number = 0
name = "Normal"
"""


def errors_of(data: bytes) -> tuple[SiteError, ...]:
    with pytest.raises(SiteErrors) as caught:
        parse_site(data, "hut.toml")
    return caught.value.errors


def test_a_small_site_is_read_as_written_and_the_rest_has_defaults():
    site = parse_site(SMALL.encode(), "hut.toml")
    assert (site.id, site.timezone.key, site.plan_size) == ("hut", "Pacific/Auckland", (100, 50))
    assert site.digest == hashlib.sha256(SMALL.encode()).hexdigest()
    assert site.holidays[date(2027, 2, 6)].name == "Waitangi Day"
    assert [(zone.id, zone.level) for zone in site.zones.values()] == [
        (OUTSIDE, SecurityLevel.UNRESTRICTED),
        ("room", SecurityLevel.CONTROLLED),
    ]
    assert site.zones["room"].factors == {Factor.CARD}
    assert site.zones[OUTSIDE].shape == ()
    door = site.doors["door"]
    assert (door.zones, door.lock_kind, door.lock) == (
        ("outside", "room"),
        LockKind.FAIL_SECURE,
        Output("lock", None),
    )
    assert (door.contact, door.rex, door.unlock_seconds, door.open_seconds) == (None, None, 5.0, 30.0)
    assert (site.devices["lock"].side, site.devices["lock"].secure_channel) == (Side.SAFE, True)
    [period] = site.schedules["night"].periods
    assert (period.days, period.start, period.end, period.on_holidays) == ({Weekday.FRI}, time(22), time(6), True)


def test_all_problems_are_told_at_once_and_by_line():
    text = SMALL.replace('"Pacific/Auckland"', '"Pacific/Nowhere"').replace('"controlled"', '"high"')
    text = text.replace("free_egress = true", "free_egress = false\ncolour = 1").replace('"fri"', '"friday"')
    errors = errors_of(text.encode())
    assert [error.where for error in errors] == [
        "site.timezone",
        "zone.room.level",
        "door.door.free_egress",
        "door.door.colour",
        "schedule.night.periods[0].days[0]",
    ]
    assert [error.line for error in errors] == sorted(error.line for error in errors)


def test_the_second_of_two_equal_ids_is_refused_and_both_lines_are_named():
    again = '[[zone]]\nid = "room"\nname = "Again"\nlevel = "limited"\nshape = [[0, 0], [1, 0], [1, 1]]\n'
    [error] = errors_of((SMALL + again).encode())
    assert (error.line, error.where) == (SMALL.count("\n") + 2, "zone[1].id")
    assert error.problem == 'the id "room" stands twice, first on line 9'
    assert "another id" in error.mend


def test_two_threat_levels_of_one_number_are_refused():
    [error] = errors_of((SMALL + '[[threat_level]]\nnumber = 0\nname = "Again"\n').encode())
    assert error.problem == 'the number "0" stands twice, first on line 33'


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "problem", "mend"),
    [
        ('id = "hut"', "id = hut", 2, 6, "invalid TOML: Invalid value", "double quotes"),
        ("start = 22:00:00", "start = 22:00", 30, 40, "invalid TOML", 'put times of day in quotes: "22:00"'),
        ("2027-02-06", "2027-02-30", 6, 21, "invalid TOML: Invalid date", "TOML 1.0"),
        ('name = "Hut"', 'name = "Hut"\nname = "Hat"', 4, 1, "stands twice, first on line 3", "remove one"),
        ("[[zone]]", "[site]\n[[zone]]", 8, 1, "stands twice, first on line 1", "remove one"),
        ('name = "Normal"', 'name = "Normal', 34, 15, "invalid TOML", "double quotes"),
        ('name = "Hut"', "name = " + "9" * 5000, 34, 1, "invalid TOML", "TOML 1.0"),
        ('name = "Hut"', "name = 0x" + "9" * 5000, 3, 1, "wrong type: a text", "double quotes"),
        ('name = "Hut"', "name = " + "[" * 3000, 1, 1, "is nested too deeply", "brackets"),
        ("[100, 50]\n", "[0x" + "9" * 5000 + ", 50]\n", 5, 9, "a huge number is out of range", "0 to 100000"),
    ],
)
def test_what_toml_does_not_allow_is_refused_with_its_place(old, new, line, column, problem, mend):
    error = errors_of(SMALL.replace(old, new, 1).encode())[0]
    assert (error.line, error.column) == (line, column)
    assert problem in error.problem
    assert mend in error.mend


def test_what_is_no_text_is_refused_with_its_line():
    [error] = errors_of(SMALL.encode().replace(b"Room", b"R\xf6om"))
    assert (error.line, error.problem, error.mend) == (10, "is not UTF-8", "save the file as UTF-8")


def test_a_file_beyond_all_size_is_refused_unread():
    [error] = errors_of(b"#" * 4_000_001)
    assert error.problem == "the file is too large for a site"


def test_a_column_counts_characters_and_not_bytes():
    text = SMALL.replace('name = "Waitangi Day" }', 'name = "ééé", colour = 1 }')
    [error] = errors_of(text.encode())
    assert (error.line, error.column) == (6, text.splitlines()[5].index("colour") + 1)


def test_a_table_below_its_row_is_placed_in_that_row():
    lock = 'lock = { kind = "fail_secure", device = "lock" }\n'
    position = "position = [0, 25]\n"
    text = SMALL.replace(lock, "").replace(position, position + '[door.lock]\nkind = "weak"\ndevice = "lock"\n')
    [error] = errors_of(text.encode())
    assert (error.where, error.line) == ("door.door.lock.kind", text[: text.index('"weak"')].count("\n") + 1)


def test_an_empty_file_says_what_a_site_needs():
    errors = errors_of(b"")
    assert {error.where for error in errors} == {
        "site.id",
        "site.name",
        "site.timezone",
        "site.plan",
        "threat_level",
    }
    assert {(error.line, error.column) for error in errors} == {(1, 1)}


def test_a_file_that_is_not_there_is_an_error_like_any_other(tmp_path: Path):
    with pytest.raises(SiteErrors, match="cannot be read: No such file or directory"):
        load_site(tmp_path / "none.toml")


def test_check_gives_the_site_or_the_errors_for_a_terminal(tmp_path: Path):
    path = tmp_path / "hut.toml"
    path.write_text(SMALL, encoding="utf-8")
    site, errors = check(path)
    assert site is not None
    assert site.name == "Hut"
    assert errors == []
    path.write_text(SMALL.replace('"controlled"', '"controled"'), encoding="utf-8")
    site, errors = check(path)
    assert site is None
    assert format_errors(errors) == (
        f'{path}:11:1: zone.room.level: unknown word "controled"\n  mend: did you mean "controlled"?\n'
    )
