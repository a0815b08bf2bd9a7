"""What is computed from a figure, its promise and its neighbour."""

from __future__ import annotations

import pytest

from benchmarks.rows import Figure, Row, percentile
from benchmarks.wires import MISSED_MS, opened_nothing


@pytest.mark.parametrize(
    ("value", "at_least", "as_promised", "holds"),
    [
        (10.0, False, True, True),
        (10.1, False, True, False),
        (10.0, True, True, True),
        (9.9, True, True, False),
        (1.0, False, False, None),
    ],
)
def test_a_promise_holds_up_to_its_boundary(
    value: float, at_least: bool, as_promised: bool, holds: bool | None
) -> None:
    row = Row("r", value, "ms", Figure("", 10.0), None, at_least=at_least, as_promised=as_promised)
    assert row.holds is holds


def test_a_ratio_is_to_what_stands_beside_and_else_to_the_promise() -> None:
    assert Row("r", 6.0, "ms", Figure("", 12.0), Figure("", 3.0)).ratio == 2.0
    assert Row("r", 6.0, "ms", Figure("", 12.0), None).ratio == 0.5


def test_percentiles_are_by_nearest_rank() -> None:
    numbers = [float(n) for n in range(1, 201)]
    assert [percentile(numbers, p) for p in (50, 99, 100)] == [100.0, 198.0, 200.0]
    assert percentile([7.0], 99) == 7.0


def test_badges_that_opened_nothing_are_named_beside_the_figure() -> None:
    assert opened_nothing([4.0, MISSED_MS, 5.0]) == ", 1 of them opened nothing"
    assert opened_nothing([4.0, 5.0]) == ""
