"""How much is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

Tick = Callable[[int], None]
"""Called with how many more of a row's steps are done."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Counts for each row; ``cycle_seconds`` is how long an idle line is watched."""

    osdp_swipes: int = 120
    mqtt_swipes: int = 1200
    mqtt_doors: int = 64
    cycle_seconds: float = 2.0
    cardholders: int = 50_000
    stimuli: int = 1000
    appended: int = 20_000
    verified: int = 100_000
    decisions: int = 20_000
    history: int = 1_000_000
    grown: int = 300_000
    alarms: int = 24
    paints: int = 20
    faces: int = 60
    verdicts: int = 40
    scale_doors: int = 64
    shown_cards: int = 120
    walks: int = 60
    weather_seconds: float = 1800.0
    groups: int = 20
    cameras: int = 32
    filmed_seconds: float = 30.0


DEFAULT = Extent()
FULL = replace(
    DEFAULT,
    mqtt_swipes=6000,
    mqtt_doors=256,
    verified=1_000_000,
    grown=1_000_000,
    faces=200,
    weather_seconds=86_400.0,
)
QUICK = Extent(
    osdp_swipes=8,
    mqtt_swipes=8,
    mqtt_doors=8,
    cycle_seconds=0.3,
    cardholders=200,
    stimuli=20,
    appended=400,
    verified=400,
    decisions=200,
    history=2000,
    grown=10_000,
    alarms=4,
    paints=2,
    faces=3,
    verdicts=4,
    scale_doors=4,
    shown_cards=1,
    walks=1,
    weather_seconds=5.0,
    groups=2,
    cameras=2,
    filmed_seconds=2.0,
)
