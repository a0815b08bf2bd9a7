"""What a camera tells of motion, by ONVIF's pull points (Core Specification, 9.1): real-time pull, no port of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from datetime import timedelta
from typing import Any

LASTS = timedelta(minutes=2)
"""So long a subscription is kept by the camera for a box that went away; the library renews it before."""
PULLS_FOR = timedelta(seconds=5)
MOST = 64
"""Messages of one answer."""
TOPICS = {"VideoSource/MotionAlarm": "State", "CellMotionDetector/Motion": "IsMotion", "MyRuleDetector/": "State"}
"""The end of a topic, and the item of its data that tells: ONVIF's own two, and what many cameras make of rules."""
TRUE = frozenset({"true", "1"})


async def motion_of(camera: Any) -> AsyncGenerator[bool, None]:
    """Yield, for as long as the camera answers, whether something moves before it: each change once."""
    subscription = await camera.create_pullpoint_manager(LASTS, lambda: None)
    told: bool | None = None
    try:
        service = subscription.get_service()
        await subscription.set_synchronization_point()  # what stands is told once more
        while True:
            answer = await service.PullMessages({"Timeout": PULLS_FOR, "MessageLimit": MOST})
            for active in states(answer.NotificationMessage or ()):
                if active is not told:
                    told = active
                    yield active
    finally:
        await subscription.shutdown()


def states(messages: Iterable[Any]) -> list[bool]:
    """Return what each message says of motion, in order; those about anything else are left out."""
    found = []
    for message in messages:
        topic = str(getattr(message.Topic, "_value_1", ""))
        item = next((item for end, item in TOPICS.items() if end in topic), None)
        state = None if item is None else _item(message, item)
        if state is not None:
            found.append(state.lower() in TRUE)
    return found


def _item(message: Any, name: str) -> str | None:
    told = getattr(message.Message, "_value_1", None)
    items = getattr(getattr(told, "Data", None), "SimpleItem", None) or ()
    return next((str(item.Value) for item in items if item.Name == name), None)
