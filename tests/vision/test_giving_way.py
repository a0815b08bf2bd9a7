"""What the kernel knows of a process that gave way."""

import os
import platform
import subprocess
import sys

import pytest

from vision.giving_way import LONG_SLICE, SCHED_SETATTR

ASKED = """
import ctypes, os, struct, sys
from vision.giving_way import SCHED_SETATTR, give_way
give_way(5)
attributes = ctypes.create_string_buffer(56)
assert ctypes.CDLL(None).syscall(SCHED_SETATTR[os.uname().machine] + 1, 0, attributes, 56, 0) == 0
print(os.getpriority(os.PRIO_PROCESS, 0), struct.unpack_from("=Q", attributes, 24)[0])
"""
SLICES_SINCE = (6, 12)


@pytest.mark.skipif(platform.machine() not in SCHED_SETATTR, reason="the number of its system call is not known")
def test_who_gives_way_is_nicer_and_runs_in_slices_that_whoever_is_woken_cuts_short():
    told = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, timeout=60, check=True)
    niceness, slice_ns = map(int, told.stdout.split())
    assert niceness == os.getpriority(os.PRIO_PROCESS, 0) + 5
    kernel = tuple(int(part) for part in platform.release().split(".")[:2])
    assert slice_ns == (LONG_SLICE if kernel >= SLICES_SINCE else 0)
