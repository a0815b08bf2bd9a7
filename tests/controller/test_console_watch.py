"""Whether anybody watches: told at the first look, then only where it is news, and never before patience is over."""

from __future__ import annotations

import asyncio

import pytest

from controller import console_watch
from controller.console_watch import ConsoleWatch
from controller.domain.stimuli import ConsolesSeen

PATIENCE = 30.0
SOMEBODY, NOBODY = ConsolesSeen(watching=True), ConsolesSeen(watching=False)


class Post:
    """A post at which so many consoles are open, looked at by the clock that a test moves."""

    def __init__(self) -> None:
        self.consoles, self.patience = 0, PATIENCE
        self.said: list[ConsolesSeen] = []
        self.watch = ConsoleWatch(lambda: self.consoles, lambda: self.patience, self.said.append)

    def look(self, mono: float, *, consoles: int) -> list[ConsolesSeen]:
        """Return what this look has to say."""
        self.consoles = consoles
        before = len(self.said)
        self.watch.look(mono)
        return self.said[before:]


def test_a_console_that_is_watched_is_told_once():
    post = Post()
    assert post.look(0, consoles=1) == [SOMEBODY]  # at the first look: an alarm of before the start may stand
    assert post.look(1, consoles=2) == []
    assert post.look(1e6, consoles=1) == []


def test_nobody_is_told_once_and_only_after_patience():
    post = Post()
    assert post.look(100, consoles=0) == []
    assert post.look(100 + PATIENCE - 0.001, consoles=0) == []
    assert post.look(100 + PATIENCE, consoles=0) == [NOBODY]
    assert post.look(100 + 9 * PATIENCE, consoles=0) == []


def test_whoever_comes_back_in_time_is_given_the_whole_patience_again():
    post = Post()
    post.look(0, consoles=1)
    assert post.look(1, consoles=0) == []
    assert post.look(PATIENCE, consoles=1) == []  # nobody was told to be away
    assert post.look(PATIENCE + 1, consoles=0) == []
    assert post.look(2 * PATIENCE + 0.9, consoles=0) == []
    assert post.look(2 * PATIENCE + 1, consoles=0) == [NOBODY]
    assert post.look(2 * PATIENCE + 2, consoles=1) == [SOMEBODY]


def test_another_policys_patience_counts_at_once():
    post = Post()
    post.look(0, consoles=0)
    post.patience = 5.0
    assert post.look(5, consoles=0) == [NOBODY]


def test_it_looks_by_itself_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(console_watch, "LOOK_SECONDS", 0.001)
    post = Post()
    post.patience = 0.0

    async def watched() -> None:
        post.watch.start()
        async with asyncio.timeout(20):
            await asyncio.to_thread(until, lambda: post.said == [NOBODY])
            post.consoles = 1
            await asyncio.to_thread(until, lambda: post.said == [NOBODY, SOMEBODY])
        await post.watch.stop()
        post.consoles = 0
        await asyncio.sleep(0.02)
        assert post.said == [NOBODY, SOMEBODY]

    def until(so) -> None:
        while not so():
            pass

    asyncio.run(watched())
    asyncio.run(ConsoleWatch(int, float, post.said.append).stop())  # one that never began ends as well
