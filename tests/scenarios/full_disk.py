"""Run by test_full_disk.py in a mount namespace of its own: a box on a disk of 8 MiB that runs full.

``full_disk.py FOLDER`` plays its parts; each is a process of its own, and the first one dies at once. What was seen
and the log that is left go into the folder $KEEP.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from controller.admin import Admin
from controller.core import open_core, start_up
from controller.domain.alarms import AlarmKind
from controller.domain.effects import Release, Relock, Unlock
from controller.domain.ids import DeviceId, DoorId, OperatorId, ReaderId
from controller.domain.operators import Role, StartLockdown
from controller.domain.stimuli import CardPresented, Delivered, Ordered, RexSeen
from tests.scenarios.test_crash import PEOPLE, SITE

DISK = "8m"
KEEP = Path(os.environ["KEEP"])
PATIENCE = 20.0
GATE, IN, HEAD = DoorId("gate"), ReaderId("in"), DeviceId("gate-reader-in")
LETS_OUT = SITE.replace('kind = "shunt_only"', 'kind = "unlocks"')


class Wires:
    def __init__(self):
        self.posted = []

    def post(self, effect):
        self.posted.append(effect)

    def count(self, kind):
        return sum(isinstance(effect, kind) for effect in self.posted)


def say(**what):
    with (KEEP / "said.jsonl").open("a") as file:
        file.write(json.dumps(what) + "\n")


class Player:
    """A box on the small disk, and a hand at its gate whose every message is numbered."""

    def __init__(self, folder):
        self.folder, self.wires = folder, Wires()
        self.core = open_core(folder / "box", folder / "site.toml", self.wires)
        self.runtime = self.core.runtime
        self.number = 0

    async def badge(self):
        """Show the badge; tell whether the lock was asked to open within the time it waits for the log, and a bit."""
        self.number += 1
        before = self.wires.count(Unlock)
        token = self.core.keystore.card_token("H10301", "42/405")
        token = next(iter(self.runtime.state.tokens), token)
        shown = CardPresented(IN, token, "H10301", 26, "")
        taken = self.runtime.handle(Delivered(HEAD, self.runtime.boot, self.number, shown)).durable
        done, _ = await asyncio.wait([taken], timeout=0.5)
        if done:
            say(acknowledged=[self.runtime.boot, self.number])
        return self.wires.count(Unlock) > before

    async def until(self, what):
        async with asyncio.timeout(PATIENCE):
            while not what():  # noqa: ASYNC110 - a thread and a disk tell nobody
                await asyncio.sleep(0.02)

    def fill(self):
        with (self.folder / "filler").open("wb", buffering=0) as file:
            for size in (2**16, 2**12, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue


async def first(folder):
    player = Player(folder)
    start_up(player.core)
    admin = Admin(player.core)
    await admin.commands["people_import"]({"csv": PEOPLE, "file": "people.csv", "author": "test"})
    await admin.add_operator("gil", Role.GUARD, "test")
    say(opened_before=await player.badge())
    await asyncio.sleep(1.2)  # the pulse is over
    player.fill()
    opened = await player.badge()
    while opened:  # what room the write-ahead log had left
        await asyncio.sleep(1.2)
        opened = await player.badge()
    await player.until(lambda: any(a.kind is AlarmKind.LOG_LATE for a in player.runtime.state.alarms.values()))
    unlocks, releases, relocks = (player.wires.count(kind) for kind in (Unlock, Release, Relock))
    say(opened_while_full=await player.badge())
    began = time.monotonic()
    player.runtime.submit(RexSeen(GATE))
    player.runtime.submit(Ordered(OperatorId("gil"), StartLockdown("the disk is full")))
    say(
        let_out=player.wires.count(Release) - releases,
        relocked=player.wires.count(Relock) - relocks,
        unlocked=player.wires.count(Unlock) - unlocks,
        at_once=time.monotonic() - began < 0.1,
    )
    await asyncio.sleep(0.5)  # the emergency journal's own sync
    say(last=player.runtime.seq, durable=player.core.log.read(before=None, limit=1)[0].seq)
    os.kill(os.getpid(), 9)


async def second(folder):
    player = Player(folder)
    state = player.runtime.state
    say(restarted_at=player.runtime.seq, lockdown=state.lockdown is not None)
    start_up(player.core)
    say(opened_after_restart=await player.badge())
    await player.until(lambda: player.runtime.state.log_late)
    (folder / "filler").unlink()
    await player.until(lambda: not player.runtime.state.log_late)
    await player.core.log.append(())
    await player.until(lambda: "journal_replayed" in kinds(player))
    await asyncio.sleep(0.1)
    await player.core.log.append(())
    say(caught_up=player.runtime.seq)
    player.core.close()


async def third(folder):
    """No file beside the log's own is left by a good stop, and there is no room to make one."""
    Player.fill(SimpleNamespace(folder=folder))
    player = Player(folder)
    say(started_after_stop=player.runtime.seq)
    start_up(player.core)
    player.runtime.submit(RexSeen(GATE))
    say(lets_out_after_stop=player.wires.count(Release))
    await player.until(lambda: player.runtime.state.log_late)
    (folder / "filler").unlink()
    await player.until(lambda: not player.runtime.state.log_late)
    await player.until(lambda: kinds(player).count("journal_replayed") == 2)
    say(caught_up_again=player.runtime.seq)
    player.core.close()


def kinds(player):
    return [record.kind for record in player.core.log.read(before=None, limit=500)]


def main(folder):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "disk", folder], check=True)
    try:
        Path(folder, "site.toml").write_text(LETS_OUT)
        for part in ("first", "second", "third"):
            subprocess.run([sys.executable, "-W", "error", __file__, folder, part], check=False, timeout=90)
        for name in ("ostiary.db", "ostiary.db-wal"):
            if (Path(folder, "box", name)).exists():
                (KEEP / name).write_bytes(Path(folder, "box", name).read_bytes())
    finally:
        subprocess.run(["umount", folder], check=False)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(sys.argv[1])
    else:
        asyncio.run({"first": first, "second": second, "third": third}[sys.argv[2]](Path(sys.argv[1])))
