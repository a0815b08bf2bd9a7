"""What others take for the same grants: pycasbin and cedarpy on the people, access levels and zones of the crowd.

Both are asked less than we are: whether an access level of this person covers this zone. Neither knows of hours,
badges, clearance, passback or the door itself, keeps a trace of every check, or is given the building's state.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import casbin
import cedarpy

from benchmarks.rows import percentile
from controller.domain.people import Cardholder
from controller.domain.site import Site

MODEL = """
[request_definition]
r = person, zone
[policy_definition]
p = level, zone
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.person, p.level) && r.zone == p.zone
"""


def casbin_p99(site: Site, people: Iterable[Cardholder], asked: Iterable[tuple[str, str]]) -> float:
    """Return the 99th percentile of one answer, in microseconds of processor time."""
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL))
    enforcer.add_policies([[level.id, zone] for level in site.access_levels.values() for zone in level.zones])
    enforcer.add_grouping_policies([[one.id, level] for one in people for level in one.levels])
    return _p99(lambda person, zone: enforcer.enforce(person, zone), asked)


def cedar_p99(site: Site, people: Iterable[Cardholder], asked: Iterable[tuple[str, str]]) -> float:
    """Return the 99th percentile of one answer; each question brings only the one person it is about."""
    policies = cedarpy.PolicySet.from_str(
        "\n".join(
            f'permit(principal in Level::"{level.id}", action == Action::"enter", resource == Zone::"{zone}");'
            for level in site.access_levels.values()
            for zone in level.zones
        )
    )
    levels = {str(one.id): one.levels for one in people}

    def enter(person: str, zone: str) -> bool:
        parents = [{"type": "Level", "id": level} for level in levels[person]]
        entities = [{"uid": {"type": "Person", "id": person}, "attrs": {}, "parents": parents}]
        request = {"principal": f'Person::"{person}"', "action": 'Action::"enter"', "resource": f'Zone::"{zone}"'}
        return bool(cedarpy.is_authorized(request | {"context": {}}, policies, entities).allowed)

    return _p99(enter, asked)


def _p99(enter: Callable[[str, str], bool], asked: Iterable[tuple[str, str]]) -> float:
    took = []
    for person, zone in asked:
        began = time.thread_time_ns()
        allowed = enter(person, zone)
        took.append((time.thread_time_ns() - began) / 1000)
        if not allowed:
            raise ValueError(f"a peer refuses {person} the zone {zone}, which we grant")
    return percentile(took, 99)
