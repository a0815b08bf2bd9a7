"""What each role's console offers. It only shows and hides buttons: the rules decide on every order anew."""

from __future__ import annotations

from collections.abc import Mapping

from api.schemas import OrderWord
from controller.domain.operators import Role

_ANYBODY = (OrderWord.PANIC,)
_TURNING = (OrderWord.TURN_CAMERA, OrderWord.STOP_CAMERA, OrderWord.GO_TO_PRESET)
_DESK = (
    *_ANYBODY,
    OrderWord.UNLOCK_ONCE,
    OrderWord.LOCK_DOOR,
    OrderWord.BLOCK_DOOR,
    OrderWord.UNBLOCK_DOOR,
    OrderWord.SET_DOOR_MODE,
    OrderWord.RELEASE_DOOR_MODE,
    OrderWord.CONFIRM_FIRE_RESET,
    OrderWord.START_LOCKDOWN,
    OrderWord.END_LOCKDOWN,
    OrderWord.ACKNOWLEDGE_ALARM,
    OrderWord.CLOSE_ALARM,
    OrderWord.TICK_STEP,
    OrderWord.ESCALATE_ALARM,
    OrderWord.FORGIVE_PASSBACK,
    OrderWord.CONFIRM_PASSAGE,
    OrderWord.REFUSE_PASSAGE,
    OrderWord.ARM_AREA,
    OrderWord.DISARM_AREA,
    OrderWord.END_BYPASS,
    OrderWord.START_EVACUATION,
    OrderWord.END_EVACUATION,
    OrderWord.CHECK_IN,
    OrderWord.UNDO_CHECK_IN,
    OrderWord.END_MAINTENANCE,
    *_TURNING,
    OrderWord.COMPARE_PORTRAIT,
)
_ABOVE = (
    *_DESK,
    OrderWord.SET_THREAT_LEVEL,
    OrderWord.FORGIVE_ALL_PASSBACK,
    OrderWord.BYPASS_POINT,
    OrderWord.WALK_TEST,
    OrderWord.RESET_CAUSE,
    OrderWord.SHELVE_ALARM,
    OrderWord.UNSHELVE_ALARM,
    OrderWord.KEEP_PRESET,
    OrderWord.START_MAINTENANCE,
    OrderWord.REPLACE_READER,
)

_VISITS = (OrderWord.REGISTER_VISITOR, OrderWord.SIGN_IN_VISITOR, OrderWord.SIGN_OUT_VISITOR)
_HOSTING = (*_ABOVE, *_VISITS, OrderWord.APPROVE_VISIT)
_BADGES = (OrderWord.SET_CREDENTIAL_STATUS, OrderWord.ASSIGN_ACCESS_LEVEL, OrderWord.WITHDRAW_ACCESS_LEVEL)
_RECORDS = (OrderWord.READ_RECORDS, OrderWord.PLACE_LEGAL_HOLD)
_VEILS = (OrderWord.LIFT_VEIL, OrderWord.LOWER_VEIL, OrderWord.EXPORT_EVIDENCE)
_PEOPLE = (OrderWord.RECORD_CARDHOLDER, OrderWord.OPEN_ENROLMENT, OrderWord.ISSUE_BADGE)
_FACES = (
    OrderWord.ENROL_FACE,
    OrderWord.CONFIRM_FACE,
    OrderWord.WITHDRAW_FACE,
    OrderWord.KEEP_PORTRAIT,
    OrderWord.REMOVE_PORTRAIT,
)
_ENDS = (OrderWord.WITHDRAW_FACE, OrderWord.REMOVE_PORTRAIT, OrderWord.UNLIST_FACE)
_SHIFT = (OrderWord.HAND_OVER, OrderWord.ACCEPT_HAND_OVER)
_COLLEAGUES = (OrderWord.APPOINT_OPERATOR, OrderWord.RESET_OPERATOR)
_PROGRAMS = (
    OrderWord.ISSUE_TOKEN,
    OrderWord.REVOKE_TOKEN,
    OrderWord.ADD_WEBHOOK,
    OrderWord.REMOVE_WEBHOOK,
    OrderWord.ROTATE_WEBHOOK,
)
_OF_TWO = (OrderWord.LIFT_LEGAL_HOLD, OrderWord.ERASE_CARDHOLDER, OrderWord.EXPORT_PEOPLE)

MAY_ORDER: Mapping[Role, tuple[OrderWord, ...]] = {
    Role.GUARD: (
        *_DESK,
        *_VISITS,
        *_SHIFT,
        OrderWord.SET_CREDENTIAL_STATUS,
        OrderWord.READ_RECORDS,
        OrderWord.LOWER_VEIL,
    ),
    Role.SUPERVISOR: (
        *_HOSTING,
        *_SHIFT,
        *_BADGES,
        *_PEOPLE,
        *_FACES,
        *_RECORDS,
        *_COLLEAGUES,
        *_VEILS,
        OrderWord.DESTROY_BOX,
    ),
    Role.SECURITY_OFFICER: (
        *_HOSTING,
        *_SHIFT,
        *_BADGES,
        *_PEOPLE,
        *_RECORDS,
        *_OF_TWO,
        *_VEILS,
        *_COLLEAGUES,
        *_PROGRAMS,
        *_FACES,
        OrderWord.LIST_FACE,
        OrderWord.UNLIST_FACE,
        OrderWord.WITHDRAW_OPERATOR,
        OrderWord.DESTROY_BOX,
    ),
    Role.AUDITOR: (*_ANYBODY, OrderWord.READ_RECORDS),
    Role.DATA_PROTECTION_OFFICER: (*_ANYBODY, *_RECORDS, *_OF_TWO, *_VEILS, *_ENDS),
    Role.TECHNICIAN: (
        *_ANYBODY,
        OrderWord.WALK_TEST,
        OrderWord.START_MAINTENANCE,
        OrderWord.END_MAINTENANCE,
        OrderWord.REPLACE_READER,
        *_TURNING,
        OrderWord.KEEP_PRESET,
    ),
}
