"""What a site says of its consoles: who needs a second factor, when orders are locked, who must be watching."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.roles import Role

IDLE_SECONDS = 600.0
UNWATCHED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ConsoleRules:
    """``local_post``: the addresses from which a guard signs in with a password alone; none: nobody does.

    ``idle_seconds``: without a hand on it so long, a console takes no orders until somebody proves who they are.
    ``unwatched_seconds``: with no console watching for so long, there is an alarm.
    ``names``: names and addresses, beside loopback's, that browsers and integrators call the box by.
    """

    local_post: frozenset[str] = frozenset()
    idle_seconds: float = IDLE_SECONDS
    unwatched_seconds: float = UNWATCHED_SECONDS
    names: frozenset[str] = frozenset()

    def password_suffices(self, role: Role, address: str) -> bool:
        """Tell whether somebody in this role needs no second factor at this address."""
        return role is Role.GUARD and address in self.local_post
