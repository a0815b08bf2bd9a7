"""A hundred thousand generated requests are decided again, and every one comes out as it was recorded."""

from __future__ import annotations

import asyncio
import os

import pytest

from controller.replay import difference, requests
from tests.controller.days import SITES, RandomDays

pytestmark = pytest.mark.scenario

REQUESTS = int(os.environ.get("OSTIARY_REPLAYS", "2000"))
STEPS_A_DAY = 4000


def test_every_generated_request_is_decided_as_it_was_recorded():
    """Seed by seed, so that a difference is found again by its seed alone."""
    decided, seed = 0, 100
    while decided < REQUESTS:
        for one in requests(asyncio.run(RandomDays(seed).run(STEPS_A_DAY))):
            found = difference(one, SITES.__getitem__)
            assert found is None, f"seed {seed}, event {one.record.seq}: {found}"
            decided += 1
        seed += 1
