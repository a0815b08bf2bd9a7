"""The core of a box on its data folder: fence, key store, log, and the state folded from it. No wire is touched."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from controller.domain.events import SiteActivated
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.domain.stimuli import BoxStartedUp
from controller.rules.fold import apply
from controller.runtime.clock import SystemClock
from controller.runtime.ports import Actuators, Clock
from controller.runtime.runtime import Runtime
from controller.site.loader import parse_site, read_bytes
from controller.store.eventlog import SqliteEventLog
from controller.store.fence import Fence
from controller.store.keystore import Keystore
from controller.store.vault import Vault

VERSION = "0.1.0"
LOG_FILE = "ostiary.db"
PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Core:
    """Everything of a box but its wires. ``close`` gives the data folder back.

    ``policy``: the site file's bytes, as they were read; none, where the last policy of the log is in force.
    """

    folder: Path
    runtime: Runtime
    log: SqliteEventLog
    keystore: Keystore
    vault: Vault
    clock: Clock
    fence: Fence
    policy: bytes = field(repr=False)

    def close(self) -> None:
        """Write what is queued, and let go of the files."""
        self.runtime.stop()
        self.log.close()
        self.keystore.close()
        self.fence.close()


def open_core(folder: Path, site_file: Path | None, actuators: Actuators, clock: Clock | None = None) -> Core:
    """Open a data folder and fold its log. Without a site file the policy that was last in force is taken.

    Raises ``Fenced`` while another controller runs on the folder, ``SiteErrors`` for a policy that is not in order,
    ``UnreadableEvent`` for a log this version cannot read, ``SealBroken`` for a damaged box key.
    """
    with contextlib.ExitStack() as stack:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        fence = Fence(folder)
        stack.callback(fence.close)
        policy = read_bytes(site_file) if site_file else None
        site = parse_site(policy, str(site_file)) if policy is not None else None
        keystore = Keystore(folder)
        stack.callback(keystore.close)
        vault = Vault(keystore)
        log = SqliteEventLog(folder / LOG_FILE)
        stack.callback(log.close)
        state, seq, activated = _fold(log, vault)
        clock = clock or SystemClock()
        runtime = Runtime(
            site or _site_of(activated),
            state,
            seq,
            boot=secrets.token_hex(8),
            log=log,
            actuators=actuators,
            clock=clock,
        )
        runtime.listen(vault.learn)
        stack.pop_all()
    return Core(folder, runtime, log, keystore, vault, clock, fence, policy or b"")


def start_up(core: Core) -> None:
    """Record that the box woke up, under which policy, and lock everything."""
    core.runtime.handle(BoxStartedUp(VERSION, core.runtime.site.digest, core.policy.decode()))


def _fold(log: SqliteEventLog, vault: Vault) -> tuple[SiteState, int, SiteActivated | None]:
    state, seq, activated = SiteState(), 0, None
    for record in log.replay():
        state, seq = apply(state, record.event, record.at), record.seq
        vault.learn(record)
        if isinstance(record.event, SiteActivated):
            activated = record.event
    return state, seq, activated


def _site_of(activated: SiteActivated | None) -> Site:
    if activated is None:
        return _no_site()
    return parse_site(activated.toml.encode(), "the policy last in force")


def _no_site() -> Site:
    """Return a building without doors: what a box is before it was given its first policy."""
    return Site(
        id="none",
        name="no policy yet",
        timezone=ZoneInfo("UTC"),
        plan_size=(0.0, 0.0),
        zones={},
        doors={},
        readers={},
        cameras={},
        lines={},
        devices={},
        schedules={},
        holidays={},
        access_levels={},
        threat_levels={},
        digest="",
    )
