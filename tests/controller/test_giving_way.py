"""A child gives way to whoever started it, and one that is gone is no matter."""

import os
import subprocess

from controller.giving_way import GIVES_WAY, give_way


def test_a_child_gives_way_and_one_that_has_ended_is_left_alone():
    with subprocess.Popen(["sleep", "60"]) as child:
        give_way(child.pid)
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == os.getpriority(os.PRIO_PROCESS, 0) + GIVES_WAY
        child.kill()
    give_way(child.pid)
