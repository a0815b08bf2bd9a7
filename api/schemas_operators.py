"""What the API says and takes about operators: second factors, sessions, colleagues, shifts, and what waits for two."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from api.model import Model, Text
from controller.domain.roles import Role

OPERATOR_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
NEW_PASSWORD_LENGTH = 12
PASSWORD_LENGTH = 1024
CODE_LENGTH = 64
NAME_LENGTH = 64
ZONES = 200

NewName = Annotated[str, StringConstraints(pattern=OPERATOR_NAME)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_LENGTH)]
NewPassword = Annotated[str, StringConstraints(min_length=NEW_PASSWORD_LENGTH, max_length=PASSWORD_LENGTH)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=CODE_LENGTH)]
KeyName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH)]


class ProofIn(Model):
    """One proof of who somebody is: a one-time code, a recovery code, or a passkey's signature (WebAuthn JSON)."""

    code: Code | None = None
    recovery_code: Code | None = None
    passkey: dict[str, Any] | None = None


class AgainIn(ProofIn):
    """The same, or the password: for whoever has no second factor to show."""

    password: Password | None = None


class PasskeyOptionsOut(Model):
    """What a browser asks a passkey (``PublicKeyCredential.parse…OptionsFromJSON``)."""

    options: dict[str, Any]


class PasskeyIn(Model):
    """A new passkey: a name for it, and what the browser answered."""

    name: KeyName
    passkey: dict[str, Any]


class PasskeyOut(Model):
    """One of the operator's passkeys."""

    id: str
    name: str
    added: datetime


class AccountOut(Model):
    """What proves who an operator is. Of a duress password nothing is told."""

    operator: str
    role: Role
    second_factor_required: bool
    totp: bool
    passkeys: list[PasskeyOut]
    recovery_codes_left: int


class TotpOut(Model):
    """A code generator to set up. ``path`` draws its QR code: SVG path data on a square of ``size`` modules."""

    secret: str
    uri: str
    size: int
    path: str


class CodeIn(Model):
    """A one-time code."""

    code: Code


class RecoveryCodesOut(Model):
    """Codes for when every other second factor is lost. They are shown this once; null where the old ones stand."""

    recovery_codes: list[str] | None


class ChangePasswordIn(Model):
    """The password that counts, and the one that shall."""

    password: Password
    new_password: NewPassword


class SessionOut(Model):
    """One of the operator's own sign-ins."""

    id: str
    address: str
    agent: str
    began: datetime | None
    idle_seconds: float
    current: bool


class SessionsOut(Model):
    """The operator's own sign-ins."""

    sessions: list[SessionOut]


class OperatorOut(Model):
    """Somebody who may sign in. ``zones``: where their orders count; null: everywhere."""

    operator: str
    role: Role
    zones: list[str] | None


class OperatorsOut(Model):
    """Everybody who may sign in."""

    operators: list[OperatorOut]


class AppointIn(Model):
    """Somebody who may sign in from here on, or gets another role."""

    operator: NewName
    role: Role
    zones: Annotated[list[Annotated[str, StringConstraints(max_length=NAME_LENGTH)]], Field(max_length=ZONES)] | None
    reason: Text


class SecondIn(Model):
    """The second person, at the first one's console. ``code``: a one-time or a recovery code, where they have one."""

    operator: Annotated[str, StringConstraints(min_length=1, max_length=NAME_LENGTH)]
    password: Password
    code: Code | None = None


class AgreeIn(Model):
    """What waits, as the view names it. ``second`` agrees at this console; nobody: whoever is signed in does."""

    order: Annotated[str, StringConstraints(max_length=NAME_LENGTH)]
    subject: Annotated[str, StringConstraints(max_length=20_000)]
    second: SecondIn | None = None


class AgreedOut(Model):
    """It is done. ``one_time_password``: for whoever was appointed or begins anew; shown this once."""

    ordered: Literal[True]
    one_time_password: str | None


class PendingOut(Model):
    """An order that waits for a second person. ``subject`` together with ``order`` names it."""

    order: str
    subject: str
    operator: str
    reason: str
    since: datetime | None
    until: datetime | None


class HandOverIn(Model):
    """What whoever comes next should know."""

    note: Text


class OpenShiftOut(Model):
    """A shift that waits to be taken over."""

    operator: str
    note: str
    since: datetime
    alarms: list[str]
    doors: list[str]
