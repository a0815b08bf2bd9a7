"""The command line: ``ostiary``."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from controller.bootstrap import Ports
from controller.cli_activate import site_activate, site_rollback
from controller.cli_backup import backup, destroy, restore
from controller.cli_camera import camera_app
from controller.cli_card import card_app
from controller.cli_evidence import evidence_app
from controller.cli_face import face_app
from controller.cli_keys import keys_app, open_with
from controller.cli_log import log_app, witness_app
from controller.cli_osdp import osdp_app
from controller.cli_past import where, who
from controller.cli_people import hold_app, people_app, person_app, project
from controller.cli_pki import pki_app
from controller.cli_policy import decide, replay, site_diff, why
from controller.cli_prove import site_prove
from controller.cli_run import Forgiving, Nobody, administer, carry_out, log_to_terminal
from controller.console_tls import PLAIN_ELSEWHERE, is_loopback
from controller.demo import run_demo
from controller.disk import LOW_MIB
from controller.domain.operators import Role
from controller.keys import warning
from controller.patience import running
from controller.site.check import check, format_errors
from controller.store.place import choose_journal, choose_place
from controller.terminal import err, out
from devices.mqtt.broker import HOST

OK, BROKEN, UNUSABLE = 0, 1, 2

__all__ = ["Forgiving", "Nobody", "app", "main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, callback=open_with)
site_app = typer.Typer(no_args_is_help=True, help="The policy of a mission.")
operator_app = typer.Typer(no_args_is_help=True, help="Who may sign in at the console.")
for name, part in (
    ("site", site_app),
    ("keys", keys_app),
    ("pki", pki_app),
    ("log", log_app),
    ("osdp", osdp_app),
    ("witness", witness_app),
    ("operator", operator_app),
    ("people", people_app),
    ("person", person_app),
    ("hold", hold_app),
    ("evidence", evidence_app),
    ("face", face_app),
    ("card", card_app),
    ("camera", camera_app),
):
    app.add_typer(part, name=name)
for command in (why, decide, replay, who, where, project, backup, restore, destroy):
    app.command()(command)
site_app.command("diff")(site_diff)
site_app.command("prove")(site_prove)
site_app.command("activate")(site_activate)
site_app.command("rollback")(site_rollback)

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
LogUrl = Annotated[
    str | None,
    typer.Option(
        envvar="OSTIARY_LOG_URL",
        help="Keep the log in PostgreSQL (postgresql+psycopg://USER@HOST/DATABASE). Chosen once, and noted in --data.",
    ),
]
JournalFolder = Annotated[
    Path | None,
    typer.Option(
        envvar="OSTIARY_JOURNAL_FOLDER",
        help="Where the emergency journal lies, best on another disk than --data. Chosen once, and noted in --data.",
    ),
]
DEFAULT_DATA = Path("data")


@app.command()
def run(
    site: Annotated[Path, typer.Option(help="The site file.")],
    data: Data = DEFAULT_DATA,
    host: Annotated[str, typer.Option(help="Where the console listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The console's port; 0 takes a free one.")] = 8080,
    mqtt_port: Annotated[int, typer.Option(help="The broker's port.")] = 8883,
    mqtt_host: Annotated[
        str, typer.Option(help="Where the broker listens; 0.0.0.0 for devices on the network.")
    ] = HOST,
    name: Annotated[
        list[str] | None, typer.Option(help="A name or address this box is called by; for its certificates.")
    ] = None,
    disk_low: Annotated[
        int, typer.Option(help="Raise an alarm when the disk has less room than that, in MiB.")
    ] = LOW_MIB,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Serve the console without TLS, to this machine alone.")
    ] = False,
    log_url: LogUrl = None,
    journal_folder: JournalFolder = None,
) -> None:
    """Run the controller on its real wires until Ctrl-C."""
    log_to_terminal(logging.INFO)
    if plain_http and not is_loopback(host):
        err.print(PLAIN_ELSEWHERE, markup=False)
        raise typer.Exit(UNUSABLE)
    ports = Ports(
        mqtt=mqtt_port,
        mqtt_host=mqtt_host,
        names=tuple(name or ()),
        host=host,
        http=port,
        plain_http=plain_http,
        disk_low_mib=disk_low,
    )
    if said := warning(data):
        err.print(said, style="bold red", markup=False)
    carry_out(lambda: _serve(data, site, ports, log_url, journal_folder))


@app.command()
def demo(
    data: Data = DEFAULT_DATA,
    headless: Annotated[bool, typer.Option("--headless", help="Play it once, without the console's page.")] = False,
    seconds: Annotated[float | None, typer.Option(help="How long to play (whole rounds, one at least).")] = None,
    port: Annotated[int, typer.Option(help="The console's port; 0 takes a free one.")] = 0,
    report: Annotated[Path | None, typer.Option("--json", help="Where to write the report.")] = None,
) -> None:
    """Run a small embassy on this machine, its devices simulated on real wires."""
    log_to_terminal(logging.ERROR)
    limit = 0.0 if headless and seconds is None else seconds
    result = carry_out(lambda: run_demo(data, headless=headless, seconds=limit, port=port, say=out.print))
    if result is None:
        return
    if report is not None:
        report.write_text(json.dumps(result["report"], indent=2) + "\n")
    out.print_json(data=result["report"])
    out.print(f"{result['checks'] - len(result['failed'])} of {result['checks']} checks passed")
    if not result["report"]["log_intact"]:
        raise typer.Exit(BROKEN)


@site_app.command("check")
def site_check(file: Annotated[Path, typer.Argument(help="The site file.")]) -> None:
    """Check a site file; every problem is named with its line and its mend."""
    site, errors = check(file)
    if site is None or errors:
        err.print(format_errors(errors), markup=False)
        raise typer.Exit(UNUSABLE)
    counts = (
        f"{len(site.zones)} zones, {len(site.doors)} doors, {len(site.readers)} readers, {len(site.cameras)} cameras"
    )
    out.print(f"{file}: in order ({counts})")


@operator_app.command("add")
def operator_add(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Annotated[Role, typer.Option(help="What the operator may see and do.")],
    person: Annotated[str | None, typer.Option(help="The same human being as a badge holder: their id.")] = None,
    zone: Annotated[list[str] | None, typer.Option(help="Where their orders count; none named: everywhere.")] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Appoint an operator and print a one-time password; the operator chooses their own at the first sign-in."""
    done = administer(data, "operator_add", name=name, role=role.value, person=person, zones=zone or [])
    if done is not None:
        out.print(f"{name} ({role.value}): one-time password  {done['one_time_password']}", markup=False)


@operator_app.command("list")
def operator_list(data: Data = DEFAULT_DATA) -> None:
    """List who may sign in, where their orders count, and what they show besides the password."""
    done = administer(data, "operator_list")
    for one in done["operators"] if done is not None else ():
        where = "everywhere" if one["zones"] is None else ", ".join(one["zones"])
        shows = ", ".join(one["second_factors"]) or "no second factor"
        out.print(f"{one['name']}  {one['role']}  {where}  {shows}", markup=False)


@operator_app.command("withdraw")
def operator_withdraw(
    name: Annotated[str, typer.Argument(help="Who may no longer sign in.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the log.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Withdraw an operator's right: it acts on their next request, and their streams end within a second."""
    if administer(data, "operator_withdraw", name=name, reason=reason) is not None:
        out.print(f"{name} signs in no longer", markup=False)


@operator_app.command("reset")
def operator_reset(
    name: Annotated[str, typer.Argument(help="Who lost their password or second factor.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the log.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Forget an operator's passwords and second factors, and print a one-time password to begin anew with."""
    done = administer(data, "operator_reset", name=name, reason=reason)
    if done is not None:
        out.print(f"{name}: one-time password  {done['one_time_password']}", markup=False)


@operator_app.command("duress")
def operator_duress(
    name: Annotated[str, typer.Argument(help="The name they sign in with.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Print a second password that signs in as always, and tells the second station that somebody is forced."""
    done = administer(data, "operator_duress", name=name)
    if done is not None:
        out.print(f"{name}: duress password  {done['duress_password']}", markup=False)


def main() -> None:
    """Run the command line."""
    app()


async def _serve(data: Path, site: Path, ports: Ports, log_url: str | None, journal_folder: Path | None) -> None:
    choose_place(data, log_url)
    if journal_folder is not None:
        choose_journal(data, journal_folder)
    async with running(data, site, ports, lambda said: err.print(said, markup=False)) as box:
        out.print(f"Console  {box.url}")
        await box.wait()
