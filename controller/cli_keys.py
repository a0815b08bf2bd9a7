"""The command line's part that opens boxes and seals them: options before the command, and ``ostiary keys``."""

from __future__ import annotations

import functools
import getpass
import os
import resource
import sys
from pathlib import Path
from typing import Annotated

import typer

from controller.keys import described, seal_folder
from controller.store import boxkey
from controller.store.boxkey import CREDENTIAL, BoxLocked, KeyAccess, Way
from controller.store.fence import Fence, Fenced
from controller.terminal import err, out

UNUSABLE = 2
MOST_PASSPHRASE = 1024

keys_app = typer.Typer(no_args_is_help=True, help="The box's key: how it is kept and what opens it.")

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
DEFAULT_DATA = Path("data")


def open_with(
    passphrase_file: Annotated[Path | None, typer.Option(help="A file with the box's passphrase.")] = None,
    passphrase_fd: Annotated[int | None, typer.Option(help="An open file to read the passphrase from.")] = None,
    token: Annotated[Path | None, typer.Option(help="The box's key file, on a stick say.")] = None,
) -> None:
    """Ostiary keeps the doors of an embassy. A sealed box is opened by what stands before the command, or it asks."""
    try:
        boxkey.refuse_environment(os.environ)
    except BoxLocked as error:
        err.print(str(error), markup=False)
        raise typer.Exit(UNUSABLE) from error
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what is in memory is never written to a core file
    ask = _asker(passphrase_file, passphrase_fd)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    boxkey.use(KeyAccess(ask, token, Path(folder) if folder else None))


@keys_app.command("seal")
def keys_seal(
    way: Annotated[Way, typer.Option("--with", help="What shall open the box from now on.")],
    secret: Annotated[
        Path | None, typer.Option(help="The file with the new passphrase, or the new token; else it is asked for.")
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Wrap the box's key, and take every secret file under it. The box must stand still. Repeat it for a further way.

    Keep one way that does not need this machine: a passphrase, or a token, in a safe.
    """
    try:
        taken = seal_folder(data, way, _new_secret(way, secret))
    except (BoxLocked, boxkey.SealBroken, Fenced, OSError) as error:
        err.print(str(error), markup=False)
        raise typer.Exit(UNUSABLE) from error
    out.print(f"{data}: opened by {', '.join(dict.fromkeys(boxkey.ways(data)))}")
    for name in taken:
        out.print(f"taken out of the open: {name}")


@keys_app.command("status")
def keys_status(data: Data = DEFAULT_DATA) -> None:
    """Say what opens the box and what lies in the open."""
    for line in described(data):
        out.print(line, markup=False)


@keys_app.command("drop")
def keys_drop(
    way: Annotated[Way, typer.Argument(help="What shall open the box no longer.")], data: Data = DEFAULT_DATA
) -> None:
    """Take a way in away; the last one stays."""
    try:
        fence = Fence(data)
        try:
            boxkey.open_box(data)
            boxkey.drop_way(data, way)
        finally:
            fence.close()
    except (boxkey.SealBroken, Fenced, OSError) as error:
        err.print(str(error), markup=False)
        raise typer.Exit(UNUSABLE) from error
    out.print(f"{data}: opened by {', '.join(dict.fromkeys(boxkey.ways(data)))}")


def _asker(file: Path | None, descriptor: int | None) -> functools._lru_cache_wrapper[str] | None:
    """Return what brings the passphrase, asked once; None where there is nobody to ask."""
    if file is None and descriptor is None and not sys.stdin.isatty():
        return None

    @functools.lru_cache(maxsize=1)
    def ask() -> str:
        if file is not None:
            return _first_line(file)
        if descriptor is not None:
            with os.fdopen(descriptor, "rb") as stream:
                return stream.read(MOST_PASSPHRASE).decode().rstrip("\r\n")
        return getpass.getpass("Passphrase of the box: ")

    return ask


def _new_secret(way: Way, file: Path | None) -> bytes:
    if way is Way.CREDENTIAL:
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        path = file or (Path(folder) / CREDENTIAL if folder else None)
        if path is None:
            raise BoxLocked("no credential: run this as a service with LoadCredentialEncrypted=, or name a --secret")
        return path.read_bytes()
    if file is not None:
        return _first_line(file).encode() if way is Way.PASSPHRASE else file.read_bytes()
    if way is Way.TOKEN:
        raise BoxLocked("no token: name the key file with --secret (head -c 32 /dev/urandom > /media/stick/box.token)")
    first, again = getpass.getpass("New passphrase: "), getpass.getpass("Once more: ")
    if first != again:
        raise BoxLocked("the two are not the same")
    return first.encode()


def _first_line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise BoxLocked(f"the passphrase cannot be read from {file}: {error}") from error
