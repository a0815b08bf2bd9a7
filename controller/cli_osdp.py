"""The command line's part for whoever wires readers: ``ostiary osdp scan | commission | rotate | move``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Column, Table

from controller.admin import AdminError
from controller.cli_run import Nobody, carry_out, text_of
from controller.commissioning import VISIT_SECONDS, Wizard, carried_out, line_of, listed, look_around, moved, told
from controller.control import ask
from controller.core import open_core
from controller.domain.site import Site
from controller.osdp_keys import KeyRing
from controller.site.loader import load_site
from controller.site.sections import BAUDS
from controller.store.fence import Fence
from controller.store.keystore import KEY_FILE, Keystore
from controller.terminal import err, out
from devices.osdp.bench import BenchError
from devices.osdp.frame import MAX_ADDRESS

osdp_app = typer.Typer(no_args_is_help=True, help="Readers on OSDP lines: who is there, and a key for each.")

DEFAULT_DATA = Path("data")
FUNCTIONS = {
    1: "inputs",
    2: "outputs",
    3: "card formats",
    4: "lights",
    5: "buzzer",
    6: "text",
    7: "clock",
    8: "CRC-16",
    9: "AES-128",
    10: "receive buffer",
    11: "largest message",
    12: "smart card",
    13: "readers",
    14: "biometrics",
}
"""Annex B of the standard, in our words."""
DEFAULT_BAUD = 9600
"""What readers are shipped with."""

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
LineName = Annotated[str, typer.Argument(metavar="LINE", help="A line of the site file.")]
Address = Annotated[int, typer.Argument(help="The reader's address.", min=0, max=MAX_ADDRESS)]
SiteFile = Annotated[Path | None, typer.Option("--site", help="The site file, for a box that was never started.")]
Port = Annotated[
    str | None, typer.Option("--port", help="A bench adapter to do it on, instead of the line's own port.")
]
T = TypeVar("T")
_NO_BOX = (ConnectionRefusedError, FileNotFoundError)


@osdp_app.command("scan")
def osdp_scan(
    line: Annotated[str, typer.Argument(metavar="LINE", help="A line of the site file, or a serial port (/dev/...).")],
    data: Data = DEFAULT_DATA,
    site: SiteFile = None,
    baud: Annotated[
        list[int] | None, typer.Option("--baud", help="A baud rate to try (may be repeated); 0 tries every one.")
    ] = None,
    last: Annotated[int, typer.Option(help="The highest address to ask.", min=0, max=MAX_ADDRESS)] = MAX_ADDRESS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what answers on a line: address, baud rate, who it is, whether it takes the public default key.

    A running box lends its line for as long as it takes: the doors on it are offline meanwhile.
    """
    bauds = list(BAUDS) if baud and 0 in baud else baud

    async def scanned() -> list[dict[str, Any]]:
        if not line.startswith("/"):
            try:
                done = await ask(data, "osdp_scan", line=line, bauds=bauds, last=last)
            except _NO_BOX:
                pass
            else:
                rows: list[dict[str, Any]] = done["found"]
                return rows
        port, rates = _where(line, data, site, bauds)
        heard = await _in_thread(lambda: look_around(port, rates, range(last + 1), _progress))
        return listed(heard)

    found = carry_out(scanned)
    if found is None:
        return
    if as_json:
        out.print_json(data=found)
        return
    if not found:
        out.print("nothing answers: look at power, the two data wires (swapped?) and the baud rate (--baud 0)")
        return
    out.print(_table(found))
    for row in found:
        out.print(_abilities(row), markup=False)


@osdp_app.command("commission")
def osdp_commission(
    line: LineName,
    address: Address,
    data: Data = DEFAULT_DATA,
    site: SiteFile = None,
    port: Port = None,
    key_file: Annotated[
        Path | None,
        typer.Option(help="A file with the key the reader already has (hexadecimal); - reads standard input."),
    ] = None,
) -> None:
    """Give a reader in install mode a random key of its own, have it prove it, and keep it. Open for two minutes.

    With --key-file a key that was brought out of band is proven and kept. The key is never shown.
    """
    _visit("osdp_commission", line, address, data, site, port, None if key_file is None else _key_in(key_file))


@osdp_app.command("rotate")
def osdp_rotate(
    line: LineName, address: Address, data: Data = DEFAULT_DATA, site: SiteFile = None, port: Port = None
) -> None:
    """Give a reader another random key, inside the secure channel of its present one."""
    _visit("osdp_rotate", line, address, data, site, port, None)


@osdp_app.command("move")
def osdp_move(
    line: LineName,
    address: Address,
    to: Annotated[int | None, typer.Option("--to", help="Its new address.", min=0, max=MAX_ADDRESS)] = None,
    baud: Annotated[int | None, typer.Option("--baud", help="Its new baud rate.")] = None,
    data: Data = DEFAULT_DATA,
    site: SiteFile = None,
    port: Port = None,
) -> None:
    """Have a commissioned reader speak at another address or baud rate (COMSET), and find it there.

    The site file is changed after it: until then the box looks for the reader where it was.
    """

    async def carried() -> dict[str, Any]:
        try:
            return await ask(data, "osdp_move", line=line, address=address, port=port, to=to, baud=baud)
        except _NO_BOX:
            return await _in_thread(
                lambda: _here(data, site, lambda wizard: _moved_here(wizard, line, address, port, to, baud))
            )

    done = carry_out(carried)
    if done is None:
        return
    for sentence in done["said"]:
        err.print(f"  {sentence}", markup=False)
    out.print(f"{done['device']}: at address {done['address']}, {done['baud']} baud", markup=False)
    err.print("write that into the site file: until then the box looks for it where it was", markup=False)


def _moved_here(
    wizard: Wizard, line: str, address: int, port: str | None, to: int | None, baud: int | None
) -> dict[str, Any]:
    place = wizard.place(line, address, port)
    return moved(place, wizard.move(place, to, baud))


def _visit(
    command: str, line: str, address: int, data: Path, site: Path | None, port: str | None, key: str | None
) -> None:
    err.print(f"the wizard is open for {VISIT_SECONDS:.0f} seconds", markup=False)

    async def visited() -> dict[str, Any]:
        try:
            return await ask(data, command, line=line, address=address, port=port, key=key)
        except _NO_BOX:
            return await _in_thread(lambda: _visit_here(command, line, address, data, site, port, key))

    done = carry_out(visited)
    if done is None:
        return
    for sentence in done["said"]:
        err.print(f"  {sentence}", markup=False)
    out.print(f"{done['device']}: keyed (serial {done['serial']})", markup=False)
    if done["exposed"]:
        others = ", ".join(str(each) for each in done["neighbours"])
        err.print(
            f"its key counts as exposed: others answered on the line (at {others}) while it was set. Rotate it on a "
            "bench line, alone, with `ostiary osdp rotate --port`",
            style="bold red",
            markup=False,
        )


def _visit_here(
    command: str, line: str, address: int, data: Path, site: Path | None, port: str | None, key: str | None
) -> dict[str, Any]:
    return _here(data, site, lambda wizard: told(carried_out(wizard, wizard.place(line, address, port), command, key)))


def _here(data: Path, site: Path | None, work: Callable[[Wizard], T]) -> T:
    """Work on the folder of a box that stands still, or of one that was never started."""
    policy = _policy(data, site)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    fence = Fence(data)
    try:
        keystore = Keystore(data)
        try:
            wizard = Wizard(policy, KeyRing(keystore.secrets), lambda: datetime.now(UTC), _progress)
            return work(wizard)
        finally:
            keystore.close()
    finally:
        fence.close()


def _policy(data: Path, site: Path | None) -> Site:
    if site is not None:
        return load_site(site)
    if not (data / KEY_FILE).exists():
        raise AdminError(f"there is no box in {data}: name the site file with --site, or the box's folder with --data")
    core = open_core(data, None, Nobody())
    try:
        return core.runtime.site
    finally:
        core.close()


def _where(line: str, data: Path, site: Path | None, bauds: list[int] | None) -> tuple[str, list[int]]:
    if line.startswith("/"):
        return line, bauds or [DEFAULT_BAUD]
    wired = line_of(_policy(data, site), line)
    return wired.port, bauds or [wired.baud]


def _key_in(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else text_of(file)
    except (AdminError, OSError) as error:
        err.print(str(error), markup=False)
        raise typer.Exit(2) from error


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except BenchError as error:
        raise AdminError(str(error)) from error


def _progress(sentence: str) -> None:
    err.print(f"  {sentence}", markup=False)


def _table(found: list[dict[str, Any]]) -> Table:
    heads = ("Addr", "Baud", "Vendor", "Model", "Serial", "Firmware", "Channel", "Default key")
    table = Table(*(Column(head, no_wrap=True) for head in heads), box=None)
    for row in found:
        table.add_row(
            *(str(row[key]) for key in ("address", "baud", "vendor", "model", "serial", "firmware")),
            "secure" if row["secure_channel"] else "IN CLEAR",
            "TAKES IT" if row["default_key"] else "refuses it",
        )
    return table


def _abilities(row: dict[str, Any]) -> str:
    """What a reader says it can do, in a line: how many of what."""
    named = [
        f"{FUNCTIONS.get(code, f'function {code}')} {items or compliance}"
        for code, compliance, items in row["capabilities"]
    ]
    return f"address {row['address']}: {', '.join(named)}"
