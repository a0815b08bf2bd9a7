"""What the kernel knows of a process that gave way."""

import os
import platform
import subprocess
import sys

import pytest

from vision.giving_way import LONG_SLICE, SCHED_SETATTR, keep_off_a_core

ASKED = """
import ctypes, os, struct, sys
from vision.giving_way import SCHED_SETATTR, give_way
give_way(5)
attributes, number = ctypes.create_string_buffer(56), SCHED_SETATTR.get(os.uname().machine)
if number is not None:
    assert ctypes.CDLL(None).syscall(number + 1, 0, attributes, 56, 0) == 0
print(os.getpriority(os.PRIO_PROCESS, 0), struct.unpack_from("=Q", attributes, 24)[0])
"""
SLICES_SINCE = (6, 12)


def test_who_gives_way_is_nicer_and_runs_in_slices_that_whoever_is_woken_cuts_short():
    told = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, timeout=60, check=True)
    niceness, slice_ns = map(int, told.stdout.split())
    assert niceness == os.getpriority(os.PRIO_PROCESS, 0) + 5
    knows = tuple(int(part) for part in platform.release().split(".")[:2]) >= SLICES_SINCE
    assert slice_ns == (LONG_SLICE if knows and platform.machine() in SCHED_SETATTR else 0)


@pytest.mark.parametrize(("may_use", "left"), [({0, 1}, {1}), ({3, 5, 6}, {5, 6}), ({2}, {2})])
def test_the_first_core_is_left_to_the_doors_where_there_is_another(monkeypatch, may_use, left):
    given = [may_use]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: given[-1])
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, cores: given.append(set(cores)))
    keep_off_a_core()
    assert given[-1] == left
