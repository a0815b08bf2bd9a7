"""Starting a box whose log lies in a database: it waits for one that does not answer yet, with every door locked.

Nothing can be decided before the log is folded: who is known, what is blocked, whether a lockdown runs. The way out
depends on no software of ours, a lock that a fire released stays so, and the moment the database answers the box works.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from controller.bootstrap import Box, Ports
from controller.store.eventlog import LogAway
from controller.store.keystore import KEY_FILE

LOOK_AGAIN_SECONDS = 1.0


@asynccontextmanager
async def running(folder: Path, site_file: Path, ports: Ports, say: Callable[[str], None]) -> AsyncIterator[Box]:
    """Run a box. ``say`` is told once where it waits for its database.

    Raises ``LogAway`` at the very first start: then the address is more likely to be wrong than the server down.
    """
    before = (folder / KEY_FILE).exists()
    async with AsyncExitStack() as stack:
        yield await _entered(stack, lambda: Box(folder, site_file, ports), say if before else None)


async def _entered(stack: AsyncExitStack, box: Callable[[], Box], say: Callable[[str], None] | None) -> Box:
    told = False
    while True:
        try:
            return await stack.enter_async_context(box())
        except LogAway as away:
            if say is None or not away.elsewhere:
                raise
            if not told:
                say(f"{away}\nThe doors stay locked until it answers.")
            told = True
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
