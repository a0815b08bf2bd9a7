"""The programs' part of the fold: who may ask for what, and who is told."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.ids import OperatorId
from controller.domain.integrations import ApiToken, Webhook
from controller.domain.operators import Operator
from controller.domain.roles import Role
from controller.domain.state import SiteState, replace

IntegrationEvent = ev.TokenIssued | ev.TokenRevoked | ev.WebhookAdded | ev.WebhookRemoved


def integrations_changed(state: SiteState, event: IntegrationEvent) -> SiteState:
    """Fold which programs there are. To the rules a program is a guard without a password, within its zones."""
    match event:
        case ev.TokenIssued(issued=name):
            token = ApiToken(name, event.scopes, event.zones, event.expires)
            operators = state.operators.set(name, Operator(name, Role.GUARD, zones=event.zones))
            return replace(state, programs=state.programs.set(name, token), operators=operators)
        case ev.TokenRevoked(revoked=name):
            return _without(state, name)
        case ev.WebhookAdded(webhook=name):
            return replace(state, webhooks=state.webhooks.set(name, Webhook(name, event.url, event.kinds)))
        case ev.WebhookRemoved(webhook=name):
            left = state.webhooks.delete(name) if name in state.webhooks else state.webhooks
            return replace(state, webhooks=left)


def _without(state: SiteState, name: OperatorId) -> SiteState:
    programs = state.programs.delete(name) if name in state.programs else state.programs
    operators = state.operators.delete(name) if name in state.operators else state.operators
    return replace(state, programs=programs, operators=operators)
