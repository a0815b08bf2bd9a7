"""The core of a box on its data folder: fence, key store, log, and the state folded from it. No wire is touched."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from controller.domain.events import SiteActivated
from controller.domain.site import Site
from controller.domain.stimuli import BoxStartedUp, FaultSeen, JournalReplayedSeen
from controller.runtime.clock import SystemClock
from controller.runtime.ports import Actuators, Clock
from controller.runtime.runtime import Runtime
from controller.site.loader import parse_site, read_bytes
from controller.snapshots import Snapshots, fold
from controller.store.eventlog import SqlEventLog
from controller.store.fence import Fence
from controller.store.journal import Journal
from controller.store.keystore import Keystore
from controller.store.place import journal_file, log_place
from controller.store.vault import Vault

_LOG = structlog.get_logger(__name__)

VERSION = "0.1.0"
PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Core:
    """Everything of a box but its wires. ``close`` gives the data folder back.

    ``policy``: the site file's bytes, as they were read; none, where the last policy of the log is in force.
    """

    folder: Path
    runtime: Runtime
    log: SqlEventLog
    keystore: Keystore
    vault: Vault
    clock: Clock
    fence: Fence
    snapshots: Snapshots
    policy: bytes = field(repr=False)
    journalled: bool = True

    def close(self) -> None:
        """Write what is queued, and let go of the files."""
        self.snapshots.close()
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
        journal = _journal(folder)
        if journal is not None:
            stack.callback(journal.close)
        log = SqlEventLog(log_place(folder, keystore.secrets), journal)
        stack.callback(log.close)
        folded = fold(folder, log, vault)
        activated = _activation(log, folded.activated)
        vault.destroy_erased()  # what a crash, or a backup, left of those who were erased
        if activated is not None and activated.operator is not None and site is not None:
            site, policy = _by_two(site, policy or b"", activated)
        clock = clock or SystemClock()
        runtime = Runtime(
            site or _site_of(activated),
            folded.state,
            folded.seq,
            boot=secrets.token_hex(8),
            log=log,
            actuators=actuators,
            clock=clock,
        )
        runtime.listen(vault.learn)
        snapshots = Snapshots(folder, runtime, vault, folded)
        runtime.listen(snapshots.heard)
        log.journal_settled = lambda first, last: runtime.submit(JournalReplayedSeen(first, last))
        stack.pop_all()
    return Core(
        folder, runtime, log, keystore, vault, clock, fence, snapshots, policy or b"", journalled=journal is not None
    )


def start_up(core: Core) -> None:
    """Record that the box woke up, under which policy, and lock everything."""
    core.runtime.handle(BoxStartedUp(VERSION, core.runtime.site.digest, core.policy.decode()))
    if not core.journalled:
        core.runtime.handle(FaultSeen(None, active=True, detail="the emergency journal cannot be used"))
    core.log.append(())  # written at once: whoever reads the log beside the box finds that it started


def _journal(folder: Path) -> Journal | None:
    """Open the emergency journal. A box without one says so, and keeps its doors: a late log opens none anyway."""
    try:
        return Journal(journal_file(folder))
    except OSError as error:
        _LOG.error("the emergency journal cannot be used", error=str(error))
        return None


def _activation(log: SqlEventLog, seq: int) -> SiteActivated | None:
    record = log.record(seq)
    return record.event if record is not None and isinstance(record.event, SiteActivated) else None


def _by_two(site: Site, policy: bytes, activated: SiteActivated) -> tuple[Site, bytes]:
    """Keep what two operators brought into force: a file at the start, which one alone may write, is not above it."""
    if site.digest == activated.digest:
        return site, policy
    _LOG.warning(
        "the site file is not the policy that two operators brought into force last: theirs stays in force; "
        "bring the file in with `ostiary site activate`",
        by=f"{activated.operator} and {activated.second}",
    )
    return _site_of(activated), activated.toml.encode()


def _site_of(activated: SiteActivated | None) -> Site:
    if activated is None:
        return _no_site()
    return parse_site(activated.toml.encode(), "the policy last in force", logged=True)


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
