"""What every kind of event makes of the state: the chronicle read again, one event at a time.

Of several events of a kind that move the same fields, the first is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, is_dataclass
from typing import Any

from immutables import Map

from controller.domain import stimuli as st
from controller.domain.words import word_for
from controller.rules.fold import apply
from controller.rules.turn import Outcome
from tests.controller.builders import House, quiet_house
from tests.controller.rules.truth.chronicle import scripts, told
from tests.controller.rules.truth.lines import line, parts_of, text

MOVED_BY_ALL = frozenset({"last"})
ONE_LIKE_ANOTHER = re.compile(r"(?<=^alarms\.)a\d+|(?<=^devices\.)[^.]+")
"""Alarms and devices, of which it is enough to tell one."""

Rows = dict[tuple[str, ...], list[str]]
"""By a kind of event and the fields that one moves: the event, and what they were and are."""


@dataclass
class Watched(House):
    """A building whose every event is looked at."""

    rows: Rows = field(default_factory=dict)

    def _step(self, stimulus: st.Stimulus) -> Outcome:
        state = self.state
        outcome = super()._step(stimulus)
        for event in outcome.events:
            before, state = state, apply(state, event, self.now)
            moved = list(_moved("", before, state))
            key = (word_for(type(event)), *(ONE_LIKE_ANOTHER.sub("*", name) for name, _ in moved))
            self.rows.setdefault(key, [f"  {line(event)}", *(f"    {name}: {what}" for name, what in moved)])
        return outcome


def folds() -> Iterator[str]:
    """Every kind of event, and what it moved: ``field: before -> after``."""
    quiet, rows = quiet_house(), Rows()
    for script in scripts().values():
        for _ in told(script, Watched(quiet.site, quiet.state, quiet.now, rows=rows)):
            pass
    kind = ""
    for key in sorted(rows):
        if key[0] != kind:
            yield f"# {(kind := key[0])}"
        yield from rows[key]


def _moved(name: str, before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """Yield what is another one, as deep down as both sides have it."""
    if before is after or before == after:
        return
    if isinstance(before, Map) and isinstance(after, Map):
        for key in sorted({*before, *after}, key=text):
            yield from _moved(f"{name}.{text(key)}", before.get(key), after.get(key))
    elif is_dataclass(before) and type(before) is type(after):
        for (part, one), (_, other) in zip(parts_of(before), parts_of(after), strict=True):
            if name or part not in MOVED_BY_ALL:
                yield from _moved(f"{name}.{part}".removeprefix("."), one, other)
    else:
        yield name, f"{text(before)} -> {text(after)}"
