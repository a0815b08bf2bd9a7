"""The only place that reads the machine's clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from controller.domain.instant import Instant


class SystemClock:
    """Wall time of the machine and CLOCK_MONOTONIC, which all processes of this machine share."""

    def now(self) -> Instant:
        """Return this moment, in whole microseconds: what is decided on is what the log keeps."""
        return Instant(datetime.now(UTC), self.mono())

    def mono(self) -> float:
        """Return monotonic seconds, in whole microseconds."""
        return time.monotonic_ns() // 1000 / 1e6
