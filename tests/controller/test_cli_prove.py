"""``ostiary site prove`` on real files: exit codes and sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app

EMBASSY = (
    (Path(__file__).parents[2] / "tests" / "embassy" / "embassy.toml")
    .read_text(encoding="utf-8")
    .split("[[invariant]]")[0]
)
REGISTRY = 'kind = "never_enters"\nzones = ["registry"]\n'
PIN = f'\n[[invariant]]\nid = "pin"\nname = "Never without a PIN"\n{REGISTRY}without = ["pin"]\n'
NIGHT = f'\n[[invariant]]\nid = "night"\nname = "Nobody at night"\n{REGISTRY}outside = "office"\n'


@pytest.fixture
def prove(tmp_path):
    def run(text, *options):
        file = tmp_path / "site.toml"
        file.write_text(text, encoding="utf-8")
        return CliRunner().invoke(app, ["site", "prove", str(file), *options])

    return run


def test_what_holds_is_said_so(prove):
    done = prove(EMBASSY + PIN)
    assert (done.exit_code, done.output) == (0, "holds   pin: Never without a PIN\nall 1 hold\n")


def test_what_is_broken_comes_with_a_person_a_path_and_a_time(prove):
    wide_open = EMBASSY.replace('factors = ["card", "pin"]', 'factors = ["card"]')
    done = prove(wide_open + PIN)
    assert done.exit_code == 1
    head, who, *path, count = done.output.splitlines()
    assert head == "BROKEN  pin: Never without a PIN"
    assert who.strip().startswith("a visitor with access level ")
    assert path[-1].endswith("Registry, Chancery to Registry, by badge")
    assert count == "0 of 1 hold"


def test_json_is_for_machines(prove):
    pin, night = json.loads(prove(EMBASSY + PIN + NIGHT, "--json").output)
    assert (pin["id"], pin["holds"], pin["counterexample"]) == ("pin", True, None)
    assert night["holds"] is False
    assert night["counterexample"]["doors"][-1] == "registry-door"


def test_a_file_without_sentences_proves_nothing_and_says_so(prove):
    assert prove(EMBASSY).output == "the file says no [[invariant]]: nothing was proven\n"


def test_a_file_that_is_not_in_order_is_not_proven(prove):
    done = prove("x = 1")
    assert done.exit_code == 2
