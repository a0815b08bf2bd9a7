"""The tables themselves: ``python -m tests.controller.rules.truth.table`` writes them anew, for somebody to review."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

from tests.controller.rules.truth.chronicle import chronicle
from tests.controller.rules.truth.folds import folds
from tests.controller.rules.truth.scene import Answer, Twist, play
from tests.controller.rules.truth.twists import BADGES, HANDS, MODES, THREATS, TWISTS, ZONES

GOLDEN = Path(__file__).parents[3] / "golden"
WRITE = "python -m tests.controller.rules.truth.table"


def one_by_one() -> Iterator[str]:
    """Every rule alone, with its whole trace: what the guard reads under *Why?*."""
    for twist in (Twist("an ordinary morning", "nothing"), *TWISTS):
        answer = play(twist)
        yield f"# {twist.name}"
        yield answer.line()
        yield from (f"    {line}" for line in _trace(answer))


def all_pairs() -> Iterator[str]:
    """Every two rules at one door that are not about the same matter."""
    for one, other in combinations(TWISTS, 2):
        if one.matter != other.matter:
            yield f"{_name(one, other):<68} | {play(one, other).line()}"


def lock_modes() -> Iterator[str]:
    """Lock mode x threat level x badge x what the zone asks for x what is shown."""
    for case in product(MODES, THREATS, BADGES, ZONES, HANDS):
        name = " | ".join(f"{twist.name:<{width}}" for twist, width in zip(case, WIDTHS, strict=True))
        yield f"{name} | {play(*case).line()}"


def _name(*twists: Twist) -> str:
    return " + ".join(twist.name for twist in twists)


def _trace(answer: Answer) -> Iterator[str]:
    for step in answer.trace:
        verdict = f"  -> {step.refused}" if step.refused else f"  -> remark {step.remark}" if step.remark else ""
        yield f"{step.name}: {step.facts}{verdict}"


WIDTHS = [max(len(twist.name) for twist in column) for column in (MODES, THREATS, BADGES, ZONES, HANDS)]
TABLES = {
    "truth-chronicle.txt": chronicle,
    "truth-folds.txt": folds,
    "truth-modes.txt": lock_modes,
    "truth-rules.txt": one_by_one,
    "truth-pairs.txt": all_pairs,
}

if __name__ == "__main__":
    for name, rows in TABLES.items():
        (GOLDEN / name).write_text("\n".join(rows()) + "\n", encoding="utf-8")
