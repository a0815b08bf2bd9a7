"""What a simulated ONVIF camera tells of motion (events service): pull points, and its own detector's word."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

EVENTS = "http://www.onvif.org/ver10/events/wsdl"
NOTIFICATION = "http://docs.oasis-open.org/wsn/b-2"
TOPIC = "tns1:RuleEngine/CellMotionDetector/Motion"
LASTS = timedelta(minutes=2)
LOOKS_EVERY = 0.1
HOLDS_BACK = 5.0
"""Seconds that an answer without news is held back."""


class OnvifEvents:
    """``moves`` says whether something moves before the camera now; ``address`` where its pull points are.

    Each subscription has its own, with its number behind the address, and is told everything whoever else listens.
    """

    def __init__(self, moves: Callable[[], bool], address: Callable[[], str]) -> None:
        self._moves, self._address = moves, address
        self._told: dict[str, bool | None] = {}
        self._numbers = itertools.count(1)

    @property
    def subscribed(self) -> int:
        """How many subscriptions stand."""
        return len(self._told)

    def answers(self, subscription: str) -> Mapping[str, Callable[[Any], str | Awaitable[str]]]:
        """Return what it does for each question at this pull point; at none, one may only subscribe."""
        if subscription not in self._told:
            return {"CreatePullPointSubscription": lambda _: self._subscribe()}
        return {
            "PullMessages": lambda _: self._pull(subscription),
            "SetSynchronizationPoint": lambda _: self._synchronize(subscription),
            "Renew": lambda _: f"<wsnt:RenewResponse>{_times('wsnt', termination_first=True)}</wsnt:RenewResponse>",
            "Unsubscribe": lambda _: self._unsubscribe(subscription),
        }

    def _subscribe(self) -> str:
        subscription = str(next(self._numbers))
        self._told[subscription] = None
        return (
            "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
            f"<wsa5:Address>{self._address()}/{subscription}</wsa5:Address></tev:SubscriptionReference>{_times('wsnt')}"
            "</tev:CreatePullPointSubscriptionResponse>"
        )

    def _unsubscribe(self, subscription: str) -> str:
        del self._told[subscription]
        return "<wsnt:UnsubscribeResponse/>"

    def _synchronize(self, subscription: str) -> str:
        self._told[subscription] = None
        return "<tev:SetSynchronizationPointResponse/>"

    async def _pull(self, subscription: str) -> str:
        for _ in range(round(HOLDS_BACK / LOOKS_EVERY)):
            if self._moves() is not self._told.get(subscription):
                break
            await asyncio.sleep(LOOKS_EVERY)
        active, news = self._moves(), ""
        if subscription in self._told and active is not self._told[subscription]:
            self._told[subscription], news = active, self._message(active=active)
        return f"<tev:PullMessagesResponse>{_times('tev')}{news}</tev:PullMessagesResponse>"

    @staticmethod
    def _message(*, active: bool) -> str:
        return (
            '<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
            f'{TOPIC}</wsnt:Topic><wsnt:Message><tt:Message UtcTime="{_moment(timedelta())}" '
            'PropertyOperation="Changed"><tt:Source><tt:SimpleItem Name="Rule" Value="motion"/></tt:Source><tt:Data>'
            f'<tt:SimpleItem Name="IsMotion" Value="{str(active).lower()}"/></tt:Data></tt:Message></wsnt:Message>'
            "</wsnt:NotificationMessage>"
        )


def _times(prefix: str, *, termination_first: bool = False) -> str:
    now = f"<{prefix}:CurrentTime>{_moment(timedelta())}</{prefix}:CurrentTime>"
    over = f"<{prefix}:TerminationTime>{_moment(LASTS)}</{prefix}:TerminationTime>"
    return over + now if termination_first else now + over


def _moment(later: timedelta) -> str:
    return f"{datetime.now(UTC) + later:%Y-%m-%dT%H:%M:%SZ}"
