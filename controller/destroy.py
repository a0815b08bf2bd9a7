"""The end of a box: what opens it first, within a moment, then everything else."""

from __future__ import annotations

import shutil
from pathlib import Path

from controller.store.boxkey import PLAIN_FILE, SEALED_FILE
from controller.store.fence import LOCK_FILE
from controller.store.keystore import KEY_FILE
from controller.store.place import BROKER_FOLDER
from controller.store.private_file import shred
from controller.store.secret_files import SUFFIX
from devices.mqtt.waiting import forget


def shred_keys(folder: Path) -> int:
    """Shred the wraps of the box's key, the keys under it and every sealed secret; return how many files that were.

    From here on nothing that this folder holds can be read, whatever of it is left.
    """
    first = [folder / SEALED_FILE, folder / PLAIN_FILE]
    rest = [*folder.glob(f"{KEY_FILE}*"), *folder.rglob(f"*{SUFFIX}"), *folder.glob("*.json")]
    rest += [*folder.rglob("*.key"), *folder.rglob("*.pem")]
    there = [path for path in dict.fromkeys([*first, *rest]) if path.is_file()]
    for path in there:
        shred(path)
    return len(there)


def remove_rest(folder: Path) -> None:
    """Remove everything else but the fence, which whoever destroys still holds."""
    forget(folder / BROKER_FOLDER)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != LOCK_FILE:
            path.unlink(missing_ok=True)
