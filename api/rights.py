"""What each role's console offers. It only shows and hides buttons: the rules decide on every order anew."""

from __future__ import annotations

from collections.abc import Mapping

from api.schemas import OrderWord
from controller.domain.operators import Role

_ANYBODY = (OrderWord.PANIC,)
_DESK = (
    *_ANYBODY,
    OrderWord.UNLOCK_ONCE,
    OrderWord.LOCK_DOOR,
    OrderWord.BLOCK_DOOR,
    OrderWord.UNBLOCK_DOOR,
    OrderWord.START_LOCKDOWN,
    OrderWord.END_LOCKDOWN,
    OrderWord.ACKNOWLEDGE_ALARM,
    OrderWord.CLOSE_ALARM,
    OrderWord.FORGIVE_PASSBACK,
    OrderWord.CONFIRM_PASSAGE,
    OrderWord.REFUSE_PASSAGE,
)
_ABOVE = (*_DESK, OrderWord.SET_THREAT_LEVEL, OrderWord.FORGIVE_ALL_PASSBACK)

MAY_ORDER: Mapping[Role, tuple[OrderWord, ...]] = {
    Role.GUARD: _DESK,
    Role.SUPERVISOR: _ABOVE,
    Role.SECURITY_OFFICER: _ABOVE,
    Role.AUDITOR: _ANYBODY,
    Role.DATA_PROTECTION_OFFICER: _ANYBODY,
    Role.TECHNICIAN: _ANYBODY,
}
