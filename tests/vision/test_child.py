"""How a child process of the eyes ends."""

import subprocess
import sys

LEAVING = """
import atexit, sys
from vision.child import leave
atexit.register(print, "taken down")
print("told", end="")
leave(3)
"""


def test_what_was_written_arrives_and_nothing_is_taken_down_under_threads_that_still_run():
    done = subprocess.run([sys.executable, "-c", LEAVING], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, "told")
