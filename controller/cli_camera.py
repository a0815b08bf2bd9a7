"""The command line's part for whoever hangs up cameras: ``ostiary camera discover | probe | add``."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

from controller.bootstrap import CAMERA_KEYS
from controller.cli_keys import DEFAULT_DATA, Data
from controller.cli_run import UNUSABLE
from controller.osdp_keys import private_json
from controller.store.boxkey import SealBroken
from controller.store.keystore import KEY_FILE
from controller.store.secret_files import secret_files
from controller.terminal import err, out
from vision.onvif import Offer, OnvifError, discover, probe

camera_app = typer.Typer(no_args_is_help=True, help="Cameras that speak ONVIF: who is there, what they offer.")

PASSWORD = "OSTIARY_CAMERA_PASSWORD"  # noqa: S105 - the name of a variable
SMALL_WIDTH = 640
"""Pixels at most of a stream to look through, where the camera has one."""

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The camera: HOST or HOST:PORT.")]
User = Annotated[str, typer.Option("--username", help="Its user; the password is asked for, never a parameter.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@camera_app.command("discover")
def camera_discover(
    seconds: Annotated[float, typer.Option(help="How long answers are waited for.", min=0.1, max=60.0)] = 3.0,
    interface: Annotated[str | None, typer.Option(help="The address of ours to ask from.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the network which cameras are there (WS-Discovery). Nobody is signed in to, and nothing is changed."""
    try:
        found = asyncio.run(discover(seconds=seconds, interface=interface))
    except OSError as error:
        err.print(f"this network lets nobody be asked: {error}")
        raise typer.Exit(UNUSABLE) from error
    if as_json:
        out.print_json(json.dumps([asdict(each) for each in found]))
        return
    for each in found:
        out.print(f"{each.address}  {each.name}  {each.hardware}", markup=False)
    if not found:
        out.print("no camera answered: some have ONVIF switched off when they are new")


@camera_app.command("probe")
def camera_probe(address: Address, username: User, as_json: AsJson = False) -> None:
    """Ask one camera what it is, and where its streams are."""
    offer = _asked(address, username, _password(username))
    if as_json:
        out.print_json(json.dumps(asdict(offer)))
        return
    out.print(f"{offer.maker} {offer.model}, firmware {offer.firmware}, serial {offer.serial}", markup=False)
    for each in offer.profiles:
        out.print(f"  {each.name}: {each.codec} {each.width}x{each.height}  {each.stream}", markup=False)
    out.print("  it can be turned" if offer.turns else "  it cannot be turned")


@camera_app.command("add")
def camera_add(
    camera: Annotated[str, typer.Argument(metavar="ID", help="What it is called in the site file.")],
    address: Address,
    username: User,
    data: Data = DEFAULT_DATA,
) -> None:
    """Keep a camera's password with the box's secrets, and print its table for the site file.

    The camera is asked first, so that nobody keeps a password that it refuses. The box takes it up at its next start.
    """
    if not (data / KEY_FILE).exists():
        err.print(f"there is no box in {data}: name its folder with --data", markup=False)
        raise typer.Exit(UNUSABLE)
    password = _password(username)
    offer = _asked(address, username, password)
    try:
        secrets = secret_files(data)
        known = dict(private_json(secrets, CAMERA_KEYS)) if secrets.exists(CAMERA_KEYS) else {}
        login = {"username": username, "password": password}
        secrets.write(CAMERA_KEYS, json.dumps({**known, camera: login}, indent=2).encode())
    except SealBroken as broken:
        err.print(str(broken), markup=False)
        raise typer.Exit(UNUSABLE) from broken
    out.print(table(camera, offer), markup=False, soft_wrap=True)


def table(camera: str, offer: Offer) -> str:
    """Return the camera's table for the site file, its data-protection sheet left for somebody to fill in."""
    large = offer.profiles[0]
    small = next((each for each in offer.profiles[1:] if 0 < each.width <= SMALL_WIDTH), large)
    lines = [
        "[[camera]]",
        f"id = {json.dumps(camera)}",
        f"name = {json.dumps(f'{offer.maker} {offer.model}')}",
        f"url = {json.dumps(large.stream)}",
        f"small_url = {json.dumps(small.stream)}",
        "# and, before it may see anything: zone, position, purpose, view, legal_basis, masks, retention_days",
    ]
    return "\n".join(lines)


def _asked(address: str, username: str, password: str) -> Offer:
    try:
        offer = asyncio.run(probe(address, username, password))
    except OnvifError as error:
        err.print(str(error), markup=False)
        raise typer.Exit(UNUSABLE) from error
    if not offer.profiles:
        err.print(f"{address} has no stream: give it a profile in its own pages", markup=False)
        raise typer.Exit(UNUSABLE)
    return offer


def _password(username: str) -> str:
    """Ask for the password, unless the environment has it: on a command line everybody could read it."""
    given = os.environ.get(PASSWORD)
    return given if given is not None else str(typer.prompt(f"Password of {username}", hide_input=True))
