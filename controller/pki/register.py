"""Which certificates were given out, to whom, and which of them count no more: frozen values and their bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import orjson

VERSION: Final = 1
SOON: Final = timedelta(days=60)
"""How long before its end a device's certificate is asked to be renewed."""


class BadRegister(ValueError):
    """The register cannot be read; the sentence says what to do."""


class Standing(StrEnum):
    """What a certificate is worth at a moment."""

    VALID = "valid"
    SOON = "expires soon"
    EXPIRED = "expired"
    REVOKED = "revoked"

    @property
    def counts(self) -> bool:
        """Whether the broker lets its holder in."""
        return self in (Standing.VALID, Standing.SOON)

    @property
    def fresh(self) -> bool:
        """Whether it need not be renewed yet."""
        return self is Standing.VALID


@dataclass(frozen=True, slots=True)
class Given:
    """One certificate of a device. ``revoked`` is when it was called back."""

    device: str
    serial: int
    issued: datetime
    until: datetime
    revoked: datetime | None = None

    def standing(self, now: datetime) -> Standing:
        """Say what it is worth now; its end excluded."""
        if self.revoked is not None:
            return Standing.REVOKED
        if now >= self.until:
            return Standing.EXPIRED
        return Standing.SOON if now >= self.until - SOON else Standing.VALID


@dataclass(frozen=True, slots=True)
class Register:
    """Every certificate given out, oldest first, and the revocation list's last number and time."""

    given: tuple[Given, ...] = ()
    number: int = 0
    listed: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def of(self, device: str) -> tuple[Given, ...]:
        """Return a device's certificates, oldest first."""
        return tuple(one for one in self.given if one.device == device)

    def counting(self, device: str, now: datetime) -> tuple[Given, ...]:
        """Return those of a device that open the broker to it now."""
        return tuple(one for one in self.of(device) if one.standing(now).counts)

    def with_given(self, one: Given) -> Register:
        """Return it with one certificate more."""
        return replace(self, given=(*self.given, one))

    def without(self, device: str, now: datetime) -> Register:
        """Return it with everything of a device that is not expired called back."""

        def called_back(one: Given) -> Given:
            return replace(one, revoked=now) if one.device == device and one.standing(now).counts else one

        return replace(self, given=tuple(called_back(one) for one in self.given))


def encode(register: Register) -> bytes:
    """Return the register's bytes (JSON; serial numbers in hex, times in ISO 8601)."""
    given = [
        {
            "device": one.device,
            "serial": f"{one.serial:x}",
            "issued": one.issued.isoformat(),
            "until": one.until.isoformat(),
            "revoked": one.revoked.isoformat() if one.revoked else None,
        }
        for one in register.given
    ]
    content = {"version": VERSION, "list": {"number": register.number, "at": register.listed.isoformat()}}
    return orjson.dumps({**content, "certificates": given}, option=orjson.OPT_INDENT_2)


def decode(content: bytes, place: str) -> Register:
    """Read a register back. Raises ``BadRegister``."""
    try:
        read = orjson.loads(content)
        if read["version"] != VERSION:
            raise BadRegister(f"{place} was written by a newer version (format {read['version']}): update this one")
        given = tuple(_given(one) for one in read["certificates"])
        return Register(given, int(read["list"]["number"]), datetime.fromisoformat(read["list"]["at"]))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadRegister):
            raise
        raise BadRegister(f"{place} is damaged: restore it from a backup") from error


def _given(one: dict[str, Any]) -> Given:
    revoked = one["revoked"]
    return Given(
        one["device"],
        int(one["serial"], 16),
        datetime.fromisoformat(one["issued"]),
        datetime.fromisoformat(one["until"]),
        datetime.fromisoformat(revoked) if revoked else None,
    )
