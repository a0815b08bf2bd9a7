from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

import pytest

from controller.site.loader import load_site
from devices.gateway import holds

EMBASSY = Path(__file__).parents[3] / "tests" / "embassy" / "embassy.toml"


@cache
def embassy():
    return load_site(EMBASSY)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def site():
    return embassy()


class Building:
    """Takes stimuli in; the test is the disk that makes them durable."""

    def __init__(self):
        self.seen = []
        self.pending = []
        self.asked = {}
        self.counted = set()
        self.now = 1000.0
        self.wall = 1_795_424_400_000

    def submit(self, stimulus):
        self.seen.append(stimulus)
        self.pending.append(asyncio.get_running_loop().create_future())
        return self.pending[-1]

    async def write(self):
        """The disk has it all."""
        for future in self.pending:
            if not future.done():
                future.set_result(None)
        await settle()

    def challenged(self, reader):
        return self.asked.get(reader)

    def taken(self, device, boot, number):
        return (device, boot, number) in self.counted

    def mono(self):
        return self.now

    def wall_ms(self):
        return self.wall

    def take(self):
        seen, self.seen = self.seen, []
        return seen


class Secrets:
    def card_token(self, card_format, number):
        return f"token {card_format} {number}"

    def pin_proof(self, credential, digits):
        return f"proof {credential} {hash(digits)}"


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def building():
    return Building()


@pytest.fixture
def secrets():
    return Secrets()


@pytest.fixture
def hurried(monkeypatch):
    """Holds are renewed every 10 ms."""
    monkeypatch.setattr(holds, "RENEW_SECONDS", 0.01)
