"""Which new passwords are refused: those that are tried first, and those made of names that anybody here knows.

There is no other rule but length: no kinds of characters are asked for (NIST SP 800-63B 3.1.1.2; ASVS 6.2.4, 6.2.11).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

OWN_NAMES = ("ostiary",)
SHORTEST_WORD = 3
"""Letters from which on a part of a name is looked for: a shorter one stands in half of all sentences by chance."""
LEAST_LEFT = 8
"""Letters and digits that a password must have beside the names in it."""
LONGEST_REPEATED = 8
"""Characters of what only repeats itself: whoever tries it once tries it twice."""


class Weakness(StrEnum):
    """Why a new password is refused."""

    COMMON = "common_password"
    NAMED = "named_password"


class WeakPassword(ValueError):
    """A password that nobody may choose; ``why`` tells what to do about it."""

    def __init__(self, why: Weakness) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Leaked:
    """Passwords that leaked most often, folded: those of any length that come first, and every long one."""

    commonest: frozenset[str]
    long: frozenset[str]


def weakness(password: str, names: Iterable[str], leaked: Leaked) -> Weakness | None:
    """Tell why nobody may choose this password; None where they may. ``names``: the operator's, the mission's."""
    said = folded(password)
    if said in leaked.long or _bare(said) in leaked.commonest or _repeats(said):
        return Weakness.COMMON
    return Weakness.NAMED if _made_of(said, (*names, *OWN_NAMES)) else None


def folded(text: str) -> str:
    """Return a text without case, accents and spaces: who guesses tries all of them."""
    if text.isascii():
        return "".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if not letter.isspace() and not unicodedata.combining(letter))


def _bare(said: str) -> str:
    """Return a word without the digits and signs that were put around it to make it longer."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", said)


def _repeats(said: str) -> bool:
    """Whether it is one short piece again and again."""
    piece = (said + said).find(said, 1)
    return 0 < piece < len(said) and piece <= LONGEST_REPEATED


def _made_of(said: str, names: Iterable[str]) -> bool:
    """Whether hardly anything is left of it without the words of these names."""
    words = {word for name in names for word in re.findall(r"[^\W\d_]+", _spaced(name)) if len(word) >= SHORTEST_WORD}
    left = said
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "")
    return left != said and sum(letter.isalnum() for letter in left) < LEAST_LEFT


def _spaced(name: str) -> str:
    """Return a name folded word by word."""
    return " ".join(folded(word) for word in name.split())
