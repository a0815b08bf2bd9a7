"""What every kind of alarm and event comes with: the scripts of ``test_coverage``, told in full, to their end.

After each script all is as it should be again, an hour passes, and the box starts anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from typing import Any

from controller.domain.words import word_for
from tests.controller.builders import House, everything_answers, quiet_house
from tests.controller.rules.test_coverage import ALARMS, EVENTS, Script

TOLD_ELSEWHERE = frozenset({"trace", "asked"})
"""The checks of a decision are in the other tables."""


def chronicle() -> Iterator[str]:
    """Every script, act by act: what was recorded (``.``) and what was asked of the outside (``>``)."""
    scripts = {f"alarm {kind}": script for kind, script in ALARMS.items()}
    scripts |= {f"event {word_for(kind)}": script for kind, script in EVENTS.items()}
    for name, script in scripts.items():
        yield f"# {name}"
        yield from _told(script)


def _told(script: Script) -> Iterator[str]:
    house = quiet_house()
    for act in script:
        yield from _act(house, act)
    house.events.clear()
    house.effects.clear()
    everything_answers(house)
    house.wait(3600.0)
    yield from ("  all is well again, and an hour passes", *_new(house))
    house.restart()
    everything_answers(house)
    yield "  the box starts anew"
    yield from (line for line in _new(house) if line not in ROUTINE)


def _act(house: House, act: Any) -> Iterator[str]:
    if isinstance(act, float):
        house.wait(act)
        yield f"  {act:g} s pass"
    elif callable(act):
        house.site = act(house.site)
        return
    else:
        house.see(act)
        yield f"  {_line(act)}"
    yield from _new(house)


def _new(house: House) -> Iterator[str]:
    yield from (f"    . {_line(event)}" for event in house.events)
    yield from (f"    > {_line(effect)}" for effect in house.effects)
    house.events.clear()
    house.effects.clear()


def _routine() -> frozenset[str]:
    """Return what any start of an ordinary building comes with."""
    house = quiet_house()
    house.restart()
    everything_answers(house)
    return frozenset(_new(house))


def _line(value: Any) -> str:
    parts = (f"{field.name}={_text(getattr(value, field.name))}" for field in _told_fields(value))
    return f"{word_for(type(value))} {' '.join(parts)}".rstrip()


def _told_fields(value: Any) -> Iterator[Any]:
    shown = (field for field in fields(value) if field.name not in TOLD_ELSEWHERE)
    return (field for field in shown if getattr(value, field.name) is not None)


def _text(value: Any) -> str:
    match value:
        case Enum():
            return str(value.value)
        case float():
            return f"{value:g}"
        case frozenset():
            return "{" + ",".join(sorted(map(_text, value))) + "}"
        case tuple():
            return "(" + ",".join(map(_text, value)) + ")"
        case str() | int() | None:
            return repr(value) if value == "" else str(value)
        case _ if hasattr(value, "__dataclass_fields__"):
            return f"[{_line(value)}]"
    return str(value)


ROUTINE = _routine()
