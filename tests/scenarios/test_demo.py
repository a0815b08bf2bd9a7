"""The demo as a new user runs it: the whole box on real wires, judged by the simulator and the guard's screen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from simulators.acts.visitors import VISITOR

OSTIARY = Path(sys.executable).with_name("ostiary")
ATTEMPTS = 3
REPORT = {"swipes", "grants", "denials", "entries", "alarms", "faces", "frames", "events", "log_intact", "unlock_ms"}
DENIALS = {
    "area_armed", "credential_expired", "credential_lost", "credential_returned", "door_blocked",
    "face_does_not_match", "face_not_live", "guard_refused", "host_not_approved", "interlock", "lockdown",
    "no_access_right", "nobody_first", "threat_level", "unknown_credential", "wrong_pin",
}  # fmt: skip
ALARMS = {
    "camera_covered", "camera_lost", "camera_moved", "duress", "face_mismatch", "fire", "fire_line_fault",
    "forced_open", "held_open", "intrusion", "mains", "offline", "panic", "spoofed_face", "tailgating", "tamper",
    "two_person_broken",
}  # fmt: skip
"""What a morning brings, each by a hand: the simulator's checks say that it was right; here, that it happened."""

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(800)]


def test_a_morning_at_the_embassy(tmp_path: Path) -> None:
    report = _morning(tmp_path)
    assert set(report) == REPORT
    assert report["log_intact"] is True
    assert report["denials"].keys() >= DENIALS
    assert report["alarms"].keys() >= ALARMS
    counts = [report[key] for key in ("swipes", "grants", "entries", "frames", "events")]
    counts += [*report["faces"].values(), *report["denials"].values(), *report["alarms"].values()]
    counts += [figure for wire in report["unlock_ms"].values() for figure in wire.values()]
    assert set(report["unlock_ms"]) == {"osdp", "mqtt"}
    assert all(count > 0 for count in counts), report
    assert _what_is_left_of(tmp_path) == []
    assert _clear_text_in(tmp_path) == []


def test_ctrl_c_ends_the_demo_and_a_second_start_finds_its_log(tmp_path: Path) -> None:
    for _ in range(2):
        demo = _ostiary("demo", "--data", str(tmp_path))
        assert demo.stdout is not None
        lines = iter(demo.stdout.readline, "")
        assert any("Console" in line for line in lines)
        assert any("Staff arrive" in line for line in lines)
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=60)
        assert demo.returncode == 0
        assert _what_is_left_of(tmp_path) == []
    verified = _ostiary("log", "verify", "--data", str(tmp_path))
    output, _ = verified.communicate(timeout=60)
    assert verified.returncode == 0, output


def _morning(folder: Path) -> dict[str, Any]:
    """Play it until a morning goes by on a disk that keeps up: behind one that does not, people are rightly refused."""
    for attempt in range(ATTEMPTS):
        report_file = folder / f"report-{attempt}.json"
        data = str(folder / f"box-{attempt}")
        demo = _ostiary("demo", "--headless", "--seconds", "1", "--data", data, "--json", str(report_file))
        output, _ = demo.communicate(timeout=240)
        assert demo.returncode == 0, output
        report: dict[str, Any] = json.loads(report_file.read_text())
        if "check failed" not in output:
            return report
        assert "log_late" in report["alarms"], output
    pytest.fail(f"the disk kept a record waiting in each of {ATTEMPTS} mornings")


def _ostiary(*arguments: str) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if key != "OSTIARY_DATA"}
    return subprocess.Popen(
        [OSTIARY, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


def _what_is_left_of(folder: Path) -> list[str]:
    """Return the processes that still run for this data folder."""
    return [p.info["name"] for p in psutil.process_iter(["name", "cmdline"]) if str(folder) in _line(p)]


def _line(process: psutil.Process) -> str:
    return " ".join(process.info["cmdline"] or [])


def _clear_text_in(folder: Path) -> list[str]:
    """Return the people of the demo whose name can be read in any file of the box."""
    people = Path(__file__).parents[2] / "config" / "people.csv"
    names = [row.split(",")[1] for row in people.read_text().splitlines() if row.startswith("p-")] + [VISITOR]
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".jpg")
    return [name for name in names if name.encode() in kept]
