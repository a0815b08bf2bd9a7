"""Points, outputs, intrusion areas, causes and escalation in a site file: what is read, and what is refused."""

from __future__ import annotations

import pytest

from controller.domain.alarms import AlarmKind
from controller.domain.causes import (
    Action,
    AlarmStands,
    AreaIs,
    Cause,
    CauseFires,
    DoorAction,
    DoorEffect,
    Escalation,
    LockdownEffect,
    LockdownRuns,
    OutputEffect,
    PointIs,
    Reset,
    ThreatAtLeast,
)
from controller.domain.points import (
    AlarmOutput,
    AreaMode,
    AtDoors,
    IntrusionArea,
    OutputKind,
    Point,
    PointCondition,
    PointKind,
)
from controller.domain.site import Input, Output, Site
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site
from tests.controller.site.test_loader import SMALL

GUARDED = (
    SMALL
    + """
[[line]]
id = "a"
port = "/dev/ttyUSB0"
baud = 115200

[[device]]
id = "io"
kind = "osdp"
side = "safe"
line = "a"
address = 1

[[device]]
id = "horn"
kind = "mqtt"
side = "safe"

[[point]]
id = "pir"
name = "PIR"
zone = "room"
kind = "pir"
device = "io"
input = 0

[[point]]
id = "help"
name = "Help"
zone = "room"
kind = "panic"
device = "io"
input = 1
debounce_ms = 20
silent = true

[[output]]
id = "siren"
name = "Siren"
kind = "siren"
device = "horn"

[[output]]
id = "fan"
name = "Fan"
kind = "relay"
device = "io"
output = 0

[[intrusion_area]]
id = "inside"
name = "Inside"
zones = ["room"]
points = ["pir"]
sirens = ["siren"]
schedule = "night"
at_doors = "disarms"

[[cause]]
id = "shout"
name = "Shout"
when = { alarm = "intrusion", area = "inside" }
then = { output = "fan", action = "pulse", seconds = 2 }

[escalation]
after_seconds = 60
outputs = ["siren"]
"""
)


def read(text: str = GUARDED) -> Site:
    return parse_site(text.encode(), "hut.toml")


def cause_of(when: str, then: str, rest: str = "") -> Cause:
    row = f'\n[[cause]]\nid = "more"\nname = "More"\nwhen = {when}\nthen = {then}\n{rest}\n'
    return next(cause for cause in read(GUARDED + row).causes.values() if cause.id == "more")


def refused(text: str) -> list[tuple[str, str]]:
    with pytest.raises(SiteErrors) as caught:
        read(text)
    return [(error.where, error.problem) for error in caught.value.errors]


def test_what_a_file_says_is_what_is_read() -> None:
    site = read()
    assert list(site.points.values()) == [
        Point("pir", "PIR", "room", PointKind.PIR, Input("io", 0)),
        Point("help", "Help", "room", PointKind.PANIC, Input("io", 1), 0.02, silent=True),
    ]
    assert list(site.outputs.values()) == [
        AlarmOutput("siren", "Siren", OutputKind.SIREN, Output("horn", None)),
        AlarmOutput("fan", "Fan", OutputKind.RELAY, Output("io", 0)),
    ]
    assert list(site.areas.values()) == [
        IntrusionArea(
            "inside",
            "Inside",
            frozenset({"room"}),
            frozenset({"pir"}),
            sirens=frozenset({"siren"}),
            schedule="night",
            at_doors=AtDoors.DISARMS,
        )
    ]
    effect = OutputEffect("fan", Action.PULSE, 2.0)
    assert list(site.causes.values()) == [
        Cause("shout", "Shout", AlarmStands(AlarmKind.INTRUSION, area="inside"), effect)
    ]
    assert site.escalation == Escalation(60.0, ("siren",))


def test_a_file_without_any_of_it_guards_nothing() -> None:
    site = read(SMALL)
    assert not site.points
    assert site.escalation is None


@pytest.mark.parametrize(
    ("when", "read_as"),
    [
        ('{ point = "pir" }', PointIs("pir", PointCondition.ACTIVE)),
        ('{ point = "pir", state = "shorted" }', PointIs("pir", PointCondition.SHORTED)),
        ('{ alarm = "forced_open", door = "door" }', AlarmStands(AlarmKind.FORCED_OPEN, door="door")),
        ('{ alarm = "panic", point = "help" }', AlarmStands(AlarmKind.PANIC, point="help")),
        ('{ area = "inside" }', AreaIs("inside", AreaMode.ALARM)),
        ('{ area = "inside", mode = "armed" }', AreaIs("inside", AreaMode.ARMED)),
        ("{ threat_level = 1 }", ThreatAtLeast(1)),
        ("{ lockdown = true }", LockdownRuns()),
        ('{ cause = "shout" }', CauseFires("shout")),
    ],
)
def test_what_a_cause_may_wait_for(when: str, read_as: object) -> None:
    assert cause_of(when, '{ output = "fan" }').when == read_as


@pytest.mark.parametrize(
    ("then", "read_as"),
    [
        ('{ output = "fan" }', OutputEffect("fan", Action.ON)),
        ('{ output = "fan", action = "off" }', OutputEffect("fan", Action.OFF)),
        ('{ door = "door", mode = "secured" }', DoorEffect("door", DoorAction.SECURED)),
        ('{ door = "door", mode = "blocked" }', DoorEffect("door", DoorAction.BLOCKED)),
        ("{ lockdown = true }", LockdownEffect()),
    ],
)
def test_what_a_cause_may_bring_about(then: str, read_as: object) -> None:
    assert cause_of('{ point = "pir" }', then).then == read_as


def test_how_a_cause_ends() -> None:
    cause = cause_of(
        '{ point = "pir" }', '{ output = "fan" }', 'delay_seconds = 5\nreset = "after"\nreset_seconds = 30'
    )
    assert (cause.delay_seconds, cause.reset, cause.reset_seconds) == (5.0, Reset.AFTER, 30.0)


OF_AREAS = [
    ('zones = ["room"]', 'zones = ["room", "outside"]', "zones", "the outside cannot be armed"),
    ('sirens = ["siren"]', 'entry_points = ["help"]', "entry_points", '"help" is no point of this area'),
    (
        'points = ["pir"]',
        'points = ["pir", "help"]',
        "points",
        '"help" is a panic point: its alarm needs no arming',
    ),
    ('sirens = ["siren"]', "last_out = true", "last_out", "last_out counts who is in, and nobody can badge out at"),
    ('zones = ["room"]', 'zones = ["outside"]', "points", '"pir" stands in "room", which this area does not guard'),
]


@pytest.mark.parametrize(("old", "new", "key", "problem"), OF_AREAS)
def test_what_no_area_may_be(old: str, new: str, key: str, problem: str) -> None:
    found = refused(GUARDED.replace(old, new))
    assert any(where == f"intrusion_area.inside.{key}" and text.startswith(problem) for where, text in found)


def test_no_badge_disarms_an_exclusion_zone() -> None:
    text = GUARDED.replace('level = "controlled"', 'level = "exclusion"')
    assert ("intrusion_area.inside.at_doors", 'a badge would disarm "room", an exclusion zone') in refused(text)
    read(text.replace('at_doors = "disarms"', 'at_doors = "refuses"'))


@pytest.mark.parametrize("mode", ["unlocked", "fire_release", "open"])
def test_no_cause_unlocks_a_door(mode: str) -> None:
    text = GUARDED.replace('{ output = "fan", action = "pulse", seconds = 2 }', f'{{ door = "door", mode = "{mode}" }}')
    assert refused(text) == [("cause.shout.then.mode", "would unlock a door by itself: no cause makes any door easier")]


OF_CAUSES = [
    ('{ alarm = "intrusion", area = "inside" }', '{ cause = "shout" }', "when", '"shout" causes "shout": a circle'),
    ('{ alarm = "intrusion", area = "inside" }', "{ }", "when", "names nothing"),
    ('{ alarm = "intrusion", area = "inside" }', '{ point = "pir", lockdown = true }', "when", "names two things"),
    ('{ alarm = "intrusion", area = "inside" }', '{ point = "pir", state = "unknown" }', "when.state", "nobody knows"),
    ('{ alarm = "intrusion", area = "inside" }', "{ lockdown = false }", "when.lockdown", "only true says anything"),
    (
        '{ output = "fan", action = "pulse", seconds = 2 }',
        '{ output = "siren", action = "off" }',
        "then",
        'would silence "siren", which sounds for an alarm',
    ),
    ('action = "pulse", seconds = 2', 'action = "on", seconds = 2', "then.seconds", "only a pulse has a length"),
    ('name = "Shout"', 'name = "Shout"\nreset_seconds = 2', "reset_seconds", 'only `reset = "after"` has a time'),
]


@pytest.mark.parametrize(("old", "new", "key", "problem"), OF_CAUSES)
def test_what_no_cause_may_be(old: str, new: str, key: str, problem: str) -> None:
    found = refused(GUARDED.replace(old, new))
    assert [where for where, _ in found] == [f"cause.shout.{key}"]
    assert found[0][1].startswith(problem)


@pytest.mark.parametrize("waits", ["{ lockdown = true }", '{ alarm = "lockdown_incomplete" }'])
def test_a_lockdown_that_begins_itself_is_a_circle(waits: str) -> None:
    text = GUARDED.replace('{ alarm = "intrusion", area = "inside" }', waits)
    text = text.replace('{ output = "fan", action = "pulse", seconds = 2 }', "{ lockdown = true }")
    assert refused(text) == [("cause.shout.when", '"shout" causes "shout": a circle')]


def test_a_longer_circle_is_told_once() -> None:
    rows = "".join(
        f'[[cause]]\nid = "{one}"\nname = "x"\nwhen = {{ cause = "{other}" }}\nthen = {{ output = "fan" }}\n'
        for one, other in (("b", "c"), ("c", "d"), ("d", "b"))
    )
    assert refused(GUARDED + rows) == [("cause.b.when", '"b" causes "d" causes "c" causes "b": a circle')]


def test_a_silent_button_is_not_given_away() -> None:
    text = GUARDED.replace('{ alarm = "intrusion", area = "inside" }', '{ point = "help" }')
    read(text)
    text = text.replace('{ output = "fan", action = "pulse", seconds = 2 }', '{ output = "siren" }')
    assert refused(text) == [("cause.shout.then", '"help" is silent, and "siren" would give away whoever pressed it')]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('kind = "pir"', 'kind = "pir"\nsilent = true', "point.pir.silent"),
        ("debounce_ms = 20", "debounce_ms = 500", "point.help.debounce_ms"),
        ("after_seconds = 60", "after = 60", "escalation.after"),
        ('device = "io"\ninput = 1', 'device = "io"\ninput = 0', "point.help.input"),
        ('device = "horn"\n', 'device = "horn"\noutput = 1\n', "output.siren.output"),
        ("address = 1", "address = 1\nsecure_channel = false", "point.pir.device"),
    ],
)
def test_wires_and_words_are_looked_at_as_everywhere(old: str, new: str, where: str) -> None:
    assert where in [at for at, _ in refused(GUARDED.replace(old, new))]


def test_a_change_of_what_guards_is_told_in_meaning() -> None:
    text = GUARDED.replace('at_doors = "disarms"', 'at_doors = "refuses"').replace(
        "after_seconds = 60", "after_seconds = 9"
    )
    assert compare(read(), read(text)) == [
        "intrusion area inside: at doors now refuses (was disarms)",
        "site: escalation now after_seconds 9 outputs siren (was after_seconds 60 outputs siren)",
    ]
