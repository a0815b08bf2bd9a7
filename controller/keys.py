"""Sealing a data folder: the box's key wrapped, and every secret that lay in the open taken under it."""

from __future__ import annotations

from pathlib import Path

from controller.bootstrap import CAMERA_KEYS
from controller.notary import KEY_FILE, PUBLIC_KEY_FILE, log_verifier
from controller.osdp_keys import OSDP_KEY_NOTES, OSDP_KEYS
from controller.pki.authority import CA_CERTIFICATE, CA_KEY, PKI_FOLDER, REGISTER
from controller.store.boxkey import PLAIN_FILE, Way, is_sealed, open_box, seal_box, ways
from controller.store.fence import Fence
from controller.store.keystore import KEY_FILE as KEY_STORE
from controller.store.keystore import Keystore
from controller.store.place import BROKER_FOLDER, URL_FILE
from controller.store.private_file import write_private
from controller.store.secret_files import SecretFiles
from devices.mqtt.broker_files import UNDELIVERED

WAITING = f"{BROKER_FOLDER}/{UNDELIVERED}"
PKI = (CA_KEY, CA_CERTIFICATE, REGISTER)
"""The authority's own: its certificate is no secret, but whom to trust is nothing for others to write."""
SECRETS = (
    OSDP_KEYS,
    OSDP_KEY_NOTES,
    CAMERA_KEYS,
    KEY_FILE,
    URL_FILE,
    WAITING,
    *(f"{PKI_FOLDER}/{name}" for name in PKI),
)
"""Files that are sealed under the box's key."""

PLAIN_WARNING = (
    "The box's key lies in the open ({path}): whoever takes this machine reads everything. "
    "Good for a demo alone; seal it with `ostiary keys seal`."
)


def warning(folder: Path) -> str | None:
    """Return what must be said loudly at every start of a box that is not sealed; None for one that is."""
    return None if is_sealed(folder) else PLAIN_WARNING.format(path=folder / PLAIN_FILE)


def seal_folder(folder: Path, way: Way, secret: bytes) -> list[str]:
    """Add a way into a box that stands still; return what was taken out of the open. May be repeated after a crash.

    Raises ``Fenced`` while a box runs here, ``BoxLocked`` for a secret too weak or a box that does not open,
    ``FileNotFoundError`` where there is no box.
    """
    if not (folder / KEY_STORE).exists():
        raise FileNotFoundError(f"there is no box in {folder}: nothing to seal")
    fence = Fence(folder)
    try:
        key = open_box(folder)
        Keystore(folder).close()  # a key that does not fit is found out before anything is changed
        if (folder / KEY_FILE).exists() and not (folder / PUBLIC_KEY_FILE).exists():
            write_private(folder / PUBLIC_KEY_FILE, f"{log_verifier(folder)}\n".encode())
        open_before = [name for name in SECRETS if (folder / name).exists()]
        seal_box(folder, key, way, secret)
        files = SecretFiles(folder, lambda: key)
        for name in (OSDP_KEYS, OSDP_KEY_NOTES, CAMERA_KEYS, KEY_FILE, URL_FILE):
            files.read(name)  # takes a plain file in
        files.beneath(BROKER_FOLDER).read(UNDELIVERED)
        for name in PKI:
            files.beneath(PKI_FOLDER).read(name)
        return open_before
    finally:
        fence.close()


def lying_open(folder: Path) -> list[str]:
    """Return the secret files that lie in the open."""
    return [name for name in (PLAIN_FILE, *SECRETS) if (folder / name).exists()]


def described(folder: Path) -> list[str]:
    """Return how this box's key is kept, a sentence a line."""
    if not (folder / KEY_STORE).exists():
        return [f"there is no box in {folder}"]
    opened_by = ", ".join(dict.fromkeys(ways(folder)))
    lines = [f"sealed; opened by: {opened_by}"] if is_sealed(folder) else [PLAIN_WARNING.format(path=folder)]
    return lines + [f"in the open: {folder / name}" for name in lying_open(folder)]
