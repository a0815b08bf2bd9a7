"""Who is signed in: random tokens, kept in memory only, with two ends. Time is monotonic seconds, an argument."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from controller.domain.ids import OperatorId

TOKEN_BYTES = 32
ABSOLUTE_SECONDS = 12 * 3600.0
"""A shift: OWASP's session cheat sheet, for an application in use all day."""
IDLE_SECONDS = 30 * 60.0
"""An open stream counts as use: a console that is being watched stays."""
SESSIONS_PER_OPERATOR = 8
PARTIAL_SECONDS = 5 * 60.0
"""So long somebody who gave the right password may take for their second factor, or to set one up."""
IDENT_BYTES = 9
AGENT_LENGTH = 200

KEYS_REMEMBERED = 4096


class Stage(StrEnum):
    """How far a sign-in is: only a full one may look and order."""

    FULL = "full"
    PROVE = "prove"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in at one browser. ``watched``: by force, so that it looks as always and shows nothing silent.

    ``active``: when a hand was last on it; ``proven``: when its operator last proved who they are; ``locked``: by hand.
    ``ident`` names it to its operator and opens nothing. ``challenge`` is what a passkey is to sign, once.
    """

    operator: OperatorId
    csrf: str
    opened: float
    seen: float
    watched: bool = False
    stage: Stage = Stage.FULL
    active: float = 0.0
    proven: float = 0.0
    locked: bool = False
    address: str = ""
    agent: str = ""
    began: datetime | None = None
    ident: str = ""
    challenge: bytes | None = None
    wrong: int = 0
    resets: int = 0

    def over(self, mono: float) -> bool:
        """Tell whether it has come to one of its ends."""
        absolute = ABSOLUTE_SECONDS if self.stage is Stage.FULL else PARTIAL_SECONDS
        return mono >= self.opened + absolute or mono >= self.seen + IDLE_SECONDS


@dataclass(slots=True)
class Sessions:
    """Every session, by the hash of its token: a picture of the memory is not a way in."""

    _by_hash: dict[bytes, Session] = field(default_factory=dict)

    def open(
        self,
        operator: OperatorId,
        mono: float,
        *,
        watched: bool = False,
        stage: Stage = Stage.FULL,
        address: str = "",
        agent: str = "",
        began: datetime | None = None,
        resets: int = 0,
    ) -> tuple[str, Session]:
        """Return a new token and its session. The oldest of an operator's sessions makes room.

        One that is not yet complete makes room for itself alone: whoever knows a password ends no full session.
        """
        partial = stage is not Stage.FULL
        own = [
            key
            for key, session in self._by_hash.items()
            if session.operator == operator and (session.stage is not Stage.FULL) is partial
        ]
        for key in own[: max(0, len(own) + 1 - SESSIONS_PER_OPERATOR)]:
            del self._by_hash[key]
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(
            operator,
            secrets.token_urlsafe(TOKEN_BYTES),
            opened=mono,
            seen=mono,
            watched=watched,
            stage=stage,
            active=mono,
            proven=mono,
            address=address,
            agent=agent[:AGENT_LENGTH],
            began=began,
            resets=resets,
            ident=secrets.token_urlsafe(IDENT_BYTES),
        )
        self._by_hash[_hash(token)] = session
        return token, session

    def find(self, token: str, mono: float) -> Session | None:
        """Return the session of a token and count this as use; None once either end has come."""
        session = self._by_hash.get(_hash(token))
        if session is None:
            return None
        if session.over(mono):
            self.close(token)
            return None
        self._by_hash[_hash(token)] = replace(session, seen=mono)
        return session

    def change(self, token: str, **changes: Any) -> Session | None:
        """Return a session with some of its facts changed; None where it has ended."""
        session = self._by_hash.get(_hash(token))
        if session is not None:
            session = self._by_hash[_hash(token)] = replace(session, **changes)
        return session

    def of(self, operator: OperatorId, mono: float) -> list[Session]:
        """Return the full sessions of an operator, the oldest first."""
        own = (session for session in self._by_hash.values() if session.operator == operator)
        return [session for session in own if session.stage is Stage.FULL and not session.over(mono)]

    def close(self, token: str) -> None:
        """End a session; an unknown token is nothing to end."""
        self._by_hash.pop(_hash(token), None)

    def close_one(self, operator: OperatorId, ident: str) -> bool:
        """End one of an operator's sessions by its name; False where there is none."""
        found = [key for key, one in self._by_hash.items() if one.operator == operator and one.ident == ident]
        for key in found:
            del self._by_hash[key]
        return bool(found)

    def close_all(self, operator: OperatorId) -> None:
        """End every session of an operator: the password changed, or the right is gone."""
        for key in [key for key, session in self._by_hash.items() if session.operator == operator]:
            del self._by_hash[key]


@dataclass(slots=True)
class Throttle:
    """Counts tries per key in a sliding window, and remembers a bounded number of keys."""

    tries: int
    seconds: float
    _tried: dict[Hashable, Sequence[float]] = field(default_factory=dict)

    def wait(self, key: Hashable, mono: float) -> float:
        """Count one more try and return 0, or return the seconds until the next one counts."""
        recent = [at for at in self._tried.pop(key, ()) if at > mono - self.seconds]
        allowed = len(recent) < self.tries
        self._tried[key] = [*recent, mono] if allowed else recent
        while len(self._tried) > KEYS_REMEMBERED:
            del self._tried[next(iter(self._tried))]
        return 0.0 if allowed else recent[0] + self.seconds - mono

    def forget(self, key: Hashable) -> None:
        """Start over for a key: the right password came."""
        self._tried.pop(key, None)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
