"""What every kind of alarm and event comes with, and short stories beside them, told in full, to their end.

After each script all is as it should be again, an hour passes, and the box starts anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from controller.domain.words import word_for
from tests.controller.builders import House, everything_answers, quiet_house
from tests.controller.rules.test_coverage import ALARMS, EVENTS
from tests.controller.rules.truth.acts import Script, act
from tests.controller.rules.truth.lines import line
from tests.controller.rules.truth.stories import STORIES


def scripts() -> Mapping[str, Script]:
    """Return every script, by what it is about."""
    alarms = {f"alarm {kind}": script for kind, script in ALARMS.items()}
    events = {f"event {word_for(kind)}": script for kind, script in EVENTS.items()}
    return alarms | events | {f"story: {name}": script for name, script in STORIES.items()}


def chapter(name: str, script: Script) -> Iterator[str]:
    """One script, act by act: what was recorded (``.``) and what was asked of the outside (``>``)."""
    quiet = _quiet()
    yield f"# {name}"
    yield from told(script, House(quiet.site, quiet.state, quiet.now))


def told(script: Script, house: House) -> Iterator[str]:
    """Tell one script, from an ordinary morning on."""
    for each in script:
        if done := act(house, each):
            yield f"  {done}"
        yield from _new(house)
    house.events.clear()
    house.effects.clear()
    everything_answers(house)
    house.wait(3600.0)
    yield from ("  all is well again, and an hour passes", *_new(house))
    house.restart()
    everything_answers(house)
    yield "  the box starts anew"
    yield from (new for new in _new(house) if new not in ROUTINE)


@cache
def _quiet() -> House:
    return quiet_house()


def _new(house: House) -> Iterator[str]:
    yield from (f"    . {line(event)}" for event in house.events)
    yield from (f"    > {line(effect)}" for effect in house.effects)
    house.events.clear()
    house.effects.clear()


def _routine() -> frozenset[str]:
    """Return what any start of an ordinary building comes with."""
    house = quiet_house()
    house.restart()
    everything_answers(house)
    return frozenset(_new(house))


ROUTINE = _routine()
