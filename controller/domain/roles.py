"""The six roles of operators, and what proves who somebody is."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Six roles; each sees and does its own rows of the rights matrix."""

    GUARD = "guard"
    SUPERVISOR = "supervisor"
    SECURITY_OFFICER = "security_officer"
    AUDITOR = "auditor"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    TECHNICIAN = "technician"


class SecondFactor(StrEnum):
    """What an operator shows besides the password."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"


class FactorChange(StrEnum):
    """What became of a second factor."""

    ADDED = "added"
    REMOVED = "removed"
