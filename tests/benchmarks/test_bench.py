"""`make bench` runs at all, and speaks the form that every later figure takes. How fast is nobody's business here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.cli import MEASUREMENTS, main
from benchmarks.faces import photos

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(600)]  # every row, some of them on slow lines

ROWS = {
    "osdp_badge_to_relay_9600_3": "ms",
    "osdp_badge_to_relay_9600_20": "ms",
    "osdp_badge_to_relay_9600_35": "ms",
    "osdp_badge_to_relay": "ms",
    "osdp_badge_to_relay_115200_20": "ms",
    "osdp_badge_to_relay_115200_35": "ms",
    "osdp_cards_read": "%",
    "power_on_secured": "s",
    "osdp_cpu_128": "%",
    "simultaneous_64": "ms",
    "lockdown_observed": "ms",
    "mqtt_badge_to_relay": "ms",
    "controller_stimulus_to_effect": "ms",
    "log_append": "events/s",
    "log_append_growth": "µs/event",
    "log_verify_1m": "s",
    "restart_1m": "s",
    "restart_1m_memory": "MB",
    "alarm_to_pixel": "ms",
    "first_paint": "ms",
    "decide_p99": "µs",
    "step_apply_p99": "µs",
    "memory_per_cardholder": "kB",
    "muster_truth": "%",
    "site_prove": "s",
    "face_verdict": "s",
    "face_search_10k": "ms",
    "cameras_32": "%",
    "recorded_over_expected": "%",
    "memory_per_camera": "MB",
    "camera_intrusion": "%",
    "vision_saturated": "ms",
    "tailgating_recall": "%",
    "tailgating_precision": "%",
}
if photos().is_dir():
    ROWS["face_in_5s"] = "%"
SAME_AGAIN = {
    "osdp_badge_to_relay_9600_3",
    "osdp_badge_to_relay_9600_20",
    "osdp_badge_to_relay_115200_20",
    "osdp_badge_to_relay_115200_35",
    "recorded_over_expected",
    "memory_per_camera",
    "tailgating_precision",
}
PLAYED_AGAIN = 3
PLAYED = [name for name in ROWS if name not in SAME_AGAIN]
"""Not those that only take another number of what a row beside them plays: each takes a building, or cameras, anew."""


@dataclass(frozen=True)
class Run:
    rows: dict[str, dict[str, Any]]
    table: str
    folder: Path
    left: list[psutil.Process]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One row of each make, with tiny counts, on real wires."""
    folder = tmp_path_factory.mktemp("bench")
    file = folder / "rows.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", *PLAYED, "--json", file, "--folder", folder / "work"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False)
    assert done.returncode == 0, done.stderr
    left = [process for process in psutil.process_iter(["cmdline"]) if str(folder) in str(process.info["cmdline"])]
    rows = json.loads(file.read_text())
    return Run({row["name"]: row for row in rows}, done.stdout, folder / "work", left)


def test_every_row_is_there_under_its_promised_name(run: Run) -> None:
    assert {name: row["unit"] for name, row in run.rows.items()} == {name: ROWS[name] for name in PLAYED}
    assert MEASUREMENTS.keys() - {"face_in_5s"} == ROWS.keys() - {"face_in_5s"}


@pytest.mark.parametrize("name", PLAYED)
def test_a_row_has_the_form_that_machines_read(run: Run, name: str) -> None:
    row = run.rows[name]
    assert set(row) == {"name", "value", "unit", "promise", "beside", "ratio", "holds"}
    assert row["value"] > 0
    assert row["ratio"] > 0
    assert row["holds"] in (True, False, None)
    for figure in (row["promise"], row["beside"]):
        assert figure is None or (set(figure) == {"text", "value"} and figure["value"] > 0)
    assert name in run.table


@pytest.mark.parametrize("name", ["osdp_badge_to_relay", "mqtt_badge_to_relay"])
def test_on_the_wires_every_relay_was_energised(run: Run, name: str, tmp_path: Path) -> None:
    """A badge that opened nothing counts 1500 ms, and one that does so makes the p99 of eight.

    A disk that stalls has the grants of that moment taken back, as it must: then the row is played again, by itself.
    """
    row, file = run.rows[name], tmp_path / "row.json"
    for _ in range(PLAYED_AGAIN):
        if row["value"] < 1500:
            break
        assert main(["--quick", name, "--json", str(file), "--folder", str(tmp_path / "work")]) == 0
        (row,) = json.loads(file.read_text())
    assert row["value"] < 1500, row


def test_the_promise_for_osdp_follows_from_the_cycle_that_was_measured(run: Run) -> None:
    row = run.rows["osdp_badge_to_relay"]
    cycle = float(re.search(r"cycles of ([\d.]+) ms", row["promise"]["text"])[1])
    assert cycle > 9 * 3, "nine devices, each with 3 ms of turnaround"
    assert row["promise"]["value"] == pytest.approx(2 * cycle + 20, abs=0.2)
    assert "115200 baud, turnaround 3 ms" in row["promise"]["text"]
    slow = run.rows["osdp_badge_to_relay_9600_35"]["promise"]
    assert slow["value"] > 2 * 9 * (35 + 2 * 14 * 10 / 9.6), "14 bytes each way at 9,600 baud"
    assert "9600 baud, turnaround 35 ms" in slow["text"]


def test_the_promise_for_the_controller_follows_from_the_commit_that_was_measured(run: Run) -> None:
    row = run.rows["controller_stimulus_to_effect"]
    assert row["promise"]["value"] == pytest.approx(row["beside"]["value"] + 10, abs=0.01)


def test_nothing_is_left_behind(run: Run) -> None:
    assert not list(run.folder.iterdir())
    assert not run.left


def test_whoever_ends_it_in_the_middle_keeps_what_was_measured_and_finds_nothing_else_left(tmp_path: Path) -> None:
    file, folder = tmp_path / "rows.json", tmp_path / "work"
    command = [sys.executable, "-m", "benchmarks", "--full", "site_prove", "log_verify_1m"]
    with subprocess.Popen(
        [*command, "--json", file, "--folder", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as bench:
        told = next((line for line in bench.stderr if line.startswith("1 of 2: site_prove: ")), None)
        assert told, "before the next row is had"
        while not list(folder.glob("*/log.db")):
            assert bench.poll() is None, "it ended by itself"
            time.sleep(0.02)
        bench.terminate()
        table, _ = bench.communicate(timeout=60)
    assert bench.returncode == 130
    assert [row["name"] for row in json.loads(file.read_text())] == ["site_prove"]
    assert "site_prove" in table
    assert not list(folder.iterdir())


def test_a_row_that_fails_costs_no_other_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.mqtt.broker._SEARCH_PATH", str(tmp_path))  # where no Mosquitto is
    file = tmp_path / "rows.json"
    rows = ["mqtt_badge_to_relay", "decide_p99"]
    assert main(["--quick", *rows, "--json", str(file), "--folder", str(tmp_path / "work")]) == 1
    assert [row["name"] for row in json.loads(file.read_text())] == ["decide_p99"]
    assert "1 of 2: mqtt_badge_to_relay: failed: Mosquitto is not installed" in capsys.readouterr().err


def test_one_row_can_be_asked_for_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.json"
    assert main(["--quick", "decide_p99", "--json", str(file), "--folder", str(tmp_path)]) == 0
    assert [row["name"] for row in json.loads(file.read_text())] == ["decide_p99"]
    assert "log_append" not in capsys.readouterr().out


def test_a_row_that_nobody_promised_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["quickness", "--folder", str(tmp_path)])
    assert ended.value.code == 2
    assert "quickness" in capsys.readouterr().err
