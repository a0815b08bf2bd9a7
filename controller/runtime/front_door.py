"""Operators' passwords at the building's own front door: what counts, what is asked besides, and what is recorded."""

from __future__ import annotations

import asyncio
import secrets

from controller.domain.ids import OperatorId
from controller.domain.operators import Operator
from controller.domain.passwords import WeakPassword, weakness
from controller.domain.stimuli import DuressSeen, SignInTried
from controller.runtime.facade import Second, SignIn
from controller.runtime.ports import Passwords
from controller.runtime.runtime import Runtime

ONE_TIME_BYTES = 12


class FrontDoor:
    """Checks passwords, and records what came of it. Everything slow happens in threads."""

    def __init__(self, runtime: Runtime, passwords: Passwords) -> None:
        self._runtime = runtime
        self._passwords = passwords

    async def sign_in(self, operator: OperatorId, password: str, *, new_password: str | None, address: str) -> SignIn:
        """Check a password. A one-time password counts only together with a new one, which then replaces it.

        What still takes a second factor is no sign-in yet; that somebody is forced is told at once all the same. Raises
        ``WeakPassword`` for a new one that nobody may choose: the one-time password goes on counting.
        """
        outcome = await self._checked(operator, password, new_password, address)
        if outcome.operator is None:
            return outcome
        if outcome.second is Second.NONE:
            self._runtime.handle(SignInTried(operator, succeeded=True, address=address, duress=outcome.watched))
        elif outcome.watched:
            self._runtime.handle(DuressSeen(operator, address))
        return outcome

    async def vouch(self, operator: OperatorId, password: str, *, address: str) -> SignIn:
        """Check a password that signs nobody in. Whoever is forced to give it is heard, here too."""
        outcome = await self._checked(operator, password, None, address)
        if outcome.operator is not None and outcome.watched:
            self._runtime.handle(DuressSeen(operator, address))
        return outcome

    async def change_password(self, operator: OperatorId, password: str, new_password: str, address: str) -> bool:
        """Keep another password. Whoever is forced, and gives that password, is answered alike; nothing changes.

        Raises ``WeakPassword``.
        """
        right, forced = await asyncio.to_thread(self._compare, operator, password)
        if not (right or forced):
            self._runtime.handle(SignInTried(operator, succeeded=False, address=address))
            return False
        await self._refuse_weak(operator, new_password)
        if (await asyncio.to_thread(self._compare, operator, new_password))[1]:
            return False
        if right:
            await asyncio.to_thread(self._passwords.set_password, operator, new_password, one_time=False)
        return True

    async def choose_duress(self, operator: OperatorId, password: str, duress: str) -> bool:
        """Keep a password for when somebody forces the operator; False unless ``password`` is their own, and another.

        Whoever signed in by force, and gives that password, is answered alike, and nothing is changed. Raises
        ``WeakPassword``.
        """
        right, forced = await asyncio.to_thread(self._compare, operator, password)
        if password == duress or not (right or forced):
            return False
        await self._refuse_weak(operator, duress)
        if not forced:
            await asyncio.to_thread(self._passwords.set_duress_password, operator, duress)
        return True

    async def issue_password(self, operator: OperatorId) -> str:
        """Forget everything that proved who somebody is, and return a one-time password to begin anew with."""
        password = secrets.token_urlsafe(ONE_TIME_BYTES)
        await asyncio.to_thread(self._passwords.forget_operator, operator)
        await asyncio.to_thread(self._passwords.set_password, operator, password, one_time=True)
        return password

    async def _checked(self, name: OperatorId, password: str, new_password: str | None, address: str) -> SignIn:
        right, forced = await asyncio.to_thread(self._compare, name, password)
        one_time = await asyncio.to_thread(self._passwords.password_is_one_time, name)
        operator = self._runtime.state.operators.get(name)
        if operator is None or not (right or forced):
            self._runtime.handle(SignInTried(name, succeeded=False, address=address))
            return SignIn(refused=True)
        if one_time and not forced:
            if new_password is None or (await asyncio.to_thread(self._compare, name, new_password))[1]:
                return SignIn(new_password_needed=True)
            await self._refuse_weak(name, new_password)
            await asyncio.to_thread(self._passwords.set_password, name, new_password, one_time=False)
        return SignIn(operator, watched=forced, second=await self._second(operator, address))

    async def _refuse_weak(self, operator: OperatorId, password: str) -> None:
        """Raise ``WeakPassword`` for one that is tried first, or is made of the operator's name or the mission's."""
        leaked = await asyncio.to_thread(self._passwords.leaked)
        why = weakness(password, (operator, self._runtime.site.name), leaked)
        if why is not None:
            raise WeakPassword(why)

    async def _second(self, operator: Operator, address: str) -> Second:
        """Tell what is asked besides. Who has set up a second factor shows it, wherever they are."""
        if await asyncio.to_thread(self._passwords.factors.methods, operator.id):
            return Second.PROVE
        suffices = self._runtime.site.console.password_suffices(operator.role, address)
        return Second.NONE if suffices else Second.ENROL

    def _compare(self, operator: OperatorId, password: str) -> tuple[bool, bool]:
        """Tell whether a password is the operator's own, and whether it is the one for when somebody forces them.

        Both are always looked at: the time an answer takes does not say which it was.
        """
        own = self._passwords.password_matches(operator, password)
        forced = self._passwords.duress_matches(operator, password)
        return own, forced and not own
