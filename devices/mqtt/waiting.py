"""What the broker has not delivered yet, between two brokers: in memory or sealed, never in clear on a disk.

A broker that ends writes it down: cards and PINs that devices were told are taken, and the box has not heard of. It
writes to a tmpfs, which outlives every kill of the box and no pulled plug. A box that stops in good order takes it from
there to its other secrets, for a machine that is switched off next.
"""

import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import Final

from devices.mqtt.broker_files import UNDELIVERED, Keep

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder in it is refused unless it is ours alone
"""A tmpfs on every Linux with glibc (shm_overview(7))."""
NAME_DIGITS: Final = 24


class NotOurs(OSError):
    """The folder in memory cannot be made, or is somebody else's."""


class Waiting:
    """What waits for the box of one broker folder, and where it lies meanwhile."""

    def __init__(self, folder: Path, keep: Keep) -> None:
        self.place = place_of(folder)
        self._folder = folder
        self._keep = keep

    @property
    def file(self) -> Path:
        """Where Mosquitto reads and writes it."""
        return self.place / UNDELIVERED

    def bring_back(self) -> None:
        """Make the place, and put there what was kept at the last stop; what a kill left there is newer. Raises
        ``NotOurs``."""
        _make_private(self.place)
        kept = self._keep.read(UNDELIVERED)
        if kept is not None and not self.file.exists():
            descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(kept)

    def told(self) -> None:
        """Let go of it: a broker has read it, and after a crash it would be told once more."""
        self.file.unlink(missing_ok=True)
        self._keep.remove(UNDELIVERED)

    def put_away(self) -> None:
        """Keep what the broker wrote when it ended. A box that was destroyed meanwhile keeps nothing."""
        if self.file.exists() and self._folder.is_dir():
            self._keep.write(UNDELIVERED, self.file.read_bytes())
        forget(self._folder)


def place_of(folder: Path) -> Path:
    """Return the folder in memory that belongs to a broker's folder."""
    name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:NAME_DIGITS]
    return MEMORY / f"ostiary-{os.geteuid()}-{name}"


def forget(folder: Path) -> None:
    """Remove what waits in memory for the broker of this folder."""
    shutil.rmtree(place_of(folder), ignore_errors=True)


def _make_private(place: Path) -> None:
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise NotOurs(f"{place} is somebody else's: remove it")
