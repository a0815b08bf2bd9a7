"""`make bench`: run the measurements, show one table, write it for machines."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks import (
    alarm_to_pixel,
    cameras,
    core,
    faces,
    first_paint,
    growth,
    log,
    mqtt,
    muster,
    osdp,
    policy,
    restart,
    saturation,
    scale,
    watching,
)
from benchmarks.extent import DEFAULT, FULL, QUICK, Extent, Tick
from benchmarks.rows import BenchmarkFailed, NothingToMeasure, Row
from controller.demo import DemoFailed
from devices.mqtt.broker import BrokerError

FOLDER = Path("build") / "bench"
FAILED = 1
INTERRUPTED = 130
HOLDS = {True: "yes", False: "NO", None: "-"}


@dataclass(frozen=True, slots=True)
class Measurement:
    """How a row is had, and in how many steps."""

    take: Callable[[Extent, Path, Tick], Awaitable[Row]]
    steps: Callable[[Extent], int]


MEASUREMENTS: Mapping[str, Measurement] = {
    **{
        osdp.name(*line): Measurement(osdp.badge_to_relay(*line), lambda extent: 2 * extent.osdp_swipes)
        for line in osdp.LINES
    },
    "osdp_cards_read": Measurement(osdp.cards_read, lambda extent: 2 * extent.shown_cards),
    "power_on_secured": Measurement(scale.power_on, lambda _: 1),
    "osdp_cpu_128": Measurement(scale.at_rest, lambda _: 1),
    "simultaneous_64": Measurement(scale.at_once, lambda _: 1),
    "lockdown_observed": Measurement(scale.lockdown, lambda _: 1),
    "mqtt_badge_to_relay": Measurement(mqtt.badge_to_relay, lambda extent: 2 * extent.mqtt_swipes),
    "controller_stimulus_to_effect": Measurement(core.stimulus_to_effect, lambda extent: extent.stimuli),
    "log_append": Measurement(log.append, lambda extent: extent.appended),
    "log_append_growth": Measurement(growth.flatness, lambda extent: extent.grown),
    "log_verify_1m": Measurement(log.verification, lambda extent: extent.verified),
    "restart_1m": Measurement(restart.restart, lambda extent: extent.history),
    "restart_1m_memory": Measurement(restart.memory, lambda extent: extent.history),
    "alarm_to_pixel": Measurement(alarm_to_pixel.alarm_to_pixel, lambda extent: extent.alarms),
    "first_paint": Measurement(first_paint.first_paint, lambda extent: 2 * extent.paints),
    "decide_p99": Measurement(core.decision, lambda extent: extent.decisions),
    "step_apply_p99": Measurement(core.step_and_apply, lambda extent: extent.decisions),
    "memory_per_cardholder": Measurement(core.memory, lambda _: 1),
    "muster_truth": Measurement(muster.muster_truth, lambda _: 156),
    "site_prove": Measurement(policy.site_prove, lambda _: 20),
    "face_in_5s": Measurement(faces.face_in_5s, lambda extent: extent.faces),
    "face_verdict": Measurement(faces.face_verdict, lambda extent: extent.verdicts),
    "cameras_32": Measurement(cameras.cameras_32, lambda _: 1),
    "recorded_over_expected": Measurement(cameras.recorded_over_expected, lambda _: 1),
    "memory_per_camera": Measurement(cameras.memory_per_camera, lambda _: 1),
    "camera_intrusion": Measurement(watching.camera_intrusion, lambda extent: extent.walks + len(watching.WEATHERS)),
    "vision_saturated": Measurement(saturation.vision_saturated, lambda extent: 2 * extent.stimuli),
    "tailgating_recall": Measurement(watching.tailgating_recall, lambda extent: extent.groups),
    "tailgating_precision": Measurement(watching.tailgating_precision, lambda extent: extent.groups),
    "face_search_10k": Measurement(faces.face_search_10k, lambda _: faces.SEARCHES),
}
"""By row name, as `promises.md` has them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code: 1 where a figure could not be had. What was measured is told even then."""
    given = _parser().parse_args(arguments)
    extent = FULL if given.full else QUICK if given.quick else DEFAULT
    given.folder.mkdir(parents=True, exist_ok=True)
    had: list[Row] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            code = runner.run(_measured(given.rows or MEASUREMENTS, extent, given.folder.absolute(), had))
        except asyncio.CancelledError:
            code = INTERRUPTED
    if had:
        Console(width=None if sys.stdout.isatty() else 160).print(_table(had))
    if given.json:
        given.json.write_text(json.dumps([row.as_json() for row in had], indent=2, ensure_ascii=False) + "\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure this machine against the promises.")
    parser.add_argument(
        "rows", nargs="*", type=_row, metavar="ROW", help=f"which rows (all): {', '.join(MEASUREMENTS)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as JSON")
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--quick", action="store_true", help="a few steps of each: does it run at all?")
    much.add_argument(
        "--full",
        action="store_true",
        help="all of it: 1,000,000 entries, 200 badges a second at 256 MQTT doors, 200 people, weather of a day",
    )
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="on the disk that the log will live on (default %(default)s)"
    )
    return parser


def _row(name: str) -> str:
    if name not in MEASUREMENTS:
        raise argparse.ArgumentTypeError(f"no row {name!r}: choose from {', '.join(MEASUREMENTS)}")
    return name


async def _measured(names: Collection[str], extent: Extent, folder: Path, had: list[Row]) -> int:
    """Add each row to `had` as soon as it is measured; return the exit code.

    One that cannot be had says why on stderr, and those after it are measured all the same: it is an hour's work.
    """
    task = asyncio.current_task()
    assert task is not None  # for the type checker: the runner made it
    for ending in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
    shown = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    code = 0
    with Progress(*shown, console=Console(stderr=True, soft_wrap=True, highlight=False)) as progress:
        for number, name in enumerate(names, start=1):
            try:
                row = await _one(name, extent, folder, progress)
            except* NothingToMeasure as nothing:
                said = f"not measured: {_sentences(nothing)}"
            except* (BenchmarkFailed, DemoFailed, BrokerError, TimeoutError) as failures:
                code = FAILED
                said = f"failed: {_sentences(failures)}"
            else:
                had.append(row)
                said = f"{row.value:,.2f} {row.unit}"
            progress.console.print(f"{number} of {len(names)}: {name}: {said}", markup=False)
    return code


def _sentences(failures: BaseExceptionGroup) -> str:
    """Return what each failure in the group says, or is where it says nothing (as a TimeoutError does)."""
    return "; ".join(
        _sentences(each) if isinstance(each, BaseExceptionGroup) else str(each) or type(each).__name__
        for each in failures.exceptions
    )


async def _one(name: str, extent: Extent, folder: Path, progress: Progress) -> Row:
    measurement = MEASUREMENTS[name]
    task = progress.add_task(name, total=measurement.steps(extent))
    with tempfile.TemporaryDirectory(dir=folder) as own:
        return await measurement.take(extent, Path(own), lambda steps: progress.advance(task, steps))


def _table(rows: Iterable[Row]) -> Table:
    table = Table("row", "value", "promise", "beside", "ratio", "holds")
    for row in rows:
        beside = f"{row.beside.value:,.2f} {row.beside.text}" if row.beside else "-"
        promise = f"{row.promise.value:,.2f} {row.promise.text}"
        table.add_row(row.name, f"{row.value:,.2f} {row.unit}", promise, beside, f"{row.ratio:.2f}", HOLDS[row.holds])
    return table
