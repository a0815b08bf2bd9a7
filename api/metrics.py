"""How the box is, in numbers for Prometheus: doors, devices, the log, alarms, requests. Nobody's name, and no count of
people. Each scrape reads the building as it stands; nothing is kept but how long requests took.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from controller.domain.alarms import Priority
from controller.runtime.facade import Facade, Moment

METHODS = frozenset({"GET", "POST", "DELETE", "HEAD", "OPTIONS"})
"""What strangers make up is one more, and no more."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True, slots=True)
class Requests:
    """How long the API takes to answer, streams aside."""

    registry: CollectorRegistry = field(default_factory=lambda: CollectorRegistry(auto_describe=False))
    seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        histogram = Histogram(
            "ostiary_api_request_seconds",
            "How long the API took to answer",
            ["method", "status"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        object.__setattr__(self, "seconds", histogram)

    def took(self, method: str, status: int, seconds: float) -> None:
        """Count an answer, by its class of status (``2xx``)."""
        self.seconds.labels(method if method in METHODS else "other", f"{status // 100}xx").observe(seconds)


def exposition(facade: Facade, requests: Requests) -> bytes:
    """Return everything in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Building(facade))
    return generate_latest(registry) + generate_latest(requests.registry)


class _Building(Collector):
    """One look at the building."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade

    def collect(self) -> Iterable[Metric]:
        """Return its numbers."""
        moment = self._facade.moment()
        newest = self._facade.read(before=None, limit=1)
        yield from _box(moment, newest[0].seq if newest else 0)
        yield from _doors(moment)
        yield from _equipment(moment)


def _box(moment: Moment, durable: int) -> Iterator[Metric]:
    state = moment.state
    yield InfoMetricFamily("ostiary_box", "This start of the box", value={"boot": moment.boot, "site": moment.site.id})
    yield CounterMetricFamily("ostiary_events", "Events of the log, the newest's number", value=moment.seq)
    yield _gauge("ostiary_log_undurable_events", "Events that are not on the disk yet", moment.seq - durable)
    yield _gauge("ostiary_log_late", "Whether the log is late, and nobody is let in", state.log_late)
    yield _gauge("ostiary_clock_trusted", "Whether the box trusts its clock", state.clock_trusted)
    yield _gauge("ostiary_threat_level", "The threat level in force", state.threat_level)
    yield _gauge("ostiary_lockdown", "Whether there is a lockdown", state.lockdown is not None)
    yield _gauge("ostiary_fires", "Fire zones where a fire stands", len(state.fires))
    raised = CounterMetricFamily("ostiary_alarms_raised", "Alarms since the log began", value=state.raised)
    yield raised
    shown = Counter(alarm.priority for alarm in state.alarms.values() if not alarm.silent)
    unseen = Counter(
        alarm.priority for alarm in state.alarms.values() if not alarm.silent and alarm.acknowledged_by is None
    )
    stands = GaugeMetricFamily("ostiary_alarms_open", "Open alarms", labels=["priority"])
    waits = GaugeMetricFamily("ostiary_alarms_unacknowledged", "Alarms nobody has acknowledged", labels=["priority"])
    for priority in Priority:
        stands.add_metric([priority.name.lower()], shown[priority])
        waits.add_metric([priority.name.lower()], unseen[priority])
    yield stands
    yield waits


def _doors(moment: Moment) -> Iterator[Metric]:
    lock = GaugeMetricFamily("ostiary_door_lock", "1 at what the lock was seen to be", labels=["door", "is"])
    leaf = GaugeMetricFamily("ostiary_door_leaf", "1 at what the leaf was seen to be", labels=["door", "is"])
    blocked = GaugeMetricFamily("ostiary_door_blocked", "Whether an operator blocked it", labels=["door"])
    for door in moment.site.doors:
        known = moment.state.door(door)
        lock.add_metric([door, str(known.lock or "unknown")], 1)
        leaf.add_metric([door, str(known.position or "unknown")], 1)
        blocked.add_metric([door], known.block is not None)
    yield from (lock, leaf, blocked)


def _equipment(moment: Moment) -> Iterator[Metric]:
    online = GaugeMetricFamily("ostiary_device_online", "Whether a device answers", labels=["device", "kind"])
    secure = GaugeMetricFamily("ostiary_device_secure", "Whether its channel is encrypted", labels=["device"])
    for device in moment.site.devices.values():
        known = moment.state.device(device.id)
        online.add_metric([device.id, device.kind], bool(known.online))
        secure.add_metric([device.id], bool(known.secure))
    cameras = GaugeMetricFamily("ostiary_camera_online", "Whether a camera gives pictures", labels=["camera"])
    for camera in moment.site.cameras:
        seen = moment.state.cameras.get(camera)
        cameras.add_metric([camera], seen is not None and bool(seen.online))
    yield from (online, secure, cameras)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)
