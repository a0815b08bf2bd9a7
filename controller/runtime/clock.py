"""The only place that reads the machine's clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from controller.domain.instant import Instant


class SystemClock:
    """Wall time of the machine and CLOCK_MONOTONIC, which all processes of this machine share."""

    def now(self) -> Instant:
        """Return this moment."""
        return Instant(datetime.now(UTC), time.monotonic())
