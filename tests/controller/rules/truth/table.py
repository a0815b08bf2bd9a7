"""The tables themselves: ``python -m tests.controller.rules.truth.table`` writes them anew, for somebody to review."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from itertools import chain, product
from pathlib import Path

from tests.controller.rules.truth.chronicle import chapter, scripts
from tests.controller.rules.truth.folds import folds
from tests.controller.rules.truth.scene import Answer, Twist, play
from tests.controller.rules.truth.twists import BADGES, HANDS, MODES, THREATS, TWISTS, ZONES

GOLDEN = Path(__file__).parents[3] / "golden"
WRITE = "python -m tests.controller.rules.truth.table"
WHOLE = "the whole table"
ORDINARY = Twist("an ordinary morning", "nothing")


def alone(twist: Twist) -> Iterator[str]:
    """A rule alone, with its whole trace: what the guard reads under *Why?*."""
    answer = play(twist)
    yield f"# {twist.name}"
    yield answer.line()
    yield from (f"    {line}" for line in _trace(answer))


def paired(one: Twist) -> Iterator[str]:
    """A rule with each further one at one door that is not about the same matter."""
    for other in TWISTS[TWISTS.index(one) + 1 :]:
        if one.matter != other.matter:
            yield f"{_name(one, other):<68} | {play(one, other).line()}"


def lock_mode(mode: Twist, threat: Twist) -> Iterator[str]:
    """Lock mode x threat level x badge x what the zone asks for x what is shown."""
    for case in product((mode,), (threat,), BADGES, ZONES, HANDS):
        name = " | ".join(f"{twist.name:<{width}}" for twist, width in zip(case, WIDTHS, strict=True))
        yield f"{name} | {play(*case).line()}"


def _name(*twists: Twist) -> str:
    return " + ".join(twist.name for twist in twists)


def _trace(answer: Answer) -> Iterator[str]:
    for step in answer.trace:
        verdict = f"  -> {step.refused}" if step.refused else f"  -> remark {step.remark}" if step.remark else ""
        yield f"{step.name}: {step.facts}{verdict}"


WIDTHS = [max(len(twist.name) for twist in column) for column in (MODES, THREATS, BADGES, ZONES, HANDS)]
TABLES: Mapping[str, Mapping[str, Callable[[], Iterator[str]]]] = {
    "truth-chronicle.txt": {name: partial(chapter, name, script) for name, script in scripts().items()},
    "truth-folds.txt": {WHOLE: folds},
    "truth-modes.txt": {
        f"{mode.name}, {threat.name}": partial(lock_mode, mode, threat) for mode, threat in product(MODES, THREATS)
    },
    "truth-rules.txt": {twist.name: partial(alone, twist) for twist in (ORDINARY, *TWISTS)},
    "truth-pairs.txt": {twist.name: partial(paired, twist) for twist in TWISTS[:-1]},
}
"""Each table by its parts, in order: one part is looked at without the others."""


@cache
def reviewed(table: str) -> Mapping[str, list[str]]:
    """Return what stands in a table, by its parts."""
    parts: dict[str, list[str]] = {}
    for line in (GOLDEN / table).read_text(encoding="utf-8").splitlines():
        match table:
            case "truth-folds.txt":
                part = WHOLE
            case "truth-modes.txt":
                part = ", ".join(column.strip() for column in line.split(" | ")[:2])
            case "truth-pairs.txt":
                part = line.partition(" + ")[0]
            case _:
                part = line.removeprefix("# ") if line.startswith("# ") else part
        parts.setdefault(part, []).append(line)
    return parts


if __name__ == "__main__":
    for name, parts in TABLES.items():
        rows = chain.from_iterable(part() for part in parts.values())
        (GOLDEN / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
