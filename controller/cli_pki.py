"""The command line's part that gives out certificates and calls them back: ``ostiary pki``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from controller.cli_keys import DEFAULT_DATA, Data
from controller.cli_run import UNUSABLE, administer, text_of
from controller.pki import bundle
from controller.pki.authority import PkiError
from controller.terminal import err, out

pki_app = typer.Typer(no_args_is_help=True, help="Who is let in to the broker: certificates of devices.")

Device = Annotated[str, typer.Argument(help="The device's id in the site file.")]
To = Annotated[Path | None, typer.Option("--to", help="Where to write the bundle; else a folder of the device's name.")]
Request = Annotated[
    Path | None, typer.Option("--csr", help="A signing request made on the device, whose key then never leaves it.")
]


@pki_app.command("init")
def pki_init(data: Data = DEFAULT_DATA) -> None:
    """Make the box's authority. A box that is started without one makes it itself."""
    done = administer(data, "pki_init")
    if done is not None:
        out.print(f"{data}: the authority is made, until {_day(done['until'])}")


@pki_app.command("issue")
def pki_issue(
    device: Annotated[str | None, typer.Argument(help="The device's id in the site file.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Every device of the policy that has none yet.")] = False,
    to: To = None,
    csr: Request = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Give a device its first certificate. The box keeps no copy of the key that is written."""
    if everybody is (device is not None):
        err.print("name a device, or --all of them that have no certificate yet")
        raise typer.Exit(UNUSABLE)
    if device is not None:
        _give(data, device, to, csr, again=False)
        return
    listed = administer(data, "pki_list")
    for each in listed["lacking"] if listed is not None else []:
        _give(data, each, (to or Path()) / each, None, again=False)


@pki_app.command("renew")
def pki_renew(device: Device, to: To = None, csr: Request = None, data: Data = DEFAULT_DATA) -> None:
    """Give a device its next certificate, with a new key. The one before counts until its own end."""
    _give(data, device, to, csr, again=True)


@pki_app.command("revoke")
def pki_revoke(device: Device, data: Data = DEFAULT_DATA) -> None:
    """Call a device's certificates back: it is thrown off at once, and stays out."""
    done = administer(data, "pki_revoke", device=device)
    if done is not None:
        out.print(f"{device}: called back ({', '.join(done['serials'])})", markup=False)


@pki_app.command("list")
def pki_list(data: Data = DEFAULT_DATA) -> None:
    """Say which certificates were given out, and what each is worth now."""
    done = administer(data, "pki_list")
    if done is None:
        return
    for one in done["certificates"]:
        out.print(
            f"{one['device']:<24} {one['standing']:<12} until {_day(one['until'])}  {one['serial']}", markup=False
        )
    for device in done["lacking"]:
        out.print(f"{device:<24} none: `ostiary pki issue {device}`", markup=False)
    out.print(f"the authority itself: until {_day(done['until'])}")


@pki_app.command("ca")
def pki_ca(
    to: Annotated[Path | None, typer.Option("--to", help="Where to write it; else it is printed.")] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Hand out the authority's certificate, which is no secret: browsers at the posts, and integrators, trust it."""
    done = administer(data, "pki_ca")
    if done is None:
        return
    if to is None:
        out.print(done["ca"].rstrip(), markup=False)
    else:
        to.write_text(done["ca"])
        out.print(f"{to}: SHA-256 fingerprint {done['fingerprint']}, until {_day(done['until'])}", markup=False)


def _give(data: Path, device: str, to: Path | None, csr: Path | None, *, again: bool) -> None:
    folder = to or Path(device)
    key, request = None, b""
    try:
        bundle.refuse_taken(folder)
        if csr is None:
            key, request = bundle.request(device)
        else:
            request = text_of(csr).encode()
    except (PkiError, OSError, ValueError) as error:
        err.print(str(error), markup=False)
        raise typer.Exit(UNUSABLE) from error
    done = administer(data, "pki_issue", device=device, request=request.decode(), again=again)
    if done is None:
        return
    certificate, ca = done["certificate"].encode(), done["ca"].encode()
    if key is None:
        bundle.write_without_key(folder, certificate, ca)
    else:
        bundle.write(folder, key, certificate, ca)
    _tell(device, folder, done, with_key=key is not None)


def _tell(device: str, folder: Path, done: dict[str, Any], *, with_key: bool) -> None:
    out.print(f"{device}: certificate {done['serial']}, until {_day(done['until'])}, in {folder}", markup=False)
    if with_key:
        out.print("Bring the folder to the device and remove it here: whoever has key.pem is the device.")


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d}"
