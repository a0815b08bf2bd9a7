"""How near two PINs are: whoever types theirs wrong by one digit must not seem to be under duress."""

from __future__ import annotations

from collections.abc import Iterable

DIGITS = "0123456789"


def slips(pin: str) -> frozenset[str]:
    """Return a PIN and all that one wrong, one missing or one more digit makes of it: 171 at most, for eight digits."""
    places = range(len(pin) + 1)
    missing = {pin[:at] + pin[at + 1 :] for at in places}
    wrong = {pin[:at] + digit + pin[at + 1 :] for at in places[:-1] for digit in DIGITS}
    more = {pin[:at] + digit + pin[at:] for at in places for digit in DIGITS}
    return frozenset({pin} | missing | wrong | more)


def is_near(pin: str, others: Iterable[str]) -> bool:
    """Tell whether one of these is a slip away."""
    return not slips(pin).isdisjoint(others)
