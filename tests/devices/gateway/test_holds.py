"""Doors that are held released: what the two wires share. How each wire tells it: test_broker.py, test_lines.py."""

from __future__ import annotations

import asyncio

import pytest

from devices.gateway.holds import LEASE_SECONDS, RENEW_SECONDS, Holds

pytestmark = pytest.mark.anyio


def test_two_tellings_may_get_lost_before_a_lock_locks_by_itself():
    assert LEASE_SECONDS >= 3 * RENEW_SECONDS


async def test_what_was_never_held_is_not_stretched():
    holds = Holds(asyncio.get_running_loop())
    assert holds.pulse("front", 5.0) == 5.0
    holds.end("front")
    holds.lost(["front"])
